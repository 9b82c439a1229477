//! The JSON Schema beside the sample says to editors what the parser says to operators.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::entries::FILE_KEYS;
use super::entry::SITE_KEYS;
use super::parse;
use crate::domain::site::Interval;

const SAMPLE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/config/sites_sample.json"));
const SCHEMA: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/config/sites.schema.json"));

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

fn validator() -> jsonschema::Validator {
    jsonschema::options().should_validate_formats(true).build(&schema()).unwrap()
}

fn with(field: &str, value: Value) -> Value {
    let mut site = json!({"site_id": "mad-retiro", "name": "Madrid", "latitude": 40.41,
                          "longitude": -3.68, "timezone": "Europe/Madrid"});
    site[field] = value;
    json!({"sites": [site]})
}

fn without(field: &str) -> Value {
    let mut file = with(field, Value::Null);
    file["sites"][0].as_object_mut().unwrap().remove(field);
    file
}

#[test]
fn the_sample_is_valid() {
    let sample = serde_json::from_str(SAMPLE).unwrap();
    assert!(validator().validate(&sample).is_ok());
}

#[test]
fn schema_and_parser_know_the_same_keys() {
    let keys = |object: &Value| object.as_object().unwrap().keys().cloned().collect();
    let known = |list: &[&str]| list.iter().map(ToString::to_string).collect();
    let schema = schema();
    let (in_file, in_site): (BTreeSet<String>, BTreeSet<String>) =
        (keys(&schema["properties"]), keys(&schema["$defs"]["site"]["properties"]));
    assert_eq!((in_file, in_site), (known(FILE_KEYS), known(SITE_KEYS)));
}

#[test]
fn schema_and_parser_require_the_same_keys() {
    let validator = validator();
    for key in SITE_KEYS {
        let file = without(key);
        assert_eq!(validator.is_valid(&file), parse(&file.to_string()).is_ok(), "{key}");
    }
}

#[test]
fn schema_and_parser_know_the_same_intervals() {
    let all = (0..=1440).filter_map(Interval::parse).map(|interval| interval.minutes().into());
    let with_null: Vec<Value> = all.chain([Value::Null]).collect();
    assert_eq!(
        schema()["$defs"]["site"]["properties"]["interval_minutes"]["enum"],
        json!(with_null)
    );
}

fn good_files() -> Vec<Value> {
    vec![
        with("site_id", json!("a".repeat(64))),
        with("site_id", json!("0_-")),
        with("name", json!("é".repeat(200))),
        with("name", json!(" 東京 ")),
        with("latitude", json!(-90)),
        with("latitude", json!(0)),
        with("longitude", json!(180.0)),
        with("timezone", json!("Etc/GMT+8")),
        with("country", json!("ES")),
        with("elevation_m", json!(-430.5)),
        with("interval_minutes", json!(180)),
        with("interval_minutes", json!(60.0)),
        with("active_from", json!("2028-02-29")),
        with("tags", json!(["é".repeat(64), "two words", "-x", "=x"])),
        with("name", json!(" A = B + C - D @ E")),
        with("name", json!("東京")),
        with("name", json!("x")),
        with("tags", json!([])),
        json!({"$schema": null, "sites": with("name", json!("x"))["sites"]}),
        json!({"$schema": "./sites.schema.json", "sites": with("name", json!("x"))["sites"]}),
    ]
}

fn bad_files() -> Vec<Value> {
    let wrong_types = SITE_KEYS
        .iter()
        .flat_map(|key| [json!(true), json!({}), json!([[]])].map(|value| with(key, value)));
    let empty_texts = SITE_KEYS.iter().map(|key| with(key, json!("")));
    let required = ["site_id", "name", "latitude", "longitude", "timezone"];
    let nulls = required.map(|key| with(key, Value::Null));
    let others = vec![
        json!([]),
        json!(null),
        json!({}),
        json!({"sites": []}),
        json!({"sites": {}}),
        json!({"sites": [7]}),
        json!({"sites": [[]]}),
        json!({"$schema": 1, "sites": with("name", json!("x"))["sites"]}),
        json!({"version": 1, "sites": with("name", json!("x"))["sites"]}),
        with("lat", json!(1)),
        with("site_id", json!("Mad")),
        with("site_id", json!("-mad")),
        with("site_id", json!("mad\n")),
        with("site_id", json!("a".repeat(65))),
        with("name", json!("  ")),
        with("name", json!("a\nb")),
        with("name", json!("a\u{85}b")),
        with("name", json!("é".repeat(201))),
        with("name", json!("a\u{1b}[31m")),
        with("name", json!("\0")),
        with("name", json!("a\u{202e}b")),
        with("name", json!("\u{61c}b")),
        with("name", json!("a\u{2028}")),
        with("name", json!("=cmd|' /C calc'!A0")),
        with("name", json!("-1")),
        with("name", json!("@x")),
        with("name", json!("+")),
        with("tags", json!(["good", "a\u{1b}"])),
        with("tags", json!(["a\nb"])),
        with("tags", json!(["a\u{2066}"])),
        with("latitude", json!(90.1)),
        with("latitude", json!("40.41")),
        with("longitude", json!(-180.1)),
        with("timezone", json!("Europe/ Madrid")),
        with("country", json!("es")),
        with("country", json!("ESP")),
        with("country", json!("ÑÑ")),
        with("elevation_m", json!(9001)),
        with("elevation_m", json!("667")),
        with("interval_minutes", json!(0)),
        with("interval_minutes", json!(5)),
        with("interval_minutes", json!(50)),
        with("interval_minutes", json!(60.5)),
        with("interval_minutes", json!("60")),
        with("interval_minutes", json!(-60)),
        with("active_from", json!("2026-02-29")),
        with("active_from", json!("2026-1-01")),
        with("active_until", json!("0999-12-31")),
        with("active_until", json!("2026-01-01T00:00:00Z")),
        with("active_until", json!(20260101)),
        with("tags", json!("office")),
        with("tags", json!([""])),
        with("tags", json!(["a".repeat(65)])),
        with("tags", json!([1])),
    ];
    wrong_types.chain(empty_texts).chain(nulls).chain(others).collect()
}

#[test]
fn schema_and_parser_agree_what_is_good_and_what_is_bad() {
    let validator = validator();
    let good = good_files().into_iter().map(|file| (file, true));
    for (file, good) in good.chain(bad_files().into_iter().map(|file| (file, false))) {
        let parsed = parse(&file.to_string());
        assert_eq!(parsed.is_ok(), good, "parser: {file}: {parsed:?}");
        assert_eq!(validator.is_valid(&file), good, "schema: {file}");
    }
}
