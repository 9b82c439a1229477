//! All sites at once: what one answer holds is what the answers of each site hold, one after the other, in
//! every form and for every selection.

use std::collections::{BTreeMap, HashMap};

use chrono::{TimeDelta, Utc};
use serde_json::Value;
use weather_data_product::domain::{Coordinates, Interval, RunCounts, Site, SlotResult};
use weather_data_product::store::Store;

use crate::support::databases::{TestDatabase, on_both_databases, with_sqlite};
use crate::support::program::repository_path;
use crate::support::samples::{
    collected, full_values, hour, of_source, open_run, run_end, site, sites,
};
use crate::support::server::Server;

on_both_databases!(
    one_answer_is_the_answers_of_each_site_for_every_selection,
    a_file_has_a_name_and_a_mark_where_it_is_asked_for,
    the_place_of_the_newest_is_where_the_site_stood_then,
    the_other_lists_come_in_every_form_too,
);

/// Zones of which two change their clocks within the days of the tests, with a place over the date line each.
const ZONES: [(chrono_tz::Tz, f64, &str); 6] = [
    (chrono_tz::Tz::Europe__Madrid, -3.7, "ES"),
    (chrono_tz::Tz::America__New_York, -74.0, "US"),
    (chrono_tz::Tz::Pacific__Auckland, 179.9, "NZ"),
    (chrono_tz::Tz::Pacific__Fiji, -179.9, "FJ"),
    (chrono_tz::Tz::Asia__Kolkata, 180.0, "IN"),
    (chrono_tz::Tz::Europe__Lisbon, -9.1, "PT"),
];

/// Sites at intervals of 6 hours, every tenth of one, with one to three tags.
fn world(count: u16) -> Vec<Site> {
    (0..count).map(of_world).collect()
}

fn of_world(number: u16) -> Site {
    let (timezone, longitude, country) = ZONES[usize::from(number) % ZONES.len()];
    let latitude = f64::from(number % 60) - 30.0;
    let mut tags = vec!["all".to_owned()];
    tags.extend(number.is_multiple_of(2).then(|| "cold store".to_owned()));
    tags.extend(number.is_multiple_of(3).then(|| "depot".to_owned()));
    Site {
        coordinates: Coordinates::parse(latitude, longitude).unwrap(),
        timezone,
        country: (number % 7 != 6).then(|| country.to_owned()),
        interval: Interval::parse(if number.is_multiple_of(10) { 60 } else { 360 }).unwrap(),
        tags,
        ..site(number)
    }
}

/// Slots of so many days up to the tests' hour; some are missing, some values are absent, some sites have a second
/// source and one has none.
fn slots(count: u16, days: i64) -> Vec<SlotResult> {
    let mut slots = Vec::new();
    for site in (1..count).map(of_world) {
        let number: u16 = site.site_id.as_str()[5..].parse().unwrap();
        let steps = days * 1440 / i64::from(site.interval.minutes());
        for step in 0..steps {
            let minutes = step * i64::from(site.interval.minutes());
            let slot = hour() - TimeDelta::hours(2) - TimeDelta::minutes(minutes);
            // Of hourly sites a day now and then lacks five hours.
            let is_missing = match site.interval.minutes() {
                60 => step / 24 % 5 == 2 && step % 24 < 5,
                _ => step % 31 == 7,
            };
            if is_missing {
                continue;
            }
            let mut values = full_values();
            let degrees =
                f64::from(u16::try_from(step % 97).unwrap()) / 4.0 + f64::from(number % 9);
            values.temperature_c = (step % 13 != 5).then_some(degrees);
            values.rain_1h_mm = (step % 3 == 0).then_some(0.25);
            values.wind_gust_ms = (step % 2 == 0).then_some(degrees / 2.0);
            values.condition_description = Some(format!("\"{step}\", déjà vu\n"));
            values.condition_group = (step % 5 != 0).then(|| "-1".to_owned());
            slots.push(collected(number, slot, values.clone()));
            if number % 4 == 1 {
                slots.push(of_source("open-meteo", collected(number, slot, values)));
            }
        }
    }
    slots
}

/// A store with these, of which every eleventh site has left the sites file and one has moved.
pub(crate) async fn fill(store: &dyn Store, count: u16, days: i64) -> Vec<Site> {
    let all = world(count);
    let taken_in = hour() - TimeDelta::days(days);
    store.take_in_sites(&all, taken_in).await.unwrap();
    let run = open_run(store).await;
    for batch in slots(count, days).chunks(500) {
        store.load(&run, batch, hour()).await.unwrap();
    }
    store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
    let mut left: Vec<_> = all.iter().filter(|site| !has_left(site)).cloned().collect();
    let moved = &mut left[5];
    moved.coordinates = Coordinates::parse(10.0, 20.0).unwrap();
    moved.timezone = chrono_tz::Tz::Asia__Tokyo;
    let moved = moved.clone();
    store.take_in_sites(&left, hour() - TimeDelta::days(1)).await.unwrap();
    all.into_iter()
        .map(|site| if site.site_id == moved.site_id { moved.clone() } else { site })
        .collect()
}

fn has_left(site: &Site) -> bool {
    site.site_id.as_str().ends_with('7')
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn of<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.roll(items.len())]
    }

    /// One in three is chosen.
    fn some<T: Clone>(&mut self, items: &[T]) -> Option<T> {
        (self.roll(3) == 0).then(|| self.of(items).clone())
    }
}

/// A selection, as a query and as the sites that it means.
fn selection(dice: &mut Dice, sites: &[Site]) -> (String, Vec<String>) {
    let ids: Vec<_> = sites.iter().map(|site| site.site_id.to_string()).collect();
    let named: Option<Vec<String>> =
        (dice.roll(3) == 0).then(|| (0..=dice.roll(6)).map(|_| dice.of(&ids).clone()).collect());
    let tags = dice.some(&["depot", "cold store,nothing", "nothing", "all"]);
    let countries = dice.some(&["ES", "PT,NZ", "FR"]);
    let bbox = dice.some(&[
        [-180.0, -90.0, 180.0, 90.0],
        [170.0, -20.0, -170.0, 20.0],
        [180.0, -90.0, -180.0, 90.0],
        [-80.0, -10.0, 0.0, 60.0],
    ]);
    let in_file = dice.some(&[true, false]);
    let mut query = String::new();
    if let Some(named) = &named {
        query.push_str(&format!("&site={}", named.join(",")));
    }
    if let Some(tags) = tags {
        query.push_str(&format!("&tag={}", tags.replace(' ', "%20")));
    }
    query.extend(countries.map(|countries| format!("&country={countries}")));
    query.extend(
        bbox.map(|[west, south, east, north]| format!("&bbox={west},{south},{east},{north}")),
    );
    query.extend(in_file.map(|in_file| format!("&in_file={in_file}")));
    let is_meant = |site: &&Site| {
        let (longitude, latitude) = (site.coordinates.longitude(), site.coordinates.latitude());
        let is_named = named.as_ref().is_none_or(|named| named.contains(&site.site_id.to_string()));
        let has_tag = tags
            .is_none_or(|tags| tags.split(',').any(|tag| site.tags.iter().any(|own| own == tag)));
        let is_there = countries.is_none_or(|countries| {
            countries.split(',').any(|country| site.country.as_deref() == Some(country))
        });
        let is_inside = bbox.is_none_or(|[west, south, east, north]| {
            let is_between = match west <= east {
                true => west <= longitude && longitude <= east,
                false => west <= longitude || longitude <= east,
            };
            is_between && south <= latitude && latitude <= north
        });
        let counts = !has_left(site) || !in_file.unwrap_or(named.is_none());
        is_named && has_tag && is_there && is_inside && counts
    };
    let meant = sites.iter().filter(is_meant).map(|site| site.site_id.to_string()).collect();
    (query, meant)
}

/// Rows by their lines, as the answers of the sites have them.
type Singles = HashMap<String, Vec<String>>;

async fn of_each(
    server: &Server,
    singles: &mut Singles,
    sites: &[String],
    rest: &str,
) -> Vec<String> {
    let mut rows = Vec::new();
    for site_id in sites {
        let path = format!("/api/v1/sites/{site_id}/{rest}");
        if !singles.contains_key(&path) {
            let answer = server.get(&path).await.expect(200).body;
            singles.insert(path.clone(), answer.lines().map(str::to_owned).collect());
        }
        rows.extend(singles[&path].iter().cloned());
    }
    rows
}

/// The rows of every page, as lines.
async fn by_pages(server: &Server, path: &str, list: &str, limit: usize) -> Vec<String> {
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = server.get(&format!("{path}&limit={limit}{cursor}")).await.expect(200).json();
        let own = page[list].as_array().unwrap();
        assert!(own.len() <= limit);
        rows.extend(own.iter().map(Value::to_string));
        let Some(next) = page["next_cursor"].as_str() else { return rows };
        assert_eq!(own.len(), limit, "a page that is not the last is full");
        cursor = format!("&cursor={next}");
    }
}

async fn one_answer_is_the_answers_of_each_site_for_every_selection(database: &TestDatabase) {
    let sites = fill(&*database.store, 24, 40).await;
    let server = Server::start(database).await;
    let (mut dice, mut singles) = (Dice(17), Singles::new());
    let (mut empty, mut all_rows) = (0, 0);
    for round in 0..200 {
        let (query, meant) = selection(&mut dice, &sites);
        let (path, list) =
            *dice.of(&[("observations", "observations"), ("hourly", "hours"), ("daily", "days")]);
        // Over the days on which clocks change, a few hours, and what is the default.
        let times = *dice.of(&[
            "&from=2026-10-24&to=2026-11-02",
            "&from=2026-11-24&to=2026-11-25",
            "&from=2026-11-23&to=2026-11-26",
            "",
        ]);
        let source = dice
            .some(&["&source=open-meteo", "&source=openweathermap", "&source=nobody"])
            .unwrap_or_default();
        let fields = match path {
            "daily" => "&fields=coverage_pct,heating_degree_days&hdd_base=15.5",
            _ => "&fields=temperature_c,condition_description",
        };
        let fields = if dice.roll(2) == 0 { fields } else { "" };
        let rest = format!("{path}?format=ndjson{times}{source}{fields}");
        let expected = of_each(&server, &mut singles, &meant, &rest).await;
        let bulk =
            |form: &str| format!("/api/v1/{path}?format={form}{times}{source}{fields}{query}");
        let words = bulk("ndjson");
        let lines = server.get(&words).await.expect(200).body;
        assert_eq!(lines.lines().collect::<Vec<_>>(), expected, "{words}");
        if round % 5 == 0 && expected.len() < 400 {
            let limit = dice.roll(50) + 1;
            let pages = by_pages(&server, &bulk("json"), list, limit).await;
            let parse = |lines: &[String]| -> Vec<Value> {
                lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
            };
            assert_eq!(parse(&pages), parse(&expected), "{words} by {limit}");
        }
        if round % 5 == 1 {
            let csv = server.get(&bulk("csv")).await.expect(200).body;
            let of_sites = async |site_id: &String| {
                let path =
                    format!("/api/v1/sites/{site_id}/{path}?format=csv{times}{source}{fields}");
                server.get(&path).await.expect(200).body
            };
            let head = of_sites(&"site-00000".to_owned()).await;
            let mut whole = head.split_inclusive("\r\n").next().unwrap().to_owned();
            for site_id in &meant {
                whole.extend(of_sites(site_id).await.split_inclusive("\r\n").skip(1));
            }
            assert_eq!(csv, whole, "{words}");
        }
        empty += usize::from(expected.is_empty());
        all_rows += expected.len();
    }
    assert!((10..150).contains(&empty) && all_rows > 15_000, "{empty} empty, {all_rows} rows");
    let (selected, meant) = ("tag=depot&country=ES", ["site-00000", "site-00012", "site-00018"]);
    let ids = |answer: Value, list: &str| {
        let rows = answer[list].as_array().unwrap().clone();
        let ids = rows.into_iter().map(|row| row["site_id"].as_str().unwrap().to_owned());
        ids.collect::<std::collections::BTreeSet<_>>().into_iter().collect::<Vec<_>>()
    };
    let get = async |path: &str| {
        server.get(&format!("/api/v1/{path}{selected}")).await.expect(200).json()
    };
    assert_eq!(ids(get("sites?").await, "sites"), meant);
    assert_eq!(ids(get("latest?").await, "observations"), meant[1..]);
    assert_eq!(ids(get("gaps?from=2026-11-20&limit=1000&").await, "gaps"), meant);
}

async fn a_file_has_a_name_and_a_mark_where_it_is_asked_for(database: &TestDatabase) {
    super::fill(&*database.store, 3).await;
    let server = Server::start(database).await;
    let times = "from=2026-11-01&to=2026-12-01";
    for (path, name) in [
        (format!("hourly?format=csv&{times}"), "weather-hourly-2026-11-01-2026-11-25.csv"),
        (
            "hourly?format=csv&from=2026-11-01&to=2026-11-08".into(),
            "weather-hourly-2026-11-01-2026-11-07.csv",
        ),
        (
            format!("observations?format=ndjson&{times}"),
            "weather-observations-2026-11-01-2026-11-25.ndjson",
        ),
        (
            "daily?format=parquet&from=2026-11-01&to=2026-11-07".into(),
            "weather-daily-2026-11-01-2026-11-07.parquet",
        ),
        (
            "sites/site-00000/hourly?format=csv&from=2026-11-24&to=2026-11-25".into(),
            "weather-hourly-site-00000-2026-11-24-2026-11-24.csv",
        ),
        ("latest?format=csv".into(), "weather-latest.csv"),
        ("sites?format=parquet".into(), "weather-sites.parquet"),
        ("runs?format=ndjson".into(), "weather-runs.ndjson"),
        (
            "gaps?format=csv&from=2026-11-20&to=2026-11-25".into(),
            "weather-gaps-2026-11-20-2026-11-25.csv",
        ),
        ("status?format=csv".into(), "weather-status.csv"),
    ] {
        let (headers, _) = server.send_raw("GET", &format!("/api/v1/{path}"), &[]).await;
        let disposition = format!("attachment; filename=\"{name}\"");
        assert_eq!(headers["content-disposition"].to_str().unwrap(), disposition, "{path}");
    }
    for path in ["hourly", "hourly?format=json", "latest?format=geojson"] {
        let (headers, _) = server.send_raw("GET", &format!("/api/v1/{path}"), &[]).await;
        assert!(!headers.contains_key("content-disposition"), "{path}");
    }
    let plain = server.get("/api/v1/latest?format=csv").await.expect(200);
    let marked = server.get("/api/v1/latest?format=csv&bom=true").await.expect(200);
    assert_eq!(marked.body, format!("\u{feff}{}", plain.body));
    assert_ne!(marked.header("etag"), plain.header("etag"));
    // The address outweighs the header.
    let json =
        server.ask("/api/v1/latest?format=json", &[("accept", "text/csv")]).await.expect(200);
    assert_eq!(json.header("content-type"), "application/json");
    let accepted = server.ask("/api/v1/latest", &[("accept", "text/csv")]).await.expect(200);
    assert_eq!(accepted.header("content-disposition"), "");
    assert_eq!(accepted.body, plain.body);
    // What is compressed already is not compressed again.
    let gzip = [("accept-encoding", "gzip")];
    let (headers, parquet) = server.send_raw("GET", "/api/v1/latest?format=parquet", &gzip).await;
    assert!(!headers.contains_key("content-encoding") && parquet.starts_with(b"PAR1"));
    assert!(parquet.ends_with(b"PAR1"));
    assert_eq!(headers["content-type"], "application/vnd.apache.parquet");
}

async fn the_place_of_the_newest_is_where_the_site_stood_then(database: &TestDatabase) {
    let store = &*database.store;
    store.take_in_sites(&sites(2), hour() - TimeDelta::days(2)).await.unwrap();
    let run = open_run(store).await;
    let batch =
        [0, 1].map(|number| collected(number, hour() - TimeDelta::hours(20), full_values()));
    store.load(&run, &batch, hour()).await.unwrap();
    store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
    let moved = Site {
        coordinates: Coordinates::parse(35.68, 139.69).unwrap(),
        timezone: chrono_tz::Tz::Asia__Tokyo,
        country: Some("JP".into()),
        name: "Moved".into(),
        ..site(1)
    };
    store.take_in_sites(&[site(0), moved], hour() - TimeDelta::hours(3)).await.unwrap();
    open_run(store).await;
    let server = Server::start(database).await;
    let latest = server.get("/api/v1/latest").await.expect(200).json();
    let row = &latest["observations"][1];
    let before = site(1);
    assert_eq!(
        (&row["site_name"], &row["country"], &row["timezone"]),
        (&"Moved".into(), &"ES".into(), &"Europe/Madrid".into())
    );
    assert_eq!(row["latitude"].as_f64(), Some(before.coordinates.latitude()));
    assert_eq!(row["tags"], serde_json::json!(["office"]));
    let keys: Vec<_> = row.as_object().unwrap().keys().collect();
    assert!(keys.iter().all(|key| *key != "row_hash"));
    let chosen = server.get("/api/v1/latest?fields=latitude").await.expect(200).json();
    assert_eq!(chosen["observations"][1].as_object().unwrap().len(), 4);
    let places = server.get("/api/v1/latest?format=geojson&fields=temperature_c").await.expect(200);
    assert_eq!(places.header("content-type"), "application/geo+json");
    let place = &places.json()["features"][1];
    assert_eq!(place["id"], "site-00001/openweathermap");
    let found = [0, 1].map(|index| place["geometry"]["coordinates"][index].as_f64().unwrap());
    assert_eq!(found, [before.coordinates.longitude(), before.coordinates.latitude()]);
}

/// A CSV as rows of cells by name.
fn records(csv: &str) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_reader(csv.as_bytes()).deserialize().map(Result::unwrap).collect()
}

async fn the_other_lists_come_in_every_form_too(database: &TestDatabase) {
    super::fill(&*database.store, 40).await;
    for _ in 0..3 {
        let run = open_run(&*database.store).await;
        database.store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
    }
    let server = Server::start(database).await;
    for (path, list) in
        [("sites", "sites"), ("gaps?limit=1000&", "gaps"), ("runs", "runs"), ("status", "sites")]
    {
        let with = |form: &str| {
            let joined = if path.contains('?') { "" } else { "?" };
            format!("/api/v1/{path}{joined}format={form}")
        };
        let json = server.get(&with("json")).await.expect(200).json();
        let rows = json[list].as_array().unwrap();
        assert!(!rows.is_empty(), "{path}");
        if path != "status" {
            let lines = server.get(&with("ndjson")).await.expect(200).body;
            let lines: Vec<Value> =
                lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            assert_eq!(&lines, rows, "{path}");
        }
        let csv = records(&server.get(&with("csv")).await.expect(200).body);
        assert_eq!(csv.len(), rows.len(), "{path}");
        for (record, row) in csv.iter().zip(rows) {
            let names: Vec<_> = row.as_object().unwrap().keys().collect();
            assert_eq!(record.keys().collect::<Vec<_>>(), names, "{path}");
            for (name, cell) in record {
                let expected = match &row[name] {
                    Value::Null => String::new(),
                    Value::String(text) => text.clone(),
                    Value::Number(number) => number.to_string().trim_end_matches(".0").to_owned(),
                    other => other.to_string(),
                };
                assert_eq!(*cell, expected, "{path}: {name}");
            }
        }
    }
    let two = server.get("/api/v1/runs?format=csv&limit=2").await.expect(200).body;
    assert_eq!(records(&two).len(), 2);
}

#[tokio::test]
async fn people_who_work_with_tables_read_a_month_of_all_sites() {
    with_sqlite(async |database| {
        fill(&*database.store, 100, 31).await;
        let server = Server::start(database).await;
        let mut script = tokio::process::Command::new(repository_path("scripts/read-tables"));
        let today = (hour().with_timezone(&Utc)).date_naive().to_string();
        script
            .args([&format!("http://{}", server.address), "2026-10-26", &today])
            .env("TODAY", &today);
        let ran = script.output().await.unwrap();
        let text = String::from_utf8_lossy(&ran.stdout);
        assert!(ran.status.success(), "{text}\n{}", String::from_utf8_lossy(&ran.stderr));
        println!("{text}");
        assert!(
            text.contains("hourly, DuckDB of Parquet: 1") && text.contains("degree days: "),
            "{text}"
        );
    })
    .await;
}
