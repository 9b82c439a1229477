//! What a sync says and does where the sink refuses it: what may pass is tried again; else the exit
//! code, what is wrong and what to do, and nothing is written.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::TimeDelta;
use serde_json::Value;
use weather_data_product::domain::RunCounts;
use weather_data_product::domain::observation::Values;

use crate::support::databases::{TestDatabase, on_both_databases, with_sqlite};
use crate::support::gateway::{Asked, Deed, Gateway};
use crate::support::mirror::Mirror;
use crate::support::program::{Program, Ran, SimulatorProcess, repository_path};
use crate::support::samples::{collected, full_values, hour, open_run, run_end, sites};
use crate::support::warehouse::{Warehouse, bigquery_url};

on_both_databases!(a_store_restored_from_an_older_copy_is_not_synced_unless_it_is_told_to);

/// One more run, of as many sites, all of them so warm.
async fn add_run(database: &TestDatabase, sites_count: u16, temperature_c: f64) {
    let store = &*database.store;
    store.take_in_sites(&sites(sites_count), hour()).await.unwrap();
    let run = open_run(store).await;
    let values = Values { temperature_c: Some(temperature_c), ..full_values() };
    let slot = |site: u16| hour() - TimeDelta::days(i64::from(site % 2));
    let batch = (0..sites_count).map(|site| collected(site, slot(site), values.clone()));
    store.load(&run, &batch.collect::<Vec<_>>(), hour()).await.unwrap();
    store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
}

/// It stopped; its last word says what is wrong and what to do.
#[track_caller]
fn assert_stopped(ran: Ran, code: i32, wrong: &[&str], remedy: &[&str]) {
    let log = ran.expect(code).log();
    let last_word = log.iter().rfind(|line| line["severity"] == "ERROR").expect("an error");
    for (name, parts) in [("message", wrong), ("hint", remedy)] {
        let text = last_word[name].as_str().unwrap_or_default();
        for part in parts {
            assert!(text.contains(part), "{part:?} is not in {text:?}");
        }
    }
}

/// No statement and no rows were sent.
#[track_caller]
fn assert_no_job(gateway: &Gateway) {
    let jobs = gateway.asked(Asked::is_job);
    assert!(jobs.is_empty(), "{:?}", jobs.iter().map(Asked::text).collect::<Vec<_>>());
}

type Is = fn(&Asked) -> bool;

/// Nothing is asked for again; loads of several tables go side by side.
#[track_caller]
fn assert_asked_once(asked: &[Asked]) {
    let what = |asked: &Asked| {
        let into = &asked.json()["configuration"]["load"]["destinationTable"]["tableId"];
        (asked.path.clone(), into.clone().as_str().map(str::to_owned))
    };
    let different: BTreeSet<_> = asked.iter().map(what).collect();
    assert!(
        !asked.is_empty() && different.len() == asked.len(),
        "{different:?} of {}",
        asked.len()
    );
}

/// Every call that `is` this meets with `deed`: the sync stops, does not ask for it again, and writes
/// nothing.
async fn assert_stops(is: Is, deed: Deed, wrong: &[&str], remedy: &[&str]) {
    with_sqlite(async |database| {
        add_run(database, 3, 1.0).await;
        let gateway =
            Gateway::deciding(
                &bigquery_url(),
                move |asked| {
                    if is(asked) { deed.clone() } else { Deed::Pass }
                },
            );
        let ran = Warehouse::new().client(database, &gateway.url).run(&["sync"]);
        assert_stopped(ran, 3, wrong, remedy);
        assert_asked_once(&gateway.asked(is));
        assert!(gateway.asked(|asked| asked.is_write() && !is(asked)).is_empty());
    })
    .await;
}

/// A dataset is asked for.
fn is_of_dataset(asked: &Asked) -> bool {
    asked.path.rsplit('/').nth(1) == Some("datasets")
}

fn is_new_dataset(asked: &Asked) -> bool {
    asked.method == "POST" && asked.path.ends_with("/datasets")
}

fn is_new_table(asked: &Asked) -> bool {
    asked.method == "POST" && asked.path.ends_with("/tables")
}

fn denied(message: &str) -> Deed {
    Deed::refuse(403, "accessDenied", &format!("Access Denied: {message}"))
}

#[tokio::test]
async fn a_dataset_that_may_not_be_seen_is_named_with_the_role() {
    let deed = denied("Permission bigquery.datasets.get denied on dataset");
    let wrong = ["dataset test-project.test_", "refused access", "datasets.get"];
    let remedy = ["roles/bigquery.dataEditor", "dataset test-project.test_"];
    assert_stops(is_of_dataset, deed, &wrong, &remedy).await;
}

#[tokio::test]
async fn a_dataset_that_may_not_be_made_names_the_project_and_the_role() {
    let deed = denied("User does not have bigquery.datasets.create permission in project");
    let remedy = ["roles/bigquery.dataEditor", "on project test-project"];
    assert_stops(is_new_dataset, deed, &["refused access", "datasets.create"], &remedy).await;
}

#[tokio::test]
async fn a_table_that_may_not_be_made_is_named_with_the_role() {
    let deed = denied("Permission bigquery.tables.create denied on dataset");
    let wrong = ["table test-project.test_", "refused access", "tables.create"];
    let remedy = ["roles/bigquery.dataEditor", "test-project.test_"];
    assert_stops(is_new_table, deed, &wrong, &remedy).await;
}

#[tokio::test]
async fn staging_that_may_not_be_filled_names_its_dataset_and_the_role() {
    let remedy = ["roles/bigquery.dataEditor", "test-project.test_", "_internal"];
    let deed = denied("Permission bigquery.tables.create denied on dataset");
    assert_stops(Asked::is_upload, deed, &["tables.create"], &remedy).await;
    let deed = denied("Permission bigquery.tables.updateData denied on table");
    assert_stops(Asked::is_upload, deed, &["tables.updateData"], &remedy).await;
}

#[tokio::test]
async fn rows_that_may_not_be_written_name_the_dataset_and_the_role() {
    let message = "Access Denied: Permission bigquery.tables.updateData denied on table";
    let wrong = ["dataset test-project.test_", ": the sink refused access", "updateData"];
    let remedy = ["roles/bigquery.dataEditor", "dataset test-project.test_"];
    let deed = Deed::fail_job("accessDenied", message);
    assert_stops(Asked::is_write, deed, &wrong, &remedy).await;
}

#[tokio::test]
async fn jobs_that_may_not_be_made_name_the_project_and_the_role() {
    let deed = denied("Project test-project: User does not have bigquery.jobs.create permission");
    let remedy = ["roles/bigquery.jobUser", "project test-project"];
    assert_stops(Asked::is_job, deed, &["refused access", "bigquery.jobs.create"], &remedy).await;
}

#[tokio::test]
async fn a_project_that_is_not_there_is_said_to_be() {
    let deed = Deed::refuse(404, "notFound", "Not found: Project test-project");
    let wrong = ["is not there", "Not found: Project test-project"];
    assert_stops(is_new_dataset, deed, &wrong, &["BIGQUERY_PROJECT", "BIGQUERY_DATASET"]).await;
}

#[tokio::test]
async fn credentials_that_are_refused_are_said_to_be() {
    let deed = Deed::refuse(401, "authError", "Request had invalid authentication credentials");
    let wrong = ["no usable credentials", "invalid authentication"];
    with_sqlite(async |database| {
        let gateway = Gateway::deciding(&bigquery_url(), move |_| deed.clone());
        let ran = Warehouse::new().client(database, &gateway.url).run(&["sync"]);
        assert_stopped(ran, 3, &wrong, &["gcloud auth application-default login"]);
        let tokens: Vec<_> =
            gateway.asked(|_| true).into_iter().map(|asked| asked.authorization).collect();
        assert_eq!(tokens, ["Bearer emulator-0", "Bearer emulator-1"], "a new one, once");
    })
    .await;
}

/// What stands in the way is said by its kind with its remedy, and not taken for a missing role or for
/// a row: nothing is tried again.
async fn assert_obstacle(is: Is, deed: Deed, kind: &str, remedy: &str) {
    with_sqlite(async |database| {
        add_run(database, 20, 1.0).await;
        let decide = move |asked: &Asked| if is(asked) { deed.clone() } else { Deed::Pass };
        let gateway = Gateway::deciding(&bigquery_url(), decide);
        let ran = Warehouse::new().client(database, &gateway.url).run(&["sync"]).expect(3);
        let log = ran.log();
        let last_word = log.iter().rfind(|line| line["severity"] == "ERROR").expect("an error");
        assert_eq!(last_word["errorKind"], kind, "{last_word}");
        let hint = last_word["hint"].as_str().unwrap();
        assert!(hint.contains(remedy) && !hint.contains("roles/"), "{last_word}");
        assert!(!last_word["message"].as_str().unwrap().contains("the row of"), "{last_word}");
        assert_asked_once(&gateway.asked(is));
    })
    .await;
}

#[tokio::test]
async fn a_load_that_meets_a_quota_waits_for_it_and_looks_for_no_row() {
    let words = "Quota exceeded: Your table exceeded quota for imports or query appends per table";
    let deed = Deed::fail_job("quotaExceeded", words);
    assert_obstacle(Asked::is_upload, deed, "sink_quota", "bit by bit within the day").await;
    let deed = Deed::refuse(403, "quotaExceeded", words);
    assert_obstacle(Asked::is_upload, deed, "sink_quota", "bit by bit within the day").await;
}

#[tokio::test]
async fn a_job_that_is_refused_for_another_reason_than_its_rows_looks_for_no_row() {
    let deed = Deed::refuse(400, "invalid", "Invalid value for: load.schema is not a valid value");
    assert_obstacle(Asked::is_upload, deed, "sink_rejected", "the cause says why").await;
}

#[tokio::test]
async fn a_project_without_billing_is_said_to_be_and_lacks_no_role() {
    let words = "Billing has not been enabled for this project. DML queries are not allowed";
    let deed = Deed::refuse(403, "billingNotEnabled", words);
    assert_obstacle(Asked::is_write, deed, "sink_billing", "billing account").await;
}

#[tokio::test]
async fn a_perimeter_is_said_to_be_and_lacks_no_role() {
    let words = "Access Denied: VPC Service Controls: Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: x1";
    let deed = Deed::refuse(403, "accessDenied", words);
    assert_obstacle(is_of_dataset, deed, "sink_perimeter", "ingress rule").await;
}

#[tokio::test]
async fn a_page_of_somebody_else_lacks_no_role() {
    let deed = Deed::Text(403, "<html>\n<title>Blocked by policy</title>");
    assert_obstacle(is_of_dataset, deed.clone(), "sink_malformed", "a proxy or a firewall").await;
    assert_stops(is_of_dataset, deed, &["not one of BigQuery's", "HTTP 403: <html>"], &[]).await;
}

#[tokio::test]
async fn a_script_that_is_refused_is_told_and_not_tried_again() {
    let deed = Deed::fail_job("invalidQuery", "Syntax error: Unexpected end");
    let wrong = ["dataset test-project.test_", "the sink refused it", "Unexpected end"];
    assert_stops(Asked::is_write, deed, &wrong, &["nothing of it was written"]).await;
}

/// The first call of each of these sorts meets with `deed`; the others are carried out, and all is
/// synced.
async fn assert_passes(sorts: &'static [Is], deed: Deed) {
    let gateway = synced_past(sorts, deed).await;
    assert!(sorts.iter().all(|is| gateway.asked(is).len() > 1));
}

/// Syncs, where the first call of each of these sorts meets with `deed`.
async fn synced_past(sorts: &'static [Is], deed: Deed) -> Gateway {
    let is_met: Vec<AtomicBool> = sorts.iter().map(|_| AtomicBool::default()).collect();
    let gateway = Gateway::deciding(&bigquery_url(), move |asked| {
        let sort = sorts.iter().position(|is| is(asked));
        let is_first = sort.is_some_and(|sort| !is_met[sort].swap(true, Ordering::Relaxed));
        if is_first { deed.clone() } else { Deed::Pass }
    });
    with_sqlite(async |database| {
        add_run(database, 5, 1.0).await;
        let warehouse = Warehouse::new();
        warehouse.client(database, &gateway.url).run(&["sync"]).expect(0);
        warehouse.assert_equals(database).await;
    })
    .await;
    gateway
}

const CALLS: [Is; 3] = [is_of_dataset, Asked::is_upload, Asked::is_write];

#[tokio::test]
async fn a_sink_that_limits_the_rate_is_tried_again() {
    assert_passes(&CALLS, Deed::refuse(403, "rateLimitExceeded", "slow down")).await;
}

#[tokio::test]
async fn a_sink_that_limits_the_rate_of_an_account_is_tried_again() {
    assert_passes(&CALLS, Deed::refuse(403, "userRateLimitExceeded", "slow down")).await;
}

#[tokio::test]
async fn a_token_that_is_refused_before_its_time_is_renewed() {
    let deed = Deed::refuse(401, "authError", "Request had invalid authentication credentials");
    assert_passes(&CALLS, deed).await;
}

#[tokio::test]
async fn staging_that_is_not_known_everywhere_yet_is_tried_again() {
    let words = "Not found: Table test-project:d_internal.staging_sites_1 was not found in US";
    assert_passes(&JOBS, Deed::fail_job("notFound", words)).await;
    assert_passes(&[Asked::is_upload], Deed::refuse(404, "notFound", words)).await;
}

#[tokio::test]
async fn a_statement_that_lost_against_another_is_tried_again() {
    let words = "Could not serialize access to table test-project:d_internal._state_1 due to concurrent update";
    assert_passes(&[Asked::is_write], Deed::fail_job("invalidQuery", words)).await;
}

#[tokio::test]
async fn a_sink_that_has_had_too_many_requests_is_tried_again() {
    assert_passes(&CALLS, Deed::refuse(429, "", "slow down")).await;
}

#[tokio::test]
async fn a_sink_that_is_out_of_order_is_tried_again() {
    assert_passes(&CALLS, Deed::refuse(503, "backendError", "try again later")).await;
}

const JOBS: [Is; 2] = [Asked::is_upload, Asked::is_write];

#[tokio::test]
async fn a_job_that_was_stopped_is_made_again() {
    assert_passes(&JOBS, Deed::fail_job("stopped", "Job execution was cancelled")).await;
}

#[tokio::test]
async fn a_job_that_is_said_to_be_there_is_made_by_another_name() {
    let deed = Deed::refuse(409, "duplicate", "Already Exists: Job test-project:US.weather");
    assert_passes(&JOBS, deed).await;
}

#[tokio::test]
async fn a_transaction_that_lost_against_another_is_tried_again() {
    let message = "Transaction is aborted due to concurrent update against table d.t";
    assert_passes(&[Asked::is_write], Deed::fail_job("invalidQuery", message)).await;
}

#[tokio::test]
async fn a_script_that_arrives_twice_counts_once() {
    let gateway = synced_past(&[Asked::is_write], Deed::Repeat).await;
    assert_eq!(gateway.asked(Asked::is_write).len(), 1, "it is not sent again");
}

#[tokio::test]
async fn what_another_made_meanwhile_is_taken_as_made() {
    with_sqlite(async |database| {
        add_run(database, 5, 1.0).await;
        let warehouse = Warehouse::new();
        let gateway = Gateway::deciding(&bigquery_url(), |asked| {
            if is_new_table(asked) || is_new_dataset(asked) { Deed::Repeat } else { Deed::Pass }
        });
        warehouse.client(database, &gateway.url).run(&["sync"]).expect(0);
        warehouse.assert_equals(database).await;
    })
    .await;
}

#[tokio::test]
async fn a_dataset_in_another_place_is_told_with_the_remedy() {
    with_sqlite(async |database| {
        let warehouse = Warehouse::new();
        warehouse.client(database, &bigquery_url()).run(&["sync"]).expect(0);
        add_run(database, 3, 1.0).await;
        let gateway = Gateway::to(&bigquery_url());
        let elsewhere = warehouse.client(database, &gateway.url).env("BIGQUERY_LOCATION", "EU");
        let wrong = [&*warehouse.dataset, "it is in US", "BIGQUERY_LOCATION is EU"];
        assert_stopped(elsewhere.run(&["sync"]), 3, &wrong, &["BIGQUERY_LOCATION=US"]);
        assert_no_job(&gateway);
        let there = warehouse.client(database, &gateway.url).env("BIGQUERY_LOCATION", "us");
        there.run(&["sync"]).expect(0);
        warehouse.assert_equals(database).await;
    })
    .await;
}

#[tokio::test]
async fn a_table_that_somebody_altered_stops_the_sync_before_anything_is_written() {
    type Alter = fn(&mut Value);
    fn fields(table: &mut Value) -> &mut Vec<Value> {
        table["schema"]["fields"].as_array_mut().unwrap()
    }
    let cases: [(Alter, [&str; 2], &str); 3] = [
        (
            |table| fields(table).retain(|field| field["name"] != "temperature_c"),
            ["column temperature_c", "is gone"],
            "weather repair",
        ),
        (
            |table| {
                let mut fields = fields(table).iter_mut();
                let field = fields.find(|field| field["name"] == "temperature_c").unwrap();
                field["type"] = "STRING".into();
            },
            ["column temperature_c", "STRING"],
            "rename it; the next `weather sync`",
        ),
        (
            |table| table["timePartitioning"] = Value::Null,
            ["not partitioned", "observation_time"],
            "rename it; the next `weather sync`",
        ),
    ];
    for (alter, wrong, remedy) in cases {
        with_sqlite(async |database| {
            let warehouse = Warehouse::new();
            warehouse.client(database, &bigquery_url()).run(&["sync"]).expect(0);
            add_run(database, 3, 1.0).await;
            warehouse.remake("weather_observations", alter).await;
            warehouse.unprepare(database).await;
            let gateway = Gateway::to(&bigquery_url());
            let ran = warehouse.client(database, &gateway.url).run(&["sync"]);
            let table = format!("test-project.{}.weather_observations", warehouse.dataset);
            assert_stopped(ran, 3, &[&table, wrong[0], wrong[1]], &[remedy]);
            assert_no_job(&gateway);
            let changes = gateway.asked(|asked| asked.method != "GET");
            assert!(changes.is_empty(), "{changes:?}");
        })
        .await;
    }
}

/// Between two looks at what is there it is the script that finds it, and writes nothing.
#[tokio::test]
async fn a_table_that_somebody_altered_since_it_was_looked_at_is_named_and_nothing_is_written() {
    with_sqlite(async |database| {
        let warehouse = Warehouse::new();
        warehouse.client(database, &bigquery_url()).run(&["sync"]).expect(0);
        add_run(database, 3, 1.0).await;
        let gone = |table: &mut Value| {
            let fields = table["schema"]["fields"].as_array_mut().unwrap();
            fields.retain(|field| field["name"] != "temperature_c");
        };
        warehouse.remake("weather_observations", gone).await;
        let ran = warehouse.client(database, &bigquery_url()).run(&["sync"]);
        let wrong = ["weather_observations", "column temperature_c", "is gone"];
        assert_stopped(ran, 3, &wrong, &["weather repair"]);
        for table in ["sites", "weather_observations", "collection_slots", "ingestion_runs"] {
            let counted = format!("select count(*) from {{d}}.{table}");
            assert_eq!(warehouse.count(&counted).await, 0, "{table}");
        }
    })
    .await;
}

#[tokio::test]
async fn another_store_is_not_synced_unless_it_is_told_to() {
    for mirror in Mirror::each() {
        with_sqlite(async |first| {
            with_sqlite(async |second| is_refused_beside(&mirror, first, second).await).await;
        })
        .await;
    }
}

async fn is_refused_beside(mirror: &Mirror, first: &TestDatabase, second: &TestDatabase) {
    add_run(first, 5, 1.0).await;
    mirror.client(first).run(&["sync"]).expect(0);
    mirror.assert_equals(first).await;
    add_run(second, 3, 2.0).await;
    add_run(second, 4, 3.0).await;
    let before = mirror.writes().await;
    let program = mirror.client(second);
    let store_id = second.reads.facts().await.unwrap().store_id;
    assert_stopped(program.run(&["sync"]), 3, &["this is store", &store_id], &["--rebase"]);
    assert_eq!(mirror.writes().await, before);
    mirror.assert_equals(first).await;

    program.run(&["sync", "--rebase"]).expect(0);
    mirror.assert_holds(second).await;
    assert_rests(&program, mirror).await;
    add_run(second, 6, 4.0).await;
    program.run(&["sync"]).expect(0);
    mirror.assert_holds(second).await;

    // The first one is refused now, until it is told to take over again.
    add_run(first, 2, 5.0).await;
    let first_program = mirror.client(first);
    let wrong = ["superseded by store", &store_id];
    assert_stopped(first_program.run(&["sync"]), 3, &wrong, &["--rebase"]);
    mirror.assert_holds(second).await;
    first_program.run(&["sync", "--rebase"]).expect(0);
    mirror.assert_holds(first).await;
    assert_stopped(program.run(&["sync"]), 3, &["superseded by"], &["--rebase"]);
}

async fn a_store_restored_from_an_older_copy_is_not_synced_unless_it_is_told_to(
    database: &TestDatabase,
) {
    add_run(database, 5, 1.0).await;
    database.back_up().await;
    add_run(database, 8, 2.0).await;
    let mirrors = Mirror::each();
    for mirror in &mirrors {
        mirror.client(database).run(&["sync"]).expect(0);
        mirror.assert_equals(database).await;
    }
    database.restore().await;
    // The number of the run that is lost is given out again.
    add_run(database, 6, 3.0).await;
    for (mirror, sites) in mirrors.iter().zip([7, 9]) {
        is_refused_once_restored(mirror, database).await;
        add_run(database, sites, 4.0).await;
        mirror.client(database).run(&["sync"]).expect(0);
        mirror.assert_holds(database).await;
    }
}

async fn is_refused_once_restored(mirror: &Mirror, database: &TestDatabase) {
    let (program, before) = (mirror.client(database), mirror.writes().await);
    let wrong = ["the sink has run 2 (", "and this store does not", "an older copy"];
    assert_stopped(program.run(&["sync"]), 3, &wrong, &["--rebase"]);
    assert_eq!(mirror.writes().await, before, "nothing is written");
    program.run(&["sync", "--rebase"]).expect(0);
    mirror.assert_holds(database).await;
    assert_rests(&program, mirror).await;
}

/// There is nothing left to send.
async fn assert_rests(program: &Program, mirror: &Mirror) {
    let before = mirror.writes().await;
    program.run(&["sync"]).expect(0);
    assert_eq!(mirror.writes().await, before);
}

#[tokio::test]
async fn a_sink_that_is_named_half_or_wrong_is_wrong_usage() {
    with_sqlite(async |database| {
        let gateway = Gateway::to(&bigquery_url());
        for (project, dataset, wrong) in [
            ("", "weather", "BIGQUERY_PROJECT is not"),
            ("test-project", "weather.raw", "\"weather.raw\" is no name"),
            ("test project", "weather", "\"test project\" or"),
        ] {
            let program = Program::new()
                .env("DATABASE_URL", &database.url)
                .env("BIGQUERY_PROJECT", project)
                .env("BIGQUERY_DATASET", dataset)
                .env("BIGQUERY_BASE_URL", &gateway.url);
            assert_stopped(program.run(&["sync"]), 2, &[wrong], &["set BIGQUERY_PROJECT"]);
        }
        assert!(gateway.asked(|_| true).is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_sync_that_is_turned_off_is_wrong_usage_and_a_pipeline_collects_only() {
    with_sqlite(async |database| {
        let warehouse = Warehouse::new();
        let gateway = Gateway::to(&bigquery_url());
        let simulator = SimulatorProcess::start(&[]);
        let sites = repository_path("config/sites_sample.json");
        let program = warehouse
            .settings(simulator.client(&database.url), &gateway.url)
            .env("SITES_FILE", sites.to_str().unwrap())
            .env("SYNC_ENABLED", "false");
        assert_stopped(program.run(&["sync"]), 2, &["SYNC_ENABLED"], &[]);
        program.run(&["pipeline"]).expect(0);
        assert!(database.count("select count(*) from weather_observations").await > 0);
        assert!(gateway.asked(|_| true).is_empty());
    })
    .await;
}

/// Found by sending beginnings of the chunk, shorter and shorter, none of which is written.
#[tokio::test]
async fn a_row_that_is_refused_is_named_by_its_key_and_its_chunk_not_half_applied() {
    with_sqlite(async |database| {
        let odd = Values { condition_description: Some("unbearable".into()), ..full_values() };
        let run = open_run(&*database.store).await;
        let values = |site: u16| if site == 13 { odd.clone() } else { full_values() };
        let batch: Vec<_> = (0..20).map(|site| collected(site, hour(), values(site))).collect();
        database.store.load(&run, &batch, hour()).await.unwrap();
        database.store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
        let message = "Error while reading data: a value is out of range";
        let is_odd = |asked: &Asked| asked.is_upload() && asked.text().contains("unbearable");
        let gateway = Gateway::deciding(&bigquery_url(), move |asked| match is_odd(asked) {
            true => Deed::fail_job("invalid", message),
            false => Deed::Pass,
        });
        let warehouse = Warehouse::new();
        let program = warehouse.client(database, &gateway.url);
        let wrong = ["the row of site-00013 openweathermap 2026-11-25T08:05:00Z is refused", message];
        assert_stopped(program.run(&["sync"]), 3, &wrong, &["nothing of it was written"]);
        assert!(warehouse.rows("weather_observations").await.is_empty());

        // Mended, it goes on.
        database
            .execute("update weather_observations set condition_description = 'rain' where site_id = 'site-00013'")
            .await;
        program.run(&["sync"]).expect(0);
        warehouse.assert_equals(database).await;
    })
    .await;
}
