//! `missing_hours` beside `weather gaps`, which reckons the same from the store.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use weather_data_product::domain::run::{StopKind, StopReason};
use weather_data_product::domain::{
    ErrorKind, Interval, Outcome, RunCounts, Site, SlotOutcome, SlotResult,
};
use weather_data_product::store::{RunEnd, RunStart, Store};

use super::days::lives;
use super::{assert_same, fill, lines, sync};
use crate::support::databases::with_sqlite;
use crate::support::program::Program;
use crate::support::samples::{
    LONG_LEASE, SOURCE, collected, failed, full_values, hour, opened, run_end, run_start, site,
    time,
};
use crate::support::warehouse::Warehouse;

/// The slots that begin later are left out: they may begin while the test runs.
fn end() -> DateTime<Utc> {
    hour()
}

#[tokio::test]
async fn gaps_and_the_view_list_the_same_slots_for_the_same_reasons() {
    with_sqlite(async |database| {
        let store = &*database.store;
        fill_store(store).await;
        let warehouse = Warehouse::new();
        sync(database, &warehouse);
        let sql = format!(
            "select site_id, source, unix_seconds(slot_time), status, error_kind \
            from {{d}}.missing_hours where slot_time <= timestamp_seconds({})",
            end().timestamp()
        );
        let view = lines(&warehouse, &sql).await;
        let program = Program::new().env("DATABASE_URL", &database.url);
        let gaps = program.run(&["gaps", "--output", "json"]).expect(0).stdout;
        let gaps: Vec<Value> = serde_json::from_str(&gaps).unwrap();
        let slots: Vec<String> = gaps.iter().flat_map(slots).collect();
        for reason in
            ["never_tried|-", "paused|-", "failed|timeout", "failed|not_found", "unfillable|-"]
        {
            assert!(slots.iter().any(|slot| slot.ends_with(reason)), "{reason}");
        }
        assert!(slots.iter().any(|slot| slot.starts_with("site-00503|-|")));
        assert_same(&view, &slots);
        the_function_lists_what_the_view_lists_of_its_times(&warehouse).await;

        let days = "select sum(slots_expected - slots_present) from {d}.observations_daily \
            where local_date < '2026-11-24'";
        let holes = "select count(*) from {d}.missing_hours where local_date < '2026-11-24'";
        assert_eq!(lines(&warehouse, days).await, lines(&warehouse, holes).await);
    })
    .await;
}

async fn the_function_lists_what_the_view_lists_of_its_times(warehouse: &Warehouse) {
    let columns = "site_id, source, unix_seconds(slot_time), local_time, local_date, site_name, \
        timezone, status, error_kind, error_message";
    for (from, to) in [
        ("2026-11-21 03:30:00", "2026-11-23 10:00:00"),
        ("2025-03-29 22:15:00", "2025-03-30 02:00:00"),
    ] {
        let [from, to] = [from, to].map(|time| format!("timestamp '{time}+00'"));
        let of_view = format!(
            "select {columns} from {{d}}.missing_hours where slot_time >= {from} and slot_time < {to}"
        );
        let expected = lines(warehouse, &of_view).await;
        assert!(expected.len() > 5, "{expected:?}");
        let between = format!("select {columns} from {{d}}.missing_hours_between({from}, {to})");
        assert_same(&lines(warehouse, &between).await, &expected);
    }
}

/// Every slot of a gap as a line.
fn slots(gap: &Value) -> Vec<String> {
    let text = |name: &str| gap[name].as_str().unwrap_or("-").to_owned();
    let first = time(&text("first_slot"));
    let step = TimeDelta::minutes(gap["interval_minutes"].as_i64().unwrap());
    let count = gap["slots"].as_i64().unwrap();
    let last = first + step * i32::try_from(count - 1).unwrap();
    assert_eq!(last, time(&text("last_slot")), "{gap}");
    let starts = std::iter::successors(Some(first), |start| Some(*start + step));
    let starts = starts.take(count.try_into().unwrap()).take_while(|start| *start <= end());
    let [site_id, source, reason, kind] = ["site_id", "source", "reason", "error_kind"].map(text);
    starts
        .map(|start| format!("{site_id}|{source}|{}|{reason}|{kind}", start.timestamp()))
        .collect()
}

/// Sites over both changes of the clock, and sites to which something happens. What the file holds at
/// last.
pub(super) async fn fill_store(store: &dyn Store) -> Vec<Site> {
    let lives = lives();
    let mut old: Vec<Site> = lives.iter().map(|life| life.site.clone()).collect();
    let at = |day: u32, clock: &str| time(&format!("2026-11-{day:02}T{clock}Z"));
    let every =
        |minutes, number| Site { interval: Interval::parse(minutes).unwrap(), ..site(number) };
    let auckland = Site {
        timezone: chrono_tz::Tz::Pacific__Auckland,
        active_until: Some("2026-11-24".parse().unwrap()),
        ..site(504)
    };
    // The files, each with what is in it beside the old sites.
    let files = [
        (at(20, "06:30:00"), vec![every(60, 500), site(501), site(502), auckland.clone()]),
        (at(21, "12:37:00.25"), vec![every(30, 500), site(501), auckland.clone()]),
        (at(22, "18:07:00"), vec![every(30, 500), site(502), site(503), auckland.clone()]),
        (at(23, "09:59:59.9"), vec![every(60, 500), site(502), site(503), auckland]),
    ];
    for (now, sites) in files {
        old.truncate(lives.len());
        old.extend(sites.iter().cloned());
        store.take_in_sites(&old, now).await.unwrap();
    }
    let mut slots: Vec<SlotResult> =
        lives.iter().flat_map(super::days::Life::tried).cloned().collect();
    let unfillable = |number, slot_time| SlotResult {
        outcome: SlotOutcome::unfillable("the archive has nothing of that hour"),
        ..failed(number, slot_time, ErrorKind::Timeout)
    };
    slots.extend([
        failed(500, at(20, "06:00:00"), ErrorKind::Timeout),
        collected(500, at(21, "12:30:00"), full_values()),
        collected(500, at(21, "13:30:00"), full_values()),
        unfillable(500, at(21, "14:00:00")),
        unfillable(500, at(21, "14:30:00")),
        failed(500, at(22, "00:00:00"), ErrorKind::NotFound),
        failed(500, at(22, "00:30:00"), ErrorKind::OutOfRange),
        collected(501, at(20, "07:00:00"), full_values()),
        collected(502, at(20, "07:00:00"), full_values()),
        // Not expected: between its spans.
        failed(502, at(22, "03:00:00"), ErrorKind::Timeout),
        collected(502, at(22, "18:00:00"), full_values()),
        failed(504, at(20, "06:00:00"), ErrorKind::Timeout),
    ]);
    fill(store, &slots).await;
    for (started_at, source, kind) in [
        (at(21, "05:07:00.4"), SOURCE, StopKind::AccountBlocked),
        (at(21, "12:40:00"), SOURCE, StopKind::KeyRefused),
        (at(22, "18:07:00"), SOURCE, StopKind::BudgetSpent),
        (at(23, "10:00:00"), "another", StopKind::AccountBlocked),
        (at(23, "11:00:00"), SOURCE, StopKind::Store),
    ] {
        let start = RunStart { started_at, source: Some(source), ..run_start("0/1", LONG_LEASE) };
        let run = opened(store.start_run(&start).await.unwrap());
        let end = RunEnd {
            outcome: Outcome::Failed,
            stop: Some(StopReason { kind, message: "in words".into() }),
            ..run_end(RunCounts::default())
        };
        store.close_run(&run, &end).await.unwrap();
    }
    old
}
