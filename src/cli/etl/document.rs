//! What all runs of a start came to, as one document for programs.

use serde::Serialize;

use crate::domain::Outcome;
use crate::etl::{Figures, Summary};

/// The figures of all sources together, and each source's run.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct Document {
    event: &'static str,
    /// The worst of the runs.
    outcome: &'static str,
    #[serde(flatten)]
    figures: Figures,
    runs: Vec<Summary>,
}

/// Outcomes, the worst last. The first is of a start that opened no run: another one is at it.
const BY_WORTH: [&str; 5] = [
    HELD,
    Outcome::Succeeded.as_str(),
    Outcome::Partial.as_str(),
    Outcome::Failed.as_str(),
    Outcome::Interrupted.as_str(),
];

/// Another start is at it.
pub(in crate::cli) const HELD: &str = "held";

/// The worst of these outcomes.
pub(in crate::cli) fn worst(outcomes: impl Iterator<Item = &'static str>) -> &'static str {
    let places = outcomes.filter_map(|outcome| BY_WORTH.iter().position(|known| *known == outcome));
    BY_WORTH[places.max().unwrap_or_default()]
}

impl Document {
    pub(super) fn of(runs: Vec<Summary>) -> Self {
        let mut figures = Figures::default();
        runs.iter().for_each(|run| figures += run.figures);
        let outcome = worst(runs.iter().map(|run| run.outcome));
        Self { event: "etl", outcome, figures, runs }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_outcomes_the_worst_stands() {
        assert_eq!(worst([].into_iter()), "held");
        assert_eq!(worst(["succeeded", "partial"].into_iter()), "partial");
        assert_eq!(worst(["interrupted", "failed", "succeeded"].into_iter()), "interrupted");
    }
}
