//! The columns that a batch writes, and their values in the same order.

use std::sync::LazyLock;

use super::StoreError;
use crate::domain::tables::WEATHER_OBSERVATIONS;
use crate::domain::values::VALUES;
use crate::domain::{Observation, SlotResult, ValueKind, find_unusable};

/// Columns of `weather_observations`.
pub(super) static OBSERVATION: LazyLock<String> = LazyLock::new(|| {
    format!(
        "site_id, source, observation_time, {}, row_hash, ingestion_run_id, run_seq, created_at, \
        updated_at, value_kind, available_at",
        VALUES.map(|value| value.name).join(", ")
    )
});

/// The columns of `weather_observations` that an upsert takes from the new row whatever the row that
/// is there: all but the key, when it came, and what is written with care ([`available_at`] and what
/// that goes by).
///
/// [`available_at`]: crate::domain::tables::WEATHER_OBSERVATIONS
pub(super) fn replaced() -> impl Iterator<Item = &'static str> {
    const OTHERS: [&str; 4] = ["created_at", "available_at", "row_hash", "value_kind"];
    let is_key = |name: &&str| WEATHER_OBSERVATIONS.key.contains(name);
    WEATHER_OBSERVATIONS.column_names().filter(move |name| !is_key(name) && !OTHERS.contains(name))
}

/// Columns of `collection_slots`.
pub(super) const SLOT: &str = "site_id, source, slot_time, status, observation_time, attempts, \
    http_status, latency_ms, error_kind, error_message, ingestion_run_id, run_seq, updated_at, \
    observation_source";

/// Binds the values of an observation in the order of [`OBSERVATION`]. A macro, since what it
/// binds to differs in type from database to database.
macro_rules! bind_observation {
    ($row:expr, $observation:expr, $stamp:expr) => {{
        let ((observation, value_kind), stamp) = ($observation, $stamp);
        $row.push_bind(observation.site_id.as_str())
            .push_bind(observation.source)
            .push_bind(observation.observation_time);
        for cell in observation.values.cells() {
            match cell {
                $crate::domain::values::Cell::Real(value) => $row.push_bind(value),
                $crate::domain::values::Cell::Integer(value) => $row.push_bind(value),
                $crate::domain::values::Cell::Text(value) => $row.push_bind(value),
            };
        }
        $row.push_bind(crate::domain::row_hash(observation))
            .push_bind(stamp.run_id.as_str())
            .push_bind(stamp.run_seq)
            .push_bind(stamp.now)
            .push_bind(stamp.now)
            .push_bind(value_kind.as_str())
            .push_bind(stamp.now);
    }};
}

/// Binds the values of a slot in the order of [`SLOT`].
macro_rules! bind_slot {
    ($row:expr, $result:expr, $stamp:expr) => {{
        let (result, stamp) = ($result, $stamp);
        let failure = result.outcome.failure();
        $row.push_bind(result.slot.site_id.as_str())
            .push_bind(result.source)
            .push_bind(result.slot.slot_time)
            .push_bind(result.outcome.status())
            .push_bind(result.outcome.observation().map(|observation| observation.observation_time))
            .push_bind(i64::from(result.attempts))
            .push_bind(result.http_status.map(i64::from))
            .push_bind(i64::from(result.latency_ms))
            .push_bind(failure.map(|(kind, _)| kind.as_str()))
            .push_bind(result.outcome.message())
            .push_bind(stamp.run_id.as_str())
            .push_bind(stamp.run_seq)
            .push_bind(stamp.now)
            .push_bind(result.observation_source());
    }};
}

/// The observations of a batch, each with how it came.
///
/// # Errors
/// [`StoreError::NotANumber`]: such a value is stored as another one by one database, refused without
/// its name by another, and has no fingerprint.
pub(super) fn observations(
    batch: &[SlotResult],
) -> Result<Vec<(&Observation, ValueKind)>, StoreError> {
    let filled = batch.iter().map(|result| (result.outcome.observation(), result.value_kind));
    let filled = filled.filter_map(|(observation, kind)| Some((observation?, kind)));
    let usable = filled.map(|(observation, kind)| match find_unusable(observation) {
        None => Ok((observation, kind)),
        Some(column) => {
            Err(StoreError::NotANumber { site_id: observation.site_id.to_string(), column })
        }
    });
    usable.collect()
}

/// Binds a site in the order of the statement of `take_in_sites`.
macro_rules! bind_site {
    ($row:expr, $site:expr, $now:expr) => {{
        let ((site, spans), now) = ($site, $now);
        $row.push_bind(site.site_id.as_str())
            .push_bind(site.name.as_str())
            .push_bind(site.coordinates.latitude())
            .push_bind(site.coordinates.longitude())
            .push_bind(site.timezone.name())
            .push_bind(site.country.as_deref())
            .push_bind(site.elevation_m)
            .push_bind(i64::from(site.interval.minutes()))
            .push_bind(site.active_from)
            .push_bind(site.active_until)
            .push_bind(serde_json::json!(site.tags).to_string())
            .push_bind(spans.to_json())
            .push_bind(site.fingerprint())
            .push_bind(now)
            .push_bind(now);
    }};
}

/// A time as the JSON of `sites.spans` has it.
pub(super) fn until(time: chrono::DateTime<chrono::Utc>) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

/// Columns of `sites` that [`bind_site`] binds.
pub(super) const SITE: &str = "site_id, name, latitude, longitude, timezone, country, \
    elevation_m, interval_minutes, active_from, active_until, tags, spans, row_hash, \
    created_at, updated_at";

pub(super) use {bind_observation, bind_site, bind_slot};

/// What every row of a batch is stamped with.
pub(super) struct Stamp {
    pub(super) run_id: String,
    pub(super) run_seq: i64,
    pub(super) now: chrono::DateTime<chrono::Utc>,
}
