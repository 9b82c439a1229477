//! Whether one forecast is better than another, or it only looks so.

/// Two forecasts compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// The statistic: below 0 the first one has the smaller losses.
    pub statistic: f64,
    /// How probable so large a statistic is where both are as good, 0 to 1.
    pub p_value: f64,
}

/// The test of Diebold and Mariano (<https://doi.org/10.1080/07350015.1995.10524599>) with the correction of Harvey,
/// Leybourne and Newbold (<https://doi.org/10.1016/S0169-2070(96)00719-4>), over differences of losses in the order
/// of time, for forecasts of `horizon` steps. `None` where the differences have no variance, or are too few.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts of days")]
pub fn diebold_mariano(differences: &[f64], horizon: usize) -> Option<Comparison> {
    let (count, horizon) = (differences.len(), horizon.max(1));
    if count <= horizon {
        return None;
    }
    let (n, h) = (count as f64, horizon as f64);
    let centre = differences.iter().sum::<f64>() / n;
    let covariance = |lag: usize| {
        let pairs = differences.iter().zip(&differences[lag..]);
        pairs.map(|(before, after)| (before - centre) * (after - centre)).sum::<f64>() / n
    };
    let later: f64 = (1..horizon).map(covariance).sum();
    let variance = (covariance(0) + 2.0 * later) / n;
    let correction = (n + 1.0 - 2.0 * h + h * (h - 1.0) / n) / n;
    let is_defined = variance > 0.0 && correction > 0.0;
    let statistic = centre / variance.sqrt() * correction.sqrt();
    is_defined.then(|| Comparison { statistic, p_value: two_sided(statistic, n - 1.0) })
}

/// How probable a larger absolute value is of Student's distribution.
fn two_sided(t: f64, degrees: f64) -> f64 {
    incomplete_beta(degrees / (degrees + t * t), degrees / 2.0, 0.5)
}

/// The regularised incomplete beta function, by its continued fraction
/// (<https://dlmf.nist.gov/8.17#SS5.p1>, evaluated by Lentz's method).
fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(1.0 - x, b, a);
    }
    let front = libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b);
    let front = (front + a * x.ln() + b * (-x).ln_1p()).exp() / a;
    front * continued_fraction(x, a, b)
}

fn continued_fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away_from_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let (mut c, mut d) = (1.0, 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0)));
    let mut fraction = d;
    for step in 1..500 {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        for term in [even, odd] {
            d = 1.0 / away_from_zero(1.0 + term * d);
            c = away_from_zero(1.0 + term / c);
            fraction *= c * d;
        }
        if (c * d - 1.0).abs() < 1e-16 {
            break;
        }
    }
    fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn students_distribution_has_its_known_quantiles() {
        for (t, degrees, p) in
            [(2.228_138_852, 10.0, 0.05), (1.983_971_519, 100.0, 0.05), (0.0, 5.0, 1.0)]
        {
            assert!((two_sided(t, degrees) - p).abs() < 1e-9, "{t}");
        }
    }

    #[test]
    fn differences_without_variance_or_too_few_of_them_say_nothing() {
        assert_eq!(diebold_mariano(&[1.0; 30], 1), None);
        assert_eq!(diebold_mariano(&[1.0, 2.0], 2), None);
        let better: Vec<f64> = (0..60).map(|day| -1.0 + f64::from(day).sin()).collect();
        let compared = diebold_mariano(&better, 1).unwrap();
        assert!(compared.statistic < -5.0 && compared.p_value < 1e-5, "{compared:?}");
    }
}
