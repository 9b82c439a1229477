//! A job that is killed at any moment loses no issue, and writes none twice.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use crate::support::databases::{TestDatabase, on_both_databases};
use crate::support::kills::{self, Moment, Phase, Random, kill_at, kills};
use crate::support::program::SimulatorProcess;

on_both_databases!(a_forecast_run_killed_at_any_moment_loses_no_issue_and_writes_none_twice);

const SITES: u32 = 60;

/// Half of the kills by time, half by phase; each start goes on where the one before was killed, and every issue
/// that was ever seen stays as it was.
async fn a_forecast_run_killed_at_any_moment_loses_no_issue_and_writes_none_twice(
    database: &TestDatabase,
) {
    let simulator = SimulatorProcess::start(&["--fault", "server_error=10%:1"]);
    let program = simulator
        .client(&database.url)
        .with_sites(SITES)
        .env("FORECAST_INTERVAL_MINUTES", "1440")
        .env("WEATHER_LEASE_SECONDS", "1")
        .env("WEATHER_BATCH_ROWS", "5")
        .env("LOG_LEVEL", "debug");
    program.run(&["migrate"]).expect(0);
    let phases = [
        Phase { name: "lock", times: 1, length: Duration::from_millis(20) },
        Phase { name: "calls", times: 1, length: Duration::from_millis(200) },
        Phase { name: "batch", times: 6, length: Duration::from_millis(15) },
        Phase { name: "between_batches", times: 6, length: Duration::from_millis(15) },
    ];
    let mut random = Random(0x5EED);
    let (mut hit, mut seen) = (BTreeMap::<String, u32>::new(), HashMap::new());
    for kill in 0..kills() {
        let moment = Moment::random(&mut random, Duration::from_millis(900), &phases);
        let killed = kill_at(kills::spawn(&program, &["forecast"]), &moment, |_| ());
        *hit.entry(killed.phase()).or_default() += 1;
        check(database, &mut seen).await;
        if kill % 7 == 6 {
            // Everything is due again, and says nothing new.
            database.execute("delete from forecast_slots").await;
        }
    }
    program.run(&["forecast"]).expect(0);
    check(database, &mut seen).await;
    let collected = "select count(*) from forecast_slots where status = 'collected'";
    assert_eq!(database.count(collected).await, i64::from(SITES));
    let sites = "select count(distinct site_id) from forecast_issues";
    assert_eq!(database.count(sites).await, i64::from(SITES), "no issue is lost");
    let twice = "select count(*) from (select site_id, values_hash from forecast_issues \
        group by site_id, values_hash having count(*) > 1) twice";
    assert_eq!(database.count(twice).await, 0, "no issue is there twice");
    let open = "select count(*) from ingestion_runs where status = 'open'";
    assert_eq!(database.count(open).await, 0);
    kills::assert_all_hit(&hit, &["calls", "batch", "between_batches"]);
}

/// Every issue has all of its values, and those that were there before are what they were.
async fn check(database: &TestDatabase, seen: &mut HashMap<String, String>) {
    let torn = "select count(*) from forecast_issues i where value_count <> (select count(*) \
        from forecast_values v where v.site_id = i.site_id and v.source = i.source \
        and v.model = i.model and v.product = i.product and v.available_at = i.available_at)";
    assert_eq!(database.count(torn).await, 0, "an issue is whole or not there");
    let pointless = "select count(*) from forecast_slots s where status = 'collected' \
        and not exists (select 1 from forecast_issues i where i.site_id = s.site_id \
        and i.available_at = s.issue_key)";
    assert_eq!(database.count(pointless).await, 0, "a collected slot names its issue");
    let mut hashes = BTreeMap::<String, i64>::new();
    let rows = database
        .lines("select concat(site_id, ' ', available_at, '|', row_hash) from forecast_values")
        .await;
    for row in rows {
        let (issue, hash) = row.split_once('|').unwrap();
        *hashes.entry(issue.to_owned()).or_default() ^= hash.parse::<i64>().unwrap();
    }
    for (issue, hash) in hashes {
        let before = seen.entry(issue.clone()).or_insert_with(|| hash.to_string());
        assert_eq!(*before, hash.to_string(), "{issue} changed");
    }
}
