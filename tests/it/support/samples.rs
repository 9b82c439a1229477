//! Sites, observations and runs to test with.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;
use weather_data_product::domain::budget::{Counts, Limit};
use weather_data_product::domain::observation::Values;
use weather_data_product::domain::{
    Budget, Coordinates, ErrorKind, Interval, Observation, Outcome, RunCounts, Shard, Site, SiteId,
    Slot, SlotOutcome, SlotResult, ValueKind, Window,
};
use weather_data_product::store::{Run, RunEnd, RunHost, RunStart, Start, Store};

pub(crate) const SOURCE: &str = "openweathermap";

/// A lease that nobody outlives in a test.
pub(crate) const LONG_LEASE: Duration = Duration::from_secs(3600);

pub(crate) fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// The hour that the tests live in.
pub(crate) fn hour() -> DateTime<Utc> {
    time("2026-11-25T08:00:00Z")
}

pub(crate) fn site(number: u16) -> Site {
    Site {
        site_id: site_id(number),
        name: format!("Site {number}"),
        coordinates: Coordinates::parse(
            f64::from(number % 170) - 85.0 + 0.25,
            f64::from(number % 350) - 175.0 + f64::from(number / 350) * 0.01,
        )
        .unwrap(),
        timezone: chrono_tz::Tz::Europe__Madrid,
        country: Some("ES".into()),
        elevation_m: Some(667.0),
        interval: Interval::HOUR,
        active_from: None,
        active_until: None,
        tags: vec!["office".into()],
    }
}

pub(crate) fn sites(count: u16) -> Vec<Site> {
    (0..count).map(site).collect()
}

pub(crate) fn site_id(number: u16) -> SiteId {
    SiteId::parse(&format!("site-{number:05}")).unwrap()
}

/// The budget of an account that may make so many calls a day.
pub(crate) fn calls_per_day(calls: u64) -> Budget {
    budget(&[(Window::Day, calls)])
}

/// The budget of an account with these limits.
pub(crate) fn budget(limits: &[(Window, u64)]) -> Budget {
    let limit = |(window, calls): &(Window, u64)| Limit {
        scope: SOURCE,
        window: *window,
        calls: *calls,
        counts: Counts::All,
    };
    let limits = limits.iter().map(limit).collect();
    Budget { limits, ..Budget::unlimited("0123456789abcdef".into()) }
}

/// An observation with every value.
pub(crate) fn full_values() -> Values {
    Values {
        temperature_c: Some(-9.46),
        feels_like_c: Some(-12.5),
        temperature_area_min_c: Some(-10.0),
        temperature_area_max_c: Some(-8.75),
        humidity_pct: Some(81.5),
        pressure_msl_hpa: Some(1014.25),
        pressure_ground_hpa: Some(939.0),
        wind_speed_ms: Some(5.14),
        wind_gust_ms: Some(9.2),
        wind_direction_deg: Some(240),
        cloud_cover_pct: Some(75.0),
        visibility_m: Some(9000.0),
        rain_1h_mm: Some(1.3),
        rain_3h_mm: Some(2.6),
        snow_1h_mm: Some(0.2),
        snow_3h_mm: Some(0.4),
        condition_id: Some(501),
        condition_group: Some("Rain".into()),
        condition_description: Some("дождь 🌧".into()),
        answered_latitude: Some(40.4153),
        answered_longitude: Some(-3.6827),
        uv_index: Some(0.25),
        dew_point_c: Some(-12.13),
    }
}

pub(crate) fn collected(number: u16, slot_time: DateTime<Utc>, values: Values) -> SlotResult {
    observed(number, slot_time, slot_time + TimeDelta::minutes(5), values)
}

/// A slot that an observation of that time fills.
pub(crate) fn observed(
    number: u16,
    slot_time: DateTime<Utc>,
    observation_time: DateTime<Utc>,
    values: Values,
) -> SlotResult {
    let site_id = site_id(number);
    let observation = Observation { site_id, source: SOURCE, observation_time, values };
    result(number, slot_time, Some(200), SlotOutcome::Collected(Box::new(observation)))
}

/// The same of another source: slot and observation.
pub(crate) fn of_source(source: &'static str, result: SlotResult) -> SlotResult {
    let observation = result.outcome.observation().unwrap().clone();
    let outcome = SlotOutcome::Collected(Box::new(Observation { source, ..observation }));
    SlotResult { source, outcome, ..result }
}

/// The same slot, healed by that source.
pub(crate) fn healed(source: &'static str, result: SlotResult) -> SlotResult {
    let own = result.source;
    SlotResult { source: own, value_kind: ValueKind::Backfill, ..of_source(source, result) }
}

pub(crate) fn failed(number: u16, slot_time: DateTime<Utc>, kind: ErrorKind) -> SlotResult {
    result(number, slot_time, Some(404), SlotOutcome::failed(kind, "city not found"))
}

fn result(
    number: u16,
    slot_time: DateTime<Utc>,
    http_status: Option<u16>,
    outcome: SlotOutcome,
) -> SlotResult {
    SlotResult {
        slot: Slot { site_id: site_id(number), slot_time },
        source: SOURCE,
        attempts: 2,
        http_status,
        latency_ms: 321,
        value_kind: ValueKind::Live,
        outcome,
        raw_ref: None,
    }
}

pub(crate) fn run_start(shard: &str, lease: Duration) -> RunStart {
    RunStart {
        run_id: Uuid::now_v7(),
        kind: "etl",
        source: Some(SOURCE),
        shard: shard.parse().unwrap_or(Shard::WHOLE),
        lease,
        started_at: hour(),
        host: RunHost {
            host: "here".into(),
            execution: Some("weather-x1".into()),
            task: Some("0".into()),
        },
    }
}

/// Opens a run of all sites.
pub(crate) async fn open_run(store: &dyn Store) -> Run {
    opened(store.start_run(&run_start("0/1", LONG_LEASE)).await.unwrap())
}

pub(crate) fn opened(start: Start) -> Run {
    match start {
        Start::Opened(run) => run,
        Start::Held(holder) => panic!("held by {holder:?}"),
    }
}

pub(crate) fn run_end(counts: RunCounts) -> RunEnd {
    RunEnd {
        outcome: Outcome::Partial,
        finished_at: hour() + TimeDelta::minutes(8),
        counts,
        stop: None,
    }
}
