//! A server that takes a statement and never answers, or answers what nobody can read.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::{BoxFuture, FutureExt as _};
use weather_data_product::domain::tables::TABLES;
use weather_data_product::domain::{BudgetWindow, Days, Outcome, RunCounts, Window};
use weather_data_product::store::{
    Bounded, Bounds, Reads, Rows, Run, Settled, SqlStore, Store, StoreError, StoreSettings, Wanted,
    mysql,
};

use crate::support::databases::{TestDatabase, with_mysql};
use crate::support::kills::{Random, signal};
use crate::support::program::{Program, Ran, SimulatorProcess};
use crate::support::proxy::{AtCommit, Proxy};
use crate::support::samples::{
    LONG_LEASE, SOURCE, collected, full_values, hour, open_run, run_end, run_start, sites,
};
use crate::support::server::ServerProcess;
use crate::support::service::{Job, Service};

/// What takes longer hangs.
const HUNG: Duration = Duration::from_secs(120);

/// Words of every statement of ours, and of none by which the driver begins a session.
const STATEMENTS: &[&str] = &["select ", "insert ", "update ", "BEGIN", "show "];

/// The store behind a proxy and what only reads it, within bounds that follow from this longest reading.
async fn behind(proxy: &Proxy, read: Duration) -> (Bounded<SqlStore>, Reads) {
    let store = mysql::connect(&proxy.url, &StoreSettings::at(&proxy.url)).await.unwrap();
    let bounds = Bounds::of(read, HUNG);
    let reads = store.reads(bounds);
    (Bounded::new(store, bounds), reads)
}

type Operation<'a> = (&'static str, BoxFuture<'a, Result<(), StoreError>>);

/// Every operation of the store.
async fn operations<'a>(store: &'a dyn Store, reads: &'a Reads) -> Vec<Operation<'a>> {
    // For as long as the test, as the operations are.
    let run: &'static Run = Box::leak(Box::new(open_run(store).await));
    let window = BudgetWindow { scope: "x", window: Window::Day, window_start: hour(), cap: 10 };
    let windows: &'static [BudgetWindow] = vec![window].leak();
    let times = (hour(), hour());
    macro_rules! asked {
        ($of:ident: $($name:ident($($argument:expr),*)),+ $(,)?) => {
            vec![$((
                stringify!($name),
                async move { $of.$name($($argument),*).await.map(drop) }.boxed(),
            )),+]
        };
    }
    let mut all: Vec<Operation<'a>> = asked![
        store: migrate(),
        check_schema(),
        check_privileges(),
        list_tried(SOURCE, &[hour()]),
        paused_until(SOURCE),
        pause(SOURCE, hour()),
        end_of_ended_runs(),
        set_aside_silent_runs(LONG_LEASE, hour()),
        raise_run_seq(1),
        take_in_sites(&sites(2), hour()),
        start_run(&run_start("0/1", LONG_LEASE)),
        beat(run),
        load(run, &[collected(0, hour(), full_values())], hour()),
        close_run(run, &run_end(RunCounts::default())),
        reserve_calls("x", windows, Wanted { at_least: 1, at_most: 1 }),
        settle_calls("x", windows, Settled { sent: 1, unsent: 0 }),
    ];
    let reading: Vec<Operation<'a>> = asked![
        reads: check_schema(),
        facts(),
        paused_until(SOURCE),
        list_call_counts("x", hour()),
        list_call_accounts("x", hour()),
        is_run_at_work("etl", SOURCE, LONG_LEASE),
        list_site_states(SOURCE, times),
        list_failures(SOURCE, hour()),
        list_lives(),
        list_asked_sources("site-00000"),
        list_stopped_runs(times),
        oldest_filled(("site-00000", SOURCE), times),
        list_runs(1),
        list_runs_before(1, 1),
        run_version(),
        list_sites(),
        find_site("site-00000"),
        list_observed_sources("site-00000"),
        list_temperatures((&["site-00000"], &[SOURCE]), times),
        list_newest_observations(None, hour()),
        list_observed_spans(SOURCE, hour()),
        find_run("1"),
        list_open_runs(),
        backlog(0, 1),
        newest_observation_time(hour()),
        last_run_seq(),
    ];
    all.extend(reading);
    let site = ("site-00000", SOURCE);
    all.push(("read_ledger", first(reads.read_ledger(site, times))));
    all.push(("read_filled_slots", first(reads.read_filled_slots(site, times))));
    all.push(("read_rows", first(reads.read_rows(TABLES[0], &Rows::Of(Days::ALL)))));
    all
}

/// Reads the first row.
fn first<'a, T: Send + 'a>(
    mut rows: futures::stream::BoxStream<'a, Result<T, StoreError>>,
) -> BoxFuture<'a, Result<(), StoreError>> {
    async move { rows.next().await.transpose().map(drop) }.boxed()
}

#[tokio::test]
async fn every_operation_ends_in_time_and_the_next_finds_the_store_as_it_was() {
    with_mysql(async |database| {
        let proxy = Proxy::to(&database.url).await;
        let (store, reads) = behind(&proxy, Duration::from_millis(100)).await;
        let silent = operations(&store, &reads).await;
        proxy.swallow(STATEMENTS);
        // At once, more of them than there are connections.
        let silent = silent.into_iter().map(async |(name, operation)| {
            let result = tokio::time::timeout(HUNG, operation).await;
            (name, result.unwrap_or_else(|_| panic!("{name} hung")))
        });
        for (name, result) in futures::future::join_all(silent).await {
            let error = result.expect_err(name);
            let is_repeated = matches!(error, StoreError::Lasting(_));
            assert_eq!(error.kind(), "store_unreachable", "{name}");
            // What must not be done twice is not tried twice.
            assert_eq!(is_repeated, name != "settle_calls", "{name}: {error:?}");
        }
        proxy.swallow(&[]);
        let (store, _) = behind(&proxy, Duration::from_secs(15)).await;
        database.execute("update ingestion_runs set status = 'closed'").await;
        let run = open_run(&store).await;
        store.load(&run, &[collected(0, hour(), full_values())], hour()).await.unwrap();
        store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
        assert_eq!(database.count("select count(*) from weather_observations").await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_commit_that_is_never_answered_is_repeated_on_another_connection() {
    with_mysql(async |database| {
        let service = Service::with_faults(&[]).await;
        let proxy = Proxy::to(&database.url).await;
        let (store, reads) = behind(&proxy, Duration::from_secs(1)).await;
        // The start of the run, and then some batches.
        proxy.at_commits(&[AtCommit::Swallow, AtCommit::Pass, AtCommit::Swallow]);
        let mut job = Job::of(&store, &reads, &service);
        job.settings.batch_rows = 5;
        let report = tokio::time::timeout(HUNG, job.run(&sites(23))).await.expect("it hung");
        assert_eq!(proxy.commits_left(), 0);
        assert_eq!(report.outcome(), Outcome::Succeeded);
        assert_eq!((report.counts.calls, report.counts.collected), (23, 23));
        assert_eq!(database.count("select count(*) from weather_observations").await, 23);
        let runs = "select concat_ws('|', run_seq, status, collected) from ingestion_runs";
        assert_eq!(database.lines(runs).await, ["1|closed|23"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_ends_when_the_store_takes_statements_and_never_answers() {
    with_mysql(async |database| {
        let simulator = SimulatorProcess::start(&[]);
        let proxy = Proxy::to(&database.url).await;
        let program = simulator.client(&proxy.url).with_sites(3);
        let program = program.env("WEATHER_READ_SECONDS", "0.5");
        proxy.swallow(STATEMENTS);
        for arguments in [
            &["etl"][..],
            &["etl", "--dry-run"],
            &["pipeline"],
            &["heal"],
            &["status"],
            &["gaps"],
            &["runs"],
            &["quota"],
            &["show"],
            &["migrate"],
        ] {
            let before = proxy.swallowed();
            let ran = ran_in_time(&program, arguments).expect(3);
            assert!(ran.stderr.contains("no answer within 0."), "{arguments:?}: {}", ran.stderr);
            assert!(proxy.swallowed() > before, "{arguments:?}");
        }
        assert_eq!(simulator.calls().len(), 0);
    })
    .await;
}

/// The command, which is killed if it hangs.
fn ran_in_time(program: &Program, arguments: &[&str]) -> Ran {
    let limit = HUNG.as_secs().to_string();
    let mut command = program.command_of("/usr/bin/timeout");
    command.args(["--signal=KILL", &limit, env!("CARGO_BIN_EXE_weather")]).args(arguments);
    Ran::of(&command.output().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_told_to_end_ends_though_the_store_does_not_answer_and_the_next_collects_the_rest() {
    with_mysql(async |database| {
        let simulator = SimulatorProcess::start(&[]);
        let proxy = Proxy::to(&database.url).await;
        let program = simulator
            .client(&proxy.url)
            .with_sites(60)
            .env("WEATHER_LEASE_SECONDS", "1")
            .env("WEATHER_BATCH_ROWS", "5")
            .env("OPENWEATHER_CALLS_PER_MINUTE", "1200");
        let stored = "select count(*) from collection_slots";
        let mut running = program.command(&["etl"]).stderr(Stdio::piped()).spawn().unwrap();
        while database.count(stored).await < 10 {
            tokio::task::yield_now().await;
        }
        proxy.swallow(STATEMENTS);
        let before = proxy.swallowed();
        while proxy.swallowed() == before {
            tokio::task::yield_now().await;
        }
        signal(&running, "-TERM");
        let ran = ended(&mut running, || ()).await.expect(143);
        assert!(ran.stderr.contains("s after the signal"), "{}", ran.stderr);
        proxy.swallow(&[]);
        program.run(&["etl"]).expect(0);
        assert_eq!(database.count(stored).await, 60);
        let open = "select count(*) from ingestion_runs where status = 'open'";
        assert_eq!(database.count(open).await, 0);
    })
    .await;
}

/// What a process printed and how it ended, each line of its log being waited for.
async fn ended(child: &mut Child, mut at_first_line: impl FnMut()) -> Ran {
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut stderr = lines.next().transpose().unwrap().unwrap_or_default() + "\n";
    at_first_line();
    let reading = std::thread::spawn(move || {
        lines.map_while(Result::ok).for_each(|line| stderr.push_str(&(line + "\n")));
        stderr
    });
    let waiting = async {
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let status = tokio::time::timeout(HUNG, waiting).await;
    let status = status.unwrap_or_else(|_| {
        child.kill().unwrap();
        panic!("it hung")
    });
    let stderr = reading.join().unwrap();
    Ran { code: status.code().unwrap_or(-1), stdout: String::new(), stderr }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_comes_up_late_is_waited_for() {
    with_mysql(async |database| {
        let proxy = Proxy::to(&database.url).await;
        proxy.close();
        let program =
            Program::new().env("DATABASE_URL", &proxy.url).env("CLOUD_RUN_JOB", "weather");
        let mut running = program.command(&["migrate"]).stderr(Stdio::piped()).spawn().unwrap();
        let ran = ended(&mut running, || proxy.open_again()).await.expect(0);
        let waits = ran.stderr.matches("waiting for the network: the store is tried for 120 s");
        assert_eq!(waits.count(), 1, "{}", ran.stderr);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_listens_before_the_store_is_there_and_is_ready_when_it_is() {
    with_mysql(async |database| {
        let proxy = Proxy::to(&database.url).await;
        proxy.close();
        let program = Program::new().env("DATABASE_URL", &proxy.url).env("K_SERVICE", "");
        let program = program.env("WEATHER_FIRST_CONNECTION_SECONDS", "100");
        let server = ServerProcess::start(&program, &[]);
        server.get("/healthz").await.expect(200);
        server.get("/readyz").await.expect(503);
        server.get("/api/v1/sites").await.expect(503);
        proxy.open_again();
        let ready = async {
            while server.get("/readyz").await.status != 200 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(HUNG, ready).await.expect("it never was");
        server.get("/api/v1/sites").await.expect(200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_refused_by_the_store_ends_at_once() {
    with_mysql(async |database| {
        let mut url = url::Url::parse(&database.url).unwrap();
        url.set_password(Some("wrong")).unwrap();
        let serve = |database: &str| {
            let program = Program::new().env("DATABASE_URL", database);
            let program = program.env("WEATHER_FIRST_CONNECTION_SECONDS", "3600");
            ran_in_time(&program, &["serve", "--listen", "127.0.0.1:0"]).expect(3).stderr
        };
        let stderr = serve(url.as_str());
        assert!(stderr.contains("check user and password"), "{stderr}");
        database.execute("delete from _sqlx_migrations").await;
        let stderr = serve(&database.url);
        assert!(stderr.contains("is not up to date"), "{stderr}");
    })
    .await;
}

/// Packets of the protocol, each whole and shorter than it says it is: the driver runs over the end of some.
#[tokio::test]
async fn an_answer_that_cannot_be_read_is_an_error_and_no_panic() {
    with_mysql(async |database| {
        let run = fill(database).await;
        let proxy = Proxy::to(&database.url).await;
        let (store, reads) = behind(&proxy, Duration::from_millis(150)).await;
        let (mut errors, mut panics) = (0, 0);
        for seed in 0..40 {
            proxy.cut_answers(Some(Random(seed)));
            let reading = futures::future::join3(
                reads.list_runs(5).map(|result| result.map(drop)),
                reads.list_sites().map(|result| result.map(drop)),
                store.beat(&run),
            );
            let (runs, sites, beat) = tokio::time::timeout(HUNG, reading).await.expect("it hung");
            for error in [runs.err(), sites.err(), beat.err()].into_iter().flatten() {
                errors += 1;
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                panics += u32::from(cause.is_some_and(|cause| cause.contains("cannot be read")));
            }
            if panics > 0 {
                break;
            }
        }
        println!("{errors} errors, {panics} of them panics of the driver");
        assert!(panics > 0, "no packet was met that the driver panics over: cut otherwise");
        proxy.cut_answers(None);
        assert_eq!(
            behind(&proxy, Duration::from_secs(15)).await.1.list_sites().await.unwrap().len(),
            3
        );
    })
    .await;
}

async fn fill(database: &TestDatabase) -> Run {
    let run = open_run(&*database.store).await;
    database.store.take_in_sites(&sites(3), hour()).await.unwrap();
    run
}
