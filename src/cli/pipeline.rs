//! `weather pipeline`: collects, heals a little, collects forecasts, then mirrors. What the scheduler starts.

use anyhow::Context as _;
use serde::Serialize;

use super::exit::Exit;
use super::forecast::{self, ForecastSettings};
use super::output::{self, OutputFormat};
use super::parts::{Parts, with_each};
use super::platform::Platform;
use super::shutdown::Shutdown;
use super::sync::SyncSettings;
use super::{error, etl, heal, sync};
use crate::forecast::Selection;
use crate::sink::SinkSettings;

/// Collect what is due now, then mirror the store into the sinks
///
/// What the scheduler starts. With HEAL_CALLS it also fills missing slots of the past, within so many
/// calls, and it collects the forecasts that are due (FORECAST_PRODUCTS). The sync runs even where collecting failed (a refused key must not
/// hold up what is stored already), and only if BIGQUERY_DATASET or LAKE_URL is set. The exit code is the
/// higher one of the two.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    weather pipeline\n  \
    weather pipeline --output json | jq .etl.collected\n  \
    BIGQUERY_PROJECT=acme BIGQUERY_DATASET=weather weather pipeline\n  \
    weather pipeline --heal-calls 100       # and fills holes of the past, within 100 calls\n  \
    SYNC_ENABLED=false weather pipeline     # collects only")]
#[group(skip)]
pub(super) struct Args {
    #[command(flatten)]
    etl: etl::Args,

    /// Calls to spend on filling missing slots from history, after the live ones; see `weather heal`
    #[arg(
        long,
        value_name = "N",
        env = "HEAL_CALLS",
        default_value_t = 0,
        help_heading = "Healing"
    )]
    heal_calls: u64,

    #[command(flatten)]
    from_source: heal::FromSource,
    #[command(flatten)]
    forecasts: ForecastSettings,
    #[command(flatten)]
    sync: SyncSettings,
    #[command(flatten)]
    sink: SinkSettings,
}

/// What each job did; `null`: it was not started, or ended before there was anything to say.
#[derive(Default, Serialize)]
struct Document {
    etl: Option<etl::document::Document>,
    forecast: Option<forecast::Document>,
    heal: Option<heal::document::Document>,
    sync: Option<sync::Documents>,
}

pub(super) async fn run(args: Args, platform: &Platform, is_json: bool) -> anyhow::Result<Exit> {
    let args = Args { etl: args.etl.ready()?, ..args };
    let shutdown = Shutdown::listen().context("cannot listen for signals")?;
    platform.check_lake(&args.sink.lake)?;
    args.sink.check()?; // known before a call is spent; its credentials are needed after the calls
    let mut document = Document::default();
    let jobs = Jobs { args: &args, platform, shutdown: &shutdown, is_json };
    let exit = jobs.run(&mut document).await;
    if args.etl.output == OutputFormat::Json && !args.etl.dry_run {
        output::document(&document)?;
    }
    Ok(exit)
}

/// One job after the other.
struct Jobs<'a> {
    args: &'a Args,
    platform: &'a Platform,
    shutdown: &'a Shutdown,
    is_json: bool,
}

impl Jobs<'_> {
    async fn run(&self, document: &mut Document) -> Exit {
        let Self { args, shutdown, .. } = self;
        let parts = Parts::of(&args.etl.parts, self.platform, shutdown);
        let collected = etl::collect(&args.etl, &parts).await;
        let mut exit = self.end(collected.and_then(|collected| {
            document.etl = collected.document;
            collected.end
        }));
        if args.etl.dry_run || shutdown.token().is_cancelled() {
            return exit;
        }
        if exit.code() < Exit::Usage.code() && forecast::is_wanted(&args.forecasts, &args.etl.parts)
        {
            exit = exit.worse(self.end(self.forecast(&parts, document).await));
        }
        if shutdown.token().is_cancelled() {
            return exit;
        }
        if args.heal_calls > 0 && exit.code() < Exit::Usage.code() {
            let healed = heal::heal_all(&parts, &args.etl, args.from_source, args.heal_calls);
            exit = exit.worse(self.end(healed.await.and_then(|healed| {
                document.heal = Some(healed.document);
                healed.end
            })));
        }
        if shutdown.token().is_cancelled() {
            return exit;
        }
        exit.worse(self.end(self.sync(&parts, document).await))
    }

    /// The forecasts of every site that is due, after the observations.
    async fn forecast(&self, parts: &Parts<'_>, document: &mut Document) -> anyhow::Result<Exit> {
        let etl = &self.args.etl;
        let selection = Selection { site_ids: etl.selected(parts).await? };
        let collected =
            forecast::collect(&self.args.forecasts, &etl.settings, parts, &selection).await?;
        document.forecast = Some(collected.document);
        collected.end
    }

    async fn sync(&self, parts: &Parts<'_>, document: &mut Document) -> anyhow::Result<Exit> {
        let Self { args, shutdown, is_json, .. } = self;
        let sinks = args.sink.open(None).await;
        if sinks.is_empty() {
            return Ok(Exit::Done);
        }
        let opened = (parts.store.ready().await?, parts.store.lease());
        let mut documents = Vec::new();
        let exit = with_each(sinks, *is_json, shutdown, async |_, sink| {
            let sink = sink?;
            let sync = args.sync.parts(opened, &*sink, shutdown);
            let mirrored = sync::mirror(sync, shutdown, args.etl.output).await;
            documents.push(mirrored.document);
            mirrored.end
        })
        .await;
        document.sync = sync::Documents::of(documents);
        Ok(exit)
    }

    /// Shows an error, and says how to end.
    fn end(&self, ended: anyhow::Result<Exit>) -> Exit {
        ended.unwrap_or_else(|error| error::show(&error, self.is_json))
    }
}
