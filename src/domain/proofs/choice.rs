//! The days that a rolling comparison reads.

use std::collections::BTreeSet;
use std::num::NonZero;

use chrono::NaiveDate;

use super::{Changes, Look, Proofs, Seen, dated_tables};
use crate::domain::Day;

/// So many days, of which today is the last, are compared by every run.
const LATEST_DAYS: usize = 3;

/// The days (UTC) that a rolling comparison reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The days.
    pub days: BTreeSet<NaiveDate>,
    /// The last day that the sweep through the history has come to, for [`Proofs::note_sweep`].
    pub swept_to: Day,
}

/// The days to compare in a run of `today`, of those since `first_day`: the days that changed since
/// they were last proved or were found different, the last three days, and one of `n` of the rest and
/// one more (the history grows meanwhile), so that `n` runs compare every day.
///
/// Of the rest, the sweep goes on where the last run left it: the oldest proofs are ahead of it, and the
/// days that it reads follow one another, which keeps both the reading and the proofs small. A run that
/// was missed moves the others back; days that no run proved since are read at once if they are no more
/// than that share, which is what a pause leaves, and in their turn otherwise, as in a history that was
/// never compared. Today is always among the days; rows before the first day or after today are for who
/// reads to add.
#[must_use]
pub fn days_to_prove(
    changes: &Changes,
    proofs: &Proofs,
    first_day: NaiveDate,
    today: NaiveDate,
    n: NonZero<u16>,
) -> Choice {
    let past = first_day.iter_days().take_while(|day| *day <= today);
    let latest = std::iter::successors(Some(today), NaiveDate::pred_opt).take(LATEST_DAYS);
    let latest: Vec<_> = latest.filter(|day| *day >= first_day || *day == today).collect();
    let is_chosen = |day: &NaiveDate| latest.contains(day) || is_open(changes, proofs, *day);
    let (chosen, rest): (Vec<_>, Vec<_>) = past.partition(is_chosen);
    let share = rest.len().div_ceil(usize::from(n.get())) + 1;
    let missed: Vec<_> = rest.iter().copied().filter(|day| !is_proved(proofs, *day)).collect();
    let missed = if missed.len() > share { Vec::new() } else { missed };
    let (behind, ahead): (Vec<_>, Vec<_>) =
        rest.into_iter().partition(|day| Some(*day) <= proofs.swept_to);
    let swept: Vec<_> = ahead.into_iter().chain(behind).take(share).collect();
    let swept_to = swept.last().copied().or(proofs.swept_to);
    let days = chosen.into_iter().chain(latest).chain(missed).chain(swept);
    Choice { days: days.collect(), swept_to }
}

/// Whether a day was found different, or was proved and changed since, in one of the tables.
fn is_open(changes: &Changes, proofs: &Proofs, day: NaiveDate) -> bool {
    dated_tables().any(|table| match proofs.of_day(table, day) {
        Some(Seen::Different) => true,
        Some(Seen::Equal(look)) => {
            let Look(_, epoch) = proofs.looks[look];
            changes.epoch(table, day).is_some_and(|changed| changed > epoch)
        }
        None => false,
    })
}

/// Whether a day was ever proved, in every table.
fn is_proved(proofs: &Proofs, day: NaiveDate) -> bool {
    dated_tables().all(|table| proofs.of_day(table, day).is_some())
}
