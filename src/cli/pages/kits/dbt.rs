//! `sources.yml`: the views with their descriptions, how fresh they have to be, and what must hold of them.

use serde_json::json;

use super::columns;
use crate::domain::values::VALUES;
use crate::domain::views::{Kind, VIEWS, View, ViewColumn};

const BEGINNING: &str = include_str!("sources.yml");

/// What is looked at of a view that has rows of all times: its last days, or each test would read all.
const RECENT: [(&str, &str); 2] = [
    ("observations_hourly", "hour >= timestamp_sub(current_timestamp(), interval 7 day)"),
    ("observations_daily", "local_date >= date_sub(current_date(), interval 30 day)"),
];

/// The column by which a view is as old as it is.
const LOADED_AT: (&str, &str) = ("observations_hourly", "hour");

pub(super) fn sources() -> String {
    // The ledger of what is missing reads every partition: no test asks it.
    let views = VIEWS.map(|view| table(view, view.name != "missing_hours"));
    BEGINNING.to_owned() + &views.concat()
}

fn table(view: &'static View, is_tested: bool) -> String {
    let mut text =
        format!("      - name: {}\n        description: {}\n", view.name, json!(view.description));
    let (loaded, column) = LOADED_AT;
    if view.name == loaded {
        text.push_str(&format!(
            "        config:\n          loaded_at_field: {column}\n          freshness:\n            \
             warn_after: {{count: 3, period: hour}}\n            error_after: {{count: 12, period: hour}}\n            \
             filter: \"{column} >= timestamp_sub(current_timestamp(), interval 7 day)\"\n"
        ));
    }
    if is_tested {
        let key = view.key.join(", ");
        let arguments = format!("columns: [{key}]");
        text.push_str(&format!(
            "        data_tests:\n{}",
            test(view, 10, "weather_unique", &arguments)
        ));
    }
    text.push_str("        columns:\n");
    columns(view).for_each(|(column, _)| text.push_str(&column_of(view, column, is_tested)));
    text
}

fn column_of(view: &View, column: &ViewColumn, is_tested: bool) -> String {
    let description = json!(column.description);
    let mut text =
        format!("          - name: {}\n            description: {description}\n", column.name);
    if !is_tested {
        return text;
    }
    let mut tests = String::new();
    if column.is_required {
        tests.push_str(&test(view, 14, "not_null", ""));
    }
    if let Some((min, max)) = range(column) {
        tests.push_str(&test(view, 14, "weather_in_range", &format!("min: {min}, max: {max}")));
    }
    if column.name == "coverage_pct" {
        let arguments = "at_least: \"{{ var('weather_min_coverage_pct', 80) }}\"";
        tests.push_str(&test(view, 14, "weather_covered", arguments));
    }
    if !tests.is_empty() {
        text.push_str(&format!("            data_tests:\n{tests}"));
    }
    text
}

/// A test in the list of its column or view.
fn test(view: &View, indent: usize, name: &str, arguments: &str) -> String {
    let (dash, deep) = (" ".repeat(indent), " ".repeat(indent + 4));
    let mut text = format!("{dash}- {name}:\n");
    if !arguments.is_empty() {
        text.push_str(&format!("{deep}arguments: {{{arguments}}}\n"));
    }
    let recent = RECENT.iter().find(|(recent, _)| *recent == view.name);
    let mut config: Vec<String> =
        recent.map(|(_, is_recent)| format!("where: \"{is_recent}\"")).into_iter().collect();
    if name == "weather_covered" {
        config.push("severity: warn".into());
    }
    match (config.is_empty(), arguments.is_empty()) {
        (true, true) => format!("{dash}- {name}\n"),
        (true, false) => text,
        (false, _) => text + &format!("{deep}config: {{{}}}\n", config.join(", ")),
    }
}

/// What a number may be: the range of the value that it is, or is computed of.
fn range(column: &ViewColumn) -> Option<(f64, f64)> {
    if !matches!(column.kind, Kind::Real | Kind::Integer) {
        return None;
    }
    let value = ["_min_", "_mean_", "_max_"]
        .iter()
        .fold(column.name.to_owned(), |name, part| name.replace(part, "_"));
    let measure = VALUES.iter().find(|known| known.name == value).and_then(|known| known.measure);
    match (measure, column.name) {
        (Some(measure), _) => Some((measure.min, measure.max)),
        (None, "latitude") => Some((-90.0, 90.0)),
        (None, "longitude") => Some((-180.0, 180.0)),
        (None, name) if name.ends_with("_pct") => Some((0.0, 100.0)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::views::OBSERVATIONS_DAILY;

    #[test]
    fn a_value_that_is_computed_has_the_range_of_what_it_is_computed_of() {
        let of = |name: &str| {
            let column = OBSERVATIONS_DAILY.columns.iter().find(|column| column.name == name);
            range(column.unwrap())
        };
        assert_eq!(of("temperature_mean_c"), Some((-95.0, 65.0)));
        assert_eq!(of("wind_gust_max_ms"), Some((0.0, 150.0)));
        assert_eq!(of("coverage_pct"), Some((0.0, 100.0)));
        assert_eq!((of("rain_sum_mm"), of("site_name")), (None, None));
    }
}
