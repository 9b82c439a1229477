//! What handlers read from: the store, and what decides which part of it is meant.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::problem::Problem;
use super::values::Source;
use crate::clock::Clock;
use crate::domain::{Budget, SiteId};
use crate::store::{Reads, SiteRow};

/// The store, the clock that decides what is fresh and missing, and the sources in use.
#[derive(Clone)]
pub(crate) struct Reader {
    pub(crate) store: Arc<Reads>,
    pub(crate) clock: Arc<dyn Clock>,
    /// The one that is meant if none is named first.
    pub(crate) sources: &'static [&'static str],
    /// What the accounts of the sources may call, as far as the settings say it.
    pub(crate) budgets: Arc<[(&'static str, Budget)]>,
}

impl Reader {
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Fills a source that is not named with the first in use, and gives its name.
    pub(crate) fn source(&self, source: &mut Option<Source>) -> String {
        let first = self.sources.first().copied().unwrap_or_default();
        source.get_or_insert_with(|| Source::known(first)).as_str().to_owned()
    }

    /// The same, of what is in the store alone.
    pub(crate) fn without_lake(self) -> Self {
        let store = (*self.store).clone().with_lake(None);
        Self { store: Arc::new(store), ..self }
    }

    /// The site of this id.
    pub(crate) async fn site(&self, site_id: &SiteId) -> Result<SiteRow, Problem> {
        self.store.find_site(site_id.as_str()).await?.ok_or_else(Problem::unknown_site)
    }
}
