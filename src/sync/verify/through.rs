//! What a comparison proves, noted in the sink, and through which day everything is proved by that.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::plan::Plan;
use super::{DayComparison, Report, Verdict, Verify};
use crate::domain::proofs::{Proofs, join_days};
use crate::domain::tables::{TABLES, Table};
use crate::sink::{SinkError, State, beside_writers, with_retries};
use crate::sync::find_state;

/// Notes in the sink which days were found equal, and which were not; `state` is that of now.
pub(in crate::sync) async fn note(
    parts: Verify<'_>,
    store_id: &str,
    plan: &Plan,
    state: State,
    report: &mut Report,
) -> anyhow::Result<()> {
    let (sink, mut read) = (parts.sink, Some(state));
    let through = beside_writers(async || {
        let state = match read.take() {
            Some(state) => state,
            None => find_state(sink, store_id).await?.unwrap_or_default(),
        };
        let (before, after) = (&state.proofs, noted(&state.proofs, plan, report));
        with_retries(async || sink.set_proofs(store_id, before, &after).await).await?;
        Ok::<_, SinkError>(after.verified_through(&state.changed, plan.first_day, plan.today))
    });
    report.verified_through = through.await?;
    Ok(())
}

/// The proofs with what a comparison found.
fn noted(before: &Proofs, plan: &Plan, report: &Report) -> Proofs {
    let mut after = before.clone();
    for table in TABLES.into_iter().filter(|table| table.day_of.is_some()) {
        for (epoch, days) in proved(table, plan, report) {
            for days in join_days(&days) {
                after.note(table.name, &days, plan.today, epoch);
            }
        }
    }
    let is_open = |day: &&DayComparison| matches!(day.verdict, Verdict::Different | Verdict::Kept);
    for found in report.days.iter().filter(is_open) {
        if let Some(day) = found.day {
            after.take_back(found.table.name, day);
        }
    }
    if let Some(swept_to) = plan.swept_to {
        after.note_sweep(swept_to);
    }
    after
}

/// The days of a table that are equal, by the epoch that this is known for. A day that was read and
/// that neither side has a row of is equal too.
fn proved(table: &Table, plan: &Plan, report: &Report) -> BTreeMap<i64, BTreeSet<NaiveDate>> {
    let before = plan.state.epoch_of(table);
    let mut proved = BTreeMap::from([(before, plan.days())]);
    for found in report.days.iter().filter(|found| found.table.name == table.name) {
        let Some(day) = found.day else { continue };
        if let Some(silent) = proved.get_mut(&before) {
            silent.remove(&day);
        }
        if let Some(epoch) = found.equal_at {
            proved.entry(epoch).or_default().insert(day);
        }
    }
    proved
}
