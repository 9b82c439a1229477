//! Months that leave the store, and what nobody may lose by that.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use weather_data_product::domain::{
    ARCHIVED_TABLES, ErrorKind, Month, RunCounts, Site, SlotOutcome, SlotResult,
};
use weather_data_product::store::{StoreError, StoreSettings};

use crate::support::databases::{TestDatabase, on_both_databases, with_mysql, with_sqlite};
use crate::support::kills::{Moment, kill_at, spawn};
use crate::support::lake::{reader_of, to_a_folder};
use crate::support::program::{Program, Ran};
use crate::support::samples::{
    collected, failed, full_values, healed, observed, open_run, run_end, sites, time,
};
use crate::support::server::ServerProcess;
use crate::support::warehouse::{Warehouse, bigquery_url, rows_of_store};

on_both_databases!(
    nothing_says_less_once_months_have_left_and_each_comes_back_as_it_was,
    a_batch_commits_before_its_month_is_frozen_or_is_refused,
    a_month_that_the_lake_does_not_hold_stays,
    whatever_it_is_killed_at_the_next_start_ends_it,
    a_series_over_the_border_is_the_same_page_by_page,
);

/// The months that the tests live in; long over, whatever the machine's clock says.
const MONTHS: [&str; 3] = ["2024-02", "2024-03", "2024-04"];

fn first_hour() -> DateTime<Utc> {
    time("2024-02-01T00:00:00Z")
}

/// Three sites, of which one goes on after the months.
fn three_sites() -> Vec<Site> {
    let mut sites = sites(3);
    for (number, site) in sites.iter_mut().enumerate() {
        site.active_from = "2024-02-01".parse().ok();
        site.active_until = "2024-04-30".parse().ok().filter(|_| number > 0);
    }
    sites
}

/// What becomes of a slot: most are collected, some fail in several ways, some are healed, given up or never
/// tried.
fn slot(site: u16, day: i64, hour: i64) -> Option<SlotResult> {
    let slot_time = first_hour() + TimeDelta::days(day) + TimeDelta::hours(hour);
    let values = full_values();
    Some(match (i64::from(site) * 31 + day * 5 + hour) % 23 {
        0 => return None,
        1 => failed(site, slot_time, ErrorKind::Timeout),
        2 => failed(site, slot_time, ErrorKind::NotFound),
        3 => SlotResult {
            outcome: SlotOutcome::unfillable("open-meteo: nothing of that hour"),
            ..failed(site, slot_time, ErrorKind::NotFound)
        },
        4 => healed("open-meteo", collected(site, slot_time, values)),
        _ => collected(site, slot_time, values),
    })
}

/// Three months of three sites, some hours of each day, by a run a month.
async fn fill(database: &TestDatabase) {
    fill_every(database, 1).await;
}

/// The same of one of so many days.
async fn fill_every(database: &TestDatabase, days: i64) {
    let every = days;
    database.store.take_in_sites(&three_sites(), first_hour()).await.unwrap();
    for month in MONTHS.map(|month| Month::parse(month).unwrap()) {
        let run = open_run(&*database.store).await;
        let days = (0..90)
            .filter(|day| day % every == 0)
            .filter(|day| Month::of((first_hour() + TimeDelta::days(*day)).date_naive()) == month);
        let results = days.flat_map(|day| {
            (0..3).flat_map(move |site| (0..6).filter_map(move |hour| slot(site, day, hour * 2)))
        });
        let results: Vec<_> = results.collect();
        for batch in results.chunks(200) {
            database.store.load(&run, batch, first_hour()).await.unwrap();
        }
        database.store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
    }
}

/// The program, synced and verified, with no time that rows stay after they are proved.
fn ready(program: Program) -> Program {
    let program = program.env("WEATHER_ARCHIVE_GRACE_SECONDS", "0");
    program.run(&["sync"]).expect(0);
    program.run(&["verify"]).expect(0);
    program
}

async fn rows(database: &TestDatabase) -> [i64; 2] {
    let count = async |table: &str| database.count(&format!("select count(*) from {table}")).await;
    [count("weather_observations").await, count("collection_slots").await]
}

/// Everything that a person or a program learns of the past.
fn told(program: &Program) -> Vec<String> {
    let commands: [&[&str]; 6] = [
        &["gaps", "--to", "2024-05-31"],
        &["gaps", "--output", "json", "--to", "2024-05-31"],
        &["gaps", "--output", "csv", "--from", "2024-02-20", "--to", "2024-03-05"],
        &["gaps", "--output", "json", "--site", "site-00001", "--to", "2024-03-31"],
        &["status", "--output", "json"],
        &["verify", "--output", "json"],
    ];
    commands.iter().map(|arguments| without_archive(&program.run(arguments))).collect()
}

/// Without the sentence about the archive, and without what the time makes of it.
fn without_archive(ran: &Ran) -> String {
    assert!(ran.code == 0, "{}\n{}", ran.stdout, ran.stderr);
    let lines = ran.stdout.lines().map(|line| match line.find("; archived through") {
        Some(start) => format!("{}{}", &line[..start], &line[start + 26..]),
        None => line.to_owned(),
    });
    lines.filter(|line| !line.contains("age_s")).collect::<Vec<_>>().join("\n")
}

/// The rows of a table, every column of each.
async fn dump(database: &TestDatabase, program: &Program, table: &str) -> Vec<Vec<String>> {
    let columns = reader_of(program).table(table).await.columns;
    rows_of_store(database, table, &columns).await
}

async fn nothing_says_less_once_months_have_left_and_each_comes_back_as_it_was(
    database: &TestDatabase,
) {
    fill(database).await;
    let program = ready(to_a_folder(database));
    let before = told(&program);
    assert!(before[1].contains("open-meteo: nothing of that hour"), "{}", before[1]);
    let mut dumps = BTreeMap::new();
    for table in ARCHIVED_TABLES {
        dumps.insert(table.name, dump(database, &program, table.name).await);
    }
    let planned = program.run(&["archive", "--dry-run"]).expect(0);
    assert_eq!(planned.stdout.matches(": due, ").count(), 3, "{}", planned.stdout);
    assert_ne!(rows(database).await, [0, 0], "a dry run deletes nothing");

    let archived = program.run(&["archive", "--keep-days", "60"]).expect(0);
    assert_eq!(archived.stdout.matches(": archived, ").count(), 3, "{}", archived.stdout);
    assert_eq!(rows(database).await, [0, 0]);
    assert_eq!(told(&program), before);
    program.run(&["verify", "--deep"]).expect(0);
    let status = program.run(&["status"]).expect(0);
    assert!(status.stdout.contains("; archived through 2024-04"), "{}", status.stdout);
    let again = program.run(&["archive", "--keep-days", "60"]).expect(0);
    assert_eq!(again.stdout, "nothing is due\n");

    for month in MONTHS {
        let restored = program.run(&["restore", "--month", month]).expect(0);
        assert!(restored.stdout.contains("rows are back"), "{}", restored.stdout);
    }
    for table in ARCHIVED_TABLES {
        assert_eq!(dump(database, &program, table.name).await, dumps[table.name], "{}", table.name);
    }
    assert_eq!(told(&program), before);
    let synced = program.run(&["sync", "--output", "json"]).expect(0);
    let synced: Value = serde_json::from_str(&synced.stdout).unwrap();
    assert_eq!(synced["rowsSynced"], 0);
    program.run(&["restore", "--month", MONTHS[0]]).expect(2);
    // What was brought back leaves when it is named.
    assert_eq!(program.run(&["archive"]).expect(0).stdout, "nothing is due\n");
    for month in MONTHS {
        program.run(&["archive", "--month", month]).expect(0);
    }
    assert_eq!(rows(database).await, [0, 0]);
    assert_eq!(told(&program), before);
}

async fn a_batch_commits_before_its_month_is_frozen_or_is_refused(database: &TestDatabase) {
    database.store.take_in_sites(&three_sites(), first_hour()).await.unwrap();
    let run = open_run(&*database.store).await;
    let of = |text: &str| [collected(1, time(text), full_values())];
    let (march, april) = (of("2024-03-15T08:00:00Z"), of("2024-04-01T00:00:00Z"));
    let month = Month::parse("2024-03").unwrap();
    database.store.load(&run, &march, first_hour()).await.unwrap();
    database.archiving.freeze(&ARCHIVED_TABLES, month, first_hour()).await.unwrap();
    let refused = database.store.load(&run, &march, first_hour()).await.unwrap_err();
    assert!(matches!(refused, StoreError::ArchivedMonth { .. }), "{refused}");
    assert_eq!(refused.kind(), "archived_month");
    // The slot is of April, and what fills it of March.
    let late =
        [observed(2, time("2024-04-01T00:00:00Z"), time("2024-03-31T23:55:00Z"), full_values())];
    assert!(database.store.load(&run, &late, first_hour()).await.is_err());
    database.store.load(&run, &april, first_hour()).await.unwrap();
    assert_eq!(rows(database).await, [2, 2]);
    for table in ARCHIVED_TABLES {
        assert!(database.archiving.thaw(table, month).await.unwrap());
    }
    database.store.load(&run, &late, first_hour()).await.unwrap();
    assert_eq!(rows(database).await, [3, 3]);
}

/// The only file of a day in the lake.
async fn file_of(program: &Program, table: &str, day: &str) -> PathBuf {
    let files = reader_of(program).table(table).await.files;
    let path = files.iter().find(|(_, of)| of.as_deref() == Some(day)).unwrap().0;
    program.folder.path().join("lake").join(table).join(path)
}

/// One byte of a file is another one; the bytes as they were.
fn spoil(path: &Path) -> Vec<u8> {
    let whole = std::fs::read(path).unwrap();
    let mut spoilt = whole.clone();
    let middle = spoilt.len() / 3;
    spoilt[middle] ^= 0x55;
    std::fs::write(path, spoilt).unwrap();
    whole
}

async fn a_month_that_the_lake_does_not_hold_stays(database: &TestDatabase) {
    fill(database).await;
    let program = ready(to_a_folder(database));
    let before = rows(database).await;
    let path = file_of(&program, "collection_slots", "2024-03-10").await;
    let whole = std::fs::read(&path).unwrap();
    std::fs::copy(file_of(&program, "collection_slots", "2024-03-11").await, &path).unwrap();
    let ran = program.run(&["archive"]).expect(1);
    let words = "2024-03: the lake differs, nothing was deleted: 2024-03-10 of collection_slots";
    assert!(ran.stdout.contains(words), "{}", ran.stdout);
    let left = "select count(*) from collection_slots where slot_time >= '2024-03-01' \
        and slot_time < '2024-04-01'";
    assert!(database.count(left).await > 0);
    assert!(rows(database).await[1] < before[1], "the other months have left");
    std::fs::write(&path, whole).unwrap();
    // One table was proved, the other was thawed: what is left goes with the next start.
    program.run(&["archive"]).expect(0);
    assert_eq!(rows(database).await, [0, 0]);

    let path = file_of(&program, "weather_observations", "2024-02-07").await;
    let whole = spoil(&path);
    let refused = |words: &str| {
        let ran = program.run(&["restore", "--month", "2024-02"]).expect(1);
        assert!(ran.stdout.contains(words), "{}", ran.stdout);
    };
    refused("2024-02-07 of weather_observations");
    assert_eq!(rows(database).await, [0, 0], "nothing is loaded");
    std::fs::remove_file(&path).unwrap();
    refused("2024-02-07 of weather_observations");
    program.run(&["verify"]).expect(1);
    // Nothing else has its rows: the day is named, and not written anew.
    let ran = program.run(&["repair", "--allow-delete"]).expect(1);
    assert!(ran.stderr.contains("take its files from the versions"), "{}", ran.stderr);
    std::fs::write(&path, whole).unwrap();
    program.run(&["verify"]).expect(0);
    program.run(&["restore", "--month", "2024-02"]).expect(0);
}

/// Kills of each phase: one in a test run, more by `scripts/soak`.
fn kills_of_each_phase() -> u64 {
    std::env::var("WEATHER_SOAK_ARCHIVE_KILLS").map_or(1, |text| text.parse().unwrap())
}

async fn whatever_it_is_killed_at_the_next_start_ends_it(database: &TestDatabase) {
    fill(database).await;
    let program = ready(to_a_folder(database)).env("LOG_LEVEL", "debug");
    let gaps = ["gaps", "--output", "json", "--to", "2024-05-31"];
    let gaps = || program.run(&gaps).expect(0).stdout;
    let before = gaps();
    database.back_up().await;
    let mut hit = BTreeMap::new();
    for number in 0..kills_of_each_phase() {
        for phase in ["frozen", "compacted", "proved", "deleting", "emptied"] {
            let wait = Duration::from_millis(number * 3 % 40);
            let moment = Moment::In { phase, occurrence: number % 2, wait };
            let killed = kill_at(spawn(&program, &["archive"]), &moment, |_| {});
            *hit.entry(killed.phase()).or_insert(0) += 1;
            assert_eq!(gaps(), before, "killed at {phase}");
            program.run(&["archive"]).expect(0);
            assert_eq!(rows(database).await, [0, 0], "killed at {phase}");
            assert_eq!(gaps(), before, "ended after {phase}");
            program.run(&["verify"]).expect(0);
            if number + 1 < kills_of_each_phase() || phase != "emptied" {
                forget_the_archive(database).await;
            }
        }
        println!("archive kills, by phase: {hit:?}");
    }
    let restore = ["restore", "--month", MONTHS[0]];
    let moment = Moment::In { phase: "restoring", occurrence: 2, wait: Duration::ZERO };
    kill_at(spawn(&program, &restore), &moment, |_| {});
    assert_eq!(gaps(), before, "killed while it came back");
    program.run(&["verify"]).expect(0);
    program.run(&restore).expect(0);
    assert_eq!(gaps(), before);
    program.run(&["verify"]).expect(0);
}

/// All is in the store again, as if nothing had ever left it.
async fn forget_the_archive(database: &TestDatabase) {
    database.restore().await;
    for table in ["archive_months", "archived_days", "archived_ledger", "archived_series"] {
        database.execute(&format!("delete from {table}")).await;
    }
}

#[tokio::test]
async fn an_archived_day_of_the_warehouse_is_mended_from_the_lake_and_never_emptied() {
    with_sqlite(async |database| {
        fill_every(database, 33).await;
        let warehouse = Warehouse::new();
        let program = ready(warehouse.settings(to_a_folder(database), &bigquery_url()));
        program.run(&["archive"]).expect(0);
        assert_eq!(rows(database).await, [0, 0]);
        let count = async || warehouse.count("select count(*) from {d}.weather_observations").await;
        let whole = count().await;
        program.run(&["repair", "--allow-delete"]).expect(0);
        assert_eq!(count().await, whole);
        // Rows that are gone and a cell that was changed come back from the lake.
        for sql in [
            "delete from {d}.weather_observations where observation_time < timestamp '2024-02-02'",
            "update {d}.collection_slots set attempts = 9 where slot_time = timestamp '2024-03-05 04:00:00'",
        ] {
            warehouse.execute(sql).await;
            program.run(&["verify"]).expect(1);
            program.run(&["repair", "--allow-delete"]).expect(0);
            program.run(&["verify", "--deep"]).expect(0);
        }
        assert_eq!(count().await, whole);
    })
    .await;
}

#[tokio::test]
async fn what_is_not_due_says_why_and_what_is_wrong_says_what_to_do() {
    with_sqlite(async |database| {
        fill(database).await;
        let program = to_a_folder(database).env("WEATHER_ARCHIVE_GRACE_SECONDS", "0");
        let unset = program.run(&["archive", "--lake-url", ""]).expect(2);
        assert!(unset.stderr.contains("LAKE_URL"), "{}", unset.stderr);
        for arguments in [
            ["archive", "--keep-days", "5"],
            ["archive", "--month", "2026-13"],
            ["restore", "--month", "2024"],
        ] {
            program.run(&arguments).expect(2);
        }
        program.run(&["restore", "--month", "2024-02"]).expect(2);
        let said = |words: &str| {
            let ran = program.run(&["archive"]).expect(0);
            assert!(ran.stdout.contains(words), "{words}: {}", ran.stdout);
        };
        said("lake was never synced from this store");
        program.run(&["sync"]).expect(0);
        said("lake is verified through no day");
        program.run(&["verify"]).expect(0);
        let run = open_run(&*database.store).await;
        let batch = [collected(1, time("2024-02-03T01:00:00Z"), full_values())];
        database.store.load(&run, &batch, first_hour()).await.unwrap();
        database.store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
        said("lake is behind: `weather sync` sends run 4");
        program.run(&["sync"]).expect(0);
        program.run(&["verify"]).expect(0);
        let this_month = Month::of(Utc::now().date_naive()).to_string();
        let ran = program.run(&["archive", "--month", &this_month]).expect(0);
        assert!(ran.stdout.contains("not due: its last day is not more than"), "{}", ran.stdout);
        program.run(&["archive", "--month", "2024-02"]).expect(0);
        let thawed = program.run(&["archive", "--thaw", "--month", "2024-02"]).expect(0);
        assert!(thawed.stdout.contains("is not frozen"), "{}", thawed.stdout);
    })
    .await;
}

/// Every page of a list, one after the other.
async fn pages(server: &ServerProcess, path: &str) -> String {
    let (mut all, mut next) = (String::new(), String::new());
    loop {
        let answer = server.get(&format!("{path}{next}")).await.expect(200);
        all.push_str(&answer.body);
        match answer.json()["next_cursor"].as_str() {
            Some(cursor) => next = format!("&cursor={cursor}"),
            None => return all,
        }
    }
}

/// What the query API says of a time that begins in February and ends in April: with a change of the clocks,
/// with healed hours, and with a slot of the first hour of April that an observation of March fills.
async fn answers(program: &Program) -> Vec<String> {
    let server = ServerProcess::start(program, &[]);
    let site = "/api/v1/sites/site-00001";
    let times = "from=2024-02-20&to=2024-04-05";
    let mut answers = vec![
        pages(&server, &format!("{site}/observations?{times}&limit=70")).await,
        pages(&server, &format!("/api/v1/observations?site=site-00001&{times}&limit=90")).await,
    ];
    for path in [
        format!("{site}/observations?{times}&format=csv"),
        format!("{site}/observations?{times}&source=open-meteo&format=ndjson"),
        format!("{site}/hourly?{times}&format=csv"),
        format!("{site}/hourly?from=2024-03-31T22:00:00Z&to=2024-04-01T04:00:00Z"),
        format!("{site}/daily?from=2024-02-25&to=2024-04-05"),
        format!("{site}/daily?from=2024-04-01&to=2024-04-05&format=csv"),
        "/edr/collections/observations/locations/site-00001?datetime=2024-03-25T00:00:00Z/2024-04-05T00:00:00Z".to_owned(),
    ] {
        answers.push(server.get(&path).await.expect(200).body);
    }
    answers.iter_mut().for_each(|answer| *answer = answer.replace(&server.address, "server"));
    answers
}

async fn a_series_over_the_border_is_the_same_page_by_page(database: &TestDatabase) {
    fill(database).await;
    let run = open_run(&*database.store).await;
    let (first, before) = (time("2024-04-01T00:00:00Z"), time("2024-03-31T23:55:00Z"));
    let late = [observed(1, first, before, full_values())];
    database.store.load(&run, &late, first_hour()).await.unwrap();
    database.store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
    let program = ready(to_a_folder(database));
    let expected = answers(&program).await;
    assert!(expected.iter().all(|answer| answer.len() > 500), "{expected:?}");
    for month in &MONTHS[..2] {
        program.run(&["archive", "--month", month]).expect(0);
    }
    let found = answers(&program).await;
    for (expected, found) in expected.iter().zip(&found) {
        assert!(expected == found, "{expected}\n\nbut over the border:\n\n{found}");
    }
    let path = "/api/v1/sites/site-00001/hourly?from=2024-03-01&to=2024-03-09";
    let refused = async |program: &Program, status: u16| {
        ServerProcess::start(program, &[]).get(path).await.expect(status).json()
    };
    let problem = refused(&to_a_folder(database).env("LAKE_URL", ""), 410).await;
    assert_eq!(problem["type"], "urn:weather:problem:archived");
    assert!(problem["detail"].as_str().unwrap().contains("2024-03"), "{problem}");
    assert_eq!(problem["allowed"], "times from 2024-04-01 on");
    let problem = refused(&to_a_folder(database).env("LAKE_URL", "file:./elsewhere"), 503).await;
    assert_eq!(problem["type"], "urn:weather:problem:lake_unavailable");
}

#[tokio::test]
async fn runs_that_write_beside_an_archive_lose_nothing() {
    with_mysql(async |database| {
        fill(database).await;
        let program = ready(to_a_folder(database));
        let before = rows(database).await[1];
        let run = open_run(&*database.store).await;
        let mut child = spawn(&program, &["archive", "--month", MONTHS[0]]);
        let (mut of_february, mut of_april, mut refused) = (0, 0, 0);
        // Until it has ended, and some more.
        for number in 0..400_i64 {
            let odd = |day: i64| first_hour() + TimeDelta::days(day) + TimeDelta::seconds(number + 1);
            let past = [healed("open-meteo", collected(1, odd(3), full_values()))];
            match database.store.load(&run, &past, first_hour()).await {
                Ok(()) => of_february += 1,
                Err(StoreError::ArchivedMonth { .. }) => refused += 1,
                Err(error) => panic!("{error:?}"),
            }
            let live = [collected(1, odd(70), full_values())];
            database.store.load(&run, &live, first_hour()).await.unwrap();
            of_april += 1;
            if number > 50 && child.try_wait().unwrap().is_some() {
                break;
            }
        }
        child.wait().unwrap();
        database.store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
        println!("{of_february} batches of a month before it was frozen, {refused} refused, {of_april} beside");
        let whole = rows(database).await[1] + archived_rows(database, "collection_slots").await;
        assert_eq!(whole, before + of_february + of_april);
        program.run(&["sync"]).expect(0);
        program.run(&["verify"]).expect(0);
        program.run(&["archive", "--month", MONTHS[0]]).expect(0);
        program.run(&["verify"]).expect(0);
    })
    .await;
}

/// The rows of a table that have left.
async fn archived_rows(database: &TestDatabase, table: &str) -> i64 {
    let sql = format!(
        "select cast(coalesce(sum(row_count), 0) as signed) from archived_days where table_name = '{table}'"
    );
    database.count(&sql).await
}

#[tokio::test]
async fn who_collects_may_delete_nothing_and_an_archive_without_the_privilege_freezes_nothing() {
    with_mysql(async |database| {
        fill(database).await;
        let program = ready(to_a_folder(database));
        let mut url = url::Url::parse(&database.url).unwrap();
        let name = url.path().trim_matches('/').to_owned();
        let collector = format!("a{}", &name[name.len() - 20..]);
        database.execute(&format!("create user {collector}@'%' identified by 'p'")).await;
        let grant = format!("grant select, insert, update on {name}.* to {collector}@'%'");
        database.execute(&grant).await;
        url.set_username(&collector).unwrap();
        url.set_password(Some("p")).unwrap();
        let opened = StoreSettings::at(url.as_str()).open().await.unwrap();
        let run = open_run(&*opened.store).await;
        let batch = [collected(1, time("2024-04-20T01:00:00Z"), full_values())];
        opened.store.load(&run, &batch, first_hour()).await.unwrap();
        opened.store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
        let lake = format!("file:{}", program.folder.path().join("lake").display());
        let as_collector = Program::new().env("DATABASE_URL", url.as_str()).env("LAKE_URL", &lake);
        for arguments in [["sync"], ["verify"], ["gaps"], ["status"]] {
            as_collector.run(&arguments).expect(0);
        }
        let refused = as_collector.run(&["archive"]).expect(3);
        assert!(refused.stderr.contains("command denied"), "{}", refused.stderr);
        assert_eq!(database.count("select count(*) from archive_months").await, 0);
        database.execute(&format!("drop user {collector}@'%'")).await;
    })
    .await;
}

#[tokio::test]
async fn a_new_dataset_gets_what_was_archived_from_the_lake() {
    with_sqlite(async |database| {
        fill_every(database, 33).await;
        let warehouse = Warehouse::new();
        let to_lake = ready(to_a_folder(database));
        to_lake.run(&["archive"]).expect(0);
        let lake = format!("file:{}", to_lake.folder.path().join("lake").display());
        let program =
            warehouse.settings(to_a_folder(database).env("LAKE_URL", &lake), &bigquery_url());
        program.run(&["sync", "--from-lake"]).expect(2);
        program.run(&["sync", "--rebase", "--from-lake", "--sink", "bigquery"]).expect(0);
        program.run(&["verify", "--sink", "bigquery"]).expect(0);
        let slots = warehouse.count("select count(*) from {d}.collection_slots").await;
        assert_eq!(slots, archived_rows(database, "collection_slots").await);
    })
    .await;
}
