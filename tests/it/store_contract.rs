//! What every store promises, on each database.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt as _;
use futures::future::join_all;
use proptest::collection::vec;
use proptest::strategy::{Just, Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use weather_data_product::columnar::Row;
use weather_data_product::domain::observation::Values;
use weather_data_product::domain::run::{StopKind, StopReason};
use weather_data_product::domain::tables::WEATHER_OBSERVATIONS;
use weather_data_product::domain::{
    ErrorKind, Interval, Outcome, RunCounts, SlotOutcome, SlotResult, ValueKind, row_hash,
};
use weather_data_product::store::{
    Rows, Run, RunEnd, RunStart, RunVersion, Start, Store, StoreError, StoreSettings,
};

use crate::support::databases::{TestDatabase, on_both_databases};
use crate::support::samples::{
    LONG_LEASE, SOURCE, collected, failed, full_values, healed, hour, observed, of_source,
    open_run, opened, run_end, run_start, site, site_id, sites,
};

mod budget;
mod forecasts;
mod newest;

on_both_databases!(
    a_batch_written_twice_leaves_what_it_left_the_first_time,
    a_beating_run_is_not_set_aside,
    a_heartbeat_from_before_the_clock_was_set_back_holds_no_lock,
    a_later_run_takes_the_row_over_and_leaves_its_creation,
    a_pause_is_not_shortened,
    a_run_is_found_by_its_number_and_by_the_beginning_of_its_id,
    a_run_past_its_lease_is_set_aside_and_commits_nothing_more,
    a_value_that_is_no_number_is_refused_by_name_and_nothing_is_written,
    silent_runs_of_any_kind_are_set_aside_and_those_at_work_are_not,
    the_backlog_is_of_ended_runs_between_two_numbers,
    a_schema_newer_than_the_program_is_refused,
    a_series_is_bounded_and_in_order_and_the_latest_of_each_source_is_found,
    a_slot_once_collected_does_not_become_failed,
    a_site_that_was_there_before_its_spans_were_kept_has_one,
    a_slot_filled_by_another_source_says_by_which,
    a_slot_that_cannot_be_filled_is_settled_and_only_an_observation_replaces_it,
    a_start_repeated_after_a_lost_answer_is_the_same_run,
    a_value_that_is_healed_takes_no_live_ones_place,
    an_absent_value_replaces_a_present_one,
    an_open_run_is_the_lock_of_its_shard,
    another_division_of_the_sites_conflicts_with_all,
    closing_writes_the_report_and_may_be_repeated,
    every_value_comes_back_as_it_was_loaded,
    migrating_again_applies_nothing,
    of_many_starts_at_once_one_is_opened_and_no_number_is_lost,
    only_collected_and_finally_failed_slots_are_settled,
    site_states_tell_freshness_rate_and_the_present_failure,
    runs_and_sites_are_read_back_by_pages_and_by_name,
    runs_that_a_source_stopped_are_told_by_their_stop_kind,
    an_open_run_is_the_lock_of_its_kind_and_source,
    spans_tell_when_a_site_was_in_the_file_and_at_which_interval,
    temperatures_are_those_of_the_observations_that_fill_the_slots,
    the_ledger_of_a_site_and_source_is_read_in_order,
    the_slots_of_a_time_are_read_with_the_observations_that_fill_them,
    the_order_of_upserts_does_not_matter,
    the_site_table_follows_the_file_and_deletes_nothing,
    the_version_changes_with_whatever_a_run_commits,
    two_slots_may_point_at_one_observation,
    what_the_store_is_can_be_said,
);

async fn migrating_again_applies_nothing(database: &TestDatabase) {
    assert_eq!(database.store.migrate().await.unwrap(), Vec::<i64>::new());
    database.store.check_schema().await.unwrap();
    database.store.check_privileges().await.unwrap();
}

async fn a_schema_newer_than_the_program_is_refused(database: &TestDatabase) {
    database
        .execute(
            "insert into _sqlx_migrations (version, description, success, checksum, execution_time) \
            values (9999, 'from the future', true, '', 0)",
        )
        .await;
    for result in [database.store.migrate().await.map(drop), database.store.check_schema().await] {
        assert!(matches!(result, Err(StoreError::SchemaTooNew { found: 9999, .. })), "{result:?}");
    }
}

async fn what_the_store_is_can_be_said(database: &TestDatabase) {
    let facts = database.reads.facts().await.unwrap();
    assert_eq!(facts.store_id.len(), 36, "{facts:?}");
    assert!(facts.version.starts_with("MySQL ") || facts.version.starts_with("SQLite "));
    assert!((facts.now - chrono::Utc::now()).abs() < TimeDelta::seconds(60));
}

async fn every_value_comes_back_as_it_was_loaded(database: &TestDatabase) {
    let run = open_run(&*database.store).await;
    let result = collected(1, hour(), full_values());
    let hash = row_hash(result.outcome.observation().unwrap());
    database.store.load(&run, &[result], hour() + TimeDelta::microseconds(7)).await.unwrap();
    let row = database
        .line(
            "select concat_ws('|', site_id, source, temperature_c, feels_like_c, \
                temperature_area_min_c, temperature_area_max_c, humidity_pct, pressure_msl_hpa, \
                pressure_ground_hpa, wind_speed_ms, wind_gust_ms, wind_direction_deg, \
                cloud_cover_pct, visibility_m, rain_1h_mm, rain_3h_mm, snow_1h_mm, snow_3h_mm, \
                condition_id, condition_group, condition_description, answered_latitude, \
                answered_longitude, uv_index, dew_point_c, row_hash, ingestion_run_id, run_seq) from weather_observations",
        )
        .await;
    let expected = format!(
        "site-00001|openweathermap|-9.46|-12.5|-10|-8.75|81.5|1014.25|939|5.14|9.2|240|75|9000|\
        1.3|2.6|0.2|0.4|501|Rain|дождь 🌧|40.4153|-3.6827|0.25|-12.13|{hash}|{}|{}",
        run.run_id, run.run_seq
    );
    assert_eq!(row, expected);
    let times = database
        .line("select concat_ws('|', observation_time, created_at, updated_at) from weather_observations")
        .await;
    let times = times.replace('T', " ").replace("+00:00", "");
    assert_eq!(times, "2026-11-25 08:05:00|2026-11-25 08:00:00.000007|2026-11-25 08:00:00.000007");
}

async fn a_batch_written_twice_leaves_what_it_left_the_first_time(database: &TestDatabase) {
    let run = open_run(&*database.store).await;
    let batch = [
        collected(1, hour(), full_values()),
        collected(2, hour(), Values { temperature_c: Some(1.0), ..Values::default() }),
        failed(3, hour(), ErrorKind::NotFound),
    ];
    database.store.load(&run, &batch, hour()).await.unwrap();
    let before = dump(database).await;
    database.store.load(&run, &batch, hour()).await.unwrap();
    assert_eq!(dump(database).await, before);
    assert_eq!(before.len(), 5);
}

/// Every cell of observations and slots.
async fn dump(database: &TestDatabase) -> Vec<String> {
    let mut rows = database
        .lines(
            "select concat_ws('|', site_id, source, observation_time, temperature_c, rain_1h_mm, \
                row_hash, ingestion_run_id, run_seq, created_at, updated_at) \
            from weather_observations order by site_id",
        )
        .await;
    rows.extend(
        database
            .lines(
                "select concat_ws('|', site_id, source, slot_time, status, observation_time, \
                    attempts, http_status, latency_ms, error_kind, error_message, \
                    ingestion_run_id, run_seq, updated_at) from collection_slots order by site_id, slot_time",
            )
            .await,
    );
    rows
}

/// Of one slot may be told that it failed and that it was collected; of one observation, by two
/// slots, the same values.
async fn the_order_of_upserts_does_not_matter(database: &TestDatabase) {
    let at = |hours| hour() + TimeDelta::hours(hours);
    let results: Vec<SlotResult> = (0..8_u16)
        .flat_map(|site| {
            let fresh = collected(site, at(0), full_values());
            let stale =
                SlotResult { slot: failed(site, at(1), ErrorKind::Timeout).slot, ..fresh.clone() };
            [
                failed(site, at(0), ErrorKind::Timeout),
                fresh,
                stale,
                failed(site, at(2), ErrorKind::NotFound),
                unfillable(site, at(0)),
                unfillable(site, at(2)),
            ]
        })
        .collect();
    let order = (Just(results).prop_shuffle(), vec(1_usize..12, 40));
    let mut random = TestRunner::deterministic();
    let run = open_run(&*database.store).await;
    let mut expected = None;
    for _ in 0..32 {
        for table in ["weather_observations", "collection_slots"] {
            database.execute(&format!("delete from {table}")).await;
        }
        let (mut results, sizes) = order.new_tree(&mut random).unwrap().current();
        for size in sizes {
            let batch: Vec<_> = results.drain(..size.min(results.len())).collect();
            if !batch.is_empty() {
                database.store.load(&run, &batch, hour()).await.unwrap();
            }
        }
        assert!(results.is_empty());
        let stored = dump(database).await;
        assert_eq!(stored.len(), 8 + 3 * 8);
        assert_eq!(*expected.get_or_insert(stored.clone()), stored);
    }
}

async fn an_absent_value_replaces_a_present_one(database: &TestDatabase) {
    let run = open_run(&*database.store).await;
    database.store.load(&run, &[collected(1, hour(), full_values())], hour()).await.unwrap();
    let dry = Values { temperature_c: Some(3.0), ..Values::default() };
    database.store.load(&run, &[collected(1, hour(), dry)], hour()).await.unwrap();
    let present = database
        .line(
            "select concat_ws('|', temperature_c, feels_like_c, humidity_pct, pressure_msl_hpa, \
                wind_speed_ms, wind_gust_ms, wind_direction_deg, visibility_m, rain_1h_mm, \
                snow_3h_mm, condition_id, condition_group, answered_latitude) \
            from weather_observations",
        )
        .await;
    assert_eq!(present, "3");
}

async fn a_later_run_takes_the_row_over_and_leaves_its_creation(database: &TestDatabase) {
    let first = open_run(&*database.store).await;
    database.store.load(&first, &[collected(1, hour(), full_values())], hour()).await.unwrap();
    database.store.close_run(&first, &run_end(RunCounts::default())).await.unwrap();
    let second = open_run(&*database.store).await;
    let later = hour() + TimeDelta::hours(1);
    database.store.load(&second, &[collected(1, hour(), full_values())], later).await.unwrap();
    let row = database
        .line(
            "select concat_ws('|', run_seq, ingestion_run_id, substr(created_at, 12, 8), \
                substr(updated_at, 12, 8)) from weather_observations",
        )
        .await;
    assert_eq!(row, format!("{}|{}|08:00:00|09:00:00", second.run_seq, second.run_id));
}

async fn two_slots_may_point_at_one_observation(database: &TestDatabase) {
    let run = open_run(&*database.store).await;
    let first = collected(1, hour(), full_values());
    let mut second = first.clone();
    second.slot.slot_time = hour() + TimeDelta::hours(1);
    database.store.load(&run, &[first, second], hour()).await.unwrap();
    assert_eq!(database.count("select count(*) from weather_observations").await, 1);
    assert_eq!(database.count("select count(*) from collection_slots").await, 2);
}

async fn a_slot_once_collected_does_not_become_failed(database: &TestDatabase) {
    let run = open_run(&*database.store).await;
    let slot = "select concat_ws('|', status, http_status, error_kind) from collection_slots";
    database.store.load(&run, &[failed(1, hour(), ErrorKind::NotFound)], hour()).await.unwrap();
    assert_eq!(database.line(slot).await, "failed|404|not_found");
    database.store.load(&run, &[collected(1, hour(), full_values())], hour()).await.unwrap();
    assert_eq!(database.line(slot).await, "collected|200");
    database.store.load(&run, &[failed(1, hour(), ErrorKind::NotFound)], hour()).await.unwrap();
    assert_eq!(database.line(slot).await, "collected|200");
}

async fn an_open_run_is_the_lock_of_its_shard(database: &TestDatabase) {
    let store = &*database.store;
    let first = opened(store.start_run(&run_start("0/2", LONG_LEASE)).await.unwrap());
    opened(store.start_run(&run_start("1/2", LONG_LEASE)).await.unwrap());
    let again = store.start_run(&run_start("0/2", LONG_LEASE)).await.unwrap();
    let Start::Held(holder) = again else { panic!("{again:?}") };
    assert_eq!((holder.run_id, holder.host), (first.run_id.to_string(), "here".into()));
    store.close_run(&first, &run_end(RunCounts::default())).await.unwrap();
    opened(store.start_run(&run_start("0/2", LONG_LEASE)).await.unwrap());
}

async fn another_division_of_the_sites_conflicts_with_all(database: &TestDatabase) {
    let store = &*database.store;
    opened(store.start_run(&run_start("1/2", LONG_LEASE)).await.unwrap());
    for other in ["0/1", "2/3"] {
        let start = store.start_run(&run_start(other, LONG_LEASE)).await.unwrap();
        assert!(matches!(start, Start::Held(_)), "{other}");
    }
}

async fn of_many_starts_at_once_one_is_opened_and_no_number_is_lost(database: &TestDatabase) {
    let store = &*database.store;
    for round in 1..=3 {
        let starts: Vec<_> = (0..8).map(|_| run_start("0/1", LONG_LEASE)).collect();
        let answers = join_all(starts.iter().map(|start| store.start_run(start))).await;
        let opened: Vec<_> = answers
            .into_iter()
            .filter_map(|answer| match answer.unwrap() {
                Start::Opened(run) => Some(run),
                Start::Held(_) => None,
            })
            .collect();
        assert_eq!(opened.len(), 1);
        assert_eq!(opened[0].run_seq, round);
        store.close_run(&opened[0], &run_end(RunCounts::default())).await.unwrap();
    }
}

async fn a_start_repeated_after_a_lost_answer_is_the_same_run(database: &TestDatabase) {
    let start = run_start("0/1", LONG_LEASE);
    let first = opened(database.store.start_run(&start).await.unwrap());
    assert_eq!(opened(database.store.start_run(&start).await.unwrap()), first);
    assert_eq!(database.count("select count(*) from ingestion_runs").await, 1);
}

async fn a_run_past_its_lease_is_set_aside_and_commits_nothing_more(database: &TestDatabase) {
    let store = &*database.store;
    let frozen = open_run(store).await;
    let batch = [collected(1, hour(), full_values()), failed(2, hour(), ErrorKind::Timeout)];
    store.load(&frozen, &batch, hour()).await.unwrap();
    let next = take_over(database).await;
    assert_eq!(next.run_seq, frozen.run_seq + 1);
    for result in [
        store.load(&frozen, &[collected(3, hour(), full_values())], hour()).await,
        store.beat(&frozen).await,
        store.close_run(&frozen, &run_end(RunCounts::default())).await,
    ] {
        assert!(matches!(result, Err(StoreError::Fenced { .. })), "{result:?}");
    }
    assert_eq!(database.count("select count(*) from weather_observations").await, 1);
    let row = database
        .line("select concat_ws('|', status, outcome, collected, failed, rows_loaded) from ingestion_runs where run_seq = 1")
        .await;
    assert_eq!(row, "abandoned|interrupted|1|1|1");
}

/// Opens a run of that kind and source.
async fn open_kind(store: &dyn Store, kind: &'static str, source: &'static str) -> Run {
    let start = RunStart { kind, source: Some(source), ..run_start("0/1", LONG_LEASE) };
    opened(store.start_run(&start).await.unwrap())
}

/// Not only by the next start of their kind.
async fn silent_runs_of_any_kind_are_set_aside_and_those_at_work_are_not(database: &TestDatabase) {
    let store = &*database.store;
    let lease = Duration::from_secs(120);
    let heal = open_kind(store, "heal", SOURCE).await;
    let batch = [collected(1, hour(), full_values()), failed(2, hour(), ErrorKind::Timeout)];
    store.load(&heal, &batch, hour()).await.unwrap();
    let etl = open_kind(store, "etl", SOURCE).await;
    let gone_source = open_kind(store, "etl", "gone").await;
    database.let_fall_silent(heal.run_seq, 121).await;
    database.let_fall_silent(etl.run_seq, 90).await;
    database.execute("update ingestion_runs set heartbeat_at = '2999-01-01 00:00:00.000000' where source = 'gone'").await;

    let open = database.reads.list_open_runs().await.unwrap();
    let seen: Vec<_> =
        open.iter().map(|run| (run.source.as_deref(), &*run.kind, run.is_silent(lease))).collect();
    let own = Some(SOURCE);
    assert_eq!(seen, [(own, "heal", true), (own, "etl", false), (Some("gone"), "etl", true)]);
    assert_eq!(store.end_of_ended_runs().await.unwrap(), 1);
    let now = hour() + TimeDelta::minutes(5);
    let gone = store.set_aside_silent_runs(lease, now).await.unwrap();
    let ids: Vec<_> = gone.iter().map(|run| &*run.holder.run_id).collect();
    assert_eq!(ids, [heal.run_id.to_string(), gone_source.run_id.to_string()]);
    assert_eq!(store.set_aside_silent_runs(lease, now).await.unwrap(), []);

    for dead in [&heal, &gone_source] {
        let late = store.load(dead, &[collected(3, hour(), full_values())], hour()).await;
        assert!(matches!(late, Err(StoreError::Fenced { .. })), "{late:?}");
    }
    store.beat(&etl).await.unwrap();
    assert_eq!(store.end_of_ended_runs().await.unwrap(), 2);
    let rows = database
        .lines("select concat_ws('|', status, coalesce(stop_kind, '-'), collected, failed, rows_loaded) from ingestion_runs order by run_seq")
        .await;
    assert_eq!(rows, ["abandoned|set_aside|1|1|1", "open|-|0|0|0", "abandoned|set_aside|0|0|0"]);
    let ended = database.reads.find_run("1").await.unwrap().unwrap().finished_at;
    assert_eq!(ended, Some(now));
}

async fn the_backlog_is_of_ended_runs_between_two_numbers(database: &TestDatabase) {
    let store = &*database.store;
    for _ in 0..3 {
        let run = open_kind(store, "etl", SOURCE).await;
        store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
    }
    open_kind(store, "etl", SOURCE).await;
    assert_eq!(database.reads.last_run_seq().await.unwrap(), 4);
    let ended = Some(hour() + TimeDelta::minutes(8));
    for (after, before, runs) in
        [(0, i64::MAX, 3), (0, 4, 3), (1, i64::MAX, 2), (1, 3, 1), (3, i64::MAX, 0), (0, 1, 0)]
    {
        let found = database.reads.backlog(after, before).await.unwrap();
        assert_eq!(found.runs, runs, "{after} {before}");
        assert_eq!(found.oldest_finished_at, ended.filter(|_| runs > 0));
    }
}

async fn a_value_that_is_no_number_is_refused_by_name_and_nothing_is_written(
    database: &TestDatabase,
) {
    let store = &*database.store;
    let run = open_run(store).await;
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300] {
        let odd = Values { wind_gust_ms: Some(value), ..full_values() };
        let batch = [collected(1, hour(), full_values()), collected(2, hour(), odd)];
        let error = store.load(&run, &batch, hour()).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "an observation of site-00002 is refused: its wind_gust_ms is no number that can be"
        );
    }
    for table in ["weather_observations", "collection_slots"] {
        assert_eq!(database.count(&format!("select count(*) from {table}")).await, 0, "{table}");
    }
    store.load(&run, &[collected(1, hour(), full_values())], hour()).await.unwrap();
}

async fn a_heartbeat_from_before_the_clock_was_set_back_holds_no_lock(database: &TestDatabase) {
    let store = &*database.store;
    let dead = open_run(store).await;
    let start = run_start("0/1", Duration::from_secs(120));
    assert!(matches!(store.start_run(&start).await.unwrap(), Start::Held(_)));
    database.execute("update ingestion_runs set heartbeat_at = '2999-01-01 00:00:00.000000'").await;
    let next = opened(store.start_run(&start).await.unwrap());
    assert_eq!(next.run_seq, dead.run_seq + 1);
    assert!(matches!(store.beat(&dead).await, Err(StoreError::Fenced { .. })));
}

/// Starts until the lease of the open run, which is nothing, is over.
async fn take_over(database: &TestDatabase) -> weather_data_product::store::Run {
    loop {
        let start = run_start("0/1", Duration::ZERO);
        if let Start::Opened(run) = database.store.start_run(&start).await.unwrap() {
            return run;
        }
    }
}

async fn a_beating_run_is_not_set_aside(database: &TestDatabase) {
    let store = &*database.store;
    let run = open_run(store).await;
    // Silent for an hour, then it beats.
    let long_ago = match database.url.starts_with("mysql") {
        true => "utc_timestamp(6) - interval 1 hour",
        false => "strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now', '-1 hour')",
    };
    database.execute(&format!("update ingestion_runs set heartbeat_at = {long_ago}")).await;
    store.beat(&run).await.unwrap();
    let minute = Duration::from_secs(60);
    let start = store.start_run(&run_start("0/1", minute)).await.unwrap();
    assert!(matches!(start, Start::Held(_)));
    // On a whole second, which may be written with or without a fraction.
    let long_ago = long_ago.replace("(6)", "(0)").replace("%f", "%S.000");
    database.execute(&format!("update ingestion_runs set heartbeat_at = {long_ago}")).await;
    opened(store.start_run(&run_start("0/1", minute)).await.unwrap());
}

async fn closing_writes_the_report_and_may_be_repeated(database: &TestDatabase) {
    let run = open_run(&*database.store).await;
    let end = run_end(RunCounts {
        sites: 20,
        collected: 17,
        failed: 2,
        skipped: 1,
        rows_loaded: 17,
        calls: 23,
        retries: 4,
        latency_mean_ms: 120,
        latency_p95_ms: 300,
        latency_max_ms: 900,
        errors: BTreeMap::from([(ErrorKind::Timeout, 1), (ErrorKind::NotFound, 1)]),
    });
    for _ in 0..2 {
        database.store.close_run(&run, &end).await.unwrap();
    }
    let row = database.reads.list_runs(1).await.unwrap().remove(0);
    assert_eq!((row.status.as_str(), row.outcome.as_deref()), ("closed", Some("partial")));
    assert_eq!((row.sites, row.collected, row.failed, row.skipped), (20, 17, 2, 1));
    assert_eq!((row.rows_loaded, row.calls, row.retries), (17, 23, 4));
    assert_eq!(
        (row.latency_mean_ms, row.latency_p95_ms, row.latency_max_ms),
        (Some(120), Some(300), Some(900))
    );
    let errors: serde_json::Value = serde_json::from_str(&row.errors_by_kind.unwrap()).unwrap();
    assert_eq!(errors, serde_json::json!({"timeout": 1, "not_found": 1}));
    assert_eq!(row.program_version, env!("CARGO_PKG_VERSION"));
    assert_eq!((row.execution.as_deref(), row.task.as_deref()), (Some("weather-x1"), Some("0")));
    assert_eq!(row.finished_at, Some(end.finished_at));
    assert_eq!(end.outcome, Outcome::Partial);
}

async fn a_run_is_found_by_its_number_and_by_the_beginning_of_its_id(database: &TestDatabase) {
    let run = open_run(&*database.store).await;
    let store = &*database.store;
    let id = run.run_id.to_string();
    for text in ["1", &id, &id[..20]] {
        let found = database.reads.find_run(text).await.unwrap().unwrap();
        assert_eq!(found.run_id, id, "{text}");
    }
    for text in ["2", "%", "_", "zz"] {
        assert_eq!(database.reads.find_run(text).await.unwrap(), None, "{text}");
    }
    // A later one, whose id begins with the number of the first.
    store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
    let later = "1f4f2a3c-9a3e-4b61-8a43-9d2f6f0c1b2a";
    let start = RunStart { run_id: later.parse().unwrap(), ..run_start("0/1", LONG_LEASE) };
    store.start_run(&start).await.unwrap();
    assert_eq!(database.reads.find_run("1").await.unwrap().unwrap().run_id, id);
    assert_eq!(database.reads.find_run("1f").await.unwrap().unwrap().run_id, later);
}

async fn the_site_table_follows_the_file_and_deletes_nothing(database: &TestDatabase) {
    let store = &*database.store;
    let table = "select concat_ws('|', site_id, name, interval_minutes, \
        case when deactivated_at is null then 'active' else 'gone' end) from sites order by site_id";
    store.take_in_sites(&sites(3), hour()).await.unwrap();
    let mut changed = site(1);
    changed.name = "Löwe & \"Söhne\" '); drop table sites; --".into();
    changed.interval = Interval::parse(30).unwrap();
    store.take_in_sites(&[site(0), changed.clone()], hour()).await.unwrap();
    assert_eq!(
        database.lines(table).await,
        [
            "site-00000|Site 0|60|active".to_owned(),
            format!("site-00001|{}|30|active", changed.name),
            "site-00002|Site 2|60|gone".to_owned(),
        ]
    );
    store.take_in_sites(&sites(3), hour() + TimeDelta::hours(1)).await.unwrap();
    assert_eq!(database.lines(table).await[2], "site-00002|Site 2|60|active");
    let touched = "select count(*) from sites where updated_at > created_at";
    assert_eq!(database.count(touched).await, 2, "what did not change is not written");
    store.take_in_sites(&sites(1500), hour()).await.unwrap();
    assert_eq!(database.count("select count(*) from sites").await, 1500);
}

async fn only_collected_and_finally_failed_slots_are_settled(database: &TestDatabase) {
    let run = open_run(&*database.store).await;
    let kinds = ErrorKind::ALL;
    let mut batch = vec![collected(0, hour(), full_values())];
    batch.extend((1..).zip(kinds).map(|(number, kind)| failed(number, hour(), kind)));
    batch.push(collected(50, hour() - TimeDelta::hours(1), full_values()));
    database.store.load(&run, &batch, hour()).await.unwrap();
    let rows = database.store.list_tried(SOURCE, &[hour()]).await.unwrap();
    assert_eq!(rows.len(), 1 + kinds.len());
    assert_eq!(rows.iter().filter(|row| row.has_failed()).count(), kinds.len());
    let settled = rows.iter().filter(|row| row.is_settled());
    let settled: BTreeSet<_> = settled.map(|row| row.site_id.clone()).collect();
    let finals = (1..).zip(kinds).filter(|(_, kind)| kind.is_final());
    let expected = std::iter::once(0).chain(finals.map(|(number, _)| number));
    assert_eq!(settled, expected.map(|number| format!("site-{number:05}")).collect());
    assert!(rows.iter().all(|row| row.slot_time == hour()));
    assert!(database.store.list_tried("another", &[hour()]).await.unwrap().is_empty());
    assert!(database.store.list_tried(SOURCE, &[]).await.unwrap().is_empty());
}

async fn a_pause_is_not_shortened(database: &TestDatabase) {
    let store = &*database.store;
    assert_eq!(store.paused_until(SOURCE).await.unwrap(), None);
    let later = hour() + TimeDelta::minutes(10);
    store.pause(SOURCE, later).await.unwrap();
    store.pause(SOURCE, hour()).await.unwrap();
    assert_eq!(store.paused_until(SOURCE).await.unwrap(), Some(later));
    store.pause(SOURCE, later + TimeDelta::microseconds(1)).await.unwrap();
    assert_eq!(store.paused_until(SOURCE).await.unwrap(), Some(later + TimeDelta::microseconds(1)));
    assert_eq!(store.paused_until("another").await.unwrap(), None);
}

async fn site_states_tell_freshness_rate_and_the_present_failure(database: &TestDatabase) {
    let store = &*database.store;
    store.take_in_sites(&sites(3), hour()).await.unwrap();
    let run = open_run(store).await;
    let at = |hours| hour() + TimeDelta::hours(hours);
    let batch = [
        collected(0, at(0), full_values()),
        collected(0, at(1), full_values()),
        failed(1, at(-30), ErrorKind::Timeout),
        collected(1, at(-1), full_values()),
        failed(1, at(0), ErrorKind::Timeout),
        failed(1, at(1), ErrorKind::NotFound),
    ];
    store.load(&run, &batch, at(1)).await.unwrap();
    let states = database.reads.list_site_states(SOURCE, (at(-23), at(2))).await.unwrap();
    let [fresh, failing, new] = states.try_into().unwrap();
    assert_eq!(fresh.last_observation_time, Some(at(1) + TimeDelta::minutes(5)));
    assert_eq!((fresh.slots_collected, fresh.slots_tried, fresh.failing_since), (2, 2, None));
    assert_eq!((failing.slots_collected, failing.slots_tried), (1, 3));
    assert_eq!(failing.failing_since, Some(at(0)));
    assert_eq!(failing.error_kind.as_deref(), Some("not_found"));
    assert_eq!(failing.error_message.as_deref(), Some("city not found"));
    assert_eq!((new.slots_tried, new.last_observation_time), (0, None));
    assert!(fresh.is_fresh(at(3)) && !fresh.is_fresh(at(4)) && !new.is_fresh(at(1)));
}

fn unfillable(number: u16, slot_time: DateTime<Utc>) -> SlotResult {
    let outcome = SlotOutcome::unfillable("the archive begins later");
    SlotResult { outcome, ..failed(number, slot_time, ErrorKind::Timeout) }
}

async fn a_slot_that_cannot_be_filled_is_settled_and_only_an_observation_replaces_it(
    database: &TestDatabase,
) {
    let store = &*database.store;
    let run = open_run(store).await;
    let slot = "select concat_ws('|', status, error_kind, error_message) from collection_slots";
    store.load(&run, &[failed(1, hour(), ErrorKind::Timeout)], hour()).await.unwrap();
    assert!(!store.list_tried(SOURCE, &[hour()]).await.unwrap()[0].is_settled());
    store.load(&run, &[unfillable(1, hour())], hour()).await.unwrap();
    assert_eq!(database.line(slot).await, "unfillable|the archive begins later");
    store.load(&run, &[failed(1, hour(), ErrorKind::Timeout)], hour()).await.unwrap();
    assert_eq!(database.line(slot).await, "unfillable|the archive begins later");
    let tried = store.list_tried(SOURCE, &[hour()]).await.unwrap();
    assert_eq!((tried[0].status.as_str(), tried[0].is_settled()), ("unfillable", true));
    store.load(&run, &[collected(1, hour(), full_values())], hour()).await.unwrap();
    store.load(&run, &[unfillable(1, hour())], hour()).await.unwrap();
    assert_eq!(database.line(slot).await, "collected");
}

async fn a_value_that_is_healed_takes_no_live_ones_place(database: &TestDatabase) {
    let store = &*database.store;
    let run = open_run(store).await;
    let at = |hours| hour() + TimeDelta::hours(hours);
    let load = async |kind, temperature_c, now| {
        let values = Values { temperature_c: Some(temperature_c), ..full_values() };
        let result = SlotResult { value_kind: kind, ..collected(1, hour(), values) };
        store.load(&run, &[result], now).await.unwrap();
    };
    let hash = async || {
        database.line("select concat_ws(' ', row_hash, updated_at) from weather_observations").await
    };
    let row = async || {
        let sql = "select concat_ws(' ', value_kind, substr(available_at, 12, 2), substr(temperature_c, 1, 1), \
            substr(updated_at, 12, 2)) from weather_observations";
        database.line(sql).await
    };
    load(ValueKind::Backfill, 1.0, at(1)).await;
    assert_eq!(row().await, "backfill 09 1 09");
    load(ValueKind::Backfill, 1.0, at(2)).await;
    assert_eq!(row().await, "backfill 09 1 10", "the same values were here before");
    load(ValueKind::Backfill, 2.0, at(3)).await;
    assert_eq!(row().await, "backfill 11 2 11");
    load(ValueKind::Live, 2.0, at(4)).await;
    assert_eq!(row().await, "live 12 2 12");
    let live = hash().await;
    load(ValueKind::Backfill, 3.0, at(5)).await;
    assert_eq!((row().await.as_str(), hash().await), ("live 12 2 12", live));
    database
        .execute("update weather_observations set value_kind = null, available_at = null")
        .await;
    load(ValueKind::Backfill, 3.0, at(5)).await;
    assert_eq!(row().await, "2 12", "a row from before the columns is a live one");
    load(ValueKind::Live, 4.0, at(6)).await;
    assert_eq!(row().await, "live 14 4 14");
}

async fn a_slot_filled_by_another_source_says_by_which(database: &TestDatabase) {
    let store = &*database.store;
    let run = open_run(store).await;
    let mut healed = collected(1, hour(), full_values());
    if let SlotOutcome::Collected(observation) = &mut healed.outcome {
        observation.source = "another";
    }
    let own = collected(2, hour(), full_values());
    store.load(&run, &[healed, own], hour()).await.unwrap();
    let slots = "select concat_ws(' ', source, observation_source) from collection_slots \
        order by site_id";
    assert_eq!(database.lines(slots).await, [format!("{SOURCE} another"), SOURCE.to_owned()]);
    let rows = "select source from weather_observations order by site_id";
    assert_eq!(database.lines(rows).await, ["another", SOURCE]);
}

async fn spans_tell_when_a_site_was_in_the_file_and_at_which_interval(database: &TestDatabase) {
    let store = &*database.store;
    let at = |minutes| hour() + TimeDelta::minutes(minutes) + TimeDelta::microseconds(7);
    let mut half_hourly = site(1);
    half_hourly.interval = Interval::parse(30).unwrap();
    let mut renamed = site(2);
    renamed.name = "Another name".into();
    let files = [
        (at(0), vec![site(0), site(1), site(2)]),
        (at(10), vec![site(0), half_hourly.clone(), renamed.clone()]),
        (at(20), vec![half_hourly.clone()]),
        (at(20), vec![half_hourly.clone()]),
        (at(90), vec![site(0), half_hourly]),
    ];
    for (now, sites) in files {
        store.take_in_sites(&sites, now).await.unwrap();
    }
    let lives = database.reads.list_lives().await.unwrap();
    let minutes = |time: DateTime<Utc>| (time - at(0)).num_minutes();
    let found: Vec<Vec<_>> = lives
        .iter()
        .map(|life| {
            let span = |span: &serde_json::Value| {
                let time =
                    |name: &str| span[name].as_str().map(|text| minutes(text.parse().unwrap()));
                (time("from").unwrap(), time("until"), span["interval_minutes"].as_i64().unwrap())
            };
            let spans: Vec<serde_json::Value> =
                serde_json::from_str(&life.spans.to_json()).unwrap();
            spans.iter().map(span).collect()
        })
        .collect();
    let expected = [
        vec![(0, Some(20), 60), (90, None, 60)],
        vec![(0, Some(10), 60), (10, None, 30)],
        vec![(0, Some(20), 60)],
    ];
    assert_eq!(found, expected);
    assert_eq!((&lives[2].site_id, lives[2].timezone), (&site(2).site_id, site(2).timezone));
}

async fn a_site_that_was_there_before_its_spans_were_kept_has_one(database: &TestDatabase) {
    let store = &*database.store;
    let (created, gone) = (hour() + TimeDelta::microseconds(250_000), hour() + TimeDelta::hours(3));
    store.take_in_sites(&sites(2), created).await.unwrap();
    store.take_in_sites(&sites(1), gone).await.unwrap();
    let expected = database.reads.list_lives().await.unwrap();
    database.execute("alter table sites drop column spans").await;
    // Applied again where it ended half-way, which only MySQL may.
    let times = if database.url.starts_with("mysql") { 2 } else { 1 };
    for _ in 0..times {
        database.execute("delete from _sqlx_migrations where version in (2, 6)").await;
        assert_eq!(store.migrate().await.unwrap(), [2, 6]);
        assert_eq!(database.reads.list_lives().await.unwrap(), expected);
    }
}

async fn the_ledger_of_a_site_and_source_is_read_in_order(database: &TestDatabase) {
    let store = &*database.store;
    let run = open_run(store).await;
    let at = |hours| hour() + TimeDelta::hours(hours);
    let mut other = failed(1, at(-9), ErrorKind::Timeout);
    other.source = "another";
    let batch = [
        failed(1, at(3), ErrorKind::Timeout),
        collected(1, at(0), full_values()),
        unfillable(1, at(1)),
        collected(1, at(4), full_values()),
        collected(1, at(-1), full_values()),
        failed(2, at(2), ErrorKind::Timeout),
        other,
    ];
    store.load(&run, &batch, hour()).await.unwrap();
    let rows = database.reads.read_ledger(("site-00001", SOURCE), (at(0), at(3)));
    let rows: Vec<_> = rows.try_collect().await.unwrap();
    let rows: Vec<_> = rows
        .iter()
        .map(|row| (row.slot_time, row.status.as_str(), row.error_kind.as_deref()))
        .collect();
    let expected = [
        (at(0), "collected", None),
        (at(1), "unfillable", None),
        (at(3), "failed", Some("timeout")),
    ];
    assert_eq!(rows, expected);
    let asked = database.reads.list_asked_sources("site-00001").await.unwrap();
    let asked: Vec<_> = asked.into_iter().map(|asked| (asked.source, asked.first_slot)).collect();
    assert_eq!(asked, [("another".to_owned(), at(-9)), (SOURCE.to_owned(), at(-1))]);
    assert!(database.reads.list_asked_sources("site-00009").await.unwrap().is_empty());
}

async fn temperatures_are_those_of_the_observations_that_fill_the_slots(database: &TestDatabase) {
    let store = &*database.store;
    let run = open_run(store).await;
    let at = |hours| hour() + TimeDelta::hours(hours);
    let cold = Values { temperature_c: Some(-1.5), ..full_values() };
    let mut healed = collected(2, at(1), cold.clone());
    if let SlotOutcome::Collected(observation) = &mut healed.outcome {
        observation.source = "another";
    }
    let batch = [
        collected(2, at(-1), cold.clone()),
        failed(2, at(0), ErrorKind::Timeout),
        healed,
        collected(1, at(0), Values { temperature_c: None, ..cold }),
    ];
    store.load(&run, &batch, hour()).await.unwrap();
    let of = (&["site-00001", "site-00002"][..], &[SOURCE, "another"][..]);
    let rows = database.reads.list_temperatures(of, (at(0), at(9))).await.unwrap();
    let rows: Vec<_> = rows
        .iter()
        .map(|row| (row.site_id.as_str(), row.source.as_str(), row.slot_time, row.temperature_c))
        .collect();
    let told: Vec<_> = rows.into_iter().filter(|(_, _, _, celsius)| celsius.is_some()).collect();
    assert_eq!(told, [("site-00002", SOURCE, at(1), Some(-1.5))]);
}

async fn runs_that_a_source_stopped_are_told_by_their_stop_kind(database: &TestDatabase) {
    let store = &*database.store;
    let at = |hours| hour() + TimeDelta::hours(hours);
    // The sentence is for people: it decides nothing.
    let message = "another has blocked the account: no call before noon";
    let close = async |hours, kind, source, stop: Option<StopKind>| {
        let start = RunStart {
            kind,
            source: Some(source),
            started_at: at(hours),
            ..run_start("0/1", LONG_LEASE)
        };
        let run = opened(store.start_run(&start).await.unwrap());
        let outcome = if stop.is_some() { Outcome::Failed } else { Outcome::Succeeded };
        let stop = stop.map(|kind| StopReason { kind, message: message.into() });
        let end = RunEnd { outcome, stop, ..run_end(RunCounts::default()) };
        store.close_run(&run, &end).await.unwrap();
    };
    close(0, "etl", SOURCE, Some(StopKind::AccountBlocked)).await;
    close(1, "etl", SOURCE, Some(StopKind::Store)).await;
    close(2, "etl", SOURCE, None).await;
    close(3, "etl", "open-meteo", Some(StopKind::BudgetSpent)).await;
    close(3, "heal", SOURCE, Some(StopKind::BudgetSpent)).await;
    close(4, "etl", SOURCE, Some(StopKind::KeyRefused)).await;
    let stopped = database.reads.list_stopped_runs((at(0), at(3))).await.unwrap();
    let stopped: Vec<_> = stopped.iter().map(|run| (run.started_at, &*run.source)).collect();
    assert_eq!(stopped, [(at(0), SOURCE), (at(3), "open-meteo")]);
    let last = database.reads.list_stopped_runs((at(4), at(4))).await.unwrap();
    assert_eq!(last.len(), 1);
    for kind in StopKind::ALL {
        close(5, "etl", SOURCE, Some(kind)).await;
        let latest = database.reads.list_runs(1).await.unwrap().remove(0);
        assert_eq!(latest.stop_kind.as_deref(), Some(kind.as_str()));
        assert_eq!(latest.source.as_deref(), Some(SOURCE));
        assert_eq!(latest.error_message.as_deref(), Some(message));
    }
}

/// Sources do not wait for each other, and what is of no source excludes all.
async fn an_open_run_is_the_lock_of_its_kind_and_source(database: &TestDatabase) {
    let store = &*database.store;
    let start = async |kind, source| {
        let start = RunStart { kind, source, ..run_start("0/1", LONG_LEASE) };
        store.start_run(&start).await.unwrap()
    };
    let is_held = |start: Start| matches!(start, Start::Held(_));
    let first = opened(start("etl", Some(SOURCE)).await);
    assert!(is_held(start("etl", Some(SOURCE)).await) && is_held(start("etl", None).await));
    let other = opened(start("etl", Some("open-meteo")).await);
    opened(start("heal", Some(SOURCE)).await);
    // As a program of before the column opens them.
    for (kind, source) in [("etl", "null"), ("etl:open-meteo", "null")] {
        store.close_run(&other, &run_end(RunCounts::default())).await.unwrap();
        let sql = "update ingestion_runs set status = 'closed' where kind like 'etl%'";
        database.execute(sql).await;
        let old = format!(
            "update ingestion_runs set status = 'open', kind = '{kind}', source = {source} \
            where run_seq = {}",
            first.run_seq
        );
        database.execute(&old).await;
        assert!(is_held(start("etl", Some("open-meteo")).await), "{kind}");
        assert!(database.reads.is_run_at_work("etl", "open-meteo", LONG_LEASE).await.unwrap());
    }
}

async fn the_version_changes_with_whatever_a_run_commits(database: &TestDatabase) {
    let store = &*database.store;
    let version = async || database.reads.run_version().await.unwrap();
    assert_eq!(version().await, RunVersion::default());
    let first = open_run(store).await;
    let mut seen = vec![RunVersion::default(), version().await];
    let start = RunStart { kind: "other", ..run_start("0/1", LONG_LEASE) };
    let second = opened(store.start_run(&start).await.unwrap());
    seen.push(version().await);
    assert_eq!(version().await, seen[2], "nothing was committed");
    for run in [&first, &second] {
        store.load(run, &[collected(1, hour(), full_values())], hour()).await.unwrap();
        seen.push(version().await);
    }
    // The one that ends last has the lower number.
    for run in [&second, &first] {
        assert!(!version().await.has_ended(run.run_seq));
        store.close_run(run, &run_end(RunCounts::default())).await.unwrap();
        assert!(version().await.has_ended(run.run_seq));
        seen.push(version().await);
    }
    assert!(!version().await.has_ended(3));
    let texts: BTreeSet<_> = seen.iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), seen.len(), "{texts:?}");
}

async fn a_series_is_bounded_and_in_order_and_the_latest_of_each_source_is_found(
    database: &TestDatabase,
) {
    let store = &*database.store;
    store.take_in_sites(&sites(3), hour()).await.unwrap();
    let run = open_run(store).await;
    for hours in [3, 0, 2, 1, 4] {
        let slot = hour() + TimeDelta::hours(hours);
        let batch = [collected(1, slot, full_values()), collected(2, slot, full_values())];
        store.load(&run, &batch, hour()).await.unwrap();
    }
    assert_eq!(database.reads.list_observed_sources("site-00001").await.unwrap(), [SOURCE]);
    assert_eq!(database.reads.list_observed_sources("site-00000").await.unwrap(), [""; 0]);
    let at = |hours| hour() + TimeDelta::hours(hours) + TimeDelta::minutes(5);
    let spans = database.reads.list_observed_spans(SOURCE, at(9)).await.unwrap();
    let spans = spans.iter().map(|span| (&*span.site_id, span.first_time, span.last_time));
    let whole = (Some(at(0)), Some(at(4)));
    assert_eq!(
        spans.collect::<Vec<_>>(),
        [
            ("site-00000", None, None),
            ("site-00001", whole.0, whole.1),
            ("site-00002", whole.0, whole.1),
        ]
    );
    let read = async |rows: Rows| {
        let batches = database.reads.read_rows(&WEATHER_OBSERVATIONS, &rows);
        let batches: Vec<_> = batches.try_collect().await.unwrap();
        let rows = batches.iter().flat_map(|batch| Row::all(&WEATHER_OBSERVATIONS, batch));
        let key = |row: Row<'_>| {
            let time = row.time("observation_time").unwrap();
            (row.text("site_id").unwrap().to_owned(), (time - at(0)).num_hours())
        };
        rows.map(key).collect::<Vec<_>>()
    };
    let series = |from, to, limit| Rows::Series {
        site_id: "site-00001".into(),
        source: SOURCE.into(),
        from,
        to,
        limit,
    };
    let of =
        |hours: &[i64]| hours.iter().map(|hours| ("site-00001".into(), *hours)).collect::<Vec<_>>();
    assert_eq!(read(series(at(0), at(9), 100)).await, of(&[0, 1, 2, 3, 4]));
    assert_eq!(read(series(at(1), at(4), 100)).await, of(&[1, 2, 3]));
    assert_eq!(read(series(at(0) + TimeDelta::seconds(1), at(9), 2)).await, of(&[1, 2]));
    assert_eq!(read(series(at(5), at(9), 100)).await, []);
    let both = [("site-00001".to_owned(), 4), ("site-00002".to_owned(), 4)];
    let latest =
        |site_id: Option<&str>| Rows::Latest { site_id: site_id.map(str::to_owned), until: at(9) };
    assert_eq!(read(latest(None)).await, both);
    assert_eq!(read(latest(Some("site-00002"))).await, both[1..]);
    // Who is not in the sites file any more is found by name only.
    store.take_in_sites(&sites(2), hour()).await.unwrap();
    assert_eq!(read(latest(None)).await, both[..1]);
    assert_eq!(read(latest(Some("site-00002"))).await, both[1..]);
}

async fn the_slots_of_a_time_are_read_with_the_observations_that_fill_them(
    database: &TestDatabase,
) {
    let store = &*database.store;
    store.take_in_sites(&sites(3), hour()).await.unwrap();
    let run = open_run(store).await;
    let at = |hours| hour() + TimeDelta::hours(hours);
    let stale = observed(1, at(1), at(-9), Values::default());
    let batch = [
        healed("open-meteo", collected(1, at(3), full_values())),
        failed(1, at(2), ErrorKind::Timeout),
        stale,
        collected(1, at(0), full_values()),
        collected(2, at(1), full_values()),
        of_source("open-meteo", collected(1, at(2), full_values())),
        collected(1, at(4), full_values()),
    ];
    store.load(&run, &batch, at(5)).await.unwrap();
    let read = async |source, from, to| {
        let slots = database.reads.read_filled_slots(("site-00001", source), (at(from), at(to)));
        slots.try_collect::<Vec<_>>().await.unwrap()
    };
    let told = read(SOURCE, 0, 4).await;
    let times: Vec<_> = told.iter().map(|told| told.slot.slot_time).collect();
    assert_eq!(times, [at(0), at(1), at(2), at(3)]);
    let sources = told.iter().map(|told| (told.value_source.as_deref(), told.kind()));
    let by = [(Some(SOURCE), "live"), (Some(SOURCE), "live"), (None, "live")];
    let by = by.into_iter().chain([(Some("open-meteo"), "backfill")]).collect::<Vec<_>>();
    assert_eq!(sources.collect::<Vec<_>>(), by);
    assert_eq!(told[2].slot.error_kind.as_deref(), Some("timeout"));
    assert_eq!((told[2].is_filled(), told[2].observation_time), (false, None));
    assert_eq!((told[1].observation_time, told[1].values.rain_1h_mm), (Some(at(-9)), None));
    let values = full_values();
    for told in [&told[0], &told[3]] {
        assert_eq!(told.observation_time, Some(told.slot.slot_time + TimeDelta::minutes(5)));
        assert_eq!(
            (told.values.temperature_c, told.values.rain_1h_mm),
            (values.temperature_c, values.rain_1h_mm)
        );
        assert_eq!(told.values.wind_direction_deg, values.wind_direction_deg);
        assert_eq!(told.values.condition_description, values.condition_description);
        assert_eq!(told.available_at, Some(at(5)));
    }
    assert_eq!(read("open-meteo", 0, 9).await.len(), 1);
    assert_eq!(read("nobody", 0, 9).await, []);
    let oldest = async |from, to| {
        let site_and_source = ("site-00001", SOURCE);
        database.reads.oldest_filled(site_and_source, (at(from), at(to))).await.unwrap()
    };
    assert_eq!(oldest(0, 9).await, Some(at(-9)));
    assert_eq!(oldest(2, 4).await, Some(at(3) + TimeDelta::minutes(5)));
    assert_eq!(oldest(2, 3).await, None);
}

async fn runs_and_sites_are_read_back_by_pages_and_by_name(database: &TestDatabase) {
    let store = &*database.store;
    store.take_in_sites(&sites(3), hour()).await.unwrap();
    store.take_in_sites(&sites(2), hour()).await.unwrap();
    let listed = database.reads.list_sites().await.unwrap();
    let told = |site: &weather_data_product::store::SiteRow| {
        (site.site_id.clone(), site.latitude, site.tags().unwrap(), site.deactivated_at.is_some())
    };
    let expected: Vec<_> = (0..3_u16)
        .map(|number| {
            (
                site_id(number).to_string(),
                f64::from(number) - 84.75,
                vec!["office".to_owned()],
                number == 2,
            )
        })
        .collect();
    assert_eq!(listed.iter().map(told).collect::<Vec<_>>(), expected);
    assert_eq!(database.reads.find_site("site-00001").await.unwrap().as_ref(), Some(&listed[1]));
    assert_eq!(database.reads.find_site("SITE-00001").await.unwrap(), None);
    for _ in 0..3 {
        let run = open_run(store).await;
        store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
    }
    let before = async |run_seq, limit| {
        let runs = database.reads.list_runs_before(run_seq, limit).await.unwrap();
        runs.iter().map(|run| run.run_seq).collect::<Vec<_>>()
    };
    assert_eq!(before(i64::MAX, 2).await, [3, 2]);
    assert_eq!(before(2, 2).await, [1]);
    // A reader reads all of it and writes nothing.
    let reader = StoreSettings::at(&database.url).open_reader().await.unwrap();
    assert_eq!(reader.list_sites().await.unwrap(), listed);
    let reader = StoreSettings::at(&database.url).read_only().open().await.unwrap().store;
    assert!(reader.start_run(&run_start("0/1", LONG_LEASE)).await.is_err());
    assert!(reader.take_in_sites(&sites(1), hour()).await.is_err());
    assert_eq!(database.reads.list_sites().await.unwrap(), listed);
}
