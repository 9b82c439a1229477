//! `hourly` and `daily`: their forms, ranges and entity tags. What they say is held against the views of
//! the warehouse (`views::served`).

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde_json::{Value, json};
use weather_data_product::domain::RunCounts;
use weather_data_product::domain::views::{OBSERVATIONS_DAILY, OBSERVATIONS_HOURLY};
use weather_data_product::store::Store;

use super::fill;
use crate::support::databases::{TestDatabase, on_both_databases, with_sqlite};
use crate::support::samples::{collected, full_values, hour, open_run, run_end, time};
use crate::support::server::Server;

on_both_databases!(
    a_short_day_says_what_it_was_like_and_why_slots_are_missing,
    hours_and_days_are_the_same_in_every_form_and_every_range,
    of_a_year_of_hours_none_is_lacking,
);

const OF: &str = "/api/v1/sites/site-00000";

async fn list(server: &Server, path: &str, name: &str) -> Vec<Value> {
    server.get(path).await.expect(200).json()[name].as_array().unwrap().clone()
}

async fn hours_and_days_are_the_same_in_every_form_and_every_range(database: &TestDatabase) {
    fill(&*database.store, 60).await;
    let server = Server::start(database).await;
    let ranges = [
        ("hourly?from=2026-11-22&to=2026-11-26", "hours", OBSERVATIONS_HOURLY, 120),
        ("daily?from=2026-11-22&to=2026-11-26", "days", OBSERVATIONS_DAILY, 8),
    ];
    for (path, name, view, count) in ranges {
        let path = format!("{OF}/{path}");
        let rows = list(&server, &path, name).await;
        assert_eq!(rows.len(), count, "{path}");
        let names: Vec<_> = rows[0].as_object().unwrap().keys().map(String::as_str).collect();
        let mut fields = view.field_names();
        let header = fields.join(",");
        fields.sort_unstable();
        assert_eq!(names, fields);
        let lines = server.ask(&path, &[("accept", "application/x-ndjson")]).await.expect(200);
        let lines = lines.body.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        assert_eq!(lines.collect::<Vec<_>>(), rows);
        let csv = server.ask(&path, &[("accept", "text/csv")]).await.expect(200);
        assert!(csv.body.starts_with(&format!("{header}\r\n")), "{}", csv.body);
        assert_eq!(records(&csv.body), rows.iter().map(cells).collect::<Vec<_>>());
        let one = list(&server, &format!("{path}&source=open-meteo"), name).await;
        assert_eq!(one, rows[..count / 2]);
        assert_eq!(list(&server, &format!("{path}&source=nobody"), name).await, [Value::Null; 0]);
    }
    // From an hour on, which is in it, up to another, which is not; an hour that began before is not.
    let part = "hourly?from=2026-11-24T20:00:01Z&to=2026-11-25T02:00:00%2B01:00&source=open-meteo";
    let part = list(&server, &format!("{OF}/{part}"), "hours").await;
    let times: Vec<_> = part.iter().map(|hour| hour["hour"].as_str().unwrap()).collect();
    let expected = ["24T21", "24T22", "24T23", "25T00"];
    assert_eq!(times, expected.map(|hour| format!("2026-11-{hour}:00:00Z")));
    let last = list(&server, &format!("{OF}/hourly"), "hours").await;
    assert_eq!(last.len(), 2 * 24);
    assert_eq!(last[0]["local_time"], "2026-11-24T10:00:00");
    let days = list(&server, &format!("{OF}/daily?from=2026-11-24&to=2026-11-24"), "days").await;
    assert_eq!(days[1], list(&server, &format!("{OF}/daily"), "days").await[6]);
}

/// The cells of each record by their names.
fn records(csv: &str) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_reader(csv.as_bytes()).deserialize().map(Result::unwrap).collect()
}

fn cells(row: &Value) -> BTreeMap<String, String> {
    let cell = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.replace('\n', " "),
        Value::Number(number) => number.as_f64().unwrap().to_string(),
        value => value.to_string(),
    };
    row.as_object().unwrap().iter().map(|(name, value)| (name.clone(), cell(value))).collect()
}

async fn a_short_day_says_what_it_was_like_and_why_slots_are_missing(database: &TestDatabase) {
    fill(&*database.store, 9).await;
    let server = Server::start(database).await;
    // Taken in at 08:00 UTC, and first tried at midnight of UTC, which is 1 o'clock.
    let days = list(&server, &format!("{OF}/daily?source=openweathermap"), "days").await;
    let day = json!({
        "site_id": "site-00000", "source": "openweathermap", "local_date": "2026-11-25",
        "site_name": "Site 0", "country": "ES", "timezone": "Europe/Madrid",
        "temperature_min_c": 0.0, "temperature_mean_c": 0.4, "temperature_max_c": 0.8,
        "humidity_mean_pct": 81.5, "pressure_msl_mean_hpa": 1014.25,
        "wind_speed_mean_ms": 5.14, "wind_speed_max_ms": 5.14, "wind_gust_max_ms": 9.2,
        "cloud_cover_mean_pct": 75.0, "rain_sum_mm": 1.5, "snow_sum_mm": 1.8,
        "slots_present": 9, "slots_expected": 9, "coverage_pct": 100.0,
        "heating_degree_days": null, "cooling_degree_days": null, "missing": {},
    });
    assert_eq!(days, [day]);
    let failed = list(&server, "/api/v1/sites/site-00002/daily", "days").await;
    assert_eq!(failed[0]["missing"], json!({"not_found": 9}));
    assert_eq!(failed[0]["coverage_pct"], json!(0.0));
    assert_eq!((&failed[0]["rain_sum_mm"], failed.len()), (&Value::Null, 1));
    assert_eq!(list(&server, "/api/v1/sites/site-00002/hourly", "hours").await, [Value::Null; 0]);
}

async fn of_a_year_of_hours_none_is_lacking(database: &TestDatabase) {
    fill(&*database.store, 900).await;
    let server = Server::start(database).await;
    let answer = server.get(&format!("{OF}/hourly?from=2026-01-01")).await.expect(200);
    assert!(answer.headers.get("content-length").is_none());
    assert!(answer.header("etag").starts_with("W/"), "{}", answer.header("etag"));
    let hours = answer.json()["hours"].as_array().unwrap().clone();
    let times: Vec<_> = hours.iter().map(|hour| time(hour["hour"].as_str().unwrap())).collect();
    let expected = (0..900).rev().map(|ago| hour() - TimeDelta::hours(ago)).collect::<Vec<_>>();
    assert_eq!(times, expected.repeat(2));
    let csv = server.ask(&format!("{OF}/daily?from=2026-01-01"), &[("accept", "text/csv")]).await;
    let days = records(&csv.expect(200).body);
    let present = days.iter().map(|day| day["slots_present"].parse::<u32>().unwrap());
    assert_eq!(present.sum::<u32>(), 2 * 900);
}

async fn load(store: &dyn Store, minutes: i64) {
    let run = open_run(store).await;
    let slot = hour() + TimeDelta::minutes(minutes);
    store.load(&run, &[collected(0, slot, full_values())], slot).await.unwrap();
    store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
}

#[tokio::test]
async fn days_that_are_past_keep_their_tag_and_a_run_changes_it() {
    with_sqlite(async |database| {
        fill(&*database.store, 60).await;
        let server = Server::start(database).await;
        let paths = ["hourly?from=2026-11-24", "daily?to=2026-11-21", "daily?from=2026-11-20"];
        for (number, path) in (0..).zip(paths) {
            let path = format!("{OF}/{path}");
            let first = server.get(&path).await.expect(200);
            let tag = first.header("etag").to_owned();
            assert_eq!(first.header("cache-control"), "private, no-cache");
            assert_eq!(server.ask(&path, &[("if-none-match", &tag)]).await.status, 304);
            assert_eq!(server.get(&path).await.body, first.body);
            // That of a day that goes on depends on the minute too.
            assert_eq!(tag.contains("-m"), path.ends_with("2026-11-20"), "{path}: {tag}");
            load(&*database.store, -60 * number).await;
            let changed = server.ask(&path, &[("if-none-match", &tag)]).await.expect(200);
            assert_ne!(changed.header("etag"), tag);
        }
    })
    .await;
}
