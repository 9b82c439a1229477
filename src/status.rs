//! How the collecting stands: is every site fresh, and if not, why?
//!
//! `weather status` shows it, and the query API answers with it.

use chrono::{DateTime, Utc};

use crate::domain::Month;
use crate::store::{Reads, RunRow, StoreError};
use crate::views::freshness::{self, Counts, SiteStatus};

/// How all of it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// Every site of each source in use.
    pub sites: Vec<SiteStatus>,
    /// The latest runs, newest first.
    pub runs: Vec<RunRow>,
    /// Until when a source's account is blocked, if it is.
    pub paused_until: Option<DateTime<Utc>>,
    /// The last month whose rows have left the store.
    pub archived_through: Option<Month>,
}

/// Reads it all, with so many runs; `sources` are those that there may be, the one that is meant if
/// none is named first.
///
/// # Errors
/// When the store fails.
pub async fn read(
    reads: &Reads,
    sources: &[&str],
    now: DateTime<Utc>,
    runs: u32,
) -> Result<Status, StoreError> {
    let (sites, in_use) = freshness::sites(reads, sources, now).await?;
    let runs = reads.list_runs(runs).await?;
    let mut paused_until = None;
    for source in in_use {
        paused_until =
            paused_until.max(reads.paused_until(source).await?.filter(|until| *until > now));
    }
    let archived_through = reads.archived_through().await?;
    Ok(Status { sites, runs, paused_until, archived_through })
}

impl Status {
    /// How many sites and series there are, and how many of them are fresh.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts::of(&self.sites)
    }

    /// The one sentence that an operator reads first; with how the sync stands, if that is known.
    #[must_use]
    pub fn headline(&self, sync: Option<String>) -> String {
        let Self { sites, runs, paused_until, archived_through } = self;
        if sites.is_empty() {
            return "no sites yet, or none within its days: `weather etl` collects, `weather demo` shows how".into();
        }
        let mut parts = vec![self.counts().in_words()];
        let stale: Vec<&SiteStatus> = sites.iter().filter(|site| !site.fresh).collect();
        parts.extend(stale.iter().take(3).map(|site| site.trouble()));
        if stale.len() > 3 {
            parts.push(format!("{} more", stale.len() - 3));
        }
        if let Some(until) = paused_until {
            parts.push(format!("account blocked until {}", until.format("%F %H:%M")));
        }
        match runs.first() {
            Some(run) => {
                let outcome = run.outcome.as_deref().unwrap_or(&run.status);
                parts.push(format!("last run {outcome} at {}", run.started_at.format("%F %H:%M")));
            }
            None => parts.push("no run yet".into()),
        }
        parts.extend(archived_through.map(|month| format!("archived through {month}")));
        parts.extend(sync);
        parts.join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(site_id: &str, fresh: bool) -> SiteStatus {
        SiteStatus::of_test(site_id, ("openweathermap", true), fresh)
    }

    fn status(sites: Vec<SiteStatus>) -> Status {
        Status { sites, runs: Vec::new(), paused_until: None, archived_through: None }
    }

    #[test]
    fn the_headline_says_who_is_not_fresh_and_since_when() {
        let sites = [site("mad-retiro", true), site("lon-city", false)];
        assert_eq!(
            status(sites.to_vec()).headline(Some("never synced".into())),
            "1 of 2 sites fresh; lon-city: not_found (404) since 2026-11-25 14:00; no run yet; never synced"
        );
    }

    #[test]
    fn sites_are_counted_as_sites_and_series_beside_them_where_there_are_several_sources() {
        let series =
            |site_id, source: &str, fresh| SiteStatus::of_test(site_id, (source, false), fresh);
        let ids = ["a", "b", "c", "d", "e", "f"];
        let both = |source: &'static str| ids.map(|id| series(id, source, true));
        let mut all = [both("openweathermap"), both("open-meteo")].concat();
        let counts = |all: &[SiteStatus]| status(all.to_vec()).counts();
        let headline = |all: &[SiteStatus]| status(all.to_vec()).headline(None);
        assert!(headline(&all).starts_with("6 of 6 sites fresh, 12 of 12 series; no run yet"));
        assert!(headline(&all[..6]).starts_with("6 of 6 sites fresh; no run yet"));
        // A site of which one source is stale is not fresh.
        all[7].fresh = false;
        let (sites, fresh_sites, series, fresh_series) = (6, 5, 12, 11);
        assert_eq!(counts(&all), Counts { sites, fresh_sites, series, fresh_series });
        assert!(
            headline(&all).starts_with("5 of 6 sites fresh, 11 of 12 series; b (open-meteo): ")
        );
        assert_eq!(counts(&[]), Counts::default());
    }

    #[test]
    fn an_empty_store_says_what_to_do_next() {
        assert!(status(Vec::new()).headline(None).contains("weather etl"));
    }
}
