//! A column that is new to tables and views which are there already.

use serde_json::{Value, json};

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
    let mut schema = warehouse.describe(TABLE).await["schema"].clone();
    schema["fields"].as_array_mut().unwrap().retain(|field| field["name"] != "visibility_m");
    let labels = json!({"weather_columns": "3"});
    warehouse.patch(TABLE, &json!({"schema": schema, "labels": labels})).await;
    let query = format!("select site_id, slot_time from {}.collection_slots", warehouse.dataset);
    let fields = json!([{"name": "site_id", "type": "STRING"}]);
    let view = json!({
        "view": {"query": query, "useLegacySql": false},
        "schema": {"fields": fields},
        "labels": {"weather_definition": "0"},
    });
    warehouse.patch(VIEW, &view).await;
}
