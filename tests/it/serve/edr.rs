//! OGC API – Environmental Data Retrieval: links, forms, times and places. What a client of the
//! standard reads is in `owslib`.

use chrono::TimeDelta;
use serde_json::{Value, json};
use weather_data_product::domain::{Coordinates, RunCounts, Site};

use super::fill;
use crate::support::databases::{TestDatabase, on_both_databases, with_sqlite};
use crate::support::samples::{collected, full_values, hour, open_run, run_end, site, sites};
use crate::support::server::{Answer, Server};

on_both_databases!(
    a_series_is_of_the_time_the_quantities_and_the_source_that_are_asked_for,
    the_nearest_site_stands_for_a_point_and_a_far_one_does_not,
    hours_before_a_move_are_told_where_the_site_stood_then,
);

const SITES: &str = "/edr/collections/observations/locations";

/// Every address in an answer.
fn addresses(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(addresses).collect(),
        Value::Object(members) => {
            let own = ["href", "edrqueryendpoint"].iter().filter_map(|name| members.get(*name));
            let own = own.map(|address| address.as_str().unwrap().to_owned());
            own.chain(members.values().flat_map(addresses)).collect()
        }
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn every_link_leads_somewhere() {
    with_sqlite(async |database| {
        fill(&*database.store, 5).await;
        let server = Server::start(database).await;
        let base = format!("http://{}", server.address);
        let mut seen = std::collections::BTreeSet::new();
        let mut left = vec![format!("{base}/edr")];
        while let Some(address) = left.pop() {
            let coords = match address.contains("/area") {
                true => "POLYGON((-176%20-85,-174%20-85,-174%20-84,-176%20-84,-176%20-85))",
                false => "POINT(-175%20-84.8)",
            };
            let filled = address.replace("{coords}", coords);
            let filled = filled.replace("{within}", "25").replace("{within-units}", "km");
            let path = filled.strip_prefix(&base).expect("an address of the host that was asked");
            let answer = server.get(path).await;
            // One of the three sites has no observation.
            let status = match path.rsplit('/').next().unwrap() {
                "site-00002" => 204,
                // Plain addresses, behind which a client puts what it asks.
                "area" | "position" | "radius" => 400,
                _ => 200,
            };
            let answer = answer.expect(status);
            let is_json = answer.header("content-type").contains("json");
            if is_json && !path.contains("/api") {
                left.extend(
                    addresses(&answer.json()).into_iter().filter(|new| seen.insert(new.clone())),
                );
            }
        }
        let paths: Vec<_> = seen.iter().map(|address| &address[base.len()..]).collect();
        for path in ["/edr/api", "/edr/conformance", "/api/v1/docs/", SITES] {
            assert!(paths.contains(&path), "{paths:?}");
        }
        for query in ["area", "position", "radius"] {
            let plain = format!("/edr/collections/observations/{query}");
            assert!(paths.contains(&&*plain), "{paths:?}");
            assert!(paths.iter().any(|path| path.contains(&format!("{query}?coords={{coords}}"))));
        }
        let document = server.get("/edr/api").await.expect(200);
        assert_eq!(document.header("content-type"), "application/vnd.oai.openapi+json;version=3.1");
        assert_eq!(document.json()["openapi"], "3.1.0");
        let proxied = server.ask("/edr/", &[("x-forwarded-proto", "https")]).await.expect(200);
        assert!(addresses(&proxied.json())[0].starts_with("https://127.0.0.1"), "{}", proxied.body);
    })
    .await;
}

fn times(answer: &Answer) -> Vec<String> {
    let coverage = answer.json();
    let values = coverage["domain"]["axes"]["t"]["values"].as_array().unwrap();
    values.iter().map(|time| time.as_str().unwrap().to_owned()).collect()
}

async fn a_series_is_of_the_time_the_quantities_and_the_source_that_are_asked_for(
    database: &TestDatabase,
) {
    fill(&*database.store, 700).await;
    let server = Server::start(database).await;
    let of = async |query: &str| server.get(&format!("{SITES}/site-00000?{query}")).await;
    let at = |hours: std::ops::RangeInclusive<u32>| -> Vec<_> {
        hours.map(|hour| format!("2026-11-25T{hour:02}:05:00Z")).collect()
    };
    for (datetime, expected) in [
        ("2026-11-25T03:05:00Z", at(3..=3)),
        ("2026-11-25T03:05Z", at(3..=3)),
        ("2026-11-25", at(0..=8)),
        ("2026-11-25T03:05:00Z/2026-11-25T05:05:00Z", at(3..=5)),
        ("2026-11-25T03:05:01Z/2026-11-25T07:05:00%2B02:00", at(4..=5)),
        ("2026-11-25T06:00:00Z/..", at(6..=8)),
    ] {
        let answer = of(&format!("datetime={datetime}")).await.expect(200);
        assert_eq!(times(&answer), expected, "{datetime}");
    }
    // The last 24 hours; all there is; nothing.
    assert_eq!(times(&of("").await.expect(200)).len(), 24);
    assert_eq!(times(&of("datetime=../2026-11-25").await.expect(200)).len(), 700);
    for nothing in ["datetime=2026-11-25T03:05:02Z", "datetime=2999-01-01/..", "source=nobody"] {
        let answer = of(nothing).await.expect(204);
        assert_eq!((&*answer.body, answer.header("content-type")), ("", ""), "{nothing}");
        assert_eq!(answer.header("cache-control"), "private, no-cache");
    }
    let named = "datetime=2026-11-25&parameter-name=rain_1h_mm,temperature_c";
    let coverage = of(named).await.expect(200).json();
    let expected = database
        .lines(
            "select concat_ws('|', temperature_c, coalesce(rain_1h_mm, 'null')) from \
            weather_observations where site_id = 'site-00000' and source = 'openweathermap' and \
            observation_time >= '2026-11-25' order by observation_time",
        )
        .await;
    let value = |name: &str, number: usize| {
        let value = coverage["ranges"][name]["values"][number].to_string();
        value.trim_end_matches(".0").to_owned()
    };
    let rows = (0..9)
        .map(|number| [value("temperature_c", number), value("rain_1h_mm", number)].join("|"));
    assert_eq!(rows.collect::<Vec<_>>(), expected);
    assert_eq!(coverage["ranges"].as_object().unwrap().len(), 2);
    assert_eq!(coverage["ranges"]["rain_1h_mm"]["shape"], json!([9]));
    let features = of(&format!("{named}&f=GeoJSON")).await.expect(200);
    assert_eq!(features.header("content-type"), "application/geo+json");
    let features = features.json();
    let first = &features["features"][0]["properties"];
    assert_eq!(features["numberReturned"], 9);
    assert_eq!(
        (&first["datetime"], &first["rain_1h_mm"]),
        (&json!("2026-11-25T00:05:00Z"), &Value::Null)
    );
    assert_eq!(first["temperature_c"], 0.8);
    let other = of("source=open-meteo&datetime=2026-11-25").await.expect(200);
    assert_eq!(times(&other), at(0..=8));
    let nowhere = server.get(&format!("{SITES}/site-00001?source=open-meteo")).await;
    nowhere.expect(204);
}

async fn the_nearest_site_stands_for_a_point_and_a_far_one_does_not(database: &TestDatabase) {
    fill(&*database.store, 5).await;
    let server = Server::start(database).await;
    let place = async |point: &str| {
        let path = format!("/edr/collections/observations/position?coords=POINT({point})");
        let answer = server.get(&path).await;
        let axes = (answer.status == 200).then(|| answer.json()["domain"]["axes"].clone());
        axes.map(|axes| (axes["x"]["values"][0].clone(), axes["y"]["values"][0].clone()))
    };
    // Site 0 is at -84.75 degrees north, site 1 a degree north and east of it.
    let first = Some((json!(-175.0), json!(-84.75)));
    assert_eq!(place("-175%20-84.75").await, first);
    assert_eq!(place("-175%20-84.53").await, first, "24 km");
    assert_eq!(place("-175%20-84.52").await, None, "26 km");
    assert_eq!(place("-174%20-83.9").await, Some((json!(-174.0), json!(-83.75))));
    assert_eq!(place("0%200").await, None);
    // Who has left the sites file is found no more, but can be asked for.
    database.store.take_in_sites(&sites(1), hour()).await.unwrap();
    open_run(&*database.store).await;
    assert_eq!(place("-174%20-83.75").await, None);
    server.get(&format!("{SITES}/site-00001")).await.expect(200);
}

async fn hours_before_a_move_are_told_where_the_site_stood_then(database: &TestDatabase) {
    let store = &*database.store;
    let [oslo, lagos] = [(59.9139, 10.7522), (6.455, 3.3841)];
    let at = |hours: i64| hour() - TimeDelta::hours(hours);
    let place = |(latitude, longitude)| Site {
        coordinates: Coordinates::parse(latitude, longitude).unwrap(),
        ..site(0)
    };
    store.take_in_sites(&[place(oslo)], at(9)).await.unwrap();
    store.take_in_sites(&[place(lagos)], at(4)).await.unwrap();
    let slots: Vec<_> = (0..9).rev().map(|ago| collected(0, at(ago), full_values())).collect();
    let run = open_run(store).await;
    store.load(&run, &slots, hour()).await.unwrap();
    store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
    let server = Server::start(database).await;
    let of_site = |query: &str| format!("{SITES}/site-00000?datetime={query}");
    let point = |(latitude, longitude): (f64, f64), query: &str| {
        let at = format!("POINT({longitude}%20{latitude})");
        format!("/edr/collections/observations/position?coords={at}&datetime={query}")
    };
    // The coverages of an answer: how many times each has, and its place.
    let coverages = async |path: String| -> Vec<(usize, Value, Value)> {
        let answer = server.get(&path).await;
        if answer.status == 204 {
            return Vec::new();
        }
        let answer = answer.expect(200).json();
        let several = answer["coverages"].as_array().cloned();
        assert_eq!(several.is_some(), answer["type"] == "CoverageCollection");
        let of = |coverage: &Value| {
            let axes = &coverage["domain"]["axes"];
            let times = axes["t"]["values"].as_array().unwrap().len();
            assert_eq!(coverage["ranges"]["temperature_c"]["shape"], json!([times]));
            (times, axes["y"]["values"][0].clone(), axes["x"]["values"][0].clone())
        };
        several.unwrap_or_else(|| vec![answer]).iter().map(of).collect()
    };
    let then = |times: usize, (latitude, longitude): (f64, f64)| {
        (times, json!(latitude), json!(longitude))
    };
    let all = "2026-11-24/2026-11-25";
    let before = "2026-11-25T00:00:00Z/2026-11-25T03:59:59Z";
    for (path, expected) in [
        (of_site(all), vec![then(4, oslo), then(5, lagos)]),
        (of_site(before), vec![then(4, oslo)]),
        (of_site("2026-11-25T04:00:00Z/.."), vec![then(5, lagos)]),
        // A point has the weather of the hours in which the site stood near it.
        (point(oslo, all), vec![then(4, oslo)]),
        (point(lagos, all), vec![then(5, lagos)]),
        (point(lagos, before), vec![]),
        (point(oslo, "2026-11-25T04:00:00Z/.."), vec![]),
    ] {
        assert_eq!(coverages(path.clone()).await, expected, "{path}");
    }
    let whole = server.get(&of_site(all)).await.expect(200).json();
    let id = whole["coverages"][0]["id"].as_str().unwrap();
    let (_, part) = id.split_once("/edr/").unwrap();
    assert_eq!(coverages(format!("/edr/{part}")).await, [then(4, oslo)], "{id}");

    let features = server.get(&(of_site(all) + "&f=GeoJSON")).await.expect(200).json();
    let places = features["features"].as_array().unwrap().iter();
    let places: Vec<_> = places.map(|each| each["geometry"]["coordinates"].clone()).collect();
    let expected = [vec![json!([oslo.1, oslo.0]); 4], vec![json!([lagos.1, lagos.0]); 5]].concat();
    assert_eq!(places, expected);
    let listed = server.get(SITES).await.expect(200).json()["features"][0].clone();
    assert_eq!(listed["geometry"]["coordinates"], json!([lagos.1, lagos.0]));
    let former = json!([{
        "until": "2026-11-25T04:00:00Z", "longitude": oslo.1, "latitude": oslo.0,
        "timezone": "Europe/Madrid", "country": "ES", "elevation_m": 667.0,
    }]);
    assert_eq!(listed["properties"]["former_places"], former);
    let collection = server.get("/edr/collections/observations").await.expect(200).json();
    let bbox = json!([[lagos.1, lagos.0, oslo.1, oslo.0]]);
    assert_eq!(collection["extent"]["spatial"]["bbox"], bbox);
}

#[tokio::test]
async fn forms_are_chosen_by_f_and_accept_and_unchanged_answers_are_not_sent_again() {
    with_sqlite(async |database| {
        fill(&*database.store, 5).await;
        let server = Server::start(database).await;
        let path = format!("{SITES}/site-00000");
        for (query, accept, form) in [
            ("", "*/*", "application/prs.coverage+json"),
            ("", "application/vnd.cov+json", "application/vnd.cov+json"),
            ("", "application/geo+json", "application/geo+json"),
            ("?f=GeoJSON", "application/prs.coverage+json", "application/geo+json"),
            ("?f=CoverageJSON", "text/html", "application/prs.coverage+json"),
        ] {
            let answer = server.ask(&format!("{path}{query}"), &[("accept", accept)]).await;
            assert_eq!(answer.expect(200).header("content-type"), form, "{query} {accept}");
        }
        let answer = server.get(&path).await.expect(200);
        let tag = answer.header("etag");
        let unchanged = server.ask(&path, &[("if-none-match", tag)]).await;
        assert_eq!((unchanged.status, &*unchanged.body), (304, ""));
        open_run(&*database.store).await;
        server.ask(&path, &[("if-none-match", tag)]).await.expect(200);
        let listed =
            server.get(&format!("{SITES}?bbox=-176,-85,-174.5,-84&f=json")).await.expect(200);
        assert_eq!(listed.header("content-type"), "application/json");
        let listed = listed.json();
        let ids: Vec<_> =
            listed["features"].as_array().unwrap().iter().map(|site| &site["id"]).collect();
        assert_eq!(ids, [&json!("site-00000")]);
        let first = &listed["features"][0]["properties"]["datetime"];
        assert_eq!(first, "2026-11-25T04:05:00Z/2026-11-25T08:05:00Z");
    })
    .await;
}
