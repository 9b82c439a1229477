//! The first sentence: can what is shown be trusted, and if not, why. In three grades.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::row::why;
use crate::domain::run::StopKind;
use crate::serve::page::lang::zone;
use crate::serve::page::recent::{Seen, SiteNow};
use crate::serve::page::view::View;
use crate::store::RunRow;

/// Sites in trouble that are named.
const NAMED: usize = 3;

/// Over this share of stale sites data is at risk.
const STALE_SHARE: usize = 10;

/// The sentence.
pub(super) struct Sentence {
    /// `good`, `warn` or `bad`.
    pub(super) grade: &'static str,
    /// How many are fresh, and why data is at risk.
    pub(super) words: Vec<String>,
    /// Sites that are not fresh: id, name and why.
    pub(super) stale: Vec<(String, String, String)>,
    /// How many more there are.
    pub(super) more: usize,
    /// What was last, and what comes next.
    pub(super) runs: Vec<String>,
}

impl Sentence {
    pub(super) fn of(seen: &Seen, t: &View) -> Self {
        let (sites, fresh) = (seen.counts.sites, seen.counts.fresh_sites);
        let stale: Vec<&SiteNow> = seen.sites.iter().filter(|site| !site.is_fresh()).collect();
        let risks = risks(seen, t);
        let grade = match (risks.is_empty(), stale.is_empty()) {
            (false, _) => "bad",
            (true, false) => "warn",
            (true, true) => "good",
        };
        let counted = t.say("overview-fresh").with("fresh", fresh).with("sites", sites);
        let risk = |why: String| t.say("overview-risk").with("why", why).to_string();
        let named = stale.iter().take(NAMED).map(|site| {
            let why = site.trouble().map(|trouble| why(site, trouble, t));
            (site.id().to_owned(), site.name.clone(), why.unwrap_or_default())
        });
        Self {
            grade,
            words: risks.into_iter().map(risk).chain([counted.to_string()]).collect(),
            stale: named.collect(),
            more: stale.len().saturating_sub(NAMED),
            runs: runs(seen, t),
        }
    }
}

/// Why data is at risk.
fn risks(seen: &Seen, t: &View) -> Vec<String> {
    let (sites, fresh) = (seen.counts.sites, seen.counts.fresh_sites);
    let mut risks = Vec::new();
    let ended = seen.runs.iter().filter_map(|run| run.finished_at).max();
    match ended.map(|ended| seen.now - ended) {
        None => risks.push(t.say("risk-no-run-ever").to_string()),
        Some(age) if age > longest_pause(seen) => {
            risks.push(t.say("risk-no-run").with("age", t.language().span(age)).to_string());
        }
        Some(_) => {}
    }
    if (sites - fresh) * STALE_SHARE > sites {
        risks.push(t.say("risk-stale").to_string());
    }
    let is_refused = |run: &RunRow| run.stop_kind.as_deref() == Some(StopKind::KeyRefused.as_str());
    if seen.runs.iter().find(|run| run.finished_at.is_some()).is_some_and(is_refused) {
        risks.push(t.say("risk-key").to_string());
    }
    risks
}

/// Two of the shortest intervals; of intervals under an hour two hours, for which an observation is fresh.
fn longest_pause(seen: &Seen) -> TimeDelta {
    let intervals = seen.sites.iter().flat_map(|site| &site.series).map(|one| one.interval_minutes);
    TimeDelta::minutes(2 * intervals.min().unwrap_or(60).max(60))
}

fn runs(seen: &Seen, t: &View) -> Vec<String> {
    let mut said = Vec::new();
    if let Some(until) = seen.paused_until {
        let until = clock(until, t);
        said.push(t.say("overview-blocked").with("until", until).to_string());
    }
    if let Some(run) = seen.runs.first() {
        let age = t.ago(seen.now - run.started_at);
        let next = next(&seen.runs).filter(|next| *next > seen.now);
        said.push(match next {
            Some(next) => t
                .say("overview-last-and-next")
                .with("age", age)
                .with("next", clock(next, t))
                .to_string(),
            None => t.say("overview-last").with("age", age).to_string(),
        });
    }
    said
}

/// A time of this or the next day.
fn clock(time: DateTime<Utc>, t: &View) -> String {
    let timezone = t.zone(Tz::UTC);
    format!("{} {}", time.with_timezone(&timezone).format("%H:%M"), zone(time, timezone))
}

/// When the next run of the kind of the latest is to be expected: as long after it as runs mostly are apart.
fn next(runs: &[RunRow]) -> Option<DateTime<Utc>> {
    let latest = runs.first()?;
    let starts: Vec<_> =
        runs.iter().filter(|run| run.kind == latest.kind).map(|run| run.started_at).collect();
    let mut apart: Vec<_> = starts.windows(2).map(|pair| pair[0] - pair[1]).collect();
    apart.sort();
    apart.get(apart.len() / 2).map(|apart| latest.started_at + *apart)
}
