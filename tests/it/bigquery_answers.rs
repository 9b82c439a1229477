//! What BigQuery answers beside what it is asked for: nothing at all, a part, another page, a thing
//! that it does not know yet, a thing that we do not know.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;
use url::Url;
use weather_data_product::domain::tables::{TABLES, WEATHER_OBSERVATIONS};
use weather_data_product::domain::{Days, RunCounts};
use weather_data_product::sink::bigquery::{BigQuery, Bounds};
use weather_data_product::sink::{Obstacle, Sink as _, SinkError, State};

use crate::support::databases::{TestDatabase, with_sqlite};
use crate::support::gateway::{Asked, Deed, Gateway};
use crate::support::program::Program;
use crate::support::samples::{collected, full_values, hour, open_run, run_end, sites};
use crate::support::warehouse::{Warehouse, bigquery_url};

const STORE_ID: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";

/// Some rows, synced.
async fn synced(database: &TestDatabase, warehouse: &Warehouse) {
    let store = &*database.store;
    store.take_in_sites(&sites(3), hour()).await.unwrap();
    let run = open_run(store).await;
    let batch: Vec<_> = (0..3).map(|site| collected(site, hour(), full_values())).collect();
    store.load(&run, &batch, hour()).await.unwrap();
    store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
    warehouse.client(database, &bigquery_url()).run(&["sync"]).expect(0);
}

/// The first of the calls that `is` this meets with `deed`.
fn once(is: fn(&Asked) -> bool, deed: Deed) -> impl Fn(&Asked) -> Deed + Send + Sync {
    let met = AtomicUsize::default();
    move |asked| match is(asked) && met.fetch_add(1, Ordering::Relaxed) == 0 {
        true => deed.clone(),
        false => Deed::Pass,
    }
}

async fn sink(gateway: &Gateway, dataset: &str) -> BigQuery {
    let url = Url::parse(&gateway.url).unwrap();
    BigQuery::open("test-project", dataset, None, Some(&url)).await.unwrap()
}

/// A sink that does not wait for long.
async fn hasty_sink(gateway: &Gateway) -> BigQuery {
    sink(gateway, "d").await.with_bounds(Bounds {
        call: Duration::from_millis(200),
        upload: Duration::from_millis(200),
        job: Duration::from_millis(400),
        report_every: Duration::from_millis(50),
        first_wait: Duration::from_millis(5),
        longest_wait: Duration::from_millis(20),
    })
}

fn is_of_observations(asked: &Asked) -> bool {
    asked.method == "GET" && asked.path.ends_with("/tables/weather_observations")
}

/// The log lines of this thread.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Lines {
    /// Those with all of these words.
    fn with(&self, words: &[&str]) -> usize {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().filter(|line| words.iter().all(|words| line.contains(words))).count()
    }
}

#[tokio::test]
async fn a_call_that_is_never_answered_ends_and_says_so() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt().with_writer(lines.clone()).finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    let gateway = Gateway::deciding(&bigquery_url(), |_| Deed::Hang);
    let error = hasty_sink(&gateway).await.find_state(STORE_ID).await.unwrap_err();
    assert!(matches!(error, SinkError::Unavailable { .. }), "{error:?}");
    assert!(lines.with(&["INFO", "the state of sync", "waiting for an answer"]) > 0);
    assert_eq!(lines.with(&["INFO", "the state of sync", "no answer in 0.2 s"]), 1);
}

#[tokio::test]
async fn a_job_that_never_ends_is_told_to_end_and_named_with_its_state_while_it_is_waited_for() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt().with_writer(lines.clone()).finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    let running = json!({
        "jobReference": {"projectId": "test-project", "jobId": "job-7", "location": "EU"},
        "status": {"state": "RUNNING"},
    });
    let gateway = Gateway::deciding(&bigquery_url(), move |asked| match asked {
        asked if asked.is_job() || asked.is_look() => Deed::Answer(200, running.clone()),
        _ => Deed::Answer(200, json!({})),
    });
    let error =
        hasty_sink(&gateway).await.set_state(STORE_ID, &State::default()).await.unwrap_err();
    assert!(
        matches!(&error, SinkError::Blocked { obstacle: Obstacle::Stuck, cause, .. }
            if cause.to_string() == "job job-7 is RUNNING after 0.4 s"),
        "{error:?}"
    );
    assert!(lines.with(&["INFO", "waiting for a job", "job-7", "RUNNING"]) > 1);
    let cancelled = gateway.asked(|asked| asked.path.ends_with("/jobs/job-7/cancel"));
    assert_eq!(cancelled.len(), 1);
    let looks = gateway.asked(Asked::is_look);
    assert!(looks.len() > 1 && looks.iter().all(|look| look.query == "location=EU"), "{looks:?}");
    assert_eq!(gateway.asked(Asked::is_job)[0].json()["configuration"]["jobTimeoutMs"], "400");
}

/// Results that are never ready are waited for as long as a job is.
#[tokio::test]
async fn results_that_never_come_end_too() {
    let done = json!({"jobReference": {"jobId": "job-7"}, "status": {"state": "DONE"}});
    let gateway = Gateway::deciding(&bigquery_url(), move |asked| match asked {
        asked if asked.is_results() => Deed::Answer(200, json!({"jobComplete": false})),
        _ => Deed::Answer(200, done.clone()),
    });
    let sink = hasty_sink(&gateway).await;
    let error = sink.sum_days(&WEATHER_OBSERVATIONS, &[Days::ALL]).await.unwrap_err();
    let is_stuck = matches!(error, SinkError::Blocked { obstacle: Obstacle::Stuck, .. });
    assert!(is_stuck, "{error:?}");
    assert!(gateway.asked(Asked::is_results).len() > 1);
}

/// Whatever becomes of a job, and whether it is a query or a script; a load is free.
#[tokio::test]
async fn what_the_jobs_were_billed_is_summed_and_told() {
    with_sqlite(async |database| {
        let warehouse = Warehouse::new();
        synced(database, &warehouse).await;
        warehouse.execute("delete from {d}.weather_observations where true").await;
        let gateway = Gateway::deciding(&bigquery_url(), |asked| match asked.is_job() {
            true if !asked.is_upload() => Deed::Alter(|job| {
                job["statistics"]["query"]["totalBytesBilled"] = "10485760".into();
            }),
            _ => Deed::Pass,
        });
        let program = warehouse.client(database, &gateway.url);
        let mut before = 0;
        for (arguments, message) in [
            (&["verify"][..], "verify_summary"),
            (&["repair"], "verify_summary"),
            (&["sync", "--rebase"], "sync_summary"),
        ] {
            let ran = program.run(arguments).expect(i32::from(arguments[0] == "verify"));
            let jobs = gateway.asked(|asked| asked.is_job() && !asked.is_upload()).len() - before;
            before += jobs;
            let log = ran.log();
            let summary = log.iter().find(|line| line["message"] == message).expect(message);
            assert_eq!(summary["bytesBilled"], 10_485_760 * jobs, "{arguments:?}");
            // 6.25 USD a TiB.
            assert_eq!(summary["costMicroUsd"], (jobs * 10 * 6_250_000).div_ceil(1 << 20));
            let words = format!("billed: {} MiB, USD 0.00", 10 * jobs);
            assert!(message == "sync_summary" || ran.stdout.contains(&words), "{}", ran.stdout);
        }
    })
    .await;
}

#[tokio::test]
async fn a_job_that_was_just_made_may_be_unknown_for_a_moment() {
    with_sqlite(async |database| {
        let warehouse = Warehouse::new();
        let looks = AtomicUsize::default();
        let unknown = Deed::refuse(404, "notFound", "Not found: Job test-project:US.weather_1");
        let gateway = Gateway::deciding(&bigquery_url(), move |asked| match asked {
            asked if asked.is_job() => {
                Deed::Alter(|job| job["status"] = json!({"state": "PENDING"}))
            }
            // Two of three.
            asked if asked.is_look() => match looks.fetch_add(1, Ordering::Relaxed) % 3 {
                2 => Deed::Pass,
                _ => unknown.clone(),
            },
            _ => Deed::Pass,
        });
        synced_through(database, &warehouse, &gateway).await;
        let (jobs, looks) = (gateway.asked(Asked::is_job), gateway.asked(Asked::is_look));
        assert_eq!(looks.len(), 3 * jobs.len(), "no job is made again");
    })
    .await;
}

async fn synced_through(database: &TestDatabase, warehouse: &Warehouse, gateway: &Gateway) {
    let store = &*database.store;
    store.take_in_sites(&sites(3), hour()).await.unwrap();
    let run = open_run(store).await;
    store.load(&run, &[collected(1, hour(), full_values())], hour()).await.unwrap();
    store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
    warehouse.client(database, &gateway.url).run(&["sync"]).expect(0);
    warehouse.assert_equals(database).await;
}

#[tokio::test]
async fn a_job_that_is_never_known_is_made_again() {
    let made = json!({"jobReference": {"jobId": "job-7"}, "status": {"state": "PENDING"}});
    let gateway = Gateway::deciding(&bigquery_url(), move |asked| match asked {
        asked if asked.is_look() => Deed::refuse(404, "notFound", "Not found: Job p:US.job-7"),
        _ => Deed::Answer(200, made.clone()),
    });
    let error =
        hasty_sink(&gateway).await.set_state(STORE_ID, &State::default()).await.unwrap_err();
    assert!(matches!(error, SinkError::Unavailable { .. }), "{error:?}");
}

/// What `verify` says when the first results come so.
async fn assert_verifies(database: &TestDatabase, warehouse: &Warehouse, deed: Deed) {
    let gateway = Gateway::deciding(&bigquery_url(), once(Asked::is_results, deed));
    let program = warehouse.client(database, &gateway.url);
    let ran = program.run(&["verify", "--output", "json"]).expect(0);
    assert_eq!(ran.stdout.trim(), "[]", "no day differs");
    // A day of each of the three tables, and the sites.
    assert!(gateway.asked(Asked::is_results).len() > TABLES.len(), "it asks again");
}

#[tokio::test]
async fn results_that_are_not_whole_are_asked_for_again() {
    with_sqlite(async |database| {
        let warehouse = Warehouse::new();
        synced(database, &warehouse).await;
        let not_yet = json!({"jobComplete": false, "jobReference": {"jobId": "job"}});
        assert_verifies(database, &warehouse, Deed::Answer(200, not_yet)).await;
        let fewer = json!({"jobComplete": true, "totalRows": "1"});
        assert_verifies(database, &warehouse, Deed::Answer(200, fewer)).await;
    })
    .await;
}

/// Where `status` says that the sink was verified through.
fn verified(program: &Program) -> bool {
    let said = program.run(&["status"]).expect(0).stdout;
    said.contains("verified through yesterday")
}

/// A row that cannot be read is no difference: what was verified stays so.
#[tokio::test]
async fn a_row_that_cannot_be_read_is_an_error_and_sets_nothing_back() {
    with_sqlite(async |database| {
        let warehouse = Warehouse::new();
        synced(database, &warehouse).await;
        let program = warehouse.client(database, &bigquery_url());
        program.run(&["verify"]).expect(0);
        assert!(verified(&program));
        let cells: [Value; 3] = [
            json!([{"v": "2026-11-25"}, {"v": "three"}, {"v": "3"}, {"v": "1"}]),
            json!([{"v": "25.11.2026"}, {"v": "3"}, {"v": "3"}, {"v": "1"}]),
            json!([{"v": "2026-11-25"}, {"v": "3"}]),
        ];
        for cells in cells {
            let rows = json!({"jobComplete": true, "totalRows": "1", "rows": [{"f": cells}]});
            let gateway = Gateway::deciding(&bigquery_url(), move |asked| {
                if asked.is_results() { Deed::Answer(200, rows.clone()) } else { Deed::Pass }
            });
            let ran = warehouse.client(database, &gateway.url).run(&["verify"]).expect(3);
            let log = ran.log();
            let last_word = log.iter().rfind(|line| line["severity"] == "ERROR").unwrap();
            assert_eq!(last_word["errorKind"], "sink_malformed", "{last_word}");
            assert!(verified(&program), "{}", ran.stderr);
        }
    })
    .await;
}

/// The state is read the same way: a position that cannot be read is not one before the first row.
#[tokio::test]
async fn a_state_that_cannot_be_read_is_an_error() {
    with_sqlite(async |database| {
        let warehouse = Warehouse::new();
        synced(database, &warehouse).await;
        let gateway =
            Gateway::deciding(&bigquery_url(), |asked| match asked.path.ends_with("/data") {
                true => Deed::Alter(|page| page["rows"][0]["f"][0] = json!({"v": "1.0E2"})),
                false => Deed::Pass,
            });
        let store_id = database.reads.facts().await.unwrap().store_id;
        let found = sink(&gateway, &warehouse.dataset).await.find_state(&store_id).await;
        let is_error =
            matches!(found, Err(SinkError::Blocked { obstacle: Obstacle::Unreadable, .. }));
        assert!(is_error, "{found:?}");
    })
    .await;
}

/// Answers so, page by page.
fn paged(is: fn(&Asked) -> bool, pages: [Value; 3]) -> impl Fn(&Asked) -> Deed + Send + Sync {
    move |asked| {
        let page = ["one", "two"].iter().position(|page| {
            asked.query.split('&').any(|part| part == format!("pageToken={page}"))
        });
        match is(asked) {
            true => Deed::Answer(200, pages[page.map_or(0, |page| page + 1)].clone()),
            false => Deed::Answer(
                200,
                json!({"jobReference": {"jobId": "job"}, "status": {"state": "DONE"}}),
            ),
        }
    }
}

#[tokio::test]
async fn every_page_of_the_tables_is_read_also_after_an_empty_one() {
    let table = json!({"tableReference": {"tableId": "_state_7c9e6679_7425"}});
    let other = json!({"tableReference": {"tableId": "staging_sites_1"}});
    let pages = [
        json!({"nextPageToken": "one"}),
        json!({"tables": [other], "nextPageToken": "two"}),
        json!({"tables": [table]}),
    ];
    let gateway =
        Gateway::deciding(&bigquery_url(), paged(|asked| asked.path.ends_with("/tables"), pages));
    let found = sink(&gateway, "d").await.list_other_stores(STORE_ID).await.unwrap();
    assert_eq!(found, ["7c9e6679-7425"]);
}

#[tokio::test]
async fn every_page_of_results_is_read_also_after_an_empty_one() {
    let row = |day: &str| json!({"f": [{"v": day}, {"v": "3"}, {"v": "3"}, {"v": "7"}]});
    let pages = [
        json!({"jobComplete": true, "totalRows": "2", "pageToken": "one"}),
        json!({"jobComplete": true, "totalRows": "2", "rows": [row("2026-11-25")], "pageToken": "two"}),
        json!({"jobComplete": true, "totalRows": "2", "rows": [row("2026-11-26")]}),
    ];
    let gateway = Gateway::deciding(&bigquery_url(), paged(Asked::is_results, pages));
    let sink = sink(&gateway, "d").await;
    let found = sink.sum_days(&WEATHER_OBSERVATIONS, &[Days::ALL]).await.unwrap();
    let days: Vec<_> = found.keys().map(|day| day.unwrap().to_string()).collect();
    assert_eq!(days, ["2026-11-25", "2026-11-26"]);
}

#[tokio::test]
async fn every_page_of_the_state_is_read() {
    let mut cells = vec![json!({"v": "5"}), json!({"v": "{}"})];
    cells.resize(10, json!({"v": null}));
    let pages = [
        json!({"totalRows": "1", "rows": [], "pageToken": "one"}),
        json!({"totalRows": "1", "pageToken": "two"}),
        json!({"totalRows": "1", "rows": [{"f": cells}]}),
    ];
    let gateway =
        Gateway::deciding(&bigquery_url(), paged(|asked| asked.path.ends_with("/data"), pages));
    let state = sink(&gateway, "d").await.find_state(STORE_ID).await.unwrap().unwrap();
    assert_eq!(state, State { epoch: 5, ..State::default() });
}

/// No row, two rows, and cells that are none: a state that is taken for an empty one would send
/// everything again.
#[tokio::test]
async fn a_state_that_is_not_one_whole_row_is_an_error() {
    let row = |cells: &[Value]| {
        let mut cells: Vec<_> = cells.iter().map(|cell| json!({"v": cell})).collect();
        cells.resize(10, json!({"v": null}));
        json!({"f": cells})
    };
    let whole = row(&[json!("5"), json!("{}")]);
    let answers = [
        json!({"totalRows": "0"}),
        json!({"totalRows": "2", "rows": [whole.clone(), whole]}),
        json!({"totalRows": "1", "rows": [row(&[json!("5")])]}),
        json!({"totalRows": "1", "rows": [row(&[Value::Null, json!("{}")])]}),
        json!({"totalRows": "1", "rows": [row(&[json!("5"), json!("{\"sites\": 3}")])]}),
        json!({"totalRows": "1", "rows": [row(&[json!("5"), json!("{"), json!("{}")])]}),
        json!({"totalRows": "1", "rows": [row(&[json!("5"), json!("{}"), json!("odd")])]}),
    ];
    for answer in answers {
        let told = answer.to_string();
        let gateway =
            Gateway::deciding(&bigquery_url(), move |_| Deed::Answer(200, answer.clone()));
        let found = sink(&gateway, "d").await.find_state(STORE_ID).await;
        assert!(found.is_err(), "{told}: {found:?}");
    }
}

/// A page that names itself as the next one would be read for ever.
#[tokio::test]
async fn pages_that_go_round_end() {
    let page = json!({"tables": [], "nextPageToken": "one"});
    let pages = [page.clone(), page.clone(), page];
    let gateway =
        Gateway::deciding(&bigquery_url(), paged(|asked| asked.path.ends_with("/tables"), pages));
    let error = sink(&gateway, "d").await.list_other_stores(STORE_ID).await.unwrap_err();
    assert!(matches!(error, SinkError::Unavailable { .. }), "{error:?}");
    assert_eq!(gateway.asked(|asked| asked.path.ends_with("/tables")).len(), 2);
}

/// What others have said of our tables: a type that we do not know, policies, defaults.
fn said_by_others(table: &mut Value) {
    for field in table["schema"]["fields"].as_array_mut().unwrap() {
        if field["name"] == "site_id" {
            field["collation"] = "und:ci".into();
            field["defaultValueExpression"] = "'none'".into();
            field["policyTags"] = json!({"names": ["projects/p/locations/eu/taxonomies/1"]});
            field["dataPolicies"] = json!([{"name": "projects/p/locations/eu/dataPolicies/mask"}]);
        }
    }
    let period = json!({"name": "period", "type": "RANGE", "rangeElementType": {"type": "DATE"}});
    table["schema"]["fields"].as_array_mut().unwrap().push(period);
    table["labels"]["cost-centre"] = "7".into();
}

#[tokio::test]
async fn a_column_of_a_type_that_we_do_not_know_is_none_of_our_business() {
    with_sqlite(async |database| {
        let warehouse = Warehouse::new();
        synced(database, &warehouse).await;
        let gateway = Gateway::deciding(&bigquery_url(), |asked| match is_of_observations(asked) {
            true => Deed::Alter(said_by_others),
            false => Deed::Pass,
        });
        warehouse.unprepare(database).await;
        warehouse.client(database, &gateway.url).run(&["sync"]).expect(0);
        assert_eq!(gateway.asked(is_of_observations).len(), 1);
        assert!(gateway.asked(|asked| asked.method == "PATCH").is_empty(), "nothing has changed");
    })
    .await;
}

#[tokio::test]
async fn what_others_said_of_a_table_goes_back_as_it_came() {
    with_sqlite(async |database| {
        let warehouse = Warehouse::new();
        synced(database, &warehouse).await;
        let gateway = Gateway::deciding(&bigquery_url(), |asked| match asked.method.as_str() {
            // The emulator does not know the type either.
            "PATCH" => Deed::Answer(200, json!({})),
            _ if is_of_observations(asked) => Deed::Alter(|table| {
                said_by_others(table);
                table["description"] = "what it was once".into();
                table["schema"]["fields"][0]["description"] = "what it was once".into();
            }),
            _ => Deed::Pass,
        });
        warehouse.unprepare(database).await;
        warehouse.client(database, &gateway.url).run(&["sync"]).expect(0);
        let patches = gateway.asked(|asked| asked.method == "PATCH");
        assert_eq!(patches.len(), 1, "{patches:?}");
        let sent = patches[0].json();
        let mut expected = warehouse.describe("weather_observations").await;
        said_by_others(&mut expected);
        assert_eq!(sent["schema"], expected["schema"]);
        assert_eq!(sent["labels"], expected["labels"]);
        assert_eq!(sent["description"], expected["description"]);
    })
    .await;
}

/// Two that note the same at once: one of them is tried again.
#[tokio::test]
async fn a_note_of_what_is_verified_that_lost_against_another_is_made_again() {
    with_sqlite(async |database| {
        let warehouse = Warehouse::new();
        synced(database, &warehouse).await;
        let words =
            "Could not serialize access to table d_internal._state_1 due to concurrent update";
        let is_note = |asked: &Asked| asked.is_job() && asked.text().contains("set proofs");
        let deed = Deed::fail_job("invalidQuery", words);
        let gateway = Gateway::deciding(&bigquery_url(), once(is_note, deed));
        let program = warehouse.client(database, &gateway.url);
        program.run(&["verify"]).expect(0);
        assert_eq!(gateway.asked(is_note).len(), 2);
        assert!(verified(&program));
    })
    .await;
}
