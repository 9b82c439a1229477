//! A row of the calendar as SVG: days without a fault are one path, each other is a link with its colour.

use std::fmt::Write as _;

use chrono::NaiveDate;

use crate::domain::Reason;
use crate::serve::page::view::View;
use crate::store::SiteRow;
use crate::views::calendar::{Cell, Cells};

/// From one day to the next: what a finger hits.
pub(super) const PITCH: i64 = 24;

/// A site.
pub(super) struct Row {
    pub(super) site_id: String,
    pub(super) name: String,
    pub(super) has_left: bool,
    /// The days of which nothing is missing.
    pub(super) full: String,
    pub(super) days: Vec<Day>,
    /// Missing slots, if there are any, and what share of those expected is there.
    pub(super) count: String,
    pub(super) coverage: String,
}

/// A day of which something is missing.
pub(super) struct Day {
    pub(super) day: NaiveDate,
    pub(super) x: i64,
    pub(super) step: Step,
    pub(super) words: String,
}

/// How much of a day is there, in five steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step(u32);

impl Step {
    /// 1: nearly all, to 5: nothing.
    fn of(cell: &Cell) -> Self {
        let present = cell.expected.saturating_sub(cell.missing());
        Self(match present {
            0 => 5,
            present => 4 - (present * 4 / cell.expected.max(1)).min(3),
        })
    }

    /// Whether nothing is there.
    pub(super) fn is_empty(self) -> bool {
        self.0 == 5
    }

    pub(super) fn class(self) -> &'static str {
        match self.0 {
            1 => "s1",
            2 => "s2",
            3 => "s3",
            4 => "s4",
            _ => "s5",
        }
    }
}

impl Row {
    pub(super) fn of(
        site: &SiteRow,
        cells: &Cells,
        (first, last): (NaiveDate, NaiveDate),
        view: &View,
    ) -> Self {
        let (mut full, mut days) = (String::new(), Vec::new());
        let columns = (0..).zip(first.iter_days().take_while(|day| *day <= last));
        for (number, day) in columns {
            let Some(cell) = cells.get(&day) else { continue };
            let x = number * PITCH;
            if cell.missing() == 0 {
                let _ = write!(full, "M{} 2h20v20h-20z", x + 2);
                continue;
            }
            days.push(Day {
                day,
                x: x + 2,
                step: Step::of(cell),
                words: words(site, day, cell, view),
            });
        }
        let count = |count: fn(&Cell) -> u32| cells.values().map(count).sum::<u32>();
        let (missing, expected) = (count(Cell::missing), count(|cell| cell.expected));
        let share = f64::from(expected - missing) * 100.0 / f64::from(expected.max(1));
        // Only what is whole has the whole hundred.
        let share = if missing > 0 { share.min(99.9) } else { share };
        Self {
            site_id: site.site_id.clone(),
            name: site.name.clone(),
            has_left: site.deactivated_at.is_some(),
            full,
            days,
            count: if missing > 0 { view.number(f64::from(missing), 0) } else { String::new() },
            coverage: if expected == 0 {
                "–".into()
            } else {
                format!("{}\u{a0}%", view.number(share, 1))
            },
        }
    }
}

/// `Madrid, 28 Nov: 3 of 24 missing: paused`.
fn words(site: &SiteRow, day: NaiveDate, cell: &Cell, view: &View) -> String {
    let reasons = short(cell.missing.keys(), view);
    view.say("gaps-cell")
        .with("site", site.name.as_str())
        .with("day", view.language().tick(day))
        .with("missing", cell.missing())
        .with("expected", cell.expected)
        .with("reasons", reasons)
        .to_string()
}

/// Reasons in a word each, none twice.
pub(super) fn short<'a>(reasons: impl Iterator<Item = &'a Reason>, view: &View) -> String {
    let mut words: Vec<String> =
        reasons.map(|reason| view.language().reason_word(reason.word())).collect();
    words.dedup();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_one_of_five_steps_and_only_an_empty_one_has_the_last() {
        let step = |missing: u32, expected: u32| {
            let missing = [(Reason::Paused, missing)].into_iter().collect();
            Step::of(&Cell { expected, missing }).class()
        };
        assert_eq!([step(1, 24), step(6, 24)], ["s1", "s1"]);
        assert_eq!([step(7, 24), step(12, 24)], ["s2", "s2"]);
        assert_eq!([step(13, 24), step(18, 24)], ["s3", "s3"]);
        assert_eq!([step(19, 24), step(23, 24)], ["s4", "s4"]);
        assert_eq!([step(24, 24), step(1, 1)], ["s5", "s5"]);
    }
}
