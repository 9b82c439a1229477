//! Nothing stale is answered: whoever asks after a run has ended sees what it wrote.

use std::sync::atomic::{AtomicBool, Ordering};

use chrono::TimeDelta;
use futures::future::join;
use serde_json::Value;
use weather_data_product::domain::RunCounts;
use weather_data_product::store::{Run, RunStart, Store};

use super::fill;
use crate::support::databases::{TestDatabase, on_both_databases, with_sqlite};
use crate::support::samples::{
    LONG_LEASE, collected, full_values, hour, open_run, opened, run_end, run_start,
};
use crate::support::server::Server;

on_both_databases!(
    an_answer_is_the_same_until_a_run_has_written_something,
    of_two_runs_at_once_the_one_that_ends_last_is_seen_too,
    while_runs_come_and_go_nobody_sees_less_than_the_last_that_ended,
    after_the_return_to_a_backup_a_run_of_the_same_number_is_another,
);

/// Writes one observation of site 1, so many minutes after those that are there.
async fn load(store: &dyn Store, run: &Run, minutes: i64) {
    let slot = hour() + TimeDelta::minutes(minutes);
    store.load(run, &[collected(1, slot, full_values())], slot).await.unwrap();
}

async fn end(store: &dyn Store, run: &Run) {
    store.close_run(run, &run_end(RunCounts::default())).await.unwrap();
}

const LATEST: &str = "/api/v1/sites/site-00001/latest?fields=temperature_c";

fn newest(answer: &Value) -> String {
    answer["observations"][0]["observation_time"].as_str().unwrap().to_owned()
}

async fn an_answer_is_the_same_until_a_run_has_written_something(database: &TestDatabase) {
    let store = &*database.store;
    fill(store, 3).await;
    let server = Server::start(database).await;
    let first = server.get(LATEST).await.expect(200);
    let tag = first.header("etag").to_owned();
    assert_eq!(first.header("cache-control"), "private, no-cache");
    for given in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}")] {
        let same = server.ask(LATEST, &[("if-none-match", &given)]).await;
        assert_eq!((same.status, &*same.body, same.header("etag")), (304, "", &*tag));
    }
    let nobody = "/api/v1/sites/nowhere/latest";
    server.ask(nobody, &[("if-none-match", "*")]).await.expect(404);
    let again = server.ask(LATEST, &[("if-none-match", "\"other\"")]).await.expect(200);
    assert_eq!((&again.body, again.header("etag")), (&first.body, &*tag));
    let other = server.get(&format!("{LATEST},humidity_pct")).await.expect(200);
    assert_ne!(other.header("etag"), tag);
    let csv = server.ask(LATEST, &[("accept", "text/csv")]).await.expect(200);
    assert_ne!(csv.header("etag"), tag);
    let run = open_run(store).await;
    load(store, &run, 10).await;
    end(store, &run).await;
    let later = server.ask(LATEST, &[("if-none-match", &tag)]).await.expect(200);
    assert_eq!(newest(&later.json()), "2026-11-25T08:15:00Z");
    assert_ne!(later.header("etag"), tag);
}

async fn of_two_runs_at_once_the_one_that_ends_last_is_seen_too(database: &TestDatabase) {
    let store = &*database.store;
    fill(store, 3).await;
    let server = Server::start(database).await;
    let first = open_run(store).await;
    let start = RunStart { kind: "other", ..run_start("0/1", LONG_LEASE) };
    let second = opened(store.start_run(&start).await.unwrap());
    assert!(first.run_seq < second.run_seq);
    end(store, &second).await;
    let before = server.get(LATEST).await.expect(200);
    load(store, &first, 10).await;
    end(store, &first).await;
    let after = server.get(LATEST).await.expect(200);
    assert_ne!(newest(&before.json()), newest(&after.json()));
}

async fn while_runs_come_and_go_nobody_sees_less_than_the_last_that_ended(database: &TestDatabase) {
    let store = &*database.store;
    fill(store, 3).await;
    // Later than all that is observed.
    let server = Server::at(database, hour() + TimeDelta::hours(1)).await;
    let is_over = AtomicBool::new(false);
    let writing = async {
        for minutes in 1..=20 {
            let run = open_run(store).await;
            load(store, &run, minutes).await;
            end(store, &run).await;
            let expected = hour() + TimeDelta::minutes(minutes + 5);
            let expected = expected.format("%FT%TZ").to_string();
            assert_eq!(newest(&server.get(LATEST).await.expect(200).json()), expected);
        }
        is_over.store(true, Ordering::Relaxed);
    };
    let asking = async {
        let mut last = String::new();
        while !is_over.load(Ordering::Relaxed) {
            let now = newest(&server.get(LATEST).await.expect(200).json());
            assert!(now >= last, "{now} after {last}");
            last = now;
        }
    };
    join(writing, asking).await;
}

async fn after_the_return_to_a_backup_a_run_of_the_same_number_is_another(database: &TestDatabase) {
    let store = &*database.store;
    fill(store, 3).await;
    database.back_up().await;
    let server = Server::start(database).await;
    let mut answers = Vec::new();
    for minutes in [20, 10] {
        let run = open_run(store).await;
        load(store, &run, minutes).await;
        end(store, &run).await;
        answers.push(server.get(LATEST).await.expect(200));
        database.restore().await;
    }
    assert_eq!(newest(&answers[1].json()), "2026-11-25T08:15:00Z");
    assert_ne!(answers[0].header("etag"), answers[1].header("etag"));
}

#[tokio::test]
async fn who_listens_is_told_of_each_run_that_ends_and_of_the_end_of_the_server() {
    with_sqlite(async |database| {
        let store = &*database.store;
        fill(store, 1).await;
        let server = Server::start(database).await;
        let open = open_run(store).await;
        let mut listening = server.open("/api/v1/events").await;
        assert_eq!(listening.headers()["content-type"], "text/event-stream");
        // nginx would collect them.
        assert_eq!(listening.headers()["x-accel-buffering"], "no");
        let first = listening.chunk().await.unwrap().unwrap();
        assert_eq!(first, ": listening\n\n");
        // The first look at the store may come after this.
        let mut text = String::new();
        let mut open = Some(open);
        while !text.contains("event: run") {
            if let Some(run) = open.take() {
                end(store, &run).await;
            } else {
                let run = open_run(store).await;
                end(store, &run).await;
            }
            text.push_str(std::str::from_utf8(&listening.chunk().await.unwrap().unwrap()).unwrap());
        }
        let data = text.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
        let run: Value = serde_json::from_str(data).unwrap();
        assert_eq!(run["status"], "closed");
        assert!(text.contains(&format!("id: {}\n", run["run_seq"])), "{text}");
        server.end();
        while listening.chunk().await.unwrap().is_some() {}
    })
    .await;
}
