//! `weather status`: is every site fresh, and if not, why?

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::colour::Tone;
use super::exit::Exit;
use super::output::{self, Column, OutputFormat, Row};
use super::selection::{ListArgs, SelectionArgs};
use super::sources;
use crate::clock::{Clock as _, SystemClock};
use crate::serve;
use crate::sink::settings::Opened;
use crate::sink::{Sink, SinkError, SinkSettings};
use crate::status::{self, Status};
use crate::store::{OpenRun, Reads, StoreSettings};
use crate::sync::{self, Standing, Stop};
use crate::views::freshness::SiteStatus;

/// Say whether every site is fresh, and show each one and the latest runs
///
/// A site is fresh when its latest observation is at most two hours (or two of its intervals)
/// old; one before its first day or after its last is left out. The success rate is of the slots
/// tried in the last 24 hours. `weather gaps` lists every slot that is missing.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
        weather status\n  \
        weather status --trouble --exit-code || echo 'not every site is fresh'\n  \
        weather status --tag coast --output json | jq -r .headline")]
pub(super) struct Args {
    #[command(flatten)]
    sites: SelectionArgs,

    /// Only what is not fresh
    #[arg(long)]
    trouble: bool,

    #[command(flatten)]
    list: ListArgs,

    /// Form of the result; json is what /api/v1/status answers
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    output: OutputFormat,

    #[command(flatten)]
    store: StoreSettings,
    #[command(flatten)]
    sink: SinkSettings,
}

/// How long the sink may take to answer.
const SINK_PATIENCE: Duration = Duration::from_secs(10);

/// Runs shown below the sites.
const RUNS: u32 = 5;

impl Row for SiteStatus {
    const COLUMNS: &[Column] = &[
        Column::text("site"),
        Column::text("source").leaves(3),
        Column::words("name").leaves(4),
        Column::text("state").toned().leaves(1),
        Column::number("age"),
        Column::number("24 h").leaves(2),
        Column::words("last error"),
    ];

    fn tone(&self) -> Tone {
        match (self.fresh, self.last_observation_time) {
            (true, _) => Tone::Good,
            (false, Some(_)) => Tone::Warning,
            (false, None) => Tone::Bad,
        }
    }

    fn cells(&self, _now: DateTime<Utc>) -> Vec<String> {
        let dash = || "–".to_owned();
        let rate = (self.slots_collected_24h * 100).checked_div(self.slots_tried_24h);
        vec![
            self.site_id.clone(),
            self.source.clone(),
            self.name.clone(),
            if self.fresh { "fresh" } else { "stale" }.to_owned(),
            self.age_s.map_or_else(dash, |age| output::ago(TimeDelta::seconds(age))),
            rate.map_or_else(dash, |rate| format!("{rate} %")),
            self.error_message.clone().unwrap_or_default(),
        ]
    }
}

pub(super) async fn run(args: Args) -> anyhow::Result<Exit> {
    let reads = args.store.open_ready().await?.reads;
    let now = SystemClock.now();
    let lease = args.store.lease();
    let mut open = reads.list_open_runs().await?;
    open.retain(|run| run.is_open_for_long(lease, now));
    let selected = args.sites.site_ids(&reads).await?;
    let mut status = status::read(&reads, &sources::NAMES, now, RUNS).await?;
    status.sites.retain(|site| selected.as_ref().is_none_or(|ids| ids.contains(&site.site_id)));
    let is_trouble = status.sites.iter().any(|site| !site.fresh);
    if args.output == OutputFormat::Table {
        let mut words: Vec<String> = open.iter().map(|run| long_open(run, now)).collect();
        words.extend(syncs_in_words(&reads, &args, now).await);
        let words = (!words.is_empty()).then(|| words.join("; "));
        show(&args, status, words)?;
    } else {
        open.iter()
            .for_each(|run| tracing::warn!(run_id = run.holder.run_id, "{}", long_open(run, now)));
        write(&args, status)?;
    }
    Ok(if args.list.exit_code && is_trouble { Exit::TooManyFailed } else { Exit::Done })
}

/// For a person: the sentence is of all that is selected, the table of what is to be shown of it.
fn show(args: &Args, mut status: Status, words: Option<String>) -> anyhow::Result<()> {
    output::line(&status.headline(words))?;
    let is_empty = status.sites.is_empty();
    let more = shorten(args, &mut status);
    if !status.sites.is_empty() {
        output::rows(OutputFormat::Table, &status.sites)?;
    }
    if more > 0 {
        output::line(&format!("… and {more} more"))?;
    }
    if !is_empty && !args.trouble {
        output::line("")?;
        output::rows(OutputFormat::Table, &status.runs)?;
    }
    Ok(())
}

/// For a program: the document of the query API, or rows.
fn write(args: &Args, mut status: Status) -> anyhow::Result<()> {
    if args.output == OutputFormat::Json {
        let mut document = status.clone();
        shorten(args, &mut document);
        return output::document(&serve::status_document(&status, document.sites));
    }
    shorten(args, &mut status);
    output::rows(args.output, &status.sites)
}

/// Leaves out what is not to be shown, and says how much beyond the limit.
fn shorten(args: &Args, status: &mut Status) -> usize {
    status.sites.retain(|site| !args.trouble || !site.fresh);
    let limit = args.list.rows(usize::MAX);
    let more = status.sites.len().saturating_sub(limit);
    status.sites.truncate(limit);
    more
}

/// A run that has been open for long, and whether it is at work.
fn long_open(run: &OpenRun, now: DateTime<Utc>) -> String {
    let OpenRun { holder, .. } = run;
    let job = output::job(&run.kind, run.source.as_deref());
    format!(
        "run {} ({job} on {}) open for {}, silent for {}",
        holder.run_id,
        holder.host,
        output::ago(now - holder.started_at),
        output::ago(TimeDelta::milliseconds(holder.silent_ms.max(0)))
    )
}

/// How the sync of each sink stands; of several each is named.
async fn syncs_in_words(reads: &Reads, args: &Args, now: DateTime<Utc>) -> Vec<String> {
    let sinks = args.sink.open(None).await;
    let are_several = sinks.len() > 1;
    let mut all = Vec::new();
    for Opened { kind, sink } in sinks {
        let words = sync_in_words(reads, sink, args.store.lease(), now).await;
        all.push(if are_several { format!("{}: {words}", kind.as_str()) } else { words });
    }
    all
}

async fn sync_in_words(
    reads: &Reads,
    sink: Result<Box<dyn Sink>, SinkError>,
    lease: Duration,
    now: DateTime<Utc>,
) -> String {
    let standing = async {
        let sink = sink?;
        sync::standing(reads, &*sink, lease).await
    };
    match tokio::time::timeout(SINK_PATIENCE, standing).await {
        Ok(Ok(standing)) => in_words(standing, now),
        Ok(Err(error)) if matches!(error.downcast_ref(), Some(Stop::NeverSynced)) => {
            "never synced".into()
        }
        Ok(Err(error)) => format!("sync unknown ({error})"),
        Err(_) => "sync unknown (the sink does not answer)".into(),
    }
}

fn in_words(standing: Standing, now: DateTime<Utc>) -> String {
    let yesterday = now.date_naive() - TimeDelta::days(1);
    let behind = match standing.runs_behind {
        1 => "sync 1 run behind".into(),
        runs => format!("sync {runs} runs behind"),
    };
    match standing.verified_through {
        None => format!("{behind}; not verified"),
        Some(day) if day == yesterday => format!("{behind}; verified through yesterday"),
        Some(day) => format!("{behind}; verified through {day}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sync_is_told_by_runs_and_days() {
        let now = "2026-11-25T14:00:00Z".parse().unwrap();
        let standing = |runs_behind, day: Option<&str>| Standing {
            runs_behind,
            verified_through: day.map(|day| day.parse().unwrap()),
        };
        for (standing, words) in [
            (standing(0, Some("2026-11-24")), "sync 0 runs behind; verified through yesterday"),
            (standing(1, Some("2026-11-20")), "sync 1 run behind; verified through 2026-11-20"),
            (standing(7, None), "sync 7 runs behind; not verified"),
        ] {
            assert_eq!(in_words(standing, now), words);
        }
    }
}
