//! How sure a mean is: moving blocks of a week over daily means.

/// Days of a block: errors of neighbouring days are alike.
const BLOCK_DAYS: usize = 7;

/// Draws.
const DRAWS: usize = 2000;

/// What the sequence of draws begins with.
const SEED: u64 = 1;

/// A 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// 2.5 % of the draws lie below.
    pub low: f64,
    /// 2.5 % of the draws lie above.
    pub high: f64,
}

/// The interval of the mean of daily means, which are in the order of days; `None` under a week. Blocks start where
/// SplitMix64 says (<https://prng.di.unimi.it/splitmix64.c>); percentiles are interpolated linearly.
#[must_use]
pub fn of_daily_means(daily: &[f64]) -> Option<Interval> {
    let choices = (daily.len() + 1).checked_sub(BLOCK_DAYS).filter(|choices| *choices > 0)?;
    let blocks = daily.len().div_ceil(BLOCK_DAYS);
    let mut random = SplitMix64(SEED);
    let mut means: Vec<f64> = (0..DRAWS)
        .map(|_| {
            let starts: Vec<usize> = (0..blocks).map(|_| random.below(choices)).collect();
            let days = starts.iter().flat_map(|start| &daily[*start..*start + BLOCK_DAYS]);
            mean(days.take(daily.len()).copied(), daily.len())
        })
        .collect();
    means.sort_by(f64::total_cmp);
    Some(Interval { low: percentile(&means, 0.025), high: percentile(&means, 0.975) })
}

#[expect(clippy::cast_precision_loss, reason = "days of a few years")]
fn mean(numbers: impl Iterator<Item = f64>, count: usize) -> f64 {
    numbers.sum::<f64>() / count as f64
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place among the draws"
)]
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, part) = (place.floor() as usize, place.fract());
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * part
}

struct SplitMix64(u64);

impl SplitMix64 {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let below = (z ^ (z >> 31)) % end as u64;
        usize::try_from(below).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_a_constant_is_that_constant_and_under_a_week_there_is_none() {
        let interval = of_daily_means(&[2.5; 40]).unwrap();
        assert!((interval.low - 2.5).abs() < 1e-12 && (interval.high - 2.5).abs() < 1e-12);
        assert_eq!(of_daily_means(&[1.0; 6]), None);
        assert!(of_daily_means(&[1.0; 7]).is_some());
    }

    /// By `interval` of the reference, numpy 2.4: sin(i)·i/100 for i from 0 to 99.
    #[test]
    fn the_draws_are_those_of_the_reference() {
        let daily: Vec<f64> =
            (0..100).map(|day| f64::from(day).sin() * f64::from(day) / 100.0).collect();
        let interval = of_daily_means(&daily).unwrap();
        assert!((interval.low - REFERENCE_LOW).abs() < 1e-12, "{interval:?}");
        assert!((interval.high - REFERENCE_HIGH).abs() < 1e-12, "{interval:?}");
    }

    const REFERENCE_LOW: f64 = -0.026_662_369_711_241_172;
    const REFERENCE_HIGH: f64 = 0.023_429_866_862_062_94;
}
