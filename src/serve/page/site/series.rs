//! What the charts of a site are drawn of: its hours, or its local days.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::measured::Shown;
use crate::serve::answer::values::midnight;
use crate::serve::page::chart::{Across, Piece};
use crate::views::{Day, Hour};

/// Hours or days, in order.
pub(super) enum Series {
    /// With the length of one.
    Hours(Vec<Hour>, TimeDelta),
    Days(Vec<Day>),
}

/// A value, and from when to when it holds.
pub(super) type Sample = (DateTime<Utc>, DateTime<Utc>, f64);

/// The axis of local days: each stands where that day of UTC would.
pub(super) fn across_days((first, last): (NaiveDate, NaiveDate)) -> Across {
    Across { from: midnight(first), to: midnight(last) + TimeDelta::days(1) }
}

impl Series {
    pub(super) fn hours(&self) -> &[Hour] {
        match self {
            Self::Hours(hours, _) => hours,
            Self::Days(_) => &[],
        }
    }

    pub(super) fn days(&self) -> &[Day] {
        match self {
            Self::Hours(..) => &[],
            Self::Days(days) => days,
        }
    }

    /// The length of an hour or a day; of a site that is observed more seldom it is longer.
    pub(super) fn step(&self) -> TimeDelta {
        match self {
            Self::Hours(_, step) => *step,
            Self::Days(_) => TimeDelta::days(1),
        }
    }

    /// The values of one kind, in order, as they are stored.
    pub(super) fn samples(&self, shown: &Shown) -> Vec<Sample> {
        match self {
            Self::Hours(hours, step) => {
                let Some((_, value)) = shown.hour else { return Vec::new() };
                let values = hours.iter().filter_map(|hour| Some((hour.hour, value(hour)?)));
                values.map(|(time, value)| (time, time + *step, value)).collect()
            }
            Self::Days(days) => {
                let Some((_, value)) = shown.day else { return Vec::new() };
                let values =
                    days.iter().filter_map(|day| Some((midnight(day.local_date), value(day)?)));
                values.map(|(time, value)| (time, time + TimeDelta::days(1), value)).collect()
            }
        }
    }

    /// The field of the API that has these values.
    pub(super) fn field(&self, shown: &Shown) -> Option<&'static str> {
        match self {
            Self::Hours(..) => shown.hour.map(|(name, _)| name),
            Self::Days(_) => shown.day.map(|(name, _)| name),
        }
    }
}

/// Values in the middle of their times; a piece ends where one is missing.
pub(super) fn pieces(samples: &[Sample]) -> Vec<Piece> {
    let follows = |one: &Sample, other: &Sample| other.0 <= one.1;
    let point = |(from, to, value): &Sample| (*from + (*to - *from) / 2, *value);
    samples.chunk_by(follows).map(|piece| piece.iter().map(point).collect()).collect()
}

/// What the values come to from the first on, at the end of each.
pub(super) fn running(samples: &[Sample]) -> Piece {
    let mut sum = 0.0;
    let mut points = Piece::new();
    points.extend(samples.first().map(|(from, ..)| (*from, 0.0)));
    points.extend(samples.iter().map(|(_, to, value)| {
        sum += value;
        (*to, sum)
    }));
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_ends_where_a_value_is_missing_and_a_sum_goes_on() {
        let at = |hour: i64| DateTime::UNIX_EPOCH + TimeDelta::hours(hour);
        let sample = |hour: i64, value: f64| (at(hour), at(hour + 1), value);
        let samples = [sample(0, 1.0), sample(1, 2.0), sample(5, 4.0)];
        let lengths: Vec<_> = pieces(&samples).iter().map(Vec::len).collect();
        assert_eq!(lengths, [2, 1]);
        let sums: Vec<_> = running(&samples).into_iter().map(|(_, sum)| sum).collect();
        assert_eq!(sums, [0.0, 1.0, 3.0, 7.0]);
        assert_eq!(running(&[]), []);
    }
}
