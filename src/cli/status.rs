//! `weather status`: is every site fresh, and if not, why?

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::exit::Exit;
use super::output::{self, OutputFormat, Row};
use super::sources;
use crate::clock::{Clock as _, SystemClock};
use crate::sink::SinkSettings;
use crate::status;
use crate::store::{OpenRun, Reads, StoreSettings};
use crate::sync::{self, Standing, Stop};
use crate::views::freshness::{self, SiteStatus};

/// Say whether every site is fresh, and show each one and the latest runs
///
/// A site is fresh when its latest observation is at most two hours (or two of its intervals)
/// old; one before its first day or after its last is left out. The success rate is of the slots
/// tried in the last 24 hours. `weather gaps` lists every slot that is missing.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  weather status\n  weather status --output json | jq '.[] | select(.fresh | not)'"
)]
pub(super) struct Args {
    /// Form of the rows
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
    const HEADS: &[&str] =
        &["site", "source", "name", "last observation", "age", "24 h", "last error"];

    fn cells(&self) -> Vec<String> {
        let dash = || "–".to_owned();
        let rate = (self.slots_collected_24h * 100).checked_div(self.slots_tried_24h);
        vec![
            self.site_id.clone(),
            self.source.clone(),
            self.name.clone(),
            self.last_observation_time
                .map_or_else(dash, |time| time.format("%F %H:%M").to_string()),
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
    if args.output != OutputFormat::Table {
        open.iter()
            .for_each(|run| tracing::warn!(run_id = run.holder.run_id, "{}", long_open(run, now)));
        let (sites, _) = freshness::sites(&reads, &sources::NAMES, now).await?;
        output::rows(args.output, &sites)?;
        return Ok(Exit::Done);
    }
    let status = status::read(&reads, &sources::NAMES, now, RUNS).await?;
    let mut words: Vec<String> = open.iter().map(|run| long_open(run, now)).collect();
    words.extend(sync_in_words(&reads, &args, now).await);
    let words = (!words.is_empty()).then(|| words.join("; "));
    output::line(&status.headline(words))?;
    if !status.sites.is_empty() {
        output::rows(OutputFormat::Table, &status.sites)?;
        output::rows(OutputFormat::Table, &status.runs)?;
    }
    Ok(Exit::Done)
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

/// How the sync stands, if there is a sink.
async fn sync_in_words(reads: &Reads, args: &Args, now: DateTime<Utc>) -> Option<String> {
    let standing = async {
        match args.sink.open().await? {
            Some(sink) => sync::standing(reads, &*sink, args.store.lease()).await.map(Some),
            None => Ok(None),
        }
    };
    match tokio::time::timeout(SINK_PATIENCE, standing).await {
        Ok(Ok(standing)) => standing.map(|standing| in_words(standing, now)),
        Ok(Err(error)) if matches!(error.downcast_ref(), Some(Stop::NeverSynced)) => {
            Some("never synced".into())
        }
        Ok(Err(error)) => Some(format!("sync unknown ({error})")),
        Err(_) => Some("sync unknown (the sink does not answer)".into()),
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
