//! Instances that share their answers in Redis: what one has made the other need not, and whatever
//! becomes of Redis, every answer is what the tables say.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::Value;
use tokio::sync::RwLock;
use weather_data_product::domain::RunCounts;
use weather_data_product::store::Store;

use super::fill;
use crate::support::databases::{TestDatabase, with_mysql, with_sqlite};
use crate::support::program::Program;
use crate::support::redis::Redis;
use crate::support::samples::{collected, full_values, hour, open_run, run_end};
use crate::support::server::ServerProcess;
use crate::support::until;

const UP: &str = "weather_shared_cache_up";

fn instance(database: &TestDatabase, redis: &Redis) -> (Program, ServerProcess) {
    started(Program::new().env("DATABASE_URL", &database.url).env("CACHE_URL", &redis.url()))
}

/// One that waits for Redis for as long as it takes, so that no answer has to be made twice.
fn patient(database: &TestDatabase, redis: &Redis) -> (Program, ServerProcess) {
    let program = Program::new().env("DATABASE_URL", &database.url).env("CACHE_URL", &redis.url());
    started(program.env("WEATHER_CACHE_SECONDS", "60"))
}

fn started(program: Program) -> (Program, ServerProcess) {
    let server = ServerProcess::start(&program, &[]);
    (program, server)
}

async fn lookups(server: &ServerProcess, found: &str) -> f64 {
    let name = format!("weather_cache_lookups_total{{found=\"{found}\"}}");
    server.figure(&name).await.unwrap_or_default()
}

async fn is_up(server: &ServerProcess) -> bool {
    server.figure(UP).await == Some(1.0)
}

/// Writes one observation of site 1, so many minutes after those that are there.
async fn write(store: &dyn Store, minutes: i64) {
    let run = open_run(store).await;
    let slot = hour() + TimeDelta::minutes(minutes);
    let mut values = full_values();
    values.temperature_c = Some(f64::from(u16::try_from(minutes).unwrap()) / 8.0);
    store.load(&run, &[collected(1, slot, values)], slot).await.unwrap();
    store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
}

#[tokio::test]
async fn what_one_instance_has_answered_the_other_takes_from_redis() {
    with_mysql(async |database| {
        fill(&*database.store, 3).await;
        let mut redis = Redis::new();
        redis.start().await;
        let ((_a, first), (_b, second)) = (patient(database, &redis), patient(database, &redis));
        until("both take part", async || is_up(&first).await && is_up(&second).await).await;
        let paths = [
            "/api/v1/latest",
            "/api/v1/sites",
            "/api/v1/sites/site-00001/observations?from=2026-11-25&to=2026-11-26",
            "/api/v1/gaps?site=site-00002",
        ];
        for (number, path) in (1..).zip(paths) {
            let made = first.get(path).await.expect(200);
            // The probe and an answer for each path.
            let size = format!(":{}", number + 1);
            until(path, async || redis.ask("DBSIZE").as_ref() == Some(&size)).await;
            let found = second.get(path).await.expect(200);
            assert_eq!(found.body, made.body);
            for header in ["etag", "content-type", "cache-control", "vary"] {
                assert_eq!(found.header(header), made.header(header), "{path}: {header}");
            }
        }
        second.get(paths[1]).await.expect(200);
        assert_eq!(lookups(&first, "redis").await, 0.0);
        assert_eq!(lookups(&first, "nowhere").await, 4.0);
        assert_eq!(lookups(&second, "redis").await, 4.0);
        assert_eq!(lookups(&second, "nowhere").await, 0.0);
        assert_eq!(lookups(&second, "memory").await, 1.0);
    })
    .await;
}

/// What is asked, and what the tables say to it.
const SERIES: &str = "/api/v1/sites/site-00001/observations\
                      ?from=2026-11-25&to=2026-11-27&fields=temperature_c";
const TABLE: &str = "
    select concat_ws(' ', date_format(observation_time, '%Y-%m-%dT%H:%i:%sZ'), temperature_c)
    from weather_observations
    where site_id = 'site-00001' and observation_time >= '2026-11-25'
    order by source, observation_time";

fn as_lines(answer: &Value) -> Vec<String> {
    let rows = answer["observations"].as_array().unwrap().iter();
    let line = |row: &Value| {
        format!("{} {}", row["observation_time"].as_str().unwrap(), row["temperature_c"])
    };
    rows.map(|row| line(row).trim_end_matches(".0").to_owned()).collect()
}

/// Stops Redis in every way, for longer than it is waited for, and starts it again.
async fn torment(redis: &mut Redis) {
    for round in 0..4 {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        if round % 2 == 0 {
            redis.kill();
            tokio::time::sleep(Duration::from_millis(700)).await;
            redis.start().await;
        } else {
            redis.signal("-STOP");
            tokio::time::sleep(Duration::from_millis(700)).await;
            redis.signal("-CONT");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_comes_and_goes_under_load_and_every_answer_is_what_the_tables_say() {
    with_mysql(async |database| {
        let store = &*database.store;
        fill(store, 9).await;
        let mut redis = Redis::new();
        // Both start without it.
        let ((_a, first), (_b, second)) = (instance(database, &redis), instance(database, &redis));
        for server in [&first, &second] {
            until("it is told", async || server.log().contains("the shared cache is away")).await;
            server.get(SERIES).await.expect(200);
        }
        redis.start().await;
        // While one is held to read, nothing is written.
        let (table, is_over, asked) = (RwLock::new(()), AtomicBool::new(false), AtomicU32::new(0));
        let ask = async |server: &ServerProcess, pause_ms: u64| {
            while !is_over.load(Ordering::Relaxed) {
                let _quiet = table.read().await;
                tokio::time::sleep(Duration::from_millis(pause_ms)).await;
                let answer = server.get(SERIES).await.expect(200).json();
                assert_eq!(as_lines(&answer), database.texts(TABLE).await);
                asked.fetch_add(1, Ordering::Relaxed);
            }
        };
        let writing = async {
            for minutes in 1.. {
                if is_over.load(Ordering::Relaxed) {
                    return minutes;
                }
                let alone = table.write().await;
                write(store, minutes).await;
                drop(alone);
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            0
        };
        let tormenting = async {
            torment(&mut redis).await;
            until("both take part again", async || is_up(&first).await && is_up(&second).await)
                .await;
            is_over.store(true, Ordering::Relaxed);
        };
        let (_, _, _, _, runs, ()) =
            // The second late enough for the first to have answered, if it is asked in this state.
            tokio::join!(ask(&first, 0), ask(&first, 0), ask(&second, 30), ask(&second, 30), writing, tormenting);
        let shared = lookups(&first, "redis").await + lookups(&second, "redis").await;
        let asked = asked.into_inner();
        println!("{asked} answers, {shared} from Redis, {runs} runs");
        assert!(shared >= 5.0, "{shared}");
        for server in [first, second] {
            let log = server.log();
            let count = |text| log.matches(text).count();
            let (away, there) =
                (count("the shared cache is away"), count("the shared cache is there"));
            // A line a change, not a line a question.
            assert!((1..=asked as usize / 2).contains(&away) && away == there, "{log}");
            assert!(!log.contains("ERROR"), "{log}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_redis_that_refuses_is_as_if_there_were_none() {
    with_sqlite(async |database| {
        fill(&*database.store, 1).await;
        let mut redis = Redis::new();
        redis.start().await;
        redis.ask("CONFIG SET requirepass another-pa55word").unwrap();
        let url = redis.url().replace("redis://", "redis://:kN0wn-pa55word@");
        let program = Program::new().env("DATABASE_URL", &database.url).env("CACHE_URL", &url);
        let server = ServerProcess::start(&program, &["--log-level", "trace"]);
        until("it is told", async || server.log().contains("the shared cache is away")).await;
        server.get("/api/v1/latest").await.expect(200);
        assert_eq!(server.figure(UP).await, Some(0.0));
        assert!(!server.log().contains("pa55word"), "{}", server.log());
    })
    .await;
}

#[test]
fn a_url_of_something_else_is_a_fault_of_the_caller() {
    for url in ["http://:pa55word@cache", "redis", "rediss://:pa55word@cache#insecure"] {
        let program = Program::new().env("CACHE_URL", url);
        let ran = program.run(&["serve", "--log-format", "pretty"]).expect(2);
        assert!(ran.stderr.contains("CACHE_URL: no URL of a Redis"), "{}", ran.stderr);
        assert!(!ran.stderr.contains("pa55word"), "{}", ran.stderr);
    }
}
