//! What a real database does to a run: locks, deadlocks, lost connections, a restart, a full disk.

use sqlx::{Connection as _, Executor as _, MySqlConnection, SqlitePool};
use weather_data_product::domain::{ErrorKind, Outcome};
use weather_data_product::store::{Opened, Store as _, StoreError, StoreSettings, mysql};

use crate::support::databases::{TestDatabase, with_mysql};
use crate::support::own_server::OwnServer;
use crate::support::program::{Program, Ran, SimulatorProcess};
use crate::support::proxy::{AtCommit, Proxy};
use crate::support::samples::{collected, failed, full_values, hour, open_run, sites};
use crate::support::service::{Job, Service};

/// Waits until a batch has locked its run.
async fn until_a_batch_has_begun(database: &TestDatabase) {
    let mut look = MySqlConnection::connect(&database.url).await.unwrap();
    while look.execute("select run_seq from ingestion_runs for update nowait").await.is_ok() {}
}

/// A run with a failed slot, and the transaction of another that holds this slot.
async fn transaction_on_the_slot(database: &TestDatabase) -> MySqlConnection {
    let mut other = MySqlConnection::connect(&database.url).await.unwrap();
    // As ours: no lock on the gaps between rows.
    other.execute("set session transaction isolation level read committed").await.unwrap();
    other.execute("begin").await.unwrap();
    // Many changes, so that a deadlock is not resolved at its cost.
    other.execute("update weather_observations set temperature_c = 0").await.unwrap();
    other
        .execute("update collection_slots set attempts = 7 where site_id = 'site-00000'")
        .await
        .unwrap();
    other
}

#[tokio::test]
async fn a_batch_in_a_deadlock_is_undone_whole_and_may_be_repeated() {
    with_mysql(async |database| {
        // Within bounds it would be repeated.
        let settings = StoreSettings::at(&database.url);
        let store = &mysql::connect(&database.url, &settings).await.unwrap();
        let run = open_run(store).await;
        let mut before: Vec<_> =
            (1..200).map(|site| collected(site, hour(), full_values())).collect();
        before.push(failed(0, hour(), ErrorKind::Timeout));
        store.load(&run, &before, hour()).await.unwrap();
        let mut other = transaction_on_the_slot(database).await;
        let batch = [collected(0, hour(), full_values())];
        let (loaded, ()) = tokio::join!(store.load(&run, &batch, hour()), async {
            until_a_batch_has_begun(database).await;
            // The batch has the run and wants the slot; the other has the slot and wants the run.
            other.execute("update ingestion_runs set host = 'other'").await.unwrap();
            other.execute("rollback").await.unwrap();
        });
        let Err(StoreError::Conflict(cause)) = loaded else { panic!("{loaded:?}") };
        assert!(cause.to_string().contains("1213"), "{cause}");
        let stored = "select count(*) from weather_observations";
        assert_eq!(database.count(stored).await, 199, "nothing of the batch is there");
        store.load(&run, &batch, hour()).await.unwrap();
        assert_eq!(database.count(stored).await, 200);
    })
    .await;
}

#[tokio::test]
async fn a_batch_that_waits_too_long_for_a_lock_is_undone_whole_and_may_be_repeated() {
    with_mysql(async |database| {
        let settings = StoreSettings::at(&database.url);
        let store = &mysql::connect(&database.url, &settings).await.unwrap();
        let run = open_run(store).await;
        store.load(&run, &[failed(0, hour(), ErrorKind::Timeout)], hour()).await.unwrap();
        let mut other = transaction_on_the_slot(database).await;
        let batch = [collected(0, hour(), full_values())];
        let loaded = store.load(&run, &batch, hour()).await;
        let Err(StoreError::Conflict(cause)) = loaded else { panic!("{loaded:?}") };
        assert!(cause.to_string().contains("1205"), "{cause}");
        let stored = "select count(*) from weather_observations";
        assert_eq!(database.count(stored).await, 0, "nothing of the batch is there");
        other.execute("rollback").await.unwrap();
        store.load(&run, &batch, hour()).await.unwrap();
        assert_eq!(database.count(stored).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_connection_lost_around_a_commit_loses_nothing_and_writes_nothing_twice() {
    with_mysql(async |database| {
        let service = Service::with_faults(&[]).await;
        let proxy = Proxy::to(&database.url).await;
        let Opened { store, reads, .. } = StoreSettings::at(&proxy.url).open().await.unwrap();
        for lost in [AtCommit::LoseRequest, AtCommit::LoseAnswer] {
            for table in ["weather_observations", "collection_slots"] {
                database.execute(&format!("delete from {table}")).await;
            }
            // The start of the run, and then every second batch.
            proxy.at_commits(&[lost, AtCommit::Pass].repeat(4));
            let mut job = Job::of(&*store, &reads, &service);
            job.settings.batch_rows = 5;
            let report = job.run(&sites(23)).await;
            assert_eq!(proxy.commits_left(), 0, "{lost:?}: each was met");
            assert_eq!(report.outcome(), Outcome::Succeeded, "{lost:?}");
            assert_eq!((report.counts.calls, report.counts.collected), (23, 23), "{lost:?}");
            let stored = "select count(*) from weather_observations";
            assert_eq!(database.count(stored).await, 23, "{lost:?}");
        }
        let runs = "select concat_ws('|', run_seq, status, collected) from ingestion_runs";
        assert_eq!(database.lines(runs).await, ["1|closed|23", "2|closed|23"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_crashes_and_comes_back_under_a_run_is_waited_for() {
    let server = OwnServer::start();
    let url = server.ask("url");
    let simulator = SimulatorProcess::start(&[]);
    let program = simulator
        .client(&url)
        .with_sites(400)
        .env("OPENWEATHER_CALLS_PER_MINUTE", "6000")
        .env("WEATHER_BATCH_ROWS", "20");
    program.run(&["migrate"]).expect(0);
    let mut command = program.command(&["etl"]);
    let running = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    while simulator.log().lines().count() < 100 {
        tokio::task::yield_now().await;
    }
    server.crash_and_start();
    let ran = Ran::of(&running.wait_with_output().unwrap()).expect(0);
    let summary = ran.run_summary();
    assert_eq!((&summary["collected"], &summary["calls"]), (&400.into(), &400.into()));
    let mut look = MySqlConnection::connect(&url).await.unwrap();
    let filled = "select count(*) from collection_slots join weather_observations using \
        (site_id, source, observation_time) where status = 'collected'";
    assert_eq!(sqlx::query_scalar::<_, i64>(filled).fetch_one(&mut look).await.unwrap(), 400);
}

/// A disk of its own needs a mount, and a mount a name space of its own.
#[tokio::test]
async fn a_full_disk_ends_the_run_and_with_room_the_next_start_collects_the_rest() {
    let simulator = SimulatorProcess::start(&[]);
    let program: Program = simulator
        .client("sqlite://disk/weather.db")
        .with_sites(2000)
        .env("WEATHER_LEASE_SECONDS", "1")
        .env("WEATHER_BATCH_ROWS", "50")
        .env("WEATHER", env!("CARGO_BIN_EXE_weather"))
        .env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin");
    let script = r#"
        set -e
        mkdir disk
        mount -t tmpfs -o size=1536k none disk
        status=0; "$WEATHER" etl || status=$?
        [ "$status" = 3 ] || { echo "with a full disk: exit $status"; exit 1; }
        mount -o remount,size=20m disk
        "$WEATHER" etl
        mkdir copy
        cp disk/* copy/
    "#;
    let mut command = program.command_of("/usr/bin/unshare");
    let output = command.args(["--map-root-user", "--mount", "sh", "-c", script]).output().unwrap();
    let ran = Ran::of(&output).expect(0);
    let error = ran.log().into_iter().find(|line| line["severity"] == "ERROR").expect("an error");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("the store has no room left"), "{message}");
    let copy = program.folder.path().join("copy/weather.db");
    let pool = SqlitePool::connect(&format!("sqlite://{}", copy.display())).await.unwrap();
    let count =
        async |sql: &'static str| sqlx::query_scalar::<_, i64>(sql).fetch_one(&pool).await.unwrap();
    assert_eq!(count("select count(*) from weather_observations").await, 2000);
    assert_eq!(
        count("select count(*) from collection_slots where status = 'collected'").await,
        2000
    );
    let (first, second) = (
        count("select collected from ingestion_runs where run_seq = 1").await,
        count("select collected from ingestion_runs where run_seq = 2").await,
    );
    assert!(
        first > 0 && first + second == 2000,
        "{first} and {second}: nothing stored is called again"
    );
}
