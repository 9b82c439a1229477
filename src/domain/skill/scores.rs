//! Scores of numbers: mean error, absolute error, root of the mean square; of spreads the CRPS, the pinball loss
//! and the coverage.

use std::collections::BTreeMap;
use std::f64::consts::{FRAC_1_SQRT_2, PI};

use chrono::NaiveDate;

use super::pairs::Pair;
use super::variable::Variable;

/// A tenth of a normal distribution lies this many standard deviations below its mean and less.
const Z90: f64 = 1.281_551_565_544_600_4;

/// Scores of pairs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scores {
    /// How many pairs.
    pub n: u64,
    /// Mean of |forecast − truth|.
    pub mae: f64,
    /// Mean of forecast − truth.
    pub bias: f64,
    /// Root of the mean of (forecast − truth)².
    pub rmse: f64,
    /// Those of the pairs that have a spread.
    pub spread: Option<SpreadScores>,
}

/// Scores of the distributions that were said.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct SpreadScores {
    /// How many pairs.
    pub n: u64,
    /// Mean continuous ranked probability score of the normal distributions.
    pub crps: f64,
    /// Mean pinball loss of the 10 %, 50 % and 90 % quantiles.
    pub pinball: [f64; 3],
    /// Share of the truths between the 10 % and the 90 % quantile, 0 to 1.
    pub coverage_80: f64,
}

/// Pairs, added up: of however many, only sums are held, and those of each day.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    n: u64,
    absolute: f64,
    signed: f64,
    square: f64,
    spread: SpreadScores,
    daily: BTreeMap<NaiveDate, Daily>,
}

/// Sums of a day.
#[derive(Debug, Clone, Copy, Default)]
struct Daily {
    n: u64,
    absolute: f64,
    signed: f64,
}

impl Tally {
    /// One pair more of a variable. Its day is that of the time it is for, UTC.
    pub fn add(&mut self, variable: Variable, pair: &Pair) {
        let error = error(variable, pair);
        self.n += 1;
        self.absolute += error.abs();
        self.signed += error;
        self.square += error * error;
        let daily = self.daily.entry(pair.valid_at.date_naive()).or_default();
        daily.n += 1;
        daily.absolute += error.abs();
        daily.signed += error;
        if let Some(spread) = pair.spread.filter(|spread| *spread > 0.0) {
            self.spread.add(pair.forecast, spread, pair.truth);
        }
    }

    /// The scores; `None` without a pair.
    #[must_use]
    pub fn scores(&self) -> Option<Scores> {
        let n = count(self.n);
        (self.n > 0).then(|| Scores {
            n: self.n,
            mae: self.absolute / n,
            bias: self.signed / n,
            rmse: (self.square / n).sqrt(),
            spread: self.spread.mean(),
        })
    }

    /// Mean absolute error of each day, in the order of days.
    #[must_use]
    pub fn daily_mae(&self) -> Vec<f64> {
        self.daily.values().map(|day| day.absolute / count(day.n)).collect()
    }

    /// Mean error of each day, in the order of days.
    #[must_use]
    pub fn daily_bias(&self) -> Vec<f64> {
        self.daily.values().map(|day| day.signed / count(day.n)).collect()
    }
}

impl SpreadScores {
    fn add(&mut self, mean: f64, spread: f64, truth: f64) {
        self.n += 1;
        self.crps += crps_gaussian(mean, spread, truth);
        for (sum, (step, level)) in
            self.pinball.iter_mut().zip([(-Z90, 0.1), (0.0, 0.5), (Z90, 0.9)])
        {
            *sum += pinball(mean + step * spread, level, truth);
        }
        self.coverage_80 += f64::from(u8::from((truth - mean).abs() <= Z90 * spread));
    }

    fn mean(&self) -> Option<Self> {
        let n = count(self.n);
        (self.n > 0).then(|| Self {
            n: self.n,
            crps: self.crps / n,
            pinball: self.pinball.map(|sum| sum / n),
            coverage_80: self.coverage_80 / n,
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
fn count(n: u64) -> f64 {
    n as f64
}

/// What a forecast missed its truth by; of a direction the short way round.
pub(super) fn error(variable: Variable, pair: &Pair) -> f64 {
    match variable.is_direction {
        true => circular_error(pair.forecast, pair.truth),
        false => pair.forecast - pair.truth,
    }
}

/// `forecast − truth` of two directions, -180 to 180 degrees.
#[must_use]
pub fn circular_error(forecast_deg: f64, truth_deg: f64) -> f64 {
    (forecast_deg - truth_deg + 180.0).rem_euclid(360.0) - 180.0
}

/// The continuous ranked probability score of a normal distribution, in closed form
/// (<https://doi.org/10.1175/MWR2904.1>, equation 5).
#[must_use]
pub fn crps_gaussian(mean: f64, spread: f64, truth: f64) -> f64 {
    let z = (truth - mean) / spread;
    let density = (-z * z / 2.0).exp() / (2.0 * PI).sqrt();
    spread * (z * (2.0 * normal(z) - 1.0) + 2.0 * density - 1.0 / PI.sqrt())
}

/// The pinball loss of a quantile of this level.
#[must_use]
pub fn pinball(quantile: f64, level: f64, truth: f64) -> f64 {
    let below = truth - quantile;
    if below >= 0.0 { level * below } else { (level - 1.0) * below }
}

/// The normal distribution function.
fn normal(z: f64) -> f64 {
    libm::erfc(-z * FRAC_1_SQRT_2) / 2.0
}

#[cfg(test)]
mod tests {
    use super::super::variable::VARIABLES;
    use super::*;

    fn pair(forecast: f64, truth: f64, spread: Option<f64>) -> Pair {
        Pair { valid_at: chrono::DateTime::UNIX_EPOCH, forecast, truth, spread }
    }

    #[test]
    fn a_direction_goes_the_short_way_round() {
        for (forecast, truth, error) in
            [(350.0, 10.0, -20.0), (10.0, 350.0, 20.0), (90.0, 30.0, 60.0)]
        {
            assert!((circular_error(forecast, truth) - error).abs() < 1e-12);
        }
    }

    fn scores(pairs: &[Pair]) -> Option<Scores> {
        let mut tally = Tally::default();
        pairs.iter().for_each(|pair| tally.add(VARIABLES[0], pair));
        tally.scores()
    }

    #[test]
    fn scores_are_the_means_that_their_names_say() {
        let scores = scores(&[pair(3.0, 1.0, None), pair(1.0, 2.0, None)]).unwrap();
        assert_eq!((scores.n, scores.mae, scores.bias), (2, 1.5, 0.5));
        assert!((scores.rmse - 2.5_f64.sqrt()).abs() < 1e-15);
        assert_eq!(scores.spread, None);
    }

    #[test]
    fn without_a_pair_there_is_no_score() {
        assert_eq!(scores(&[]), None);
    }

    #[test]
    fn a_spread_is_scored_by_its_distribution() {
        let scores = scores(&[pair(0.0, 0.0, Some(1.0))]).unwrap().spread.unwrap();
        // (√2 − 1)/√π
        assert!((scores.crps - 0.233_694_977_254_713_2).abs() < 1e-9, "{}", scores.crps);
        assert!((scores.coverage_80 - 1.0).abs() < 1e-12);
        assert!((pinball(1.0, 0.9, 3.0) - 1.8).abs() < 1e-12);
        assert!((pinball(3.0, 0.9, 1.0) - 0.2).abs() < 1e-12);
    }
}
