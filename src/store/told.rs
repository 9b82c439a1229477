//! Slots with what was told for them: the ledger joined with the observations. The statements are the
//! same in both dialects.

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::LedgerSlot;

/// A slot of the ledger, and the observation that fills it, if one does.
#[derive(Debug, Clone, Default, PartialEq, FromRow)]
#[expect(missing_docs, reason = "the columns of weather_observations, see domain::tables")]
pub struct ToldSlot {
    /// What the ledger says of it.
    #[sqlx(flatten)]
    pub slot: LedgerSlot,
    /// Who told: the slot's own source, or the one by which it was healed. `None`: nobody.
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

impl ToldSlot {
    /// Whether anything was told for it.
    #[must_use]
    pub fn is_told(&self) -> bool {
        self.value_source.is_some()
    }

    /// How the values came: `live` or `backfill`.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.value_kind.as_deref().unwrap_or("live")
    }
}

/// The slots of a site and source in order, each with its observation. Binds: site, source, from, to.
pub(super) const TOLD: &str = "
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

/// The time of the oldest observation that fills one of these slots. Binds: site, source, from, to.
pub(super) const OLDEST_TOLD: &str = "
    select min(observation_time) from collection_slots
    where site_id = ? and source = ? and slot_time >= ? and slot_time < ? and status = 'collected'";
