//! Which observation a forecast is held against.

use chrono::{DateTime, TimeDelta, Utc};

/// An observation this near to the time of a forecast is its truth.
const NEAR: TimeDelta = TimeDelta::minutes(15);

/// What a forecast said of a variable.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Said {
    /// The time that it is for.
    pub valid_at: DateTime<Utc>,
    /// The value.
    pub value: f64,
    /// Its standard deviation, where the forecast says one.
    pub spread: Option<f64>,
}

/// A forecast and what came.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// The time that the forecast was for.
    pub valid_at: DateTime<Utc>,
    /// What was said.
    pub forecast: f64,
    /// What came.
    pub truth: f64,
    /// The standard deviation that was said, if one was.
    pub spread: Option<f64>,
}

/// What one source observed of a variable at a site, in the order of time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Truths {
    observed: Vec<(DateTime<Utc>, f64)>,
}

impl FromIterator<(DateTime<Utc>, f64)> for Truths {
    fn from_iter<I: IntoIterator<Item = (DateTime<Utc>, f64)>>(observed: I) -> Self {
        let mut observed: Vec<_> = observed.into_iter().collect();
        observed.sort_by_key(|(time, _)| *time);
        Self { observed }
    }
}

impl Truths {
    /// The observation nearest to a time, within 15 minutes; of two as near the earlier one.
    #[must_use]
    pub fn nearest(&self, time: DateTime<Utc>) -> Option<f64> {
        let from = self.observed.partition_point(|(at, _)| *at < time - NEAR);
        let near = self.observed[from..].iter().take_while(|(at, _)| *at <= time + NEAR);
        let nearest = near.min_by_key(|(at, _)| (*at - time).abs());
        nearest.map(|(_, value)| *value)
    }
}

/// Each forecast with its truth, those that have one.
pub fn pair<'a>(
    said: impl IntoIterator<Item = Said> + 'a,
    truths: &'a Truths,
) -> impl Iterator<Item = Pair> + 'a {
    said.into_iter().filter_map(|said| {
        let truth = truths.nearest(said.valid_at)?;
        let Said { valid_at, value: forecast, spread } = said;
        Some(Pair { valid_at, forecast, truth, spread })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_600_800 + minutes * 60, 0).unwrap()
    }

    #[test]
    fn the_nearest_observation_within_a_quarter_of_an_hour_counts_and_of_two_the_earlier() {
        let truths: Truths = [(-40, 1.0), (-10, 2.0), (10, 3.0), (75, 4.0)]
            .map(|(minutes, value)| (at(minutes), value))
            .into_iter()
            .collect();
        for (minutes, expected) in [
            (0, Some(2.0)),
            (1, Some(3.0)),
            (-24, Some(2.0)),
            (-25, Some(1.0)),
            (60, Some(4.0)),
            (45, None),
        ] {
            assert_eq!(truths.nearest(at(minutes)), expected, "{minutes}");
        }
        assert_eq!(Truths::default().nearest(at(0)), None);
    }

    #[test]
    fn two_forecasts_of_one_time_are_paired_with_one_truth_whatever_their_steps() {
        let truths: Truths = (0..24).map(|hour| (at(hour * 60 + 7), hour as f64)).collect();
        let said = |step: usize| {
            (0..24).step_by(step).map(|hour| Said {
                valid_at: at(hour * 60),
                value: 0.0,
                spread: None,
            })
        };
        let hourly: Vec<_> = pair(said(1), &truths).collect();
        let common: Vec<_> = hourly
            .iter()
            .filter(|pair| (pair.valid_at - at(0)).num_hours() % 6 == 0)
            .copied()
            .collect();
        assert_eq!(pair(said(6), &truths).collect::<Vec<_>>(), common);
        assert_eq!((hourly.len(), common.len()), (24, 4));
    }
}
