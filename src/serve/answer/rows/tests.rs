//! Rows in every form, and hours and days as their views name them.

use serde_json::{Value, json};

use super::*;
use crate::domain::Values;
use crate::domain::views::{Kind, View};
use crate::views::{Day, Hour};

rows! {
    struct Sample {
        site_id: String,
        rain_mm: Option<f64>,
        latitude: f64,
        longitude: f64,
        missing: std::collections::BTreeMap<String, u32>,
    }
}

fn samples() -> [Sample; 2] {
    let missing = [("timeout".to_owned(), 2)];
    [
        Sample {
            site_id: "a, b".into(),
            rain_mm: Some(5.0),
            latitude: 40.5,
            longitude: -3.5,
            missing: missing.into(),
        },
        Sample {
            site_id: "-1\u{1b}".into(),
            rain_mm: None,
            latitude: 0.0,
            longitude: 180.0,
            missing: [].into(),
        },
    ]
}

fn written(format: Format, fields: &str) -> String {
    let fields = Fields::<Sample>::try_from(fields.to_owned()).unwrap();
    let mut writer = Writer::begin(format, "days", &fields).unwrap();
    samples().iter().for_each(|row| writer.row(row).unwrap());
    writer.end().unwrap();
    String::from_utf8(writer.take()).unwrap()
}

#[test]
fn rows_are_a_list_a_line_each_values_by_commas_or_features() {
    let fields = "site_id,rain_mm,missing";
    let rows = [
        r#"{"site_id":"a, b","rain_mm":5.0,"missing":{"timeout":2}}"#,
        r#"{"site_id":"-1\u001b","rain_mm":null,"missing":{}}"#,
    ];
    assert_eq!(written(Format::Json, fields), format!(r#"{{"days":[{}]}}"#, rows.join(",")));
    assert_eq!(written(Format::Ndjson, fields), format!("{}\n", rows.join("\n")));
    let csv = "site_id,rain_mm,missing\r\n\"a, b\",5,\"{\"\"timeout\"\":2}\"\r\n'-1,,{}\r\n";
    assert_eq!(written(Format::Csv, fields), csv);
    let features: Value = serde_json::from_str(&written(Format::GeoJson, "rain_mm")).unwrap();
    assert_eq!(
        features["features"][0],
        json!({
            "type": "Feature", "id": "a, b", "properties": {"rain_mm": 5.0},
            "geometry": {"type": "Point", "coordinates": [-3.5, 40.5]},
        })
    );
}

/// A row has as many cells as columns, each of the column's kind, and says in JSON what serde says.
fn check<R: Row + serde::Serialize>(row: &R, view: &View) {
    let columns = R::Columns::columns();
    let names: Vec<_> = columns.iter().map(|column| column.name).collect();
    assert_eq!(names, view.field_names());
    let mut cells = Vec::new();
    row.cells(&mut cells);
    assert_eq!(cells.len(), columns.len());
    for (column, cell) in columns.iter().zip(&cells) {
        let fits = match cell {
            Cell::Null => !column.is_required,
            Cell::Text(_) => column.kind == Kind::Text,
            Cell::Integer(_) => column.kind == Kind::Integer,
            Cell::Real(_) => column.kind == Kind::Real,
            Cell::Boolean(_) => column.kind == Kind::Boolean,
            Cell::Time(_) => column.kind == Kind::Time,
            Cell::LocalTime(_) => column.kind == Kind::LocalTime,
            Cell::Date(_) => column.kind == Kind::Date,
            Cell::Parts(_) => matches!(column.kind, Kind::Counts | Kind::Texts),
        };
        assert!(fits, "{}: {cell:?}", column.name);
    }
    let mut writer = Writer::begin(Format::Ndjson, "", &Fields::<R::Columns>::default()).unwrap();
    writer.row(row).unwrap();
    let written: Value = serde_json::from_slice(&writer.take()).unwrap();
    assert_eq!(written, serde_json::to_value(row).unwrap());
}

#[test]
fn hours_and_days_are_written_as_their_views_name_them() {
    use crate::domain::views::{OBSERVATIONS_DAILY, OBSERVATIONS_HOURLY};
    let time = "2026-11-25T08:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    let text = |text: &str| text.to_owned();
    check(
        &Hour {
            site_id: text("a"),
            source: text("b"),
            hour: time,
            slot_time: time,
            local_time: time.naive_utc(),
            local_date: time.date_naive(),
            site_name: text("A"),
            country: None,
            timezone: text("UTC"),
            observation_time: time,
            value_kind: text("live"),
            value_source: text("b"),
            available_at: Some(time),
            staleness_minutes: 3,
            values: Values { temperature_c: Some(1.5), ..Values::default() }.with_zero_amounts(),
        },
        &OBSERVATIONS_HOURLY,
    );
    check(
        &Day {
            site_id: text("a"),
            source: None,
            local_date: time.date_naive(),
            site_name: text("A"),
            country: Some(text("ES")),
            timezone: text("UTC"),
            temperature_min_c: Some(1.0),
            temperature_mean_c: Some(2.0),
            temperature_max_c: Some(3.0),
            humidity_mean_pct: Some(4.0),
            pressure_msl_mean_hpa: Some(5.0),
            wind_speed_mean_ms: Some(6.0),
            wind_speed_max_ms: Some(7.0),
            wind_gust_max_ms: None,
            cloud_cover_mean_pct: Some(9.0),
            rain_sum_mm: Some(10.0),
            snow_sum_mm: Some(11.0),
            slots_present: 12,
            slots_expected: 13,
            coverage_pct: 92.3,
            heating_degree_days: Some(16.0),
            cooling_degree_days: Some(0.0),
            missing: [("timeout".to_owned(), 1)].into(),
        },
        &OBSERVATIONS_DAILY,
    );
}
