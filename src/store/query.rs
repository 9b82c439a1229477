//! What the query API reads beside the tables: which state the store is in, sites, runs by pages.
//!
//! The statements are the same in both dialects where nothing is said of it; [`queries`] makes the
//! functions of each.

use std::fmt;

use arrow_schema::ArrowError;
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::FromRow;

use super::StoreError;
use super::read::{LifeRow, LocalityRow};
use crate::domain::{Life, Locality, Move, Site, Stay};

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
    spans: String,
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

    /// What decides which slots of it are expected.
    ///
    /// # Errors
    /// When a column holds something else.
    pub fn life(&self) -> Result<Life, StoreError> {
        let (site_id, timezone) = (self.site_id.clone(), self.timezone.clone());
        let (active_from, active_until) = (self.active_from, self.active_until);
        let spans = self.spans.clone();
        LifeRow { site_id, timezone, active_from, active_until, spans }.try_into()
    }

    /// Where it stood when: at least one stay, in order, without a hole.
    ///
    /// # Errors
    /// When a column holds something else.
    pub fn stays(&self) -> Result<Vec<Stay>, StoreError> {
        Ok(self.life()?.spans.stays(&self.locality()?))
    }

    /// The move to where `site` of the sites file stands, if it is one.
    ///
    /// # Errors
    /// When a column holds something else.
    pub fn move_to(&self, site: &Site) -> Result<Option<Move>, StoreError> {
        Ok(self.life()?.spans.known_at(&self.locality()?).move_to(site))
    }

    fn locality(&self) -> Result<Locality, StoreError> {
        let (timezone, country) = (self.timezone.clone(), self.country.clone());
        let Self { latitude, longitude, elevation_m, .. } = *self;
        LocalityRow { latitude, longitude, timezone, country, elevation_m }.parse(&self.site_id)
    }
}

/// `select … from sites` and what follows.
macro_rules! select_sites {
    ($rest:literal) => {
        concat!(
            "select site_id, name, latitude, longitude, timezone, country, elevation_m, \
             interval_minutes, active_from, active_until, cast(tags as char) as tags, \
             cast(spans as char) as spans, deactivated_at from sites ",
            $rest
        )
    };
}

/// Every site, those that have left the file too.
pub(super) const SITES: &str = select_sites!("order by site_id");

/// One site. Binds: site.
pub(super) const SITE: &str = select_sites!("where site_id = ?");

/// The temperature of a slot that was collected.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct Temperature {
    /// The site.
    pub site_id: String,
    /// The source that was asked.
    pub source: String,
    /// Start of the interval.
    pub slot_time: DateTime<Utc>,
    /// Degrees Celsius, if the source said it, and of a time that is believed.
    pub temperature_c: Option<f64>,
}

/// The slots since a time that were collected, each with its temperature unless its observation is of
/// after another time; by the index of times that the dialect names. Binds: until, since.
macro_rules! temperatures_sql {
    ($use_index:literal) => {
        concat!(
            "
    select c.site_id, c.source, c.slot_time, o.temperature_c
    from collection_slots c",
            $use_index,
            "
    left join weather_observations o
        on o.site_id = c.site_id and o.source = coalesce(c.observation_source, c.source)
            and o.observation_time = c.observation_time and o.observation_time <= ?
    where c.slot_time >= ? and c.status = 'collected'
    order by c.site_id, c.source, c.slot_time"
        )
    };
}

/// From when to when a source has said anything of a site.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ObservedSpan {
    /// The site.
    pub site_id: String,
    /// The first observation, if there is one.
    pub first_time: Option<DateTime<Utc>>,
    /// The newest.
    pub last_time: Option<DateTime<Utc>>,
}

/// Every site, and from when to when a source has said anything of it, up to a time: two steps along the
/// primary key for each. For `min` and `max`, or in the order of the time alone, MySQL would read every
/// row of a site. Binds: source, until, source, until.
pub(super) const OBSERVED_SPANS: &str = "
    select site_id,
        (select o.observation_time from weather_observations o
            where o.site_id = sites.site_id and o.source = ? and o.observation_time <= ?
            order by o.site_id, o.source, o.observation_time limit 1) as first_time,
        (select o.observation_time from weather_observations o
            where o.site_id = sites.site_id and o.source = ? and o.observation_time <= ?
            order by o.site_id desc, o.source desc, o.observation_time desc limit 1) as last_time
    from sites order by site_id";

/// The time of the newest observation up to a time. Binds: until.
pub(super) const NEWEST_OBSERVATION: &str =
    "select max(observation_time) from weather_observations where observation_time <= ?";

/// The functions of a dialect. A macro, since pools and rows differ in type from database to
/// database. The dialect has `TEMPERATURES`, `ASKED_SOURCES` and `OBSERVED_SOURCES` beside it: MySQL skips from one
/// source to the next along an index for `group by`, SQLite reads every row for it; SQLite steps by
/// `min` from one to the next, and there MySQL reads every row.
macro_rules! queries {
    ($pool:ty, $store_error:path) => {
        use chrono::{DateTime, Utc};
        use futures::stream::{BoxStream, StreamExt as _, TryStreamExt as _};
        use $crate::store::query::{
            NEWEST_OBSERVATION, OBSERVED_SPANS, ObservedSpan, RUN_VERSION, RunVersion, SITE, SITES,
            SiteRow, Temperature, VersionRow,
        };
        use $crate::store::read::RUNS_BEFORE;
        use $crate::store::told::{OLDEST_TOLD, TOLD};
        use $crate::store::{AskedSource, RunRow, StoreError, ToldSlot};

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

        pub(super) async fn temperatures(
            pool: &$pool,
            (since, until): (DateTime<Utc>, DateTime<Utc>),
        ) -> Result<Vec<Temperature>, StoreError> {
            let query = sqlx::query_as(TEMPERATURES).bind(until).bind(since);
            query.fetch_all(pool).await.map_err($store_error)
        }

        pub(super) async fn observed_sources(
            pool: &$pool,
            site_id: &str,
        ) -> Result<Vec<String>, StoreError> {
            let query = sqlx::query_scalar(OBSERVED_SOURCES).bind(site_id);
            query.fetch_all(pool).await.map_err($store_error)
        }

        pub(super) async fn asked_sources(
            pool: &$pool,
            site_id: &str,
        ) -> Result<Vec<AskedSource>, StoreError> {
            let query = sqlx::query_as(ASKED_SOURCES).bind(site_id);
            query.fetch_all(pool).await.map_err($store_error)
        }

        pub(super) async fn newest_observation_time(
            pool: &$pool,
            until: DateTime<Utc>,
        ) -> Result<Option<DateTime<Utc>>, StoreError> {
            let query = sqlx::query_scalar(NEWEST_OBSERVATION).bind(until);
            query.fetch_one(pool).await.map_err($store_error)
        }

        pub(super) fn told<'a>(
            pool: &'a $pool,
            (site_id, source): (&str, &str),
            (from, to): (DateTime<Utc>, DateTime<Utc>),
        ) -> BoxStream<'a, Result<ToldSlot, StoreError>> {
            let query = sqlx::query_as(TOLD).bind(site_id.to_owned()).bind(source.to_owned());
            query.bind(from).bind(to).fetch(pool).map_err($store_error).boxed()
        }

        pub(super) async fn oldest_told(
            pool: &$pool,
            (site_id, source): (&str, &str),
            (from, to): (DateTime<Utc>, DateTime<Utc>),
        ) -> Result<Option<DateTime<Utc>>, StoreError> {
            let query = sqlx::query_scalar(OLDEST_TOLD).bind(site_id).bind(source);
            query.bind(from).bind(to).fetch_one(pool).await.map_err($store_error)
        }

        pub(super) async fn observed_spans(
            pool: &$pool,
            source: &str,
            until: DateTime<Utc>,
        ) -> Result<Vec<ObservedSpan>, StoreError> {
            let query = sqlx::query_as(OBSERVED_SPANS).bind(source).bind(until);
            query.bind(source).bind(until).fetch_all(pool).await.map_err($store_error)
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

pub(super) use temperatures_sql;
