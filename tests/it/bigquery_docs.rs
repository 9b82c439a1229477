//! What BI people see: descriptions, and the sample queries of the page.

use weather_data_product::sink::bigquery::reference;

use crate::support::databases::with_sqlite;
use crate::support::warehouse::{Warehouse, bigquery_url};

#[tokio::test]
async fn everything_is_described_with_its_unit_and_the_sample_queries_run() {
    with_sqlite(async |database| {
        let warehouse = Warehouse::new();
        warehouse.client(database, &bigquery_url()).run(&["sync"]).expect(0);
        let units = [
            ("_c", "degrees Celsius"),
            ("_pct", "percent"),
            ("_hpa", "hectopascals"),
            ("_ms", "second"),
            ("_deg", "degrees"),
            ("_mm", "millimetres"),
            ("_m", "metres"),
            ("_minutes", "minutes"),
            ("latitude", "degrees north"),
            ("longitude", "degrees east"),
        ];
        let tables = ["sites", "weather_observations", "collection_slots", "ingestion_runs"];
        let kept = ["sources_asked", "observations_by_hour", "observations_by_day"];
        let views =
            ["observations_hourly", "observations_daily", "observations_latest", "sites_geo"];
        for name in
            tables.iter().chain(&kept).chain(&views).chain(&["site_freshness", "missing_hours"])
        {
            let described = warehouse.describe(name).await;
            assert!(
                described["description"].as_str().is_some_and(|text| text.len() > 20),
                "{name}"
            );
            for field in described["schema"]["fields"].as_array().unwrap() {
                let column = field["name"].as_str().unwrap();
                let text = field["description"].as_str().unwrap_or_default();
                assert!(text.len() > 5, "{name}.{column} has no description");
                if let Some((_, unit)) = units.iter().find(|(ending, _)| column.ends_with(ending)) {
                    let has_unit = text.to_lowercase().contains(&unit.to_lowercase());
                    assert!(has_unit, "{name}.{column}: {text} does not say {unit}");
                }
            }
        }
        let page = reference();
        let read =
            page.split("## What the views read").nth(1).unwrap().split("\n## ").next().unwrap();
        for view in views.iter().chain(&["site_freshness", "missing_hours"]) {
            assert!(
                read.contains(&format!("\n| `{view}` | ")),
                "{view}: what it reads is not said"
            );
        }
        let queries: Vec<&str> =
            page.split("```sql").skip(1).filter_map(|part| part.split("```").next()).collect();
        assert_eq!(queries.len(), 5);
        for query in queries {
            warehouse.execute(&query.replace("weather.", "{d}.").replace(';', "")).await;
        }
    })
    .await;
}
