//! `hourly` and `daily` of the query API beside `observations_hourly` and `observations_daily`: value by
//! value, from the same store.

use std::collections::BTreeMap;

use serde_json::Value;
use weather_data_product::domain::observation::Values;
use weather_data_product::domain::views::{OBSERVATIONS_DAILY, OBSERVATIONS_HOURLY};
use weather_data_product::domain::{Coordinates, Interval, Site};
use weather_data_product::store::Store;

use super::{fill, gaps, lines, sync};
use crate::support::databases::{TestDatabase, on_both_databases};
use crate::support::samples::{full_values, healed, observed, site, time};
use crate::support::server::Server;
use crate::support::warehouse::Warehouse;

on_both_databases!(hours_and_days_that_are_served_are_those_of_the_views);

/// The last day that is compared: later ones may have other slots in the warehouse, whose now is not
/// that of the tests.
const LAST: &str = "2026-11-24";

async fn hours_and_days_that_are_served_are_those_of_the_views(database: &TestDatabase) {
    fill_store(&*database.store).await;
    let warehouse = Warehouse::new();
    sync(database, &warehouse);
    let server = Server::start(database).await;
    let sites = database.texts("select site_id from sites order by site_id").await;
    assert_eq!(sites.len(), 72 + 8);

    let columns = warehouse.columns("observations_hourly").await;
    assert_eq!(names(&columns), OBSERVATIONS_HOURLY.field_names());
    let view = warehouse.rows("observations_hourly").await;
    let served = rows(&server, &sites, "hourly", "hours", "2026-11-26").await;
    assert!(served.len() > 3000, "{}", served.len());
    assert_equal(&view, &named(&columns, &served));
    let of_all = rows_of_all(&server, "hourly", "2026-11-26").await;
    assert_equal(&view, &named(&columns, &of_all));

    let columns = warehouse.columns("observations_daily").await;
    assert_eq!(names(&columns), OBSERVATIONS_DAILY.field_names()[..22]);
    let mut view = warehouse.rows("observations_daily").await;
    view.retain(|row| row[2] <= format!("local_date: {LAST}"));
    let served = rows(&server, &sites, "daily", "days", LAST).await;
    assert!(served.len() > 72 * 3, "{}", served.len());
    assert_equal(&view, &named(&columns, &served));
    assert!(served.iter().any(|day| day["heating_degree_days"].is_f64()));
    assert!(served.iter().any(|day| day["heating_degree_days"].is_null()));
    let of_all = rows_of_all(&server, "daily", LAST).await;
    assert_equal(&view, &named(&columns, &of_all));
    assert_eq!(missing_of_views(&warehouse).await, missing(&served));
    the_range_asked_for_changes_no_day(&server).await;
}

/// What the gaps are tested with, and what heals, stands still and says the same time twice.
async fn fill_store(store: &dyn Store) {
    let mut sites = gaps::fill_store(store).await;
    let at = |text: &str| time(&format!("2026-11-{text}:00Z"));
    let with = |slot: &str, told: &str, rain_1h_mm| {
        let values = Values { rain_1h_mm: Some(rain_1h_mm), ..Values::default() };
        observed(503, at(slot), at(told), values)
    };
    let mut slots = vec![
        with("22T18:00", "22T17:50", 4.0),
        with("22T19:00", "22T17:50", 4.0),
        // Live, of a time that the history of another source names too.
        with("22T20:00", "22T21:00", 0.5),
        healed("open-meteo", with("22T21:00", "22T21:00", 0.25)),
        healed("openweathermap", with("22T22:00", "22T22:00", 0.125)),
    ];
    // The source stands still, over the end of a day.
    let stands = ["23T22:00", "23T23:00", "24T00:00", "24T06:00", "24T07:00", "24T22:00"];
    slots.extend(stands.map(|slot| with(slot, "22T17:50", 4.0)));
    // Live and healed values in one hour.
    let half_hour = |slot, told, rain_1h_mm| {
        let values = Values { rain_1h_mm: Some(rain_1h_mm), ..Values::default() };
        observed(505, at(slot), at(told), values)
    };
    slots.extend([
        half_hour("23T08:00", "23T08:00", 0.5),
        healed("open-meteo", half_hour("23T08:30", "23T08:30", 9.0)),
        healed("openweathermap", half_hour("23T09:00", "23T09:00", 9.0)),
        healed("open-meteo", half_hour("23T09:30", "23T09:30", 0.25)),
    ]);
    // Moves over the date line, so to say: two dates come twice.
    slots.extend(["22T20:00", "24T02:00", "24T04:00", "24T06:00"].map(|slot| {
        let values = Values { rain_1h_mm: Some(0.5), ..full_values() };
        observed(507, at(slot), at(slot), values)
    }));
    // The last but one is of no source.
    sites.extend([half_hourly(505), site(506), tokyo(507)]);
    store.take_in_sites(&sites, at("22T10:30")).await.unwrap();
    sites.pop();
    sites.push(bogota(507));
    store.take_in_sites(&sites, at("24T03:07")).await.unwrap();
    fill(store, &slots).await;
}

/// A site in Tokyo, and the same after its move.
pub(super) fn tokyo(number: u16) -> Site {
    Site {
        coordinates: Coordinates::parse(35.68, 139.69).unwrap(),
        timezone: chrono_tz::Tz::Asia__Tokyo,
        country: Some("JP".into()),
        ..site(number)
    }
}

pub(super) fn bogota(number: u16) -> Site {
    Site {
        coordinates: Coordinates::parse(4.71, -74.07).unwrap(),
        timezone: chrono_tz::Tz::America__Bogota,
        country: None,
        ..site(number)
    }
}

fn half_hourly(number: u16) -> Site {
    Site { interval: Interval::parse(30).unwrap(), ..site(number) }
}

/// Everything that is served of these sites, in two ranges, since one is too long.
async fn rows(server: &Server, sites: &[String], path: &str, list: &str, last: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    for site_id in sites {
        for (from, to) in [("2025-01-01", "2025-12-31"), ("2026-01-01", last)] {
            let path = format!("/api/v1/sites/{site_id}/{path}?from={from}&to={to}");
            let answer = server.get(&path).await.expect(200).json();
            rows.extend(answer[list].as_array().unwrap().iter().cloned());
        }
    }
    rows
}

/// The same in one answer for each range.
async fn rows_of_all(server: &Server, path: &str, last: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    for (from, to) in [("2025-01-01", "2025-12-31"), ("2026-01-01", last)] {
        let path = format!("/api/v1/{path}?format=ndjson&in_file=false&from={from}&to={to}");
        let lines = server.get(&path).await.expect(200).body;
        rows.extend(lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
    }
    rows
}

fn names(columns: &[(String, String)]) -> Vec<&str> {
    columns.iter().map(|(name, _)| name.as_str()).collect()
}

/// The rows as the warehouse's are written.
fn named(columns: &[(String, String)], rows: &[Value]) -> Vec<Vec<String>> {
    let cell = |row: &Value, (name, data_type): &(String, String)| {
        let text = match (&row[name], data_type.as_str()) {
            (Value::Null, _) => "NULL".to_owned(),
            (Value::String(text), "TIMESTAMP") => time(text).timestamp_micros().to_string(),
            (Value::String(text), _) => text.clone(),
            (value, "FLOAT" | "FLOAT64") => format!("{:?}", value.as_f64().unwrap()),
            (value, _) => value.to_string(),
        };
        format!("{name}: {text}")
    };
    let row = |row: &Value| columns.iter().map(|column| cell(row, column)).collect();
    let mut rows: Vec<Vec<String>> = rows.iter().map(row).collect();
    rows.sort();
    rows
}

fn assert_equal(view: &[Vec<String>], served: &[Vec<String>]) {
    let first = view.iter().zip(served).find(|(view, served)| view != served);
    let differs = first.map(|(view, served)| {
        let cells = view.iter().zip(served).filter(|(view, served)| view != served);
        (&view[..5], cells.collect::<Vec<_>>())
    });
    assert!(differs.is_none(), "view and served: {differs:#?}");
    assert_eq!(view.len(), served.len());
}

/// Missing slots by site, source, day and reason.
type Missing = BTreeMap<String, u64>;

async fn missing_of_views(warehouse: &Warehouse) -> Missing {
    let sql = format!(
        "select site_id, source, local_date, case status when 'failed' then error_kind \
        when 'never_tried' then 'never tried' else status end, count(*) \
        from {{d}}.missing_hours where local_date <= '{LAST}' group by 1, 2, 3, 4"
    );
    let lines = lines(warehouse, &sql).await.into_iter();
    let split = |line: String| {
        let (key, slots) = line.rsplit_once('|').unwrap();
        (key.to_owned(), slots.parse().unwrap())
    };
    lines.map(split).collect()
}

fn missing(days: &[Value]) -> Missing {
    let of_day = |day: &Value| {
        let text = |name: &str| day[name].as_str().unwrap_or("-").to_owned();
        let key = ["site_id", "source", "local_date"].map(text).join("|");
        let reasons = day["missing"].as_object().unwrap().clone();
        let reasons = reasons.into_iter();
        reasons.map(move |(reason, slots)| (format!("{key}|{reason}"), slots.as_u64().unwrap()))
    };
    days.iter().flat_map(of_day).collect()
}

/// Whether an observation has rained before is known however late one begins.
async fn the_range_asked_for_changes_no_day(server: &Server) {
    let of = "/api/v1/sites/site-00503/daily";
    let ask = async |from: &str, to: &str| {
        let answer = server.get(&format!("{of}?from={from}&to={to}")).await.expect(200).json();
        answer["days"].as_array().unwrap().clone()
    };
    let whole = ask("2026-10-01", LAST).await;
    let rain: Vec<_> = whole.iter().map(|day| day["rain_sum_mm"].as_f64()).collect();
    assert_eq!(rain, [Some(4.875), Some(0.0), Some(0.0)].map(|rain| rain.map(round)));
    for (day, expected) in ["2026-11-22", "2026-11-23", "2026-11-24"].iter().zip(whole) {
        assert_eq!(ask(day, day).await, [expected]);
    }
    let later = server.get(&format!("{of}?from=2026-11-26")).await.expect(200).json();
    assert_eq!(later["days"].as_array().unwrap().len(), 0);
}

/// As sums of rain are.
fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
