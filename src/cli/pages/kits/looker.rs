//! A view of LookML for each view of the warehouse.

use serde_json::json;

use super::columns;
use crate::domain::values::VALUES;
use crate::domain::views::{Kind, View, ViewColumn};

/// How a view is found below `kits/`.
pub(super) fn path(view: &View) -> String {
    format!("looker/views/{}.view.lkml", view.name)
}

pub(super) fn view(view: &'static View) -> String {
    let mut text = format!(
        "# Made by `weather pages --kits kits` from the definitions of the views: change those.\n\
         # {}\n\
         view: {} {{\n  sql_table_name: `@{{weather_project}}.@{{weather_dataset}}.{}` ;;\n\n{}",
        view.description,
        view.name,
        view.name,
        primary_key(view)
    );
    for (column, is_key) in columns(view) {
        text.push_str(&dimension(column));
        if !is_key {
            text.push_str(&measures(column));
        }
    }
    text.push_str(&pin(view));
    text + "\n  measure: count {\n    type: count\n    description: \"How many rows.\"\n  }\n}\n"
}

/// Of all columns of the key together: a row has one.
fn primary_key(view: &View) -> String {
    let parts: Vec<String> = view
        .key
        .iter()
        .map(|key| format!("coalesce(cast(${{TABLE}}.{key} as string), '')"))
        .collect();
    format!(
        "  dimension: row_key {{\n    primary_key: yes\n    hidden: yes\n    type: string\n    sql: concat({}) ;;\n  }}\n",
        parts.join(", '|', ")
    )
}

fn dimension(column: &ViewColumn) -> String {
    let ViewColumn { name, description, .. } = column;
    let (description, sql) = (json!(description), format!("sql: ${{TABLE}}.{name} ;;"));
    let plain = |kind: &str| {
        format!(
            "\n  dimension: {name} {{\n    type: {kind}\n    description: {description}\n    {sql}\n  }}\n"
        )
    };
    let group = |frames: &str, datatype: &str| {
        let convert = if datatype == "timestamp" { "" } else { "\n    convert_tz: no" };
        format!(
            "\n  dimension_group: {} {{\n    type: time\n    timeframes: [{frames}]\n    datatype: {datatype}{convert}\n    \
             description: {description}\n    {sql}\n  }}\n",
            name.trim_end_matches("_time").replace("_date", "_day")
        )
    };
    match column.kind {
        Kind::Integer | Kind::Real => plain("number"),
        Kind::Boolean => plain("yesno"),
        Kind::Time => group("raw, time, hour, hour_of_day, date, week, month, year", "timestamp"),
        Kind::LocalTime => group("raw, time, hour, hour_of_day", "datetime"),
        Kind::Date => group("raw, date, day_of_week, week, month, quarter, year", "date"),
        Kind::Text | Kind::Counts | Kind::Texts | Kind::Place => plain("string"),
    }
}

/// What a number is added up to: what fell is summed, what is measured has a mean and its ends.
fn measures(column: &ViewColumn) -> String {
    let name = column.name;
    let is_measured = VALUES.iter().any(|value| value.name == name && value.measure.is_some());
    let is_sum = VALUES.iter().any(|value| value.name == name && value.is_amount)
        || name.contains("_sum_")
        || name.ends_with("_degree_days");
    let of = |kind: &str, word: &str| {
        let description = json!(format!("{word}: {}", column.description));
        format!(
            "\n  measure: {kind}_{name} {{\n    type: {kind}\n    value_format_name: decimal_1\n    \
             description: {description}\n    sql: ${{{name}}} ;;\n  }}\n"
        )
    };
    match (is_sum, is_measured || (column.kind == Kind::Real && name.contains("_mean_")), name) {
        (true, ..) => of("sum", "Sum"),
        // A mean of directions points nowhere.
        (_, _, "wind_direction_deg") => String::new(),
        (_, true, _) => of("average", "Mean") + &of("min", "Lowest") + &of("max", "Highest"),
        (_, _, "coverage_pct") => of("average", "Mean"),
        _ => String::new(),
    }
}

/// The place on a map.
fn pin(view: &View) -> String {
    if !view.columns.iter().any(|column| column.name == "latitude") {
        return String::new();
    }
    "\n  dimension: location {\n    type: location\n    description: \"Where the site stood then, on a map.\"\n    \
     sql_latitude: ${TABLE}.latitude ;;\n    sql_longitude: ${TABLE}.longitude ;;\n  }\n"
        .to_owned()
}
