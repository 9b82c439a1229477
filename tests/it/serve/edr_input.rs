//! What cannot be answered under `/edr`: bad input, and too much of it.

use chrono::TimeDelta;

use super::fill;
use crate::support::databases::{TestDatabase, on_both_databases, with_sqlite};
use crate::support::samples::{collected, full_values, hour, open_run, sites};
use crate::support::server::Server;

on_both_databases!(what_the_standard_does_not_allow_is_a_problem_that_says_why);

/// Path under the collection, status, parameter, and what the allowed values contain.
const BAD: [(&str, u16, &str, &str); 46] = [
    ("locations/nowhere", 404, "site_id", "the id of a site"),
    ("locations/Nowhere!", 404, "site_id", "the id of a site"),
    ("locations/%ff", 404, "site_id", "the id of a site"),
    ("locations/site-00000?datetime=yesterday", 400, "datetime", "with .. for an open end"),
    ("locations/site-00000?datetime=../..", 400, "datetime", "with .. for an open end"),
    ("locations/site-00000?datetime=2026-11-25/2026-11-24", 400, "datetime", "at or after"),
    ("locations/site-00000?datetime=2024-01-01/..", 400, "datetime", "2024-01-01T00:00:00Z/2025"),
    ("locations/site-00000?datetime=2024-01-01/2026-01-01", 400, "datetime", "2024-01-01T"),
    ("locations/site-00000?datetime=../2028-01-01", 400, "datetime", "2027-01-01T00:00:00Z/2028"),
    ("locations/site-00000?parameter-name=temperature", 400, "parameter-name", "temperature_c"),
    ("locations/site-00000?parameter-name=", 400, "parameter-name", "temperature_c"),
    ("locations/site-00000?parameter_names=condition_id", 400, "parameter_names", "snow_3h_mm"),
    ("locations/site-00000?f=GRIB", 400, "f", "CoverageJSON, GeoJSON"),
    ("locations/site-00000?crs=EPSG:4326", 400, "crs", "CRS84"),
    ("locations/site-00000?source=Mars", 400, "source", "lower-case"),
    ("locations/site-00000?z=2", 400, "z", "datetime, parameter-name"),
    ("locations?bbox=1,2,3", 400, "bbox", "west,south,east,north"),
    ("locations?bbox=0,10,5,5", 400, "bbox", "west,south,east,north"),
    ("locations?f=CoverageJSON", 400, "f", "GeoJSON, JSON"),
    ("position", 400, "coords", "POINT(longitude latitude)"),
    ("position?coords=POINT(40)", 400, "coords", "POINT(longitude latitude)"),
    ("position?coords=POINT(-3%2095)", 400, "coords", "POINT(longitude latitude)"),
    ("position?coords=POLYGON((0%200,1%200,1%201,0%200))", 400, "coords", "POINT(longitude"),
    ("position?coords=MULTIPOINT((0%200),(0%2091))", 400, "coords", "MULTIPOINT of at most 100"),
    ("position?coords=POINT(0%200)&within=-1&within-units=km", 400, "within", "0 to"),
    ("position?coords=POINT(0%200)&within-units=km", 400, "within", "0 to"),
    ("area", 400, "coords", "POLYGON((longitude latitude"),
    ("area?coords=POLYGON((0%200,1%200,1%201,0%201))", 400, "coords", "rings are closed"),
    ("area?coords=POLYGON((0%200,2%202,2%200,0%202,0%200))", 400, "coords", "do not cross"),
    ("area?coords=POLYGON((0%200,200%200,1%201,0%200))", 400, "coords", "in degrees"),
    ("area?coords=POINT(0%200)", 400, "coords", "MULTIPOLYGON"),
    ("area?coords=EPSG", 400, "coords", "POLYGON"),
    ("area?coords=POLYGON((0%200,1%200,1%201,0%200))&crs=EPSG:4326", 400, "crs", "CRS84"),
    ("area?coords=POLYGON((0%200,1%200,1%201,0%200))&z=2", 400, "z", "coords, datetime"),
    ("radius", 400, "coords", "POINT(longitude latitude)"),
    ("radius?coords=POINT(0%200)", 400, "within", "0 to"),
    ("radius?coords=POINT(0%200)&within=-1&within-units=km", 400, "within", "0 to"),
    ("radius?coords=POINT(0%200)&within=inf&within-units=km", 400, "within", "0 to"),
    ("radius?coords=POINT(0%200)&within=5&within-units=furlong", 400, "within-units", "km, m, mi"),
    (
        "radius?coords=MULTIPOINT((0%200))&within=5&within-units=km",
        400,
        "coords",
        "POINT(longitude",
    ),
    ("locations?limit=0", 400, "limit", "1 to 10000"),
    ("locations?datetime=../..", 400, "datetime", "with .. for an open end"),
    ("../?bbox=1,2,3", 400, "bbox", "west,south,east,north"),
    ("../?datetime=now", 400, "datetime", "with .. for an open end"),
    ("?bbox=1,2,3,4", 400, "bbox", "f"),
    ("?f=html", 400, "f", "JSON"),
];

async fn what_the_standard_does_not_allow_is_a_problem_that_says_why(database: &TestDatabase) {
    fill(&*database.store, 2).await;
    let server = Server::start(database).await;
    for (path, status, parameter, allowed) in BAD {
        let path = format!("/edr/collections/observations/{path}")
            .replace("observations/../?", "?")
            .replace("/?", "?");
        let answer = server.get(&path).await;
        let problem = answer.json();
        assert_eq!((answer.status, &problem["status"]), (status, &status.into()), "{path}");
        assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
        assert_eq!(problem["parameter"], parameter, "{path}: {problem}");
        assert!(problem["allowed"].as_str().unwrap().contains(allowed), "{path}: {problem}");
        // As the standard has it.
        let code = if status == 404 { "NotFound" } else { "InvalidParameterValue" };
        assert_eq!(problem["code"], code, "{path}");
        assert!(problem["description"].as_str().unwrap().contains(allowed), "{path}: {problem}");
    }
    for path in ["/edr/collections/other", "/edr/nothing", "/edr/collections/observations/cube"] {
        assert_eq!(server.get(path).await.expect(404).json()["status"], 404, "{path}");
    }
    let refused = server.ask("/edr", &[("accept", "text/html")]).await.expect(406);
    assert_eq!(refused.json()["allowed"], "application/json");
    assert_eq!(refused.json()["code"], "NoApplicableCode");
    let many: Vec<_> = (0..1001).map(|n| format!("{}%20{}", f64::from(n) / 100.0, n % 2)).collect();
    let area = format!(
        "/edr/collections/observations/area?coords=POLYGON(({},5%2050,0%200))",
        many.join(",")
    );
    let problem = server.get(&area).await.expect(400).json();
    assert!(problem["detail"].as_str().unwrap().contains("has 1002 corners"), "{problem}");
    // Elsewhere problems are as they were.
    let other = server.get("/api/v1/sites/nowhere").await.expect(404).json();
    assert!(other["code"].is_null(), "{other}");
}

#[tokio::test]
async fn what_would_be_too_long_is_413_and_says_how_to_ask_for_less() {
    with_sqlite(async |database| {
        let store = &*database.store;
        let run = open_run(store).await;
        store.take_in_sites(&sites(1), hour()).await.unwrap();
        for batch in 0..11 {
            let slots =
                (0..1000).map(|slot| hour() - TimeDelta::minutes(batch * 10_000 + slot * 10));
            let results: Vec<_> = slots.map(|slot| collected(0, slot, full_values())).collect();
            store.load(&run, &results, hour()).await.unwrap();
        }
        let server = Server::start(database).await;
        let of = async |query: &str| {
            let path = "/edr/collections/observations/locations/site-00000";
            server.get(&format!("{path}?datetime={query}")).await
        };
        for query in [
            "../2026-11-25",
            "../2026-11-25&parameter-name=temperature_c",
            "2026-09-20/..&f=GeoJSON",
        ] {
            let problem = of(query).await.expect(413).json();
            assert!(
                problem["allowed"].as_str().unwrap().contains("a shorter datetime"),
                "{problem}"
            );
        }
        let most = of("2026-09-20/..&parameter-name=temperature_c").await.expect(200);
        assert!(most.body.len() > 200_000, "{}", most.body.len());
    })
    .await;
}
