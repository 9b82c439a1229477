//! Servers that begin a session otherwise than the manual does, take no change, or allow few connections.

use std::time::Duration;

use sqlx::{Connection as _, Executor as _, MySqlConnection};
use weather_data_product::domain::{Outcome, RunCounts};
use weather_data_product::store::{Bounded, Bounds, Store, StoreError, StoreSettings, mysql};

use crate::support::databases::{TestDatabase, mysql_server, with_mysql};
use crate::support::own_server::OwnServer;
use crate::support::program::SimulatorProcess;
use crate::support::samples::{collected, full_values, hour, open_run, run_end, sites};
use crate::support::service::{Job, Service};

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_begins_a_session_with_does_not_matter() {
    let server = OwnServer::start();
    let url = server.ask("url");
    let mut admin = MySqlConnection::connect(&url).await.unwrap();
    for setting in [
        "autocommit = 0",
        "completion_type = 'RELEASE'",
        "sql_safe_updates = 1",
        "sql_select_limit = 1",
        "transaction_read_only = on",
        "max_execution_time = 1",
        "sql_big_selects = 0",
        "max_join_size = 1",
        "character_set_client = latin1",
        "character_set_results = latin1",
        "sql_mode = 'ANSI,PAD_CHAR_TO_FULL_LENGTH'",
        "time_zone = '+05:30'",
    ] {
        admin.execute(sqlx::AssertSqlSafe(format!("set global {setting}"))).await.unwrap();
    }
    let simulator = SimulatorProcess::start(&[]);
    for (run, setting) in ["autocommit = 0", "completion_type = 'CHAIN'"].into_iter().enumerate() {
        admin.execute(sqlx::AssertSqlSafe(format!("set global {setting}"))).await.unwrap();
        let named = r#"{"sites": [
            {"site_id": "a", "name": "Łódź 北京", "latitude": 1, "longitude": 1, "timezone": "UTC", "interval_minutes": 1440},
            {"site_id": "b", "name": "b", "latitude": 2, "longitude": 2, "timezone": "UTC", "interval_minutes": 1440}
        ]}"#;
        let program = simulator.client(&format!("{url}?charset=latin1"));
        let program = program.file("sites.json", named).env("SITES_FILE", "sites.json");
        let ran = program.run(&["etl", "--force"]).expect(0);
        let warning = "charset=latin1 is ignored";
        assert_eq!(ran.stderr.matches(warning).count(), 1, "{}", ran.stderr);
        assert_eq!(ran.run_summary()["collected"], 2);
        program.run(&["status"]).expect(0);
        // A session of the test's own, as the manual has it.
        for statement in ["set sql_select_limit = 100, max_execution_time = 0, autocommit = 1"] {
            admin.execute(statement).await.unwrap();
        }
        admin.execute("set names utf8mb4").await.unwrap();
        let runs: i64 = sqlx::query_scalar(
            "select count(*) from ingestion_runs where status = 'closed' and collected = 2",
        )
        .fetch_one(&mut admin)
        .await
        .unwrap();
        assert_eq!(runs, i64::try_from(run).unwrap() + 1, "{setting}: no run stays open");
        let name: String = sqlx::query_scalar("select name from sites where site_id = 'a'")
            .fetch_one(&mut admin)
            .await
            .unwrap();
        assert_eq!(name, "Łódź 北京", "{setting}");
    }
}

/// A server that refuses the heartbeat with an error of its own words.
async fn refusing(database: &TestDatabase, number: u16, message: &str) -> StoreError {
    let settings = StoreSettings::at(&database.url);
    let store = mysql::connect(&database.url, &settings).await.unwrap();
    let run = match store.reads(settings.bounds()).list_runs(1).await.unwrap().first() {
        None => open_run(&store).await,
        Some(run) => weather_data_product::store::Run {
            run_seq: run.run_seq,
            run_id: run.run_id.parse().unwrap(),
        },
    };
    database.execute("drop trigger if exists refusing").await;
    database
        .execute(&format!(
            "create trigger refusing before update on ingestion_runs for each row \
            signal sqlstate 'HY000' set mysql_errno = {number}, message_text = '{message}'"
        ))
        .await;
    let error = store.beat(&run).await.unwrap_err();
    database.execute("drop trigger refusing").await;
    error
}

#[tokio::test]
async fn an_error_of_the_server_is_what_it_means_and_names_the_remedy() {
    with_mysql(async |database| {
        for (number, message, kind, hint) in [
            (1290, "running with the --read-only option", "store_read_only", "the primary"),
            (1290, "running with the --super-read-only option", "store_read_only", "the primary"),
            (1290, "running with the --secure-file-priv option", "store_access_denied", "user"),
            (
                1792,
                "Cannot execute statement in a READ ONLY transaction.",
                "store_read_only",
                "primary",
            ),
            (1836, "Running in read-only mode", "store_read_only", "the primary"),
            (
                1015,
                "Cannot lock file (errno: 165 - Table is read only)",
                "store_read_only",
                "primary",
            ),
            (1015, "Cannot lock file (errno: 11 - Try again)", "store_other", "doctor"),
            (1040, "Too many connections", "store_crowded", "DATABASE_MAX_CONNECTIONS"),
            (1203, "more than max_user_connections", "store_crowded", "DATABASE_MAX_CONNECTIONS"),
            (
                1226,
                "exceeded the max_user_connections resource",
                "store_crowded",
                "DATABASE_MAX_CONNECTIONS",
            ),
            (1226, "exceeded the max_updates resource", "store_other", "doctor"),
            (1820, "You must reset your password", "store_access_denied", "user and password"),
            (1862, "Your password has expired", "store_access_denied", "user and password"),
        ] {
            let error = refusing(database, number, message).await;
            assert_eq!(error.kind(), kind, "{number} {message}: {error:?}");
            assert!(error.hint().contains(hint), "{number} {message}: {}", error.hint());
        }
        let error = refusing(database, 1836, "Running in read-only mode").await.to_string();
        assert_eq!(error, "the server is read-only: a replica, or a demoted primary");
    })
    .await;
}

/// How many transactions were begun.
async fn begun(admin: &mut MySqlConnection) -> u64 {
    let count = sqlx::query_as::<_, (String, String)>("show global status like 'Com_begin'");
    count.fetch_one(admin).await.unwrap().1.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_read_only_for_a_while_is_waited_for_and_one_that_stays_so_is_named() {
    let server = OwnServer::start();
    let root = server.ask("url");
    let mut admin = MySqlConnection::connect(&root).await.unwrap();
    // Who may administrate may write all the same.
    for statement in [
        "create user collector identified by 'p'",
        "grant select, insert, update, create, alter, index, references on weather.* to collector",
    ] {
        admin.execute(statement).await.unwrap();
    }
    let url = root.replace("weather:weather@", "collector:p@");
    let service = Service::with_faults(&[]).await;
    let store = mysql::connect(&url, &StoreSettings::at(&url)).await.unwrap();
    store.migrate().await.unwrap();
    let bounds = Bounds::of(Duration::from_secs(15), Duration::from_secs(10));
    let (reads, store) = (store.reads(bounds), Bounded::new(store, bounds));
    admin.execute("set global read_only = on").await.unwrap();
    let before = begun(&mut admin).await;
    let job = Job::of(&store, &reads, &service);
    let places = sites(23);
    let (report, ()) = tokio::join!(job.run(&places), async {
        // One of them was refused before the next was begun.
        while begun(&mut admin).await < before + 2 {}
        admin.execute("set global read_only = off").await.unwrap();
    });
    assert_eq!((report.outcome(), report.counts.collected), (Outcome::Succeeded, 23));

    admin.execute("set global read_only = on").await.unwrap();
    let short = Bounds::of(Duration::from_millis(500), Duration::from_secs(10));
    let store = mysql::connect(&url, &StoreSettings::at(&url)).await.unwrap();
    let store = Bounded::new(store, short);
    let error = store.pause("openweathermap", hour()).await.unwrap_err();
    assert_eq!(error.to_string(), "the server is read-only: a replica, or a demoted primary");
}

#[tokio::test(flavor = "multi_thread")]
async fn fewer_connections_than_were_asked_for_are_enough() {
    with_mysql(async |database| {
        let name = database.url.rsplit('/').next().unwrap();
        let user = format!("c{}", &name[name.len() - 20..]);
        database
            .execute(&format!("create user {user} identified by 'p' with max_user_connections 1"))
            .await;
        database.execute(&format!("grant all on {name}.* to {user}")).await;
        let mut url = url::Url::parse(&database.url).unwrap();
        url.set_username(&user).unwrap();
        url.set_password(Some("p")).unwrap();
        let simulator = SimulatorProcess::start(&[]);
        let program = simulator.client(url.as_str()).with_sites(60).env("WEATHER_BATCH_ROWS", "5");
        let program =
            program.env("OPENWEATHER_CALLS_PER_DAY", "100000").env("DATABASE_MAX_CONNECTIONS", "8");
        let ran = program.run(&["etl"]).expect(0);
        assert_eq!(ran.run_summary()["collected"], 60);

        // Nor does the program need more by its own settings, however small its batches are.
        let narrow = simulator.client(&database.url).with_sites(300);
        let narrow = narrow
            .env("OPENWEATHER_CALLS_PER_DAY", "100000")
            .env("DATABASE_MAX_CONNECTIONS", "1")
            .env("WEATHER_BATCH_ROWS", "1");
        let ran = narrow.run(&["etl"]).expect(0);
        assert_eq!(ran.run_summary()["collected"], 240, "the others were there");

        // Somebody else has the one.
        let _held = MySqlConnection::connect(url.as_str()).await.unwrap();
        let ran = program.env("WEATHER_FIRST_CONNECTION_SECONDS", "1").run(&["etl", "--force"]);
        let ran = ran.expect(3);
        assert!(ran.stderr.contains("DATABASE_MAX_CONNECTIONS"), "{}", ran.stderr);
        database.execute(&format!("drop user {user}")).await;
        let _ = mysql_server();
    })
    .await;
}

#[tokio::test]
async fn many_operations_at_once_share_the_connections_that_the_server_allows() {
    with_mysql(async |database| {
        let name = database.url.rsplit('/').next().unwrap();
        let user = format!("d{}", &name[name.len() - 20..]);
        database
            .execute(&format!("create user {user} identified by 'p' with max_user_connections 2"))
            .await;
        database.execute(&format!("grant all on {name}.* to {user}")).await;
        let mut url = url::Url::parse(&database.url).unwrap();
        url.set_username(&user).unwrap();
        url.set_password(Some("p")).unwrap();
        let mut settings = StoreSettings::at(url.as_str());
        settings.database_max_connections = 8;
        let store = mysql::connect(url.as_str(), &settings).await.unwrap();
        let reads = store.reads(settings.bounds());
        let asked = (0..40).map(async |_| reads.list_runs(1).await);
        for result in futures::future::join_all(asked).await {
            result.unwrap();
        }
        database.execute(&format!("drop user {user}")).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_that_somebody_has_added_are_in_nobodys_way() {
    with_mysql(async |database| {
        for table in
            ["weather_observations", "collection_slots", "sites", "ingestion_runs", "call_budget"]
        {
            let column =
                "add column doubled bigint as (1 + 1) stored, add column noted varchar(9) null";
            database.execute(&format!("alter table {table} {column}")).await;
        }
        let simulator = SimulatorProcess::start(&[]);
        let program = simulator.client(&database.url).with_sites(3);
        let program = program.env("OPENWEATHER_CALLS_PER_DAY", "1000");
        assert_eq!(program.run(&["etl"]).expect(0).run_summary()["collected"], 3);
        let run = open_run(&*database.store).await;
        let batch = [collected(1, hour(), full_values())];
        database.store.load(&run, &batch, hour()).await.unwrap();
        database.store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
    })
    .await;
}
