//! Calls are reserved before they are sent, and no window ever holds more than its cap.

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join_all;
use weather_data_product::domain::{BudgetWindow, RunCounts, Window};
use weather_data_product::store::{Reserved, Settled, Store, StoreError, Wanted};

use crate::support::databases::{TestDatabase, on_both_databases};
use crate::support::samples::{LONG_LEASE, SOURCE, hour, opened, run_end, run_start};

on_both_databases!(
    a_run_is_at_work_until_it_ends_or_its_lease_does,
    calls_are_reserved_in_every_window_or_in_none,
    calls_given_back_may_be_reserved_again_and_those_of_a_crash_may_not,
    however_many_reserve_at_once_no_window_holds_more_than_its_cap,
    minutes_take_no_more_rows_than_an_hour_has,
);

const ACCOUNT: &str = "0123456789abcdef";

/// The windows of one scope at a time, each with its cap.
fn windows(time: DateTime<Utc>, caps: [u64; 3]) -> Vec<BudgetWindow> {
    let window = |(window, cap): (Window, u64)| BudgetWindow {
        scope: SOURCE,
        window,
        window_start: window.start(time),
        cap,
    };
    Window::ALL.into_iter().zip(caps).map(window).collect()
}

async fn reserve(store: &dyn Store, windows: &[BudgetWindow], calls: u64) -> u64 {
    let wanted = Wanted { at_least: 1, at_most: calls };
    match store.reserve_calls(ACCOUNT, windows, wanted).await.unwrap() {
        Reserved::Granted(calls) => calls,
        Reserved::Spent(_) => 0,
    }
}

/// Reserved and used, by window.
async fn counts(database: &TestDatabase) -> Vec<(String, i64, i64)> {
    let since = Window::Month.start(hour());
    let rows = database.reads.list_call_counts(ACCOUNT, since).await.unwrap();
    rows.into_iter().map(|row| (row.window_kind, row.reserved, row.used)).collect()
}

async fn calls_are_reserved_in_every_window_or_in_none(database: &TestDatabase) {
    let store = &*database.store;
    let windows = windows(hour(), [10, 25, 1000]);
    assert_eq!(reserve(store, &windows, 7).await, 7);
    assert_eq!(reserve(store, &windows, 7).await, 3, "what the minute has left");
    let wanted = Wanted { at_least: 1, at_most: 7 };
    let spent = store.reserve_calls(ACCOUNT, &windows, wanted).await.unwrap();
    assert_eq!(spent, Reserved::Spent(vec![windows[0]]));
    let all = |reserved| ["day", "minute", "month"].map(|kind| (kind.to_owned(), reserved, 0));
    assert_eq!(counts(database).await, all(10));
    // Another account, scope or minute has calls of its own.
    let other = store.reserve_calls("another", &windows, wanted).await.unwrap();
    assert_eq!(other, Reserved::Granted(7));
    let since = Window::Month.start(hour());
    let accounts = database.reads.list_call_accounts(windows[0].scope, since).await.unwrap();
    assert_eq!(accounts, [ACCOUNT, "another"]);
    let part: Vec<_> = windows.iter().map(|each| BudgetWindow { scope: "part", ..*each }).collect();
    assert_eq!(reserve(store, &part, 7).await, 7);
    let next = self::windows(hour() + TimeDelta::minutes(1), [10, 25, 1000]);
    assert_eq!(reserve(store, &next, 500).await, 10);
    // All or nothing: the day has five left.
    let next = self::windows(hour() + TimeDelta::minutes(2), [10, 25, 1000]);
    let whole = Wanted { at_least: 6, at_most: 6 };
    let refused = store.reserve_calls(ACCOUNT, &next, whole).await.unwrap();
    assert_eq!(refused, Reserved::Spent(vec![next[1]]));
    assert_eq!(reserve(store, &next, 6).await, 5);
}

async fn calls_given_back_may_be_reserved_again_and_those_of_a_crash_may_not(
    database: &TestDatabase,
) {
    let store = &*database.store;
    let windows = windows(hour(), [100, 10, 1000]);
    assert_eq!(reserve(store, &windows, 10).await, 10);
    let settled = Settled { sent: 4, unsent: 3 };
    store.settle_calls(ACCOUNT, &windows, settled).await.unwrap();
    assert_eq!(counts(database).await, ["day", "minute", "month"].map(|kind| (kind.into(), 7, 4)));
    assert_eq!(reserve(store, &windows, 10).await, 3);
    assert_eq!(reserve(store, &windows, 10).await, 0);
    // The minute's row has come to another minute meanwhile: nothing of it is given back.
    let later = self::windows(hour() + TimeDelta::hours(1), [100, 20, 1000]);
    assert_eq!(reserve(store, &later, 2).await, 2);
    store.settle_calls(ACCOUNT, &windows, Settled { sent: 0, unsent: 1 }).await.unwrap();
    let left = [("day".into(), 11, 4), ("minute".into(), 2, 0), ("month".into(), 11, 4)];
    assert_eq!(counts(database).await, left);
}

async fn however_many_reserve_at_once_no_window_holds_more_than_its_cap(database: &TestDatabase) {
    let store = &*database.store;
    // Each round has two new minutes, whose rows nobody has made yet.
    for round in 0..5 {
        let time = hour() + TimeDelta::minutes(2 * round);
        let mut both = windows(time, [97, 10_000, 100_000]);
        both.insert(1, windows(time + TimeDelta::minutes(1), [97, 0, 0])[0]);
        let reservers = (0..8).map(|number| reserve_all(store, &both, 1 + number));
        let granted: u64 = join_all(reservers).await.into_iter().sum();
        assert_eq!(granted, 97);
        let reserved = database
            .lines("select distinct cast(reserved as char) from call_budget where window_kind = 'minute'")
            .await;
        assert_eq!(reserved, ["97"]);
    }
}

/// Reserves so many at a time until nothing is left; how many that were.
async fn reserve_all(store: &dyn Store, windows: &[BudgetWindow], at_most: u64) -> u64 {
    let mut granted = 0;
    loop {
        match store.reserve_calls(ACCOUNT, windows, Wanted { at_least: 1, at_most }).await {
            Ok(Reserved::Granted(calls)) => granted += calls,
            Ok(Reserved::Spent(_)) => return granted,
            Err(StoreError::Conflict(_)) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
}

async fn minutes_take_no_more_rows_than_an_hour_has(database: &TestDatabase) {
    let store = &*database.store;
    for minute in 0..130 {
        let windows = windows(hour() + TimeDelta::minutes(minute), [3, 1000, 1000]);
        assert_eq!(reserve(store, &windows, 5).await, 3, "minute {minute}");
    }
    let minutes = "select count(*) from call_budget where window_kind = 'minute'";
    assert_eq!(database.count(minutes).await, 60);
    let day = "select reserved from call_budget where window_kind = 'day'";
    assert_eq!(database.count(day).await, 390);
}

async fn a_run_is_at_work_until_it_ends_or_its_lease_does(database: &TestDatabase) {
    let store = &*database.store;
    let is_at_work =
        async |kind, source| database.reads.is_run_at_work(kind, source, LONG_LEASE).await.unwrap();
    assert!(!is_at_work("etl", SOURCE).await);
    let run = opened(store.start_run(&run_start("1/2", LONG_LEASE)).await.unwrap());
    assert!(is_at_work("etl", SOURCE).await);
    assert!(!is_at_work("another", SOURCE).await && !is_at_work("etl", "another").await);
    let long_ago = "update ingestion_runs set heartbeat_at = '2020-01-01 00:00:00.000000'";
    database.execute(long_ago).await;
    assert!(!is_at_work("etl", SOURCE).await);
    store.beat(&run).await.unwrap();
    assert!(is_at_work("etl", SOURCE).await);
    store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
    assert!(!is_at_work("etl", SOURCE).await);
}
