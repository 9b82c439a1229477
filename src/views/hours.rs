//! An hour as it was collected.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Place, hour_of};
use crate::store::FilledSlot;

/// An hour of a site and source that was collected. Times are UTC.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Hour {
    /// The site.
    pub site_id: String,
    /// The weather service that was asked.
    pub source: String,
    /// The hour.
    pub hour: DateTime<Utc>,
    /// Start of the interval: of several in the hour the last that was collected live, else the last.
    pub slot_time: DateTime<Utc>,
    /// The same moment on the clocks where the site stood then.
    #[schema(value_type = String, pattern = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$", examples("2026-11-25T09:00:00"))]
    pub local_time: NaiveDateTime,
    /// Its day in that time zone.
    pub local_date: NaiveDate,
    /// The site's name for people.
    pub site_name: String,
    /// Country where the site stood then, two letters of ISO 3166-1.
    #[schema(required = true)]
    pub country: Option<String>,
    /// The IANA time zone that the site had then.
    pub timezone: String,
    /// The source's own time of the observation.
    pub observation_time: DateTime<Utc>,
    /// live: asked for when it was due; backfill: healed later from a history.
    #[schema(examples("live", "backfill"))]
    pub value_kind: String,
    /// The weather service that the values are from: another than `source` where the hole was healed by it.
    pub value_source: String,
    /// When the values were first here; null: from before this was kept.
    #[schema(required = true)]
    pub available_at: Option<DateTime<Utc>>,
    /// How old the observation was at the start of the interval, minutes; 0: newer than that.
    pub staleness_minutes: i64,
    /// Air temperature, degrees Celsius.
    #[schema(required = true)]
    pub temperature_c: Option<f64>,
    /// Temperature as a person feels it, degrees Celsius.
    #[schema(required = true)]
    pub feels_like_c: Option<f64>,
    /// Relative humidity, percent.
    #[schema(required = true)]
    pub humidity_pct: Option<f64>,
    /// Air pressure reduced to mean sea level, hectopascals.
    #[schema(required = true)]
    pub pressure_msl_hpa: Option<f64>,
    /// Air pressure at the ground, hectopascals.
    #[schema(required = true)]
    pub pressure_ground_hpa: Option<f64>,
    /// Wind speed, metres per second.
    #[schema(required = true)]
    pub wind_speed_ms: Option<f64>,
    /// Wind gust, metres per second.
    #[schema(required = true)]
    pub wind_gust_ms: Option<f64>,
    /// Direction the wind comes from, degrees: 0 is north, 90 east.
    #[schema(required = true)]
    pub wind_direction_deg: Option<i64>,
    /// Share of the sky that clouds cover, percent.
    #[schema(required = true)]
    pub cloud_cover_pct: Option<f64>,
    /// How far one sees, metres.
    #[schema(required = true)]
    pub visibility_m: Option<f64>,
    /// Rain of the last hour, millimetres; 0 when none was reported.
    pub rain_1h_mm: f64,
    /// Snow of the last hour, millimetres of water; 0 when none was reported.
    pub snow_1h_mm: f64,
    /// The source's number of the weather condition.
    #[schema(required = true)]
    pub condition_id: Option<i64>,
    /// The condition in one word, such as Rain.
    #[schema(required = true)]
    pub condition_group: Option<String>,
    /// The condition in words, such as light rain.
    #[schema(required = true)]
    pub condition_description: Option<String>,
}

impl Hour {
    /// Its fields, in order.
    pub const FIELDS: [&str; 29] = [
        "site_id",
        "source",
        "hour",
        "slot_time",
        "local_time",
        "local_date",
        "site_name",
        "country",
        "timezone",
        "observation_time",
        "value_kind",
        "value_source",
        "available_at",
        "staleness_minutes",
        "temperature_c",
        "feels_like_c",
        "humidity_pct",
        "pressure_msl_hpa",
        "pressure_ground_hpa",
        "wind_speed_ms",
        "wind_gust_ms",
        "wind_direction_deg",
        "cloud_cover_pct",
        "visibility_m",
        "rain_1h_mm",
        "snow_1h_mm",
        "condition_id",
        "condition_group",
        "condition_description",
    ];

    fn of(place: &Place, source: &str, told: FilledSlot) -> Option<Self> {
        let slot_time = told.slot.slot_time;
        let timezone = place.timezone_at(slot_time);
        let local = slot_time.with_timezone(&timezone);
        let observation_time = told.observation_time?;
        Some(Self {
            site_id: place.site.site_id.clone(),
            source: source.to_owned(),
            hour: hour_of(slot_time),
            slot_time,
            local_time: local.naive_local(),
            local_date: local.date_naive(),
            site_name: place.site.name.clone(),
            country: place.country_at(slot_time),
            timezone: timezone.name().to_owned(),
            observation_time,
            value_kind: told.kind().to_owned(),
            value_source: told.value_source?,
            available_at: told.available_at,
            staleness_minutes: (slot_time - observation_time).num_minutes().max(0),
            temperature_c: told.temperature_c,
            feels_like_c: told.feels_like_c,
            humidity_pct: told.humidity_pct,
            pressure_msl_hpa: told.pressure_msl_hpa,
            pressure_ground_hpa: told.pressure_ground_hpa,
            wind_speed_ms: told.wind_speed_ms,
            wind_gust_ms: told.wind_gust_ms,
            wind_direction_deg: told.wind_direction_deg,
            cloud_cover_pct: told.cloud_cover_pct,
            visibility_m: told.visibility_m,
            rain_1h_mm: told.rain_1h_mm.unwrap_or(0.0),
            snow_1h_mm: told.snow_1h_mm.unwrap_or(0.0),
            condition_id: told.condition_id,
            condition_group: told.condition_group,
            condition_description: told.condition_description,
        })
    }
}

/// The slots that begin in one hour.
#[derive(Debug, Default)]
pub(super) struct OneHour {
    pub(super) slots: Vec<FilledSlot>,
}

impl OneHour {
    /// One slot more; the hour before it, if that is over.
    pub(super) fn push(&mut self, slot: FilledSlot) -> Option<Self> {
        let hour = |slot: &FilledSlot| hour_of(slot.slot.slot_time);
        let is_over = self.slots.last().is_some_and(|last| hour(last) < hour(&slot));
        let past = is_over.then(|| std::mem::take(self));
        self.slots.push(slot);
        past
    }

    /// Where the slot stands that tells the hour: the last that was collected live, else the last.
    pub(super) fn teller(&self) -> Option<usize> {
        let told = self.slots.iter().enumerate().filter(|(_, slot)| slot.is_filled());
        told.max_by_key(|(index, slot)| (slot.kind() == "live", *index)).map(|(index, _)| index)
    }

    /// The hour, if it was collected.
    pub(super) fn told(mut self, place: &Place, source: &str) -> Option<Hour> {
        let teller = self.teller()?;
        Hour::of(place, source, self.slots.swap_remove(teller))
    }
}
