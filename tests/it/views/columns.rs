//! Columns that are new to tables and views which are there already.

use serde_json::{Value, json};
use weather_data_product::domain::Values;
use weather_data_product::domain::tables::WEATHER_OBSERVATIONS;
use weather_data_product::domain::values::{FIRST, VALUES};

use super::{fill, lines, sync};
use crate::support::databases::with_sqlite;
use crate::support::samples::{collected, full_values, hour, site};
use crate::support::warehouse::Warehouse;

const TABLE: &str = "weather_observations";
const VIEW: &str = "observations_hourly";

#[tokio::test]
async fn a_column_that_came_later_appears_by_itself_in_its_table_and_the_views() {
    with_sqlite(async |database| {
        let warehouse = Warehouse::new();
        sync(database, &warehouse);
        let [table, view] = descriptions(&warehouse).await;
        assert!(table.is_some() && view.is_some());
        make_older(&warehouse).await;
        warehouse.unprepare(database).await;
        assert_eq!(descriptions(&warehouse).await, [None, None]);

        database.store.take_in_sites(&[site(1)], hour()).await.unwrap();
        fill(&*database.store, &[collected(1, hour(), full_values())]).await;
        sync(database, &warehouse);
        assert_eq!(descriptions(&warehouse).await, [table, view]);
        for name in [TABLE, VIEW] {
            let cells = format!("select visibility_m from {{d}}.{name}");
            assert_eq!(lines(&warehouse, &cells).await, ["9000"], "{name}");
        }
    })
    .await;
}

/// A warehouse of the version before a value came to the list has a table that knows nothing of it.
#[tokio::test]
async fn a_table_of_before_gets_the_values_that_came_later_behind_its_own_columns() {
    with_sqlite(async |database| {
        let warehouse = Warehouse::new();
        sync(database, &warehouse);
        let first = VALUES[FIRST].name;
        let columns = WEATHER_OBSERVATIONS.column_names();
        let later = columns.skip_while(|name| *name != first).collect::<Vec<_>>();
        assert_eq!(later, ["uv_index", "dew_point_c", "transform_version"]);
        let known = WEATHER_OBSERVATIONS.columns.len() - later.len();
        make_table_older(&warehouse, &later, known).await;
        warehouse.unprepare(database).await;

        database.store.take_in_sites(&[site(1), site(2)], hour()).await.unwrap();
        let without = Values { uv_index: None, dew_point_c: None, ..full_values() };
        let slots = [collected(1, hour(), full_values()), collected(2, hour(), without)];
        fill(&*database.store, &slots).await;
        sync(database, &warehouse);
        let fields = warehouse.describe(TABLE).await["schema"]["fields"].clone();
        let names: Vec<_> = fields.as_array().unwrap().iter().map(|field| &field["name"]).collect();
        assert_eq!(names, WEATHER_OBSERVATIONS.column_names().collect::<Vec<_>>());
        for name in [TABLE, VIEW] {
            let cells =
                format!("select site_id, uv_index, dew_point_c from {{d}}.{name} order by site_id");
            let expected = ["site-00001|0.25|-12.13", "site-00002|-|-"];
            assert_eq!(lines(&warehouse, &cells).await, expected, "{name}");
        }
    })
    .await;
}

/// What is said of the column in the table and in the view; `None` where it is not.
async fn descriptions(warehouse: &Warehouse) -> [Option<String>; 2] {
    let of = |described: Value| {
        let fields = described["schema"]["fields"].as_array()?.clone();
        let field = fields.into_iter().find(|field| field["name"] == "visibility_m")?;
        field["description"].as_str().map(str::to_owned)
    };
    [of(warehouse.describe(TABLE).await), of(warehouse.describe(VIEW).await)]
}

/// The warehouse as a program made it that did not know the column yet.
async fn make_older(warehouse: &Warehouse) {
    make_table_older(warehouse, &["visibility_m"], 3).await;
    let query = format!("select site_id, slot_time from {}.collection_slots", warehouse.dataset);
    let fields = json!([{"name": "site_id", "type": "STRING"}]);
    let view = json!({
        "view": {"query": query, "useLegacySql": false},
        "schema": {"fields": fields},
        "labels": {"weather_definition": "0"},
    });
    warehouse.patch(VIEW, &view).await;
}

/// The table without these columns, as one that was given so many.
async fn make_table_older(warehouse: &Warehouse, without: &[&str], known: usize) {
    let mut schema = warehouse.describe(TABLE).await["schema"].clone();
    let is_there = |field: &Value| !without.iter().any(|name| field["name"] == *name);
    schema["fields"].as_array_mut().unwrap().retain(is_there);
    let labels = json!({"weather_columns": known.to_string()});
    warehouse.patch(TABLE, &json!({"schema": schema, "labels": labels})).await;
}
