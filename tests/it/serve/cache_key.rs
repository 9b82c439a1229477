//! The cache key: nothing that an endpoint can be asked with is left out of it. An entity tag is the fingerprint
//! of the key, so that two answers under one key would have one tag.

use std::collections::HashSet;

use serde_json::Value;
use weather_data_product::domain::RunCounts;

use super::fill;
use crate::support::databases::with_sqlite;
use crate::support::samples::{SOURCE, open_run, run_end};
use crate::support::server::Server;

/// Of each parameter two values that mean something else; `None`: it is not given. With the first of each, an
/// endpoint answers.
fn samples(path: &str, parameter: &Value) -> [Option<String>; 2] {
    let name = parameter["name"].as_str().unwrap();
    let values = match name {
        "site_id" | "site" => ["site-00000", "site-00001"],
        "id" => ["1", "2"],
        "from" => ["2026-11-24", "2026-11-23"],
        "to" => ["2026-11-26", "2026-11-25"],
        "source" => [SOURCE, "open-meteo"],
        "fields" if path.ends_with("daily") => ["temperature_mean_c", "rain_sum_mm"],
        "fields" | "parameter-name" => ["temperature_c", "humidity_pct"],
        "parameter_names" => ["rain_1h_mm", "snow_1h_mm"],
        "limit" => ["5", "6"],
        "before" => ["9", "8"],
        "cursor" if path.contains('{') => {
            ["openweathermap.1795500000", "openweathermap.1795500001"]
        }
        "cursor" => {
            ["site-00000.openweathermap.1795500000", "site-00000.openweathermap.1795500001"]
        }
        "tag" => ["office", "depot"],
        "country" => ["ES", "ES,PT"],
        "in_file" => ["true", "false"],
        "bom" => ["false", "true"],
        "format" => ["csv", "json"],
        "hdd_base" | "cdd_base" => ["18", "15.5"],
        "datetime" => ["2026-11-24/2026-11-25", "2026-11-24"],
        "coords" if path.ends_with("area") => {
            ["POLYGON((0 0,1 0,1 1,0 0))", "POLYGON((0 0,2 0,2 2,0 0))"]
        }
        "within" => ["25", "26"],
        "within-units" => ["km", "mi"],
        "coords" => ["POINT(-3.7 40.4)", "POINT(-3.7 40.5)"],
        "bbox" => ["-180,-90,180,90", "-180,-90,180,89"],
        "crs" => ["CRS84", "http://www.opengis.net/def/crs/OGC/1.3/CRS84"],
        "f" => return forms(parameter),
        _ => panic!("{path}: no sample of {name}"),
    };
    values.map(|value| Some(value.to_owned()))
}

/// The first two forms that the document names.
fn forms(parameter: &Value) -> [Option<String>; 2] {
    let pattern = parameter["schema"]["pattern"].as_str().unwrap();
    let mut names = pattern.trim_matches(['^', '$', '(', ')']).split('|').map(str::to_owned);
    [names.next(), names.next()]
}

/// A path with these values of its parameters.
fn address(path: &str, parameters: &[(&Value, Option<String>)]) -> String {
    let mut path = path.to_owned();
    let mut query = url::form_urlencoded::Serializer::for_suffix("?".to_owned(), 1);
    for (parameter, value) in parameters {
        let (name, Some(value)) = (parameter["name"].as_str().unwrap(), value) else { continue };
        match parameter["in"].as_str().unwrap() {
            "path" => path = path.replace(&format!("{{{name}}}"), value),
            place => {
                assert_eq!(place, "query", "{path}: {name}");
                query.append_pair(name, value);
            }
        }
    }
    path + &query.finish()
}

#[tokio::test]
async fn changing_any_one_documented_parameter_changes_the_key() {
    with_sqlite(async |database| {
        fill(&*database.store, 30).await;
        let second = open_run(&*database.store).await;
        database.store.close_run(&second, &run_end(RunCounts::default())).await.unwrap();
        let server = Server::start(database).await;
        let tag = async |address: &str| {
            let answer = server.get(address).await;
            assert!([200, 204].contains(&answer.status), "{address}: {}", answer.body);
            let tag = answer.header("etag").trim_start_matches("W/").to_owned();
            assert!(!tag.is_empty(), "{address}: parameters, but no key");
            tag
        };
        let document = server.get("/api/v1/openapi.json").await.expect(200).json();
        let (mut tags, mut changed) = (HashSet::new(), 0);
        for (path, item) in document["paths"].as_object().unwrap() {
            let Some(parameters) = item["get"]["parameters"].as_array() else { continue };
            // The status depends on the moment, and is never kept.
            if path.ends_with("/status") {
                continue;
            }
            let given = |changed: Option<usize>| {
                let of = |(index, parameter)| {
                    let [first, second] = samples(path, parameter);
                    (parameter, if changed == Some(index) { second } else { first })
                };
                address(path, &parameters.iter().enumerate().map(of).collect::<Vec<_>>())
            };
            let same = given(None);
            let first = tag(&same).await;
            assert_eq!(tag(&same).await, first, "{same}");
            assert!(tags.insert(first), "{same}: the key of another endpoint");
            for index in 0..parameters.len() {
                let other = given(Some(index));
                assert!(tags.insert(tag(&other).await), "{other}: the key of another query");
                changed += 1;
            }
        }
        // As many as there were when this was written, so that none is lost unseen.
        assert!(changed >= 120, "{changed} parameters");
    })
    .await;
}
