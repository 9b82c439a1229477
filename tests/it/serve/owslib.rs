//! OWSLib, a client of OGC API – Environmental Data Retrieval that knows nothing of us, reads the
//! collection, its locations and their time series; every value is the table's.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde_json::{Value, json};
use weather_data_product::domain::{QUANTITIES, Quantity};

use super::of_source;
use crate::support::databases::{TestDatabase, on_both_databases};
use crate::support::program::repository_path;
use crate::support::samples::{collected, full_values, hour, open_run, run_end, sites};
use crate::support::server::Server;
use crate::support::service::{Job, Service};

on_both_databases!(owslib_reads_every_value_as_it_is_in_the_table);

/// What `scripts/read-edr` reads.
async fn read(server: &Server) -> Value {
    let url = format!("http://{}/edr", server.address);
    let mut script = tokio::process::Command::new(repository_path("scripts/read-edr"));
    let ran = script.arg(url).output().await.unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    serde_json::from_slice(&ran.stdout).unwrap()
}

/// A value as [`table`] reads it.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        number => number.to_string().trim_end_matches(".0").to_owned(),
    }
}

/// The rows of a coverage: time and the value of every quantity named.
fn rows(coverage: &Value, names: &[&str]) -> Vec<String> {
    let times = coverage["domain"]["axes"]["t"]["values"].as_array().unwrap();
    let ranges = coverage["ranges"].as_object().unwrap();
    assert_eq!(ranges.len(), names.len());
    let row = |(number, time): (usize, &Value)| {
        let values = names.iter().map(|name| cell(&ranges[*name]["values"][number]));
        let time = time.as_str().unwrap().trim_end_matches('Z').replace('T', " ");
        format!("{time}|{}", values.collect::<Vec<_>>().join("|"))
    };
    times.iter().enumerate().map(row).collect()
}

/// The same of the table, past our own code.
async fn table(database: &TestDatabase, site: &str, names: &[&str]) -> Vec<String> {
    let cells: Vec<_> = names.iter().map(|name| format!("coalesce({name}, '-')")).collect();
    let sql = format!(
        "select concat_ws('|', replace(substr(observation_time, 1, 19), 'T', ' '), {}) \
            from weather_observations where site_id = '{site}' and source = 'openweathermap' \
            order by observation_time",
        cells.join(", ")
    );
    database.lines(&sql).await
}

/// What the job collects in six hours, some of it of a sunny place, where no rain is no value; and
/// an observation that a second source made.
async fn fill(database: &TestDatabase) {
    let store = &*database.store;
    let service = Service::with_faults(&[]).await;
    for ago in (0..6).rev() {
        service.set_time(hour() - TimeDelta::hours(ago) + TimeDelta::minutes(7));
        Job::new(database, &service).run(&sites(40)).await;
    }
    let run = open_run(store).await;
    let other = of_source("open-meteo", collected(0, hour(), full_values()));
    store.load(&run, &[other], hour()).await.unwrap();
    store.close_run(&run, &run_end(Default::default())).await.unwrap();
}

async fn owslib_reads_every_value_as_it_is_in_the_table(database: &TestDatabase) {
    fill(database).await;
    let server = Server::start(database).await;
    let read = read(&server).await;
    let names: Vec<_> = QUANTITIES.iter().map(Quantity::name).collect();
    check_collection(database, &read["collection"]).await;
    let known = database.lines("select site_id from sites order by site_id").await;
    let locations = read["locations"]["features"].as_array().unwrap();
    assert_eq!(
        locations.iter().map(|site| &site["id"]).collect::<Vec<_>>(),
        known.iter().collect::<Vec<_>>()
    );
    let (mut values, mut absent) = (0, 0);
    for site in &known {
        let series = &read["series"][site];
        let expected = table(database, site, &names).await;
        assert!(expected.len() >= 2, "{site}");
        assert_eq!(rows(series, &names), expected, "{site}");
        assert_eq!(series["domain"], read["positions"][site]["domain"]);
        assert_eq!(series["ranges"], read["positions"][site]["ranges"]);
        let two = ["rain_1h_mm", "temperature_c"];
        assert_eq!(rows(&read["named"][site], &two), table(database, site, &two).await);
        values += expected.len() * names.len();
        absent += expected.join("|").split('|').filter(|cell| *cell == "-").count();
    }
    for kind in ["areas", "circles"] {
        let answers = read[kind].as_object().unwrap();
        assert_eq!(answers.len(), 5, "{kind}");
        for (site, answer) in answers {
            let [only] = &answer["coverages"].as_array().unwrap()[..] else { panic!("{answer}") };
            assert_eq!(only["ranges"], read["series"][site]["ranges"], "{kind} {site}");
        }
    }
    assert!(absent > 100 && values > 1000, "{absent} of {values} values are absent");
    println!("{values} values of {} sites, {absent} of them absent", known.len());
}

async fn check_collection(database: &TestDatabase, collection: &Value) {
    let units: BTreeMap<_, _> = QUANTITIES.iter().map(|own| (own.name(), own.unit.code)).collect();
    for (name, code) in units {
        let parameter = &collection["parameter_names"][name];
        assert_eq!(parameter["unit"]["symbol"]["value"], code, "{name}");
        assert!(parameter["observedProperty"]["id"].as_str().unwrap().starts_with("http"));
    }
    let whole = "select concat_ws('|', min(longitude), min(latitude), max(longitude), \
        max(latitude)) from sites";
    let bbox = collection["extent"]["spatial"]["bbox"][0].as_array().unwrap();
    let bbox: Vec<_> = bbox.iter().map(cell).collect();
    assert_eq!(bbox.join("|"), database.line(whole).await);
    let whole = "select concat_ws('|', replace(substr(min(observation_time), 1, 19), 'T', ' '), \
        replace(substr(max(observation_time), 1, 19), 'T', ' ')) from weather_observations";
    let interval = &collection["extent"]["temporal"]["interval"][0];
    let text = |time: &Value| time.as_str().unwrap()[..19].replace('T', " ");
    assert_eq!(
        format!("{}|{}", text(&interval[0]), text(&interval[1])),
        database.line(whole).await
    );
    assert_eq!(collection["output_formats"], json!(["CoverageJSON", "GeoJSON"]));
}
