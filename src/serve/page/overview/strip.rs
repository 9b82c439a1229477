//! Two days of temperature in the space of a word: a cell for each hour, coloured as on the map, hatched where what was
//! expected is missing, blank where nothing was expected.
//!
//! One path for each colour, whose dashes are the cells: a hundred strips have to fit into a page.

use std::fmt::Write as _;

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};

use super::scale::Quantity;
use crate::domain::Expected;
use crate::serve::page::view::View;

/// How many hours it has.
pub(super) const HOURS: usize = 48;

/// Width of an hour in the picture's units.
const WIDTH: usize = 10;

/// A strip, drawn.
pub(super) struct Strip {
    /// Class and path of each colour that is in it; a missing hour has none.
    pub(super) paths: Vec<(&'static str, String)>,
    /// The path of what is missing.
    pub(super) missing: String,
    /// What it shows, in words.
    pub(super) words: String,
}

/// What is known of an hour.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Cell {
    is_missing: bool,
    temperature_c: Option<f64>,
}

/// When the first hour of a strip begins that ends with the present hour.
pub(super) fn begins(now: DateTime<Utc>) -> DateTime<Utc> {
    let hour = now.duration_trunc(TimeDelta::hours(1)).unwrap_or(now);
    hour - TimeDelta::hours(47)
}

/// Slots that were collected, with their temperatures.
pub(super) type Collected = [(DateTime<Utc>, Option<f64>)];

impl Strip {
    /// Of what was collected and what is expected since the strip [begins]; a slot fills every hour of it. One that
    /// is not over and not collected is not missing yet.
    pub(super) fn of(
        collected: &Collected,
        expected: impl Iterator<Item = Expected>,
        now: DateTime<Utc>,
        t: &View,
    ) -> Self {
        let cells = cells(collected, expected, now);
        let quantity = Quantity::Temperature;
        let step = |cell: &Cell| cell.temperature_c.map(|value| quantity.step(value));
        let paths = (0..=quantity.bounds().len()).filter_map(|number| {
            let path = path(&cells, |cell| !cell.is_missing && step(cell) == Some(number));
            (!path.is_empty()).then(|| (quantity.class(number), path))
        });
        Self {
            paths: paths.collect(),
            missing: path(&cells, |cell| cell.is_missing),
            words: words(&cells, t),
        }
    }
}

fn cells(
    collected: &Collected,
    expected: impl Iterator<Item = Expected>,
    now: DateTime<Utc>,
) -> [Cell; HOURS] {
    let first = begins(now);
    let mut cells = [Cell::default(); HOURS];
    let within = |hour: i64| usize::try_from(hour).unwrap_or_default().min(HOURS);
    for Expected { slot_time, interval } in expected {
        let found = collected.binary_search_by_key(&slot_time, |(time, _)| *time).ok();
        let length = TimeDelta::minutes(interval.minutes().into());
        let begin = (slot_time - first).num_seconds().div_euclid(3600);
        // One that began before the strip fills what of it lies in it.
        let hours = within(begin)..within(begin + length.num_hours().max(1));
        for cell in cells.get_mut(hours).into_iter().flatten() {
            cell.is_missing |= found.is_none() && slot_time + length <= now;
            let value = found.and_then(|at| collected.get(at)).and_then(|(_, value)| *value);
            cell.temperature_c = value.or(cell.temperature_c);
        }
    }
    cells
}

/// The cells that are meant, those that follow one another as one line, which is dashed.
fn path(cells: &[Cell], is_meant: impl Fn(&Cell) -> bool) -> String {
    let (mut path, mut begin) = (String::new(), 0);
    for run in cells.chunk_by(|one, other| is_meant(one) == is_meant(other)) {
        if run.first().is_some_and(&is_meant) {
            let _ = write!(path, "M{} 10h{}", begin * WIDTH, run.len() * WIDTH);
        }
        begin += run.len();
    }
    path
}

fn words(cells: &[Cell], t: &View) -> String {
    let known =
        || cells.iter().filter(|cell| !cell.is_missing).filter_map(|cell| cell.temperature_c);
    let low = known().fold(f64::INFINITY, f64::min);
    let high = known().fold(f64::NEG_INFINITY, f64::max);
    let missing = cells.iter().filter(|cell| cell.is_missing).count();
    let written = |value| Quantity::Temperature.written(t, value);
    let range = match low <= high {
        true => {
            t.say("strip-range").with("low", written(low)).with("high", written(high)).to_string()
        }
        false => t.say("strip-none").to_string(),
    };
    match missing {
        0 => range,
        hours => {
            let missing = t.say("strip-missing").with("hours", hours).to_string();
            format!("{range}, {missing}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Interval;

    fn now() -> DateTime<Utc> {
        "2026-11-25T08:07:00Z".parse().unwrap()
    }

    fn collected(hours_ago: &[(i64, f64)]) -> Vec<(DateTime<Utc>, Option<f64>)> {
        let hour: DateTime<Utc> = "2026-11-25T08:00:00Z".parse().unwrap();
        let slot = |(ago, value): &(i64, f64)| (hour - TimeDelta::hours(*ago), Some(*value));
        hours_ago.iter().map(slot).collect()
    }

    /// Every slot of this length since so many hours ago.
    fn expected(hours: i64, interval_minutes: u32) -> impl Iterator<Item = Expected> {
        let interval = Interval::parse(interval_minutes).unwrap();
        let length_s = i64::from(interval_minutes) * 60;
        let first = (now() - TimeDelta::hours(hours)).timestamp().div_euclid(length_s) + 1;
        (first..).map_while(move |number| {
            let slot_time = DateTime::from_timestamp(number * length_s, 0).unwrap();
            (slot_time <= now()).then_some(Expected { slot_time, interval })
        })
    }

    fn strip(slots: &[(i64, f64)], hours: i64, interval_minutes: u32) -> Strip {
        let t = View::of_nobody();
        Strip::of(&collected(slots), expected(hours, interval_minutes), now(), &t)
    }

    fn said(strip: &Strip) -> String {
        strip.words.replace('\u{a0}', " ")
    }

    #[test]
    fn a_strip_has_a_path_for_each_colour_and_one_for_what_is_missing() {
        let strip = strip(&[(4, 1.0), (3, 11.0), (0, 6.0)], 48, 60);
        let paths: Vec<_> =
            strip.paths.iter().map(|(class, path)| (*class, path.as_str())).collect();
        assert_eq!(paths, [("t2", "M430 10h10M470 10h10"), ("t3", "M440 10h10")]);
        assert_eq!(strip.missing, "M0 10h430M450 10h20");
        assert_eq!(said(&strip), "1.0 °C to 11.0 °C in 48 hours, 45 hours missing");
    }

    #[test]
    fn only_what_is_expected_is_missing_and_what_goes_on_is_not() {
        assert_eq!(strip(&[(0, 6.0)], 1, 60).missing, "");
        assert_eq!(strip(&[(4, 1.0), (0, 6.0)], 5, 60).missing, "M440 10h30");
        let silent = strip(&[], 48, 60);
        assert_eq!(silent.missing, "M0 10h470");
        assert_eq!(said(&silent), "no temperature in 48 hours, 47 hours missing");
        assert_eq!(strip(&[], 0, 60).missing, "");
    }

    #[test]
    fn an_hour_that_was_collected_without_a_temperature_is_blank() {
        let mut slots = collected(&[(2, 1.0), (1, 2.0), (0, 3.0)]);
        slots[1].1 = None;
        let strip = Strip::of(&slots, expected(3, 60), now(), &View::of_nobody());
        assert_eq!(strip.missing, "");
        assert_eq!(strip.paths, [("t2", "M450 10h10M470 10h10".to_owned())]);
    }

    #[test]
    fn a_long_slot_fills_all_of_its_hours_and_two_short_ones_share_one() {
        let long = strip(&[(8, 3.0), (2, -5.0)], 9, 180);
        // 00:00 to 03:00, 03:00 to 06:00, which is missing, and 06:00 to 09:00.
        assert_eq!(long.paths, [("t1", "M450 10h30".to_owned()), ("t2", "M390 10h30".to_owned())]);
        assert_eq!(long.missing, "M420 10h30");
        // Of each hour but the present one the second half is missing, and so the hour is.
        let short = strip(&[(1, 3.0), (0, 3.0)], 2, 30);
        assert_eq!((short.missing.as_str(), short.paths.len()), ("M450 10h20", 1));
    }
}
