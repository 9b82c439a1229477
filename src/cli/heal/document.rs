//! What a heal came to, as one document for programs.

use serde::Serialize;

use crate::cli::etl::document::worst;
use crate::heal::{Figures, Summary};

/// The figures of all sources together, and each source's.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct Document {
    event: &'static str,
    /// The worst of the sources'.
    outcome: &'static str,
    #[serde(flatten)]
    figures: Figures,
    sources: Vec<Summary>,
}

impl Document {
    pub(super) fn of(sources: Vec<Summary>) -> Self {
        let mut figures = Figures::default();
        sources.iter().for_each(|source| figures += source.figures);
        let outcome = worst(sources.iter().map(|source| source.outcome));
        Self { event: "heal", outcome, figures, sources }
    }
}
