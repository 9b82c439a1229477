//! The list, and what is made of it.

use super::*;
use crate::domain::tables::{Column, WEATHER_OBSERVATIONS};

#[test]
fn the_values_of_the_beginning_keep_their_order_and_later_ones_come_behind_them() {
    let names = VALUES.map(|value| value.name);
    let first = [
        "temperature_c",
        "feels_like_c",
        "temperature_area_min_c",
        "temperature_area_max_c",
        "humidity_pct",
        "pressure_msl_hpa",
        "pressure_ground_hpa",
        "wind_speed_ms",
        "wind_gust_ms",
        "wind_direction_deg",
        "cloud_cover_pct",
        "visibility_m",
        "rain_1h_mm",
        "rain_3h_mm",
        "snow_1h_mm",
        "snow_3h_mm",
        "condition_id",
        "condition_group",
        "condition_description",
        "answered_latitude",
        "answered_longitude",
    ];
    assert_eq!(names[..FIRST], first);
    let columns: Vec<_> = WEATHER_OBSERVATIONS.column_names().collect();
    assert_eq!(columns[3..3 + FIRST], first);
    assert_eq!(columns[3 + FIRST..][..2], ["row_hash", "ingestion_run_id"]);
    let mut later = columns[3 + FIRST + 7..].to_vec();
    later.retain(|name| *name != "transform_version");
    assert_eq!(later, names[FIRST..]);
}

#[test]
fn a_cell_is_of_the_kind_of_its_value_and_what_is_set_is_read() {
    let mut values = Values::default();
    for (value, cell) in VALUES.iter().zip(values.cells_mut()) {
        match (value.kind, cell) {
            (Kind::Real { .. }, CellMut::Real(cell)) => *cell = Some(1.5),
            (Kind::Integer, CellMut::Integer(cell)) => *cell = Some(7),
            (Kind::Text, CellMut::Text(cell)) => *cell = Some("a".into()),
            (kind, cell) => panic!("{}: {kind:?} {cell:?}", value.name),
        }
    }
    assert!(values.cells().iter().all(|cell| !cell.is_absent()));
    assert_eq!((values.wind_direction_deg, values.visibility_m), (Some(7), Some(1.5)));
    assert!(Values::default().cells().iter().all(|cell| cell.is_absent()));
}

#[test]
fn a_text_says_what_unit_range_and_view_are() {
    let of = |name: &str| VALUES.iter().find(|value| value.name == name).unwrap();
    assert_eq!(of("temperature_c").description, "Air temperature, degrees Celsius, -95 to 65.");
    assert_eq!(of("temperature_c").in_hourly, "Air temperature, degrees Celsius.");
    assert_eq!(
        of("visibility_m").description,
        "How far one sees, metres, 0 to 100000 (OpenWeatherMap: at most 10000)."
    );
    assert_eq!(
        of("snow_3h_mm").description,
        "Snow of the last three hours, millimetres of water, 0 to 1000; NULL: not reported."
    );
    assert_eq!(
        (of("rain_1h_mm").in_latest, of("rain_1h_mm").in_hourly),
        (
            "Rain of the last hour, millimetres; NULL: not reported.",
            "Rain of the last hour, millimetres; 0 when none was reported."
        )
    );
}

#[test]
fn an_amount_that_was_not_reported_is_zero_where_hours_are_shown() {
    let values = Values { snow_1h_mm: Some(2.5), ..Values::default() }.with_zero_amounts();
    assert_eq!((values.rain_1h_mm, values.snow_1h_mm), (Some(0.0), Some(2.5)));
    assert_eq!((values.temperature_c, values.visibility_m), (None, None));
}

#[test]
fn every_measured_value_but_a_place_is_a_quantity() {
    let is_measured = |column: &&Column| {
        matches!(column.kind, Kind::Real { .. }) && !column.name.starts_with("answered_")
            || column.name == "wind_direction_deg"
    };
    let columns = WEATHER_OBSERVATIONS.columns.iter().filter(is_measured);
    let names: Vec<_> = columns.map(|column| column.name).collect();
    assert_eq!(QUANTITIES.iter().map(Quantity::name).collect::<Vec<_>>(), names);
}

#[test]
fn the_unit_is_the_one_in_the_name() {
    let units = [
        ("_index", "1"),
        ("_c", "Cel"),
        ("_pct", "%"),
        ("_hpa", "hPa"),
        ("_ms", "m/s"),
        ("_deg", "deg"),
        ("_m", "m"),
        ("_mm", "mm"),
    ];
    for quantity in QUANTITIES.iter() {
        let unit = units.iter().find(|(end, _)| quantity.name().ends_with(end));
        assert_eq!(unit.unwrap().1, quantity.unit.code, "{}", quantity.name());
        let is_total = quantity.name().contains("1h") || quantity.name().contains("3h");
        assert_eq!(quantity.total_hours.is_some(), is_total, "{}", quantity.name());
    }
}
