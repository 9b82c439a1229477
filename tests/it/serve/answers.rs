//! Every endpoint beside SQL on the tables.

use serde_json::{Value, json};

use super::fill;
use crate::support::databases::{TestDatabase, on_both_databases, with_sqlite};
use crate::support::samples::{SOURCE, hour, open_run, sites};
use crate::support::server::{Answer, Server};
use crate::support::service::{Job, Service};

on_both_databases!(
    gaps_runs_and_status_say_what_the_job_left,
    sites_and_their_latest_observations_are_those_of_the_tables,
    a_series_is_the_same_in_every_form_and_every_division_into_pages,
    a_long_series_is_a_stream_and_lacks_nothing,
);

/// A row as JSON gives it, in the columns that [`rows_of_tables`] reads.
fn row(observation: &Value) -> String {
    let time = observation["observation_time"].as_str().unwrap().replace('T', " ");
    let cell = |name: &str| match &observation[name] {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string().trim_end_matches(".0").to_owned(),
        Value::Null => "-".to_owned(),
        other => panic!("{other}"),
    };
    let rest = ["temperature_c", "pressure_msl_hpa", "rain_1h_mm", "condition_id", "run_seq"];
    let cells = rest.map(cell).join("|");
    let description = cell("condition_description");
    let (site_id, source) = (cell("site_id"), cell("source"));
    format!("{site_id}|{source}|{}|{cells}|{description}", &time[..19])
}

fn rows(answer: &Answer) -> Vec<String> {
    answer.json()["observations"].as_array().unwrap().iter().map(row).collect()
}

/// The rows of the table, past our own code.
async fn rows_of_tables(database: &TestDatabase, condition: &str) -> Vec<String> {
    let cells = ["temperature_c", "pressure_msl_hpa", "rain_1h_mm", "condition_id", "run_seq"];
    let cells = cells.map(|name| format!("coalesce({name}, '-')")).join(", ");
    let sql = format!(
        "select concat_ws('|', site_id, source, replace(substr(observation_time, 1, 19), 'T', ' '), \
            {cells}, condition_description) from weather_observations where {condition} \
            order by site_id, source, observation_time"
    );
    database.lines(&sql).await
}

async fn gaps_runs_and_status_say_what_the_job_left(database: &TestDatabase) {
    let service = Service::with_faults(&["not_found@-84.75,-175"]).await;
    let report = Job::new(database, &service).run(&sites(3)).await;
    assert_eq!((report.counts.collected, report.counts.failed), (2, 1));
    let server = Server::start(database).await;
    let runs = server.get("/api/v1/runs").await.expect(200).json();
    let run = &runs["runs"][0];
    assert_eq!((&run["run_seq"], &run["outcome"]), (&json!(1), &json!("partial")));
    assert_eq!(run["errors_by_kind"], json!({"not_found": 1}));
    assert_eq!(runs["next_before"], Value::Null);
    let id = run["run_id"].as_str().unwrap();
    for path in [format!("/api/v1/runs/{id}"), "/api/v1/runs/1".into()] {
        assert_eq!(server.get(&path).await.expect(200).json(), *run);
    }
    let run_id = database.line("select run_id from ingestion_runs").await;
    assert_eq!(id, run_id);
    let status = server.get("/api/v1/status").await.expect(200).json();
    assert!(status["headline"].as_str().unwrap().starts_with("2 of 3 sites fresh; site-00000: "));
    assert_eq!((&status["fresh"], status["sites"].as_array().unwrap().len()), (&json!(2), 3));
    assert_eq!((&status["fresh_sites"], &status["total_sites"]), (&json!(2), &json!(3)));
    let gaps = server.get("/api/v1/gaps?source=openweathermap").await.expect(200).json();
    assert_eq!((&gaps["slots"], &gaps["sites"], &gaps["more"]), (&json!(1), &json!(1), &json!(0)));
    assert_eq!(gaps["slots_by_reason"], json!({"not_found": 1}));
    let gap = &gaps["gaps"][0];
    assert_eq!((&gap["site_id"], &gap["reason"]), (&json!("site-00000"), &json!("failed")));
    let other = server.get("/api/v1/gaps?site=site-00001").await.expect(200).json();
    assert_eq!(other["slots"], 0);
}

async fn sites_and_their_latest_observations_are_those_of_the_tables(database: &TestDatabase) {
    fill(&*database.store, 5).await;
    let server = Server::start(database).await;
    let listed = server.get("/api/v1/sites").await.expect(200).json();
    let cells = |site: &Value| {
        let text = |name: &str| site[name].as_str().unwrap().to_owned();
        let number = |name: &str| site[name].to_string().trim_end_matches(".0").to_owned();
        let (id, name, zone) = (text("site_id"), text("name"), text("timezone"));
        let place = [number("latitude"), number("longitude"), number("interval_minutes")].join("|");
        format!("{id}|{name}|{zone}|{place}|{}", site["tags"].as_array().unwrap().len())
    };
    let own: Vec<_> = listed["sites"].as_array().unwrap().iter().map(cells).collect();
    let sql = "select concat_ws('|', site_id, name, timezone, latitude, longitude, \
        interval_minutes, 1) from sites order by site_id";
    assert_eq!(own, database.lines(sql).await);
    let one = server.get("/api/v1/sites/site-00001").await.expect(200).json();
    assert_eq!(one, listed["sites"][1]);
    let newest = "(site_id, source, observation_time) in (select site_id, source, \
        max(observation_time) from weather_observations group by site_id, source)";
    let expected = rows_of_tables(database, newest).await;
    assert_eq!(expected.len(), 3);
    assert_eq!(rows(&server.get("/api/v1/latest").await.expect(200)), expected);
    let of_site = &expected[..2];
    assert_eq!(rows(&server.get("/api/v1/latest?site=site-00000").await), of_site);
    assert_eq!(rows(&server.get("/api/v1/sites/site-00000/latest").await), of_site);
    let nothing = server.get("/api/v1/sites/site-00002/latest").await.expect(200);
    assert_eq!(rows(&nothing), [""; 0]);
    // Who has left the sites file is not listed among the latest, and can still be asked for.
    database.store.take_in_sites(&sites(1), hour()).await.unwrap();
    open_run(&*database.store).await;
    assert_eq!(rows(&server.get("/api/v1/latest").await), of_site);
    assert_eq!(rows(&server.get("/api/v1/latest?site=site-00001").await), expected[2..]);
}

async fn a_series_is_the_same_in_every_form_and_every_division_into_pages(database: &TestDatabase) {
    fill(&*database.store, 30).await;
    let server = Server::start(database).await;
    let of = "/api/v1/sites/site-00000/observations";
    let expected = rows_of_tables(database, "site_id = 'site-00000'").await;
    assert_eq!(expected.len(), 60);
    let all = server.get(&format!("{of}?from=2026-11-23")).await.expect(200);
    assert_eq!(rows(&all), expected);
    assert_eq!(all.json()["next_cursor"], Value::Null);
    for limit in [1, 7, 30, 59, 60, 61] {
        let (mut joined, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("{of}?from=2026-11-23&limit={limit}{cursor}");
            let page = server.get(&path).await.expect(200);
            joined.extend(rows(&page));
            let Some(next) = page.json()["next_cursor"].as_str().map(str::to_owned) else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(joined, expected, "{limit}");
    }
    let path = format!("{of}?from=2026-11-23");
    let lines = server.ask(&path, &[("accept", "application/x-ndjson")]).await.expect(200);
    let own = lines.body.lines().map(|line| row(&serde_json::from_str(line).unwrap()));
    assert_eq!(own.collect::<Vec<_>>(), expected);
    let csv = server.ask(&path, &[("accept", "text/csv")]).await.expect(200);
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    let mut reader = csv::Reader::from_reader(csv.body.as_bytes());
    let records = reader.deserialize::<std::collections::BTreeMap<String, String>>();
    let values = records.map(|record| {
        let cell = |value: String| if value.is_empty() { Value::Null } else { value.into() };
        Value::Object(
            record.unwrap().into_iter().map(|(name, value)| (name, cell(value))).collect(),
        )
    });
    // A line break is a blank there.
    let in_csv: Vec<_> = expected.iter().map(|row| row.replace('\n', " ")).collect();
    assert_eq!(values.map(|value| row(&value)).collect::<Vec<_>>(), in_csv);
    // From a moment on, which is in it, up to another, which is not.
    let first = "2026-11-25T03:05:00Z";
    let part = format!("{of}?from={first}&to=2026-11-25T10:05:00%2B02:00&source={SOURCE}");
    let condition = "site_id = 'site-00000' and source = 'openweathermap' and \
        replace(substr(observation_time, 1, 19), 'T', ' ') >= '2026-11-25 03:05:00' and \
        replace(substr(observation_time, 1, 19), 'T', ' ') < '2026-11-25 08:05:00'";
    let expected = rows_of_tables(database, condition).await;
    assert_eq!(expected.len(), 5);
    assert_eq!(rows(&server.get(&part).await.expect(200)), expected);
    let fields = server.get(&format!("{part}&fields=humidity_pct")).await.expect(200).json();
    let keys: Vec<_> = fields["observations"][0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["humidity_pct", "observation_time", "site_id", "source"]);
}

async fn a_long_series_is_a_stream_and_lacks_nothing(database: &TestDatabase) {
    fill(&*database.store, 700).await;
    let server = Server::start(database).await;
    let path = "/api/v1/sites/site-00000/observations?from=2026-10-01&limit=10000";
    let answer = server.get(path).await.expect(200);
    assert!(answer.headers.get("content-length").is_none());
    assert!(answer.header("etag").starts_with("W/"), "{}", answer.header("etag"));
    assert_eq!(rows(&answer), rows_of_tables(database, "site_id = 'site-00000'").await);
    let unchanged = server.ask(path, &[("if-none-match", answer.header("etag"))]).await;
    assert_eq!((unchanged.status, &*unchanged.body), (304, ""));
}

#[tokio::test]
async fn the_metrics_tell_of_sites_failures_runs_and_requests() {
    with_sqlite(async |database| {
        fill(&*database.store, 5).await;
        let server = Server::start(database).await;
        server.get("/api/v1/sites/site-00001").await.expect(200);
        server.get("/api/v1/sites/nowhere").await.expect(404);
        server.get("/no/such/path").await.expect(404);
        let metrics = server.get("/metrics").await.expect(200).body;
        for line in [
            "weather_store_up 1",
            "weather_site_observation_age_seconds{site_id=\"site-00001\",source=\"openweathermap\"} 120.0",
            "weather_site_fresh{site_id=\"site-00002\",source=\"openweathermap\"} 0.0",
            "weather_site_success_ratio_24h{site_id=\"site-00002\",source=\"openweathermap\"} 0.0",
            "weather_failed_slots_24h{source=\"openweathermap\",error_kind=\"not_found\"} 5.0",
            "weather_http_requests_total{method=\"GET\",route=\"/api/v1/sites/{site_id}\",status=\"404\"} 1",
            "weather_http_requests_total{method=\"GET\",route=\"none\",status=\"404\"} 1",
        ] {
            assert!(metrics.lines().any(|own| own == line), "{line}\n{metrics}");
        }
        assert!(metrics.contains("weather_last_run_finished_timestamp_seconds{kind=\"etl\",source=\"openweathermap\",outcome=\"partial\"}"));
        assert!(metrics.ends_with("# EOF\n"));
    })
    .await;
}

#[tokio::test]
async fn answers_are_compressed_for_who_asks_and_a_head_has_no_body() {
    with_sqlite(async |database| {
        fill(&*database.store, 30).await;
        let server = Server::start(database).await;
        let path = "/api/v1/sites/site-00000/observations?from=2026-11-23";
        let plain = server.ask(path, &[("accept-encoding", "identity")]).await;
        let raw = |encoding: &'static str| {
            let (address, path) = (server.address.clone(), path.to_owned());
            async move { super::hostile::raw(&address, &format!(
                "GET {path} HTTP/1.1\r\nhost: x\r\naccept-encoding: {encoding}\r\nconnection: close\r\n\r\n"
            ).into_bytes()).await }
        };
        let compressed = raw("gzip").await;
        let head = String::from_utf8_lossy(&compressed).to_lowercase();
        assert!(head.contains("content-encoding: gzip") && head.contains("etag: w/"), "{head}");
        assert!(compressed.len() < plain.body.len() / 4);
        assert!(plain.header("etag").starts_with('"'));
        let tag = format!("W/{}", plain.header("etag"));
        assert_eq!(server.ask(path, &[("if-none-match", &tag)]).await.status, 304);
        let head = server.send("HEAD", path, &[]).await;
        assert_eq!((head.status, &*head.body), (200, ""));
    })
    .await;
}

#[tokio::test]
async fn an_answer_under_way_comes_to_its_end_when_the_server_ends() {
    with_sqlite(async |database| {
        fill(&*database.store, 700).await;
        let server = Server::start(database).await;
        let path = "/api/v1/sites/site-00000/observations?from=2026-10-01&limit=10000";
        let whole = server.get(path).await.expect(200).body;
        let mut answer = server.open(path).await;
        let mut body = answer.chunk().await.unwrap().unwrap().to_vec();
        server.end();
        while let Some(chunk) = answer.chunk().await.unwrap() {
            body.extend_from_slice(&chunk);
        }
        assert_eq!(body.len(), whole.len());
        assert!(tokio::net::TcpStream::connect(&server.address).await.is_err());
    })
    .await;
}
