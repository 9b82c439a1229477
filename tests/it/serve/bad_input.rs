//! Bad input, and what it gets: a problem that names the parameter and what is allowed.

use weather_data_product::serve::access::Access;
use weather_data_product::store::StoreSettings;

use super::fill;
use super::hostile::raw;
use crate::support::databases::{TestDatabase, on_both_databases, with_mysql};
use crate::support::proxy::Proxy;
use crate::support::server::Server;

on_both_databases!(what_cannot_be_answered_is_a_problem_that_says_why);

/// Path, status, parameter, and what the allowed values contain.
const BAD: [(&str, u16, &str, &str); 78] = [
    ("sites/nowhere", 404, "site_id", "/api/v1/sites"),
    ("sites/Nowhere!", 404, "site_id", "/api/v1/sites"),
    ("sites/%ff", 404, "site_id", "/api/v1/sites"),
    ("sites/..%2f..%2fetc", 404, "site_id", "/api/v1/sites"),
    ("sites/nowhere/latest", 404, "site_id", "/api/v1/sites"),
    ("sites/nowhere/observations", 404, "site_id", "/api/v1/sites"),
    ("latest?site=nowhere", 404, "site", "/api/v1/sites"),
    ("latest?site=", 400, "site", "1 to 200 of ids of sites, as in mad-retiro, by commas"),
    ("latest?site=site-00000,", 400, "site", "1 to 200 of ids"),
    ("gaps?site=nowhere", 404, "site", "/api/v1/sites"),
    ("sites?site=site-00000,nowhere", 404, "site", "/api/v1/sites"),
    ("hourly?site=nowhere", 404, "site", "/api/v1/sites"),
    ("hourly?site=Madrid!", 400, "site", "1 to 200 of ids"),
    ("daily?site=a&site=b", 400, "site", "one value"),
    ("observations?bbox=1,2,3", 400, "bbox", "west,south,east,north"),
    ("hourly?bbox=0,45,5,35", 400, "bbox", "south not above north"),
    ("latest?bbox=0,0,0,91", 400, "bbox", "west,south,east,north"),
    ("hourly?country=Spain", 400, "country", "two letters of ISO 3166-1"),
    ("sites?country=E1", 400, "country", "two letters"),
    ("gaps?tag=", 400, "tag", "tags of 1 to 64 characters"),
    ("latest?in_file=maybe", 400, "in_file", "true, false"),
    ("daily?hdd_base=40", 400, "hdd_base", "0 to 30"),
    ("daily?cdd_base=warm", 400, "cdd_base", "0 to 30"),
    ("daily?hdd_base=NaN", 400, "hdd_base", "0 to 30"),
    ("hourly?hdd_base=18", 400, "hdd_base", "from, to, source, fields, limit, cursor, format, bom"),
    ("hourly?format=xlsx", 400, "format", "json, ndjson, csv, parquet"),
    ("hourly?format=geojson", 400, "format", "json, ndjson, csv, parquet"),
    ("sites?format=xlsx", 400, "format", "json, ndjson, csv, parquet, geojson"),
    ("status?format=parquet", 400, "format", "json, csv"),
    ("latest?bom=true", 400, "bom", "false, or format=csv"),
    ("latest?bom=true&format=json", 400, "bom", "false, or format=csv"),
    ("hourly?fields=rain", 400, "fields", "rain_1h_mm"),
    ("daily?fields=temperature_c", 400, "fields", "temperature_mean_c"),
    ("latest?fields=place", 400, "fields", "site_name"),
    ("hourly?from=2024-01-01&to=2026-01-01", 400, "to", "up to 2025-01-01"),
    ("daily?from=2026-01-01&to=2027-01-02", 400, "to", "2026-01-01 to 2027-01-01"),
    ("observations?limit=99999", 400, "limit", "1 to 10000"),
    ("observations?cursor=openweathermap.5", 400, "cursor", "next_cursor"),
    ("hourly?cursor=site-00000.x", 400, "cursor", "next_cursor"),
    ("runs/77", 404, "id", "/api/v1/runs"),
    ("runs/0", 404, "id", "/api/v1/runs"),
    ("runs/01", 404, "id", "/api/v1/runs"),
    ("runs/x'%20or%201=1", 404, "id", "/api/v1/runs"),
    ("sites?limit=5", 400, "limit", "site, tag, country, bbox, in_file, format, bom"),
    ("latest?fields=temperature", 400, "fields", "temperature_c, feels_like_c"),
    ("latest?fields=row_hash", 400, "fields", "temperature_c"),
    ("latest?fields=", 400, "fields", "temperature_c"),
    ("status?a=b", 400, "a", "format, bom"),
    ("runs?limit=0", 400, "limit", "1 to 1000"),
    ("runs?limit=1001", 400, "limit", "1 to 1000"),
    ("runs?before=0", 400, "before", "1 to "),
    ("gaps?limit=many", 400, "limit", "1 to 1000"),
    ("gaps?from=yesterday", 400, "from", "a day as in"),
    ("gaps?from=2026-11-02&to=2026-11-01", 400, "to", "2026-11-02 or later"),
    ("gaps?from=2026-10-01&to=2026-11-01", 400, "to", "2026-10-01 to 2026-10-31"),
    ("gaps?source=Mars", 400, "source", "lower-case"),
    (OF_SITE, 400, "to", "a time after 2026-11-25T00:00:00Z"),
    ("sites/site-00000/observations?from=now", 400, "from", "2026-11-25T08:00:00Z"),
    ("sites/site-00000/observations?from=2024-01-01&to=2026-01-01", 400, "to", "up to 2025-01-01"),
    ("sites/site-00000/observations?limit=0", 400, "limit", "1 to 10000"),
    ("sites/site-00000/observations?limit=99999", 400, "limit", "1 to 10000"),
    ("sites/site-00000/observations?limit=1&limit=2", 400, "limit", "one value"),
    ("sites/site-00000/observations?cursor=x", 400, "cursor", "next_cursor"),
    ("sites/site-00000/observations?form=2026", 400, "form", "from, to, source, fields, limit"),
    ("sites/nowhere/hourly", 404, "site_id", "/api/v1/sites"),
    ("sites/nowhere/daily", 404, "site_id", "/api/v1/sites"),
    ("sites/Nowhere!/daily", 404, "site_id", "/api/v1/sites"),
    ("sites/site-00000/hourly?limit=5", 400, "limit", "from, to, source"),
    ("sites/site-00000/hourly?from=now", 400, "from", "2026-11-25T08:00:00Z"),
    ("sites/site-00000/hourly?from=2024-01-01&to=2026-01-01", 400, "to", "up to 2025-01-01"),
    ("sites/site-00000/hourly?from=2026-01-01&to=2026-01-01", 400, "to", "a time after 2026"),
    ("sites/site-00000/hourly?source=Mars", 400, "source", "lower-case"),
    ("sites/site-00000/daily?fields=rain", 400, "fields", "rain_sum_mm"),
    ("sites/site-00000/daily?from=2026-11-25T08:00:00Z", 400, "from", "a day as in"),
    ("sites/site-00000/daily?from=2026-11-02&to=2026-11-01", 400, "to", "2026-11-02 or later"),
    ("sites/site-00000/daily?from=2026-01-01&to=2027-01-02", 400, "to", "2026-01-01 to 2027-01-01"),
    ("sites/site-00000/daily?to=2026-1-1", 400, "to", "a day as in"),
    ("sites/site-00000/daily?source=", 400, "source", "lower-case"),
];

const OF_SITE: &str = "sites/site-00000/observations?from=2026-11-25&to=2026-11-25";

async fn what_cannot_be_answered_is_a_problem_that_says_why(database: &TestDatabase) {
    fill(&*database.store, 2).await;
    let server = Server::start(database).await;
    for (path, status, parameter, allowed) in BAD {
        let answer = server.get(&format!("/api/v1/{path}")).await;
        let problem = answer.json();
        assert_eq!(answer.status, status, "{path}: {problem}");
        assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
        assert_eq!(
            (&problem["status"], &problem["parameter"]),
            (&status.into(), &parameter.into())
        );
        assert!(problem["allowed"].as_str().unwrap().contains(allowed), "{path}: {problem}");
    }
    let many = vec!["site-00000"; 201].join(",");
    let problem = server.get(&format!("/api/v1/hourly?site={many}")).await.expect(400).json();
    assert_eq!(problem["detail"], "site: has 201 items");
    let named = server.get("/api/v1/hourly?site=site-00000,nowhere").await.expect(404).json();
    assert_eq!(named["detail"], "site: no site has the id `nowhere`");
    let refused = [
        ("GET", "/api/v1/nothing", &[][..], 404),
        ("GET", "/nothing", &[], 404),
        ("POST", "/api/v1/sites", &[], 405),
        ("DELETE", "/api/v1/sites/site-00000", &[], 405),
        ("PROPFIND", "/healthz", &[], 405),
        ("GET", "/api/v1/sites", &[("accept", "text/html")], 406),
        ("GET", "/api/v1/latest", &[("accept", "image/png, application/json;q=0")], 406),
        ("GET", "/api/v1/events", &[("accept", "application/json")], 406),
    ];
    for (method, path, headers, status) in refused {
        let answer = server.send(method, path, headers).await;
        let problem = answer.json();
        assert_eq!((answer.status, &problem["status"]), (status, &status.into()), "{path}");
        assert!(problem["allowed"].is_string(), "{path}: {problem}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        if status == 405 {
            assert!(answer.header("allow").starts_with("GET"), "{path}");
        }
    }
    let head = "HTTP/1.1\r\nhost: x\r\nconnection: close\r\n";
    let body = format!("GET /api/v1/sites {head}content-length: 999999\r\n\r\n");
    let answer = raw(&server.address, body.as_bytes()).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("0 to 16384 bytes"), "{answer}");
}

#[tokio::test]
async fn a_store_that_is_away_is_503_and_nothing_is_told_of_it() {
    with_mysql(async |database| {
        fill(&*database.store, 2).await;
        let proxy = Proxy::to(&database.url).await;
        let store = StoreSettings::at(&proxy.url).open_reader().await.unwrap();
        let server = Server::of(store, Access::Open).await;
        server.get("/readyz").await.expect(200);
        server.get("/api/v1/latest").await.expect(200);
        proxy.close();
        let paths = [
            "/readyz",
            "/api/v1/latest",
            "/api/v1/sites",
            "/api/v1/status",
            "/api/v1/gaps",
            "/api/v1/sites/site-00000/hourly",
            "/api/v1/sites/site-00000/daily",
            "/api/v1/observations",
            "/api/v1/hourly?format=csv",
            "/api/v1/daily?format=parquet",
            "/edr",
            "/edr/collections/observations/locations",
        ];
        for path in paths {
            let answer = server.get(path).await.expect(503);
            assert_eq!(answer.header("retry-after"), "10", "{path}");
            let detail = answer.json()["detail"].clone();
            assert_eq!(detail, "the store cannot be asked at present", "{path}");
        }
        server.get("/healthz").await.expect(200);
        assert!(server.get("/metrics").await.expect(200).body.contains("weather_store_up 0"));
        proxy.open_again();
        server.get("/readyz").await.expect(200);
        server.get("/api/v1/latest").await.expect(200);
    })
    .await;
}
