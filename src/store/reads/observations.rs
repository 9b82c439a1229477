//! Which observations there are: sources, spans, the newest, and the temperatures of the last slots.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use futures::TryStreamExt as _;
use sqlx::FromRow;

use super::Reads;
use super::archive::ArchivedSeries;
use super::rows::Rows;
use crate::columnar::{Row, Value};
use crate::domain::Values;
use crate::domain::tables::WEATHER_OBSERVATIONS as OBSERVATIONS;
use crate::domain::values::{CellMut, VALUES};
use crate::store::StoreError;
use crate::store::pool::{Bind, Statement};

/// So many sites are named in a statement.
const SITES_AT_ONCE: usize = 500;

/// From when to when a source has an observation of a site.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ObservedSpan {
    /// The site.
    pub site_id: String,
    /// The first observation, if there is one.
    pub first_time: Option<DateTime<Utc>>,
    /// The newest.
    pub last_time: Option<DateTime<Utc>>,
}

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

/// The newest observation of a site and source.
#[derive(Debug, Clone, PartialEq)]
pub struct NewestObservation {
    /// The site.
    pub site_id: String,
    /// The source.
    pub source: String,
    /// The source's own time.
    pub observation_time: DateTime<Utc>,
    /// What it says.
    pub values: Values,
}

impl NewestObservation {
    fn of(row: Row<'_>) -> Option<Self> {
        Some(Self {
            site_id: row.text("site_id")?.to_owned(),
            source: row.text("source")?.to_owned(),
            observation_time: row.time("observation_time")?,
            values: values_of(row),
        })
    }
}

/// What an observation says.
pub(super) fn values_of(row: Row<'_>) -> Values {
    let mut values = Values::default();
    for (value, cell) in VALUES.iter().zip(values.cells_mut()) {
        let place = OBSERVATIONS.columns.iter().position(|column| column.name == value.name);
        match (cell, place.and_then(|place| row.value(place))) {
            (CellMut::Real(cell), Some(Value::Real(number))) => *cell = Some(number),
            (CellMut::Integer(cell), Some(Value::Integer(number))) => *cell = Some(number),
            (CellMut::Text(cell), Some(Value::Text(text))) => *cell = Some(text.to_owned()),
            _ => {}
        }
    }
    values
}

impl Reads {
    /// The newest observation of each source, of one site or of every one that is in the sites file;
    /// observations later than `until` do not count.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn list_newest_observations(
        &self,
        site_id: Option<String>,
        until: DateTime<Utc>,
    ) -> Result<Vec<NewestObservation>, StoreError> {
        let rows = Rows::Latest { site_id, until };
        let mut batches = self.read_rows(&OBSERVATIONS, &rows);
        let mut newest = Vec::new();
        while let Some(batch) = batches.try_next().await? {
            newest.extend(Row::all(&OBSERVATIONS, &batch).filter_map(NewestObservation::of));
        }
        Ok(newest)
    }

    /// The sources that have an observation of a site, by name.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn list_observed_sources(&self, site_id: &str) -> Result<Vec<String>, StoreError> {
        let archived = self.list_archived_sources(&OBSERVATIONS, site_id).await?;
        let live = Statement::of(self.pool.dialect().observed_sources).bind(site_id);
        let live: Vec<(String,)> = self.all(live).await?;
        let archived = archived.into_iter().map(|(source, _)| source);
        let sources = archived.chain(live.into_iter().map(|(source,)| source));
        Ok(sources.collect::<BTreeSet<_>>().into_iter().collect())
    }

    /// Every site by id, and from when to when a source has an observation of it; observations later
    /// than `until` do not count.
    ///
    /// Two steps along the primary key for each site. For `min` and `max`, or in the order of the time
    /// alone, MySQL would read every row of a site.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn list_observed_spans(
        &self,
        source: &str,
        until: DateTime<Utc>,
    ) -> Result<Vec<ObservedSpan>, StoreError> {
        let statement = Statement::of(
            "select site_id,
                (select o.observation_time from weather_observations o
                    where o.site_id = sites.site_id and o.source = ? and o.observation_time <= ?
                    order by o.site_id, o.source, o.observation_time limit 1) as first_time,
                (select o.observation_time from weather_observations o
                    where o.site_id = sites.site_id and o.source = ? and o.observation_time <= ?
                    order by o.site_id desc, o.source desc, o.observation_time desc limit 1)
                    as last_time
            from sites order by site_id",
        );
        let archived = self.list_archived_series(&OBSERVATIONS, source).await?;
        let binds = [Bind::from(source), until.into(), source.into(), until.into()];
        let mut spans: Vec<ObservedSpan> = self.all(statement.bind_all(binds)).await?;
        let archived: HashMap<&str, &ArchivedSeries> =
            archived.iter().map(|series| (&*series.site_id, series)).collect();
        for span in &mut spans {
            if let Some(archived) = archived.get(&*span.site_id) {
                span.first_time = span.first_time.into_iter().chain([archived.first_time]).min();
                span.last_time = span.last_time.or(Some(archived.last_time));
            }
        }
        Ok(spans)
    }

    /// The source's own time of the newest observation, if there is one; observations later than
    /// `until` do not count.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn newest_observation_time(
        &self,
        until: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let statement = Statement::of(
            "select max(observation_time) from weather_observations where observation_time <= ?",
        );
        let (newest,): (Option<DateTime<Utc>>,) = self.one(statement.bind(until)).await?;
        Ok(newest)
    }

    /// The slots of these sites and sources since the first of these times that were collected, by site, source and
    /// slot, each with its temperature; observations later than the second time have none.
    ///
    /// By the primary key, some sites at a time in their order: by time the rows of a site lie far apart, and all
    /// would have to be sorted.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn list_temperatures(
        &self,
        (sites, sources): (&[&str], &[&str]),
        times: (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Vec<Temperature>, StoreError> {
        let mut read = Vec::new();
        for some in sites.chunks(SITES_AT_ONCE).filter(|_| !sources.is_empty()) {
            read.extend(self.list_some_temperatures((some, sources), times).await?);
        }
        Ok(read)
    }

    async fn list_some_temperatures(
        &self,
        (sites, sources): (&[&str], &[&str]),
        (since, until): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Vec<Temperature>, StoreError> {
        let by_key = self.pool.dialect().use_primary_key;
        let marks = |count: usize| vec!["?"; count].join(", ");
        let (of_sites, of_sources) = (marks(sites.len()), marks(sources.len()));
        let statement = Statement::made(format!(
            "select c.site_id, c.source, c.slot_time, o.temperature_c
            from collection_slots c{by_key}
            left join weather_observations o
                on o.site_id = c.site_id and o.source = coalesce(c.observation_source, c.source)
                    and o.observation_time = c.observation_time and o.observation_time <= ?
            where c.site_id in ({of_sites}) and c.source in ({of_sources}) and c.slot_time >= ?
                and c.status = 'collected'
            order by c.site_id, c.source, c.slot_time"
        ));
        let names = sites.iter().chain(sources);
        let statement = names.fold(statement.bind(until), |statement, name| statement.bind(*name));
        // Of as many forms as there are numbers of sites: none is kept.
        self.all(statement.bind(since).not_kept()).await
    }
}
