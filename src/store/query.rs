//! What the query API reads beside the tables: which state the store is in, sites, runs by pages.
//!
//! The statements are the same in both dialects; [`queries`] makes the functions of each.

use std::fmt;

use arrow_schema::ArrowError;
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::FromRow;

use super::StoreError;

/// Which runs there are, and how far the open ones have come.
///
/// It changes with every run that starts, commits a batch or ends: a batch is committed together
/// with its run's heartbeat. So two answers to one question are the same where this is the same.
/// The number of the latest ended run alone would not do: of two runs at once (two sources, two
/// tasks) the one that ends last may have the lower number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunVersion {
    /// The number of the latest run; 0: there is none.
    pub latest: i64,
    /// Its id, which no other store has, nor this one again after it went back to a backup.
    pub latest_id: Option<String>,
    /// The open runs, by number, each with its last heartbeat.
    pub open: Vec<(i64, DateTime<Utc>)>,
}

impl RunVersion {
    /// Whether the run of this number has ended.
    #[must_use]
    pub fn has_ended(&self, run_seq: i64) -> bool {
        run_seq <= self.latest && self.open.iter().all(|(open, _)| *open != run_seq)
    }
}

impl fmt::Display for RunVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.latest)?;
        if let Some(run_id) = &self.latest_id {
            write!(f, "-{}", run_id.replace('-', ""))?;
        }
        let mut open = self.open.iter();
        open.try_for_each(|(run, beat)| write!(f, "-{run}.{:x}", beat.timestamp_micros()))
    }
}

/// A run of [`RUN_VERSION`]; an open one has a heartbeat here.
#[derive(FromRow)]
pub(super) struct VersionRow {
    run_seq: i64,
    run_id: String,
    heartbeat_at: Option<DateTime<Utc>>,
}

/// The open runs, and the latest run. One statement, so that it is of one moment.
pub(super) const RUN_VERSION: &str = "
    select run_seq, run_id, heartbeat_at from ingestion_runs where status = 'open'
    union all
    select run_seq, run_id, null from ingestion_runs
    where run_seq = (select max(run_seq) from ingestion_runs)
    order by run_seq";

impl FromIterator<VersionRow> for RunVersion {
    fn from_iter<T: IntoIterator<Item = VersionRow>>(rows: T) -> Self {
        let mut version = Self::default();
        for row in rows {
            version.open.extend(row.heartbeat_at.map(|beat| (row.run_seq, beat)));
            // In order: the last row is of the latest run.
            (version.latest, version.latest_id) = (row.run_seq, Some(row.run_id));
        }
        version
    }
}

/// A site, as the store has it.
#[derive(Debug, Clone, PartialEq, FromRow)]
#[expect(missing_docs, reason = "the columns of sites, see domain::tables")]
pub struct SiteRow {
    pub site_id: String,
    pub name: String,
    pub latitude: f64,
    pub longitude: f64,
    pub timezone: String,
    pub country: Option<String>,
    pub elevation_m: Option<f64>,
    pub interval_minutes: i64,
    pub active_from: Option<NaiveDate>,
    pub active_until: Option<NaiveDate>,
    tags: String,
    pub deactivated_at: Option<DateTime<Utc>>,
}

impl SiteRow {
    /// Its tags.
    ///
    /// # Errors
    /// When the column holds something else.
    pub fn tags(&self) -> Result<Vec<String>, StoreError> {
        serde_json::from_str(&self.tags).map_err(|_| {
            let problem = format!("sites: {}: tags cannot be read", self.site_id);
            StoreError::Malformed(ArrowError::InvalidArgumentError(problem))
        })
    }
}

/// `select … from sites` and what follows.
macro_rules! select_sites {
    ($rest:literal) => {
        concat!(
            "select site_id, name, latitude, longitude, timezone, country, elevation_m, \
             interval_minutes, active_from, active_until, cast(tags as char) as tags, \
             deactivated_at from sites ",
            $rest
        )
    };
}

/// Every site, those that have left the file too.
pub(super) const SITES: &str = select_sites!("order by site_id");

/// One site. Binds: site.
pub(super) const SITE: &str = select_sites!("where site_id = ?");

/// The sources that have said anything of a site, by name: from one to the next along the primary
/// key, where `distinct` may read every row of the site. Binds: site, site.
pub(super) const OBSERVED_SOURCES: &str = "
    with recursive observed (source) as (
        select min(source) from weather_observations where site_id = ?
        union all
        select (
            select min(o.source) from weather_observations o
            where o.site_id = ? and o.source > observed.source
        ) from observed where observed.source is not null
    )
    select source from observed where source is not null order by source";

/// The functions of a dialect. A macro, since pools and rows differ in type from database to
/// database.
macro_rules! queries {
    ($pool:ty, $store_error:path) => {
        use $crate::store::query::{
            OBSERVED_SOURCES, RUN_VERSION, RunVersion, SITE, SITES, SiteRow, VersionRow,
        };
        use $crate::store::read::RUNS_BEFORE;
        use $crate::store::{RunRow, StoreError};

        pub(super) async fn run_version(pool: &$pool) -> Result<RunVersion, StoreError> {
            let rows: Vec<VersionRow> =
                sqlx::query_as(RUN_VERSION).fetch_all(pool).await.map_err($store_error)?;
            Ok(rows.into_iter().collect())
        }

        pub(super) async fn sites(pool: &$pool) -> Result<Vec<SiteRow>, StoreError> {
            sqlx::query_as(SITES).fetch_all(pool).await.map_err($store_error)
        }

        pub(super) async fn site(pool: &$pool, id: &str) -> Result<Option<SiteRow>, StoreError> {
            sqlx::query_as(SITE).bind(id).fetch_optional(pool).await.map_err($store_error)
        }

        pub(super) async fn observed_sources(
            pool: &$pool,
            site_id: &str,
        ) -> Result<Vec<String>, StoreError> {
            let query = sqlx::query_scalar(OBSERVED_SOURCES).bind(site_id).bind(site_id);
            query.fetch_all(pool).await.map_err($store_error)
        }

        pub(super) async fn runs_before(
            pool: &$pool,
            run_seq: i64,
            limit: u32,
        ) -> Result<Vec<RunRow>, StoreError> {
            let query = sqlx::query_as(RUNS_BEFORE).bind(run_seq).bind(i64::from(limit));
            query.fetch_all(pool).await.map_err($store_error)
        }
    };
}

pub(super) use queries;
