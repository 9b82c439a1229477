//! Slots with the observations that fill them: the ledger joined with the observations.

use chrono::{DateTime, Utc};
use futures::stream::BoxStream;
use sqlx::FromRow;

use super::Reads;
use super::ledger::LedgerSlot;
use crate::store::StoreError;
use crate::store::pool::Statement;

/// A slot of the ledger, and the observation that fills it, if one does.
#[derive(Debug, Clone, Default, PartialEq, FromRow)]
#[expect(missing_docs, reason = "the columns of weather_observations, see domain::tables")]
pub struct FilledSlot {
    /// What the ledger says of it.
    #[sqlx(flatten)]
    pub slot: LedgerSlot,
    /// The source of the observation: the slot's own, or the one by which it was healed. `None`: the
    /// slot is not filled.
    pub value_source: Option<String>,
    pub observation_time: Option<DateTime<Utc>>,
    /// `live` or `backfill`; `None`: live, from before this was kept.
    pub value_kind: Option<String>,
    pub available_at: Option<DateTime<Utc>>,
    pub temperature_c: Option<f64>,
    pub feels_like_c: Option<f64>,
    pub humidity_pct: Option<f64>,
    pub pressure_msl_hpa: Option<f64>,
    pub pressure_ground_hpa: Option<f64>,
    pub wind_speed_ms: Option<f64>,
    pub wind_gust_ms: Option<f64>,
    pub wind_direction_deg: Option<i64>,
    pub cloud_cover_pct: Option<f64>,
    pub visibility_m: Option<f64>,
    pub rain_1h_mm: Option<f64>,
    pub snow_1h_mm: Option<f64>,
    pub condition_id: Option<i64>,
    pub condition_group: Option<String>,
    pub condition_description: Option<String>,
}

impl FilledSlot {
    /// Whether an observation fills it.
    #[must_use]
    pub fn is_filled(&self) -> bool {
        self.value_source.is_some()
    }

    /// How the values came: `live` or `backfill`.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.value_kind.as_deref().unwrap_or("live")
    }
}

/// The slots of a site and source in order, each with its observation. Binds: site, source, from, to.
const FILLED: &str = "
    select c.slot_time, c.status, c.error_kind, c.error_message,
        o.source as value_source, o.observation_time, o.value_kind, o.available_at,
        o.temperature_c, o.feels_like_c, o.humidity_pct, o.pressure_msl_hpa,
        o.pressure_ground_hpa, o.wind_speed_ms, o.wind_gust_ms, o.wind_direction_deg,
        o.cloud_cover_pct, o.visibility_m, o.rain_1h_mm, o.snow_1h_mm,
        o.condition_id, o.condition_group, o.condition_description
    from collection_slots c
    left join weather_observations o
        on o.site_id = c.site_id and o.source = coalesce(c.observation_source, c.source)
            and o.observation_time = c.observation_time and c.status = 'collected'
    where c.site_id = ? and c.source = ? and c.slot_time >= ? and c.slot_time < ?
    order by c.slot_time";

impl Reads {
    /// The slots of a site and source from one time up to another, which is left out, each with the
    /// observation that fills it, streamed in order.
    pub fn read_filled_slots<'a>(
        &'a self,
        (site_id, source): (&str, &str),
        (from, to): (DateTime<Utc>, DateTime<Utc>),
    ) -> BoxStream<'a, Result<FilledSlot, StoreError>> {
        let statement = Statement::of(FILLED).bind(site_id).bind(source);
        self.stream(statement.bind(from).bind(to))
    }

    /// The time of the oldest observation that fills one of these slots.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn oldest_filled(
        &self,
        (site_id, source): (&str, &str),
        (from, to): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let statement = Statement::of(
            "select min(observation_time) from collection_slots
            where site_id = ? and source = ? and slot_time >= ? and slot_time < ?
                and status = 'collected'",
        );
        let statement = statement.bind(site_id).bind(source).bind(from).bind(to);
        let (oldest,): (Option<DateTime<Utc>>,) = self.one(statement).await?;
        Ok(oldest)
    }
}
