//! The columns that a batch writes, and their values in the same order.

use std::sync::LazyLock;

use chrono::{DateTime, SecondsFormat, Utc};

use super::StoreError;
use super::pool::{Bind, binds};
use crate::domain::tables::WEATHER_OBSERVATIONS;
use crate::domain::values::{Cell, VALUES};
use crate::domain::{
    Observation, RawRef, Site, SlotResult, Spans, TRANSFORM_VERSION, ValueKind, usable_row_hash,
};

/// Columns of `weather_observations`.
pub(super) static OBSERVATION: LazyLock<String> = LazyLock::new(|| {
    format!(
        "site_id, source, observation_time, {}, row_hash, ingestion_run_id, run_seq, created_at, \
        updated_at, value_kind, available_at, transform_version",
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
    observation_source, raw_ref";

/// The values of an observation in the order of [`OBSERVATION`].
pub(super) fn observation_row(loaded: &Loaded<'_>, stamp: &Stamp) -> Vec<Bind> {
    let Loaded { observation, value_kind, row_hash } = *loaded;
    let mut row =
        binds![observation.site_id.as_str(), observation.source, observation.observation_time,];
    row.extend(observation.values.cells().map(|cell| match cell {
        Cell::Real(value) => Bind::from(value),
        Cell::Integer(value) => Bind::from(value),
        Cell::Text(value) => Bind::from(value),
    }));
    row.extend(binds![
        row_hash,
        stamp.run_id.as_str(),
        stamp.run_seq,
        stamp.now,
        stamp.now,
        value_kind.as_str(),
        stamp.now,
        i64::from(TRANSFORM_VERSION),
    ]);
    row
}

/// The values of a slot in the order of [`SLOT`].
pub(super) fn slot_row(result: &SlotResult, stamp: &Stamp) -> Vec<Bind> {
    let failure = result.outcome.failure();
    binds![
        result.slot.site_id.as_str(),
        result.source,
        result.slot.slot_time,
        result.outcome.status(),
        result.outcome.observation().map(|observation| observation.observation_time),
        i64::from(result.attempts),
        result.http_status.map(i64::from),
        i64::from(result.latency_ms),
        failure.map(|(kind, _)| kind.as_str()),
        result.outcome.message(),
        stamp.run_id.as_str(),
        stamp.run_seq,
        stamp.now,
        result.observation_source(),
        result.raw_ref.as_ref().map(RawRef::as_str),
    ]
}

/// An observation of a batch.
pub(super) struct Loaded<'a> {
    observation: &'a Observation,
    /// How it came.
    value_kind: ValueKind,
    row_hash: i64,
}

/// The observations of a batch.
///
/// # Errors
/// [`StoreError::NotANumber`]: such a value is stored as another one by one database, refused without
/// its name by another, and has no fingerprint.
pub(super) fn observations(batch: &[SlotResult]) -> Result<Vec<Loaded<'_>>, StoreError> {
    let filled = batch.iter().map(|result| (result.outcome.observation(), result.value_kind));
    let filled = filled.filter_map(|(observation, kind)| Some((observation?, kind)));
    let loaded = filled.map(|(observation, value_kind)| {
        let row_hash = usable_row_hash(observation).map_err(|column| StoreError::NotANumber {
            site_id: observation.site_id.to_string(),
            column,
        })?;
        Ok(Loaded { observation, value_kind, row_hash })
    });
    loaded.collect()
}

/// The values of a site in the order of [`SITE`].
pub(super) fn site_row(site: &Site, spans: &Spans, now: DateTime<Utc>) -> Vec<Bind> {
    binds![
        site.site_id.as_str(),
        site.name.as_str(),
        site.coordinates.latitude(),
        site.coordinates.longitude(),
        site.timezone.name(),
        site.country.as_deref(),
        site.elevation_m,
        i64::from(site.interval.minutes()),
        site.active_from,
        site.active_until,
        serde_json::json!(site.tags).to_string(),
        spans.to_json(),
        site.fingerprint(),
        now,
        now,
    ]
}

/// A time as the JSON of `sites.spans` has it.
pub(super) fn until(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Columns of `sites` that the sites file says.
pub(super) const SITE: &str = "site_id, name, latitude, longitude, timezone, country, \
    elevation_m, interval_minutes, active_from, active_until, tags, spans, row_hash, \
    created_at, updated_at";

/// What every row of a batch is stamped with.
pub(super) struct Stamp {
    pub(super) run_id: String,
    pub(super) run_seq: i64,
    pub(super) now: DateTime<Utc>,
}
