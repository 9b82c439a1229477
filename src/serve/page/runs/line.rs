//! A line of the list of runs.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::outcome;
use crate::serve::page::cut;
use crate::serve::page::view::View;
use crate::store::RunRow;

/// A run, or several that found nothing due.
pub(super) enum Line {
    Run(Box<Ran>),
    Idle(Idle),
}

/// A run.
pub(super) struct Ran {
    pub(super) run: RunRow,
    /// A word for how it ended, or that it goes on.
    pub(super) outcome: String,
    pub(super) started: String,
    pub(super) duration: String,
    pub(super) calls: String,
    pub(super) bar: Bar,
    pub(super) errors: Vec<String>,
    pub(super) message: Option<String>,
}

/// Starts without a call, one after the other.
pub(super) struct Idle {
    pub(super) count: usize,
    /// The numbers of the newest and the oldest of them.
    pub(super) newest: i64,
    pub(super) oldest: i64,
    pub(super) time: String,
}

/// Collected, failed and skipped slots, as shares of a bar.
pub(super) struct Bar {
    pub(super) words: String,
    /// Class, where it begins, and its width, in a hundred.
    pub(super) parts: Vec<(&'static str, f64, f64)>,
}

impl Bar {
    /// Of a run; nothing for one that counts no slots. What is there at all is wide enough to be seen.
    pub(super) fn of(run: &RunRow, view: &View) -> Self {
        let counts = [("good", run.collected), ("bad", run.failed), ("skip", run.skipped)];
        let all: i64 = counts.iter().map(|(_, count)| count.max(&0)).sum();
        let mut parts = Vec::new();
        let mut x = 0.0;
        for (class, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            #[expect(clippy::cast_precision_loss, reason = "slots of a run")]
            let width = (count as f64 * 100.0 / all as f64).max(2.0).min(100.0 - x);
            parts.push((class, x, width));
            x += width;
        }
        let words = view
            .say("runs-bar")
            .with("collected", run.collected)
            .with("failed", run.failed)
            .with("skipped", run.skipped);
        Self { words: words.to_string(), parts }
    }
}

/// The runs as lines, in their order.
pub(super) fn lines(runs: Vec<RunRow>, view: &View) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut idle: Vec<RunRow> = Vec::new();
    for run in runs {
        if is_idle(&run) {
            idle.push(run);
            continue;
        }
        lines.extend(folded(&std::mem::take(&mut idle), view));
        lines.push(Line::Run(Box::new(Ran::of(run, view))));
    }
    lines.extend(folded(&idle, view));
    lines
}

/// Nothing was due: no call, no row, no fault.
fn is_idle(run: &RunRow) -> bool {
    let is_quiet = run.outcome.as_deref() == Some("succeeded") && run.error_message.is_none();
    is_quiet && run.kind == "etl" && run.calls == 0 && run.rows_loaded == 0 && run.failed == 0
}

fn folded(idle: &[RunRow], view: &View) -> Option<Line> {
    let (newest, oldest) = (idle.first()?, idle.last()?);
    let time = view.language().between((oldest.started_at, newest.started_at), utc(view));
    let (count, newest, oldest) = (idle.len(), newest.run_seq, oldest.run_seq);
    Some(Line::Idle(Idle { count, newest, oldest, time }))
}

/// Runs are of no site: their times are UTC, unless the reader names a zone.
pub(super) fn utc(view: &View) -> Tz {
    view.zone(Tz::UTC)
}

impl Ran {
    pub(super) fn of(run: RunRow, view: &View) -> Self {
        let counts = run.errors_by_kind.as_deref().and_then(|text| serde_json::from_str(text).ok());
        let counts: BTreeMap<String, u64> = counts.unwrap_or_default();
        let error = |(kind, count): (&String, &u64)| {
            format!("{} × {}", view.number(count_of(*count), 0), view.language().error(kind))
        };
        Self {
            outcome: view.say(&format!("outcome-{}", outcome(&run))).to_string(),
            started: view.language().moment(run.started_at, utc(view)),
            duration: run
                .finished_at
                .map(|end| duration(end - run.started_at, view))
                .unwrap_or_default(),
            calls: view.number(f64::from(u32::try_from(run.calls).unwrap_or(u32::MAX)), 0),
            bar: Bar::of(&run, view),
            errors: counts.iter().map(error).collect(),
            message: run.error_message.as_deref().map(cut),
            run,
        }
    }

    /// Whether somebody should look at it.
    pub(super) fn is_bad(&self) -> bool {
        ["failed", "interrupted"].contains(&outcome(&self.run))
    }

    /// The class of its outcome.
    pub(super) fn class(&self) -> &str {
        outcome(&self.run)
    }
}

#[expect(clippy::cast_precision_loss, reason = "slots of a run")]
fn count_of(count: u64) -> f64 {
    count as f64
}

pub(super) fn duration(span: TimeDelta, view: &View) -> String {
    match span.num_milliseconds() {
        milliseconds @ ..1000 => {
            view.say("span-milliseconds").with("milliseconds", milliseconds).to_string()
        }
        _ => view.language().span(span),
    }
}

/// As a machine reads it.
pub(super) fn machine(time: DateTime<Utc>) -> String {
    time.format("%FT%TZ").to_string()
}
