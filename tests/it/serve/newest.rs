//! What stands in the store with a time that has not come: nothing shows it as the newest, and no age is
//! below zero.

use chrono::TimeDelta;
use serde_json::Value;
use weather_data_product::domain::RunCounts;

use crate::support::databases::{TestDatabase, on_both_databases};
use crate::support::samples::{full_values, hour, observed, open_run, run_end, site, sites, time};
use crate::support::server::Server;
use crate::support::service::{Job, Service};

on_both_databases!(
    a_run_says_how_old_the_newest_is_whatever_lies_ahead,
    nothing_that_is_of_a_time_to_come_is_shown_as_the_newest,
    times_may_be_without_seconds,
);

const FAR: &str = "9999-12-31T23:59:00Z";

/// Three sites: one that was observed three hours ago, and said by mistake a time far ahead, three years
/// and three hours from now; one whose clock is ten minutes ahead; one that said a wrong time only.
async fn fill(database: &TestDatabase) {
    let store = &*database.store;
    let ago = |hours| hour() - TimeDelta::hours(hours);
    store.take_in_sites(&sites(3), ago(9)).await.unwrap();
    let run = open_run(store).await;
    let batch = [
        observed(0, ago(3), ago(3), full_values()),
        observed(0, ago(2), hour() + TimeDelta::days(1095), full_values()),
        observed(0, ago(1), time(FAR), full_values()),
        observed(0, hour(), ago(-3), full_values()),
        observed(1, hour(), hour() + TimeDelta::minutes(17), full_values()),
        observed(2, hour(), hour() + TimeDelta::minutes(23), full_values()),
    ];
    store.load(&run, &batch, hour()).await.unwrap();
    store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
}

async fn nothing_that_is_of_a_time_to_come_is_shown_as_the_newest(database: &TestDatabase) {
    fill(database).await;
    // Seven minutes past the hour.
    let server = Server::start(database).await;
    let status = server.get("/api/v1/status").await.expect(200).json();
    let of_sites = |name: &str| {
        let sites = status["sites"].as_array().unwrap().iter();
        sites.map(|site| site[name].clone()).collect::<Vec<_>>()
    };
    assert_eq!(
        of_sites("last_observation_time"),
        [Value::from("2026-11-25T05:00:00Z"), "2026-11-25T08:17:00Z".into(), Value::Null]
    );
    assert_eq!(of_sites("age_s"), [Value::from(11_220), 0.into(), Value::Null]);
    assert_eq!(of_sites("fresh"), [false, true, false]);

    let times = |answer: Value| {
        let rows = answer["observations"].as_array().unwrap().clone();
        rows.iter().map(|row| row["observation_time"].clone()).collect::<Vec<_>>()
    };
    let latest = server.get("/api/v1/latest").await.expect(200).json();
    assert_eq!(times(latest), ["2026-11-25T05:00:00Z", "2026-11-25T08:17:00Z"]);
    let of_site = server.get("/api/v1/sites/site-00000/latest").await.expect(200).json();
    assert_eq!(times(of_site), ["2026-11-25T05:00:00Z"]);

    let places = server.get("/edr/collections/observations/locations").await.expect(200).json();
    let spans = places["features"].as_array().unwrap().iter();
    let spans: Vec<_> = spans.map(|place| place["properties"]["datetime"].clone()).collect();
    let moment = |text: &str| Value::from(format!("{text}/{text}"));
    let known = [moment("2026-11-25T05:00:00Z"), moment("2026-11-25T08:17:00Z"), Value::Null];
    assert_eq!(spans, known);
    let collection = server.get("/edr/collections/observations").await.expect(200).json();
    let extent = &collection["extent"]["temporal"]["interval"][0][1];
    assert_eq!(extent, "2026-11-25T08:17:00Z");

    let metrics = server.get("/metrics").await.expect(200).body;
    let ages = metrics.lines().filter(|line| line.contains("observation_age_seconds{"));
    let ages: Vec<f64> =
        ages.map(|line| line.rsplit(' ').next().unwrap().parse().unwrap()).collect();
    assert_eq!((ages.len(), ages.iter().all(|age| *age >= 0.0)), (2, true), "{metrics}");

    // A number and its unit stand on one line.
    let page = async |path: &str| server.get(path).await.expect(200).body.replace('\u{a0}', " ");
    let overview = page("/").await;
    for text in ["1 of 3 sites is fresh", "3 h 7 min", "just now", "never"] {
        assert!(overview.contains(text), "{text}: {overview}");
    }
    // The last hour that was believed, and not that of the far time.
    let page = page("/sites/site-00000").await;
    assert!(page.contains("3 h 7 min") && !page.contains("just now"), "{page}");
    // When its time has come it is the newest, though no run has ended since.
    let later = Server::at(database, hour() + TimeDelta::hours(3)).await;
    let latest = later.get("/api/v1/sites/site-00000/latest").await.expect(200).json();
    assert_eq!(times(latest), ["2026-11-25T11:00:00Z"]);
}

async fn a_run_says_how_old_the_newest_is_whatever_lies_ahead(database: &TestDatabase) {
    fill(database).await;
    database.execute("delete from weather_observations where site_id = 'site-00001'").await;
    let service = Service::with_faults(&["not_found@-84.75,-175"]).await;
    let report = Job::new(database, &service).run(&[site(0)]).await;
    assert_eq!(report.newest_observation_time, Some(hour() - TimeDelta::hours(3)));
}

async fn times_may_be_without_seconds(database: &TestDatabase) {
    super::fill(&*database.store, 30).await;
    let server = Server::start(database).await;
    let of = "/api/v1/sites/site-00000";
    for path in ["observations", "hourly"] {
        let asked = async |from: &str, to: &str| {
            let path = format!("{of}/{path}?from={from}&to={to}");
            server.get(&path).await.expect(200).body
        };
        let whole = asked("2026-11-25T00:00:00Z", "2026-11-25T06:00:00Z").await;
        for (from, to) in [
            ("2026-11-25T00:00Z", "2026-11-25T06:00Z"),
            ("2026-11-25T02:00%2B02:00", "2026-11-25T06:00+00:00"),
            ("2026-11-25", "2026-11-25T05:00-01:00"),
        ] {
            assert_eq!(asked(from, to).await, whole, "{path}: {from}");
        }
        let shorter = asked("2026-11-25T00:06Z", "2026-11-25T05:59Z").await;
        assert_ne!(shorter, whole);
        for wrong in ["2026-11-25T24:00Z", "2026-11-25T00:60Z", "2026-11-25T00:00"] {
            let refused = server.get(&format!("{of}/{path}?from={wrong}")).await.expect(400);
            assert_eq!(refused.json()["parameter"], "from");
        }
    }
    let edr = async |datetime: &str| {
        let path = "/edr/collections/observations/locations/site-00000";
        server.get(&format!("{path}?datetime={datetime}")).await.expect(200).body
    };
    let whole = edr("2026-11-25T00:00:00Z/2026-11-25T06:05:00Z").await;
    assert_eq!(edr("2026-11-25T00:00Z/2026-11-25T06:05Z").await, whole);
    assert_eq!(edr("2026-11-25T02:00%2B02:00/2026-11-25T06:05Z").await, whole);
}
