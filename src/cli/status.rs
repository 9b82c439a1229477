//! `weather status`: is every site fresh, and if not, why?

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::exit::Exit;
use super::output::{self, OutputFormat, Row};
use super::sources::SourceName;
use crate::clock::{Clock as _, SystemClock};
use crate::sink::SinkSettings;
use crate::store::{RunRow, SiteState, Store, StoreSettings};
use crate::sync::{self, Standing, Stop};

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

#[derive(Serialize)]
struct SiteStatus {
    source: &'static str,
    #[serde(skip)]
    is_only_source: bool,
    site_id: String,
    name: String,
    fresh: bool,
    last_observation_time: Option<DateTime<Utc>>,
    age_s: Option<i64>,
    slots_tried_24h: i64,
    slots_collected_24h: i64,
    failing_since: Option<DateTime<Utc>>,
    error_kind: Option<String>,
    http_status: Option<i64>,
    error_message: Option<String>,
}

impl SiteStatus {
    fn new(
        source: &'static str,
        is_only_source: bool,
        state: SiteState,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            source,
            is_only_source,
            fresh: state.is_fresh(now),
            age_s: state.age(now).map(|age| age.num_seconds()),
            site_id: state.site_id,
            name: state.name,
            last_observation_time: state.last_observation_time,
            slots_tried_24h: state.slots_tried,
            slots_collected_24h: state.slots_collected,
            failing_since: state.failing_since,
            error_kind: state.error_kind,
            http_status: state.http_status,
            error_message: state.error_message,
        }
    }

    /// Why it is not fresh, in a few words.
    fn trouble(&self) -> String {
        let what = match (self.http_status, &self.error_kind) {
            (Some(status), Some(kind)) if status != 200 => format!("{kind} ({status})"),
            (_, Some(kind)) => kind.clone(),
            _ if self.last_observation_time.is_some() => "nothing newer".into(),
            _ => "never collected".into(),
        };
        let since = self.failing_since.map(|since| format!(" since {}", since.format("%F %H:%M")));
        let source =
            if self.is_only_source { String::new() } else { format!(" ({})", self.source) };
        format!("{}{source}: {what}{}", self.site_id, since.unwrap_or_default())
    }
}

impl Row for SiteStatus {
    const HEADS: &[&str] =
        &["site", "source", "name", "last observation", "age", "24 h", "last error"];

    fn cells(&self) -> Vec<String> {
        let dash = || "–".to_owned();
        let rate = (self.slots_collected_24h * 100).checked_div(self.slots_tried_24h);
        vec![
            self.site_id.clone(),
            self.source.into(),
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
    let store = args.store.open_ready().await?;
    let now = SystemClock.now();
    let since = now - TimeDelta::hours(24);
    let (sites, sources) = site_states(&*store, since, now).await?;
    if args.output != OutputFormat::Table {
        output::rows(args.output, &sites)?;
        return Ok(Exit::Done);
    }
    let runs = store.list_runs(RUNS).await?;
    let mut paused = None;
    for source in sources {
        paused = paused.max(store.paused_until(source).await?.filter(|until| *until > now));
    }
    let sync = sync_in_words(&*store, &args.sink, now).await;
    output::text(&format!("{}\n", headline(&sites, &runs, paused, sync)))?;
    if !sites.is_empty() {
        output::rows(OutputFormat::Table, &sites)?;
        output::rows(OutputFormat::Table, &runs)?;
    }
    Ok(Exit::Done)
}

/// Every site of each source in use, and those sources: the ones that were asked in the last day,
/// else those that ever answered, else the one that is meant if none is named.
async fn site_states(
    store: &dyn Store,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> anyhow::Result<(Vec<SiteStatus>, Vec<&'static str>)> {
    let mut all = Vec::new();
    for source in SourceName::ALL {
        let mut states = store.list_site_states(source.as_str(), since).await?;
        states.retain(|state| state.is_alive(now));
        all.push((source.as_str(), states));
    }
    let asked = |states: &[SiteState]| states.iter().any(|state| state.slots_tried > 0);
    let answered =
        |states: &[SiteState]| states.iter().any(|state| state.last_observation_time.is_some());
    if all.iter().any(|(_, states)| asked(states)) {
        all.retain(|(_, states)| asked(states));
    } else if all.iter().any(|(_, states)| answered(states)) {
        all.retain(|(_, states)| answered(states));
    } else {
        all.truncate(1);
    }
    let sources: Vec<&str> = all.iter().map(|(source, _)| *source).collect();
    let is_only_source = sources.len() == 1;
    let sites = all.into_iter().flat_map(|(source, states)| {
        states.into_iter().map(move |state| SiteStatus::new(source, is_only_source, state, now))
    });
    Ok((sites.collect(), sources))
}

/// How the sync stands, if there is a sink.
async fn sync_in_words(
    store: &dyn Store,
    settings: &SinkSettings,
    now: DateTime<Utc>,
) -> Option<String> {
    let standing = async {
        match settings.open().await? {
            Some(sink) => sync::standing(store, &*sink).await.map(Some),
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

/// The one sentence that an operator reads first.
fn headline(
    sites: &[SiteStatus],
    runs: &[RunRow],
    paused: Option<DateTime<Utc>>,
    sync: Option<String>,
) -> String {
    if sites.is_empty() {
        return "no sites yet, or none within its days: `weather etl` collects, `weather demo` shows how".into();
    }
    let fresh = sites.iter().filter(|site| site.fresh).count();
    let mut parts = vec![format!("{fresh} of {} sites fresh", sites.len())];
    let stale: Vec<&SiteStatus> = sites.iter().filter(|site| !site.fresh).collect();
    parts.extend(stale.iter().take(3).map(|site| site.trouble()));
    if stale.len() > 3 {
        parts.push(format!("{} more", stale.len() - 3));
    }
    if let Some(until) = paused {
        parts.push(format!("account blocked until {}", until.format("%F %H:%M")));
    }
    match runs.first() {
        Some(run) => {
            let outcome = run.outcome.as_deref().unwrap_or(&run.status);
            parts.push(format!("last run {outcome} at {}", run.started_at.format("%F %H:%M")));
        }
        None => parts.push("no run yet".into()),
    }
    parts.extend(sync);
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(site_id: &str, fresh: bool) -> SiteStatus {
        SiteStatus {
            source: "openweathermap",
            is_only_source: true,
            site_id: site_id.into(),
            name: site_id.into(),
            fresh,
            last_observation_time: None,
            age_s: None,
            slots_tried_24h: 1,
            slots_collected_24h: 0,
            failing_since: "2026-11-25T14:00:00Z".parse().ok(),
            error_kind: Some("not_found".into()),
            http_status: Some(404),
            error_message: None,
        }
    }

    #[test]
    fn the_headline_says_who_is_not_fresh_and_since_when() {
        let sites = [site("mad-retiro", true), site("lon-city", false)];
        assert_eq!(
            headline(&sites, &[], None, Some("never synced".into())),
            "1 of 2 sites fresh; lon-city: not_found (404) since 2026-11-25 14:00; no run yet; never synced"
        );
    }

    #[test]
    fn an_empty_store_says_what_to_do_next() {
        assert!(headline(&[], &[], None, None).contains("weather etl"));
    }

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
