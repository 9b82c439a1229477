//! Replay: what is kept says the same again, brings lost rows back, and a better transform reaches hours
//! that are past.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use weather_data_product::clock::SteppedClock;
use weather_data_product::domain::{ErrorKind, Shard, Site};
use weather_data_product::job;
use weather_data_product::replay::into::{Rebuild, rebuild};
use weather_data_product::replay::{KeptAnswers, Made, Reader, Replay, Report, run};
use weather_data_product::source::open_meteo::OpenMeteo;
use weather_data_product::source::openweathermap::OpenWeatherMap;
use weather_data_product::source::{Answer, History, Source, SourceError};
use weather_data_product::store::RunHost;
use weather_data_product::vault::Vault;

use crate::heal::Healer;
use crate::support::databases::{TestDatabase, on_both_databases, with_sqlite};
use crate::support::lake::{reader_of, to_a_folder};
use crate::support::program::{Program, Ran};
use crate::support::samples::{LONG_LEASE, hour, sites};
use crate::support::service::{Job, Service};
use crate::vault::{Folder, url};

on_both_databases!(
    what_is_kept_says_the_same_again_without_a_call,
    rows_that_were_lost_come_back_as_they_were,
    a_changed_transform_is_named_by_field_and_only_its_rows_are_written,
    an_answer_that_fails_today_is_named_and_its_row_stays,
    an_object_that_is_broken_is_named_and_the_rest_goes_on,
    an_empty_store_is_made_of_what_is_kept,
);

/// Faults of every kind that the ledger knows.
const FAULTS: [&str; 6] = [
    "server_error=10%:1",
    "truncated=5%",
    "not_found=5%",
    "out_of_range=5%",
    "dropped=5%",
    "stale_dt=10%",
];

/// Hours that are collected: few in a test run, 48 by `scripts/soak`.
fn hours() -> i64 {
    std::env::var("WEATHER_SOAK_HOURS").map_or(8, |text| text.parse().unwrap())
}

/// Sites of each: few in a test run, 100 by `scripts/soak`.
fn count() -> u16 {
    std::env::var("WEATHER_SOAK_SITES").map_or(25, |text| text.parse().unwrap())
}

/// Collects with faults, and heals some slots of the past from another source.
async fn collected(database: &TestDatabase, service: &Service, vault: &Vault) -> Vec<Site> {
    let job = Job { vault: Some(vault.clone()), ..Job::new(database, service) };
    let sites = sites(count());
    for hours in 0..hours() {
        service.set_time(hour() + TimeDelta::hours(hours) + TimeDelta::minutes(7));
        job.run(&sites).await;
    }
    // The archive has what is three days old.
    let service = Service::with_faults(&[]).await;
    service.set_time(hour() + TimeDelta::days(5));
    let mut healer = Healer::from_open_meteo(database, &service);
    healer.vault = Some(vault.clone());
    let mut some = sites[..3].to_vec();
    for site in &mut some {
        site.active_from = Some(hour().date_naive() - TimeDelta::days(1));
        site.active_until = Some(hour().date_naive());
    }
    database.store.take_in_sites(&some, hour()).await.unwrap();
    let report = healer.run(&some).await;
    assert!(report.healed > 0, "{report:?}");
    some
}

fn days() -> (NaiveDate, NaiveDate) {
    (hour().date_naive() - TimeDelta::days(2), hour().date_naive() + TimeDelta::days(6))
}

fn nowhere() -> url::Url {
    "http://kept.invalid".parse().unwrap()
}

fn openweathermap(answers: std::sync::Arc<KeptAnswers>) -> Made {
    let source = OpenWeatherMap::new(answers, &nowhere(), "".into());
    let histories: Vec<Box<dyn History>> =
        vec![Box::new(source.one_call_4()), Box::new(source.one_call_3())];
    (Box::new(source), histories)
}

fn open_meteo(answers: std::sync::Arc<KeptAnswers>) -> Made {
    let source = OpenMeteo::new(answers, &nowhere(), &nowhere(), None);
    let histories: Vec<Box<dyn History>> =
        vec![Box::new(source.archive()), Box::new(source.recent_hours())];
    (Box::new(source), histories)
}

async fn replayed(
    database: &TestDatabase,
    vault: &Vault,
    readers: &[Reader],
    writes: bool,
) -> Report {
    let clock = SteppedClock::new(hour() + TimeDelta::days(6));
    let (host, shutdown) = (RunHost::default(), CancellationToken::new());
    run(Replay {
        job: job::Job {
            store: &*database.store,
            reads: &database.reads,
            clock: &clock,
            shard: Shard::WHOLE,
            lease: LONG_LEASE,
            host: &host,
            shutdown: &shutdown,
            vault: None,
        },
        vault,
        readers,
        source: None,
        site_ids: &[],
        days: days(),
        writes,
    })
    .await
    .unwrap()
}

fn today() -> [Reader; 2] {
    [Reader::new(openweathermap), Reader::new(open_meteo)]
}

async fn what_is_kept_says_the_same_again_without_a_call(database: &TestDatabase) {
    let service = Service::with_faults(&FAULTS).await;
    let kept = Folder::new();
    collected(database, &service, &kept.vault).await;
    let calls = service.simulator.calls().len();
    let report = replayed(database, &kept.vault, &today(), false).await;
    assert!(!report.has_differences(), "{report:?}");
    assert_eq!((report.equal, report.no_body, &report.faults[..]), (report.slots, 0, &[][..]));
    let slots = database.count("select count(*) from collection_slots").await;
    assert_eq!(report.slots, u64::try_from(slots).unwrap());
    assert_eq!(service.simulator.calls().len(), calls);
    let runs = database.count("select count(*) from ingestion_runs where kind = 'replay'").await;
    assert_eq!(runs, 0, "nothing was to be written");

    // Where nothing is to be changed nothing is written either.
    let report = replayed(database, &kept.vault, &today(), true).await;
    assert_eq!((report.written, report.runs), (0, 2));

    database.execute("update collection_slots set raw_ref = null where status = 'failed'").await;
    let failed =
        database.count("select count(*) from collection_slots where status = 'failed'").await;
    let report = replayed(database, &kept.vault, &today(), false).await;
    assert_eq!(report.no_body, u64::try_from(failed).unwrap());
}

/// Of each day, what its fingerprints come to.
async fn sums(database: &TestDatabase) -> BTreeMap<String, i64> {
    let rows = "select concat_ws('|', substr(observation_time, 1, 10), source, row_hash) \
        from weather_observations";
    let mut sums = BTreeMap::new();
    for line in database.lines(rows).await {
        let (day, hash) = line.rsplit_once('|').unwrap();
        *sums.entry(day.to_owned()).or_default() ^= hash.parse::<i64>().unwrap();
    }
    sums
}

async fn rows_that_were_lost_come_back_as_they_were(database: &TestDatabase) {
    let service = Service::with_faults(&FAULTS).await;
    let kept = Folder::new();
    collected(database, &service, &kept.vault).await;
    let before = sums(database).await;
    let kinds = "select concat_ws('|', site_id, observation_time, source, value_kind) \
        from weather_observations order by 1";
    let kinds_before = database.lines(kinds).await;
    database.execute("delete from weather_observations").await;
    let report = replayed(database, &kept.vault, &today(), true).await;
    assert_eq!((report.newly_failing, report.no_body), (0, 0), "{report:?}");
    assert_eq!(sums(database).await, before);
    assert_eq!(database.lines(kinds).await, kinds_before);
    let again = replayed(database, &kept.vault, &today(), false).await;
    assert!(!again.has_differences(), "{again:?}");
}

/// A transform that has become stricter.
struct Stricter(Box<dyn Source>);

#[async_trait]
impl Source for Stricter {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    async fn observe(&self, site: &Site, now: DateTime<Utc>) -> Result<Answer, SourceError> {
        let answer = self.0.observe(site, now).await?;
        match answer.observation.values.humidity_pct {
            Some(percent) if percent > 60.0 => Err(SourceError {
                kind: ErrorKind::OutOfRange,
                message: "too damp".into(),
                http_status: Some(200),
                retry_after: None,
            }),
            _ => Ok(answer),
        }
    }
}

fn stricter(answers: std::sync::Arc<KeptAnswers>) -> Made {
    let (source, histories) = openweathermap(answers);
    (Box::new(Stricter(source)), histories)
}

async fn an_answer_that_fails_today_is_named_and_its_row_stays(database: &TestDatabase) {
    let service = Service::with_faults(&[]).await;
    let kept = Folder::new();
    collected(database, &service, &kept.vault).await;
    let rows = "select concat_ws('|', site_id, observation_time, row_hash, run_seq) \
        from weather_observations order by 1";
    let before = database.lines(rows).await;
    let damp = "select count(*) from collection_slots c join weather_observations o \
        on o.site_id = c.site_id and o.source = 'openweathermap' and c.observation_source is null \
        and o.observation_time = c.observation_time where o.humidity_pct > 60";
    let failing = u64::try_from(database.count(damp).await).unwrap();
    assert!(failing > 0);
    let readers = [Reader::new(stricter), Reader::new(open_meteo)];
    let report = replayed(database, &kept.vault, &readers, true).await;
    assert_eq!((report.newly_failing, report.changed, report.written), (failing, 0, 0));
    assert!(report.failing[0].contains("too damp"), "{report:?}");
    assert_eq!(database.lines(rows).await, before);
    let run = "select concat_ws('|', outcome, failed) from ingestion_runs \
        where kind = 'replay' and source = 'openweathermap'";
    assert_eq!(database.lines(run).await, [format!("partial|{failing}")]);
}

/// Rows that a sync has sent.
fn rows_synced(ran: &Ran) -> u64 {
    let log = ran.log();
    let summary = log.iter().find(|line| line["message"] == "sync_summary").unwrap();
    summary["rowsSynced"].as_u64().unwrap()
}

/// A transform that has learned something: it reads one value otherwise.
struct Better(Box<dyn Source>);

#[async_trait]
impl Source for Better {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    async fn observe(&self, site: &Site, now: DateTime<Utc>) -> Result<Answer, SourceError> {
        let mut answer = self.0.observe(site, now).await?;
        let humidity = &mut answer.observation.values.humidity_pct;
        *humidity = humidity.map(|percent| if percent > 60.0 { 100.0 } else { percent });
        Ok(answer)
    }
}

fn better(answers: std::sync::Arc<KeptAnswers>) -> Made {
    let (source, histories) = openweathermap(answers);
    (Box::new(Better(source)), histories)
}

async fn a_changed_transform_is_named_by_field_and_only_its_rows_are_written(
    database: &TestDatabase,
) {
    let service = Service::with_faults(&FAULTS).await;
    let kept = Folder::new();
    collected(database, &service, &kept.vault).await;
    let dry = "select count(*) from weather_observations where source = 'openweathermap' \
        and humidity_pct > 60 and humidity_pct < 100";
    let changed = u64::try_from(database.count(dry).await).unwrap();
    let all = "select count(*) from weather_observations";
    let rows = u64::try_from(database.count(all).await).unwrap();
    assert!(changed > 0 && changed < rows, "{changed} of {rows}");
    let readers = [Reader::new(better), Reader::new(open_meteo)];
    let report = replayed(database, &kept.vault, &readers, false).await;
    assert_eq!(report.fields, BTreeMap::from([("humidity_pct", changed)]), "{report:?}");
    assert_eq!((report.changed, report.written), (changed, 0));

    let program = to_a_folder(database);
    program.run(&["sync"]).expect(0);
    let report = replayed(database, &kept.vault, &readers, true).await;
    assert_eq!(report.written, changed);
    // A run of each source, and of each row that changed its slot too.
    let synced = rows_synced(&program.run(&["sync"]).expect(0));
    assert_eq!(synced, 2 * changed + report.runs);
    reader_of(&program).assert_equals(database).await;
    let written = "select count(*) from weather_observations o join ingestion_runs r \
        on r.run_seq = o.run_seq where r.kind = 'replay' and o.available_at > '2026-11-30'";
    assert_eq!(u64::try_from(database.count(written).await).unwrap(), changed);
    let run = "select concat_ws('|', status, outcome, rows_loaded, calls) from ingestion_runs \
        where kind = 'replay' and source = 'openweathermap'";
    assert_eq!(database.lines(run).await, [format!("closed|succeeded|{changed}|0")]);
    let report = replayed(database, &kept.vault, &readers, false).await;
    assert!(!report.has_differences(), "{report:?}");
}

async fn an_object_that_is_broken_is_named_and_the_rest_goes_on(database: &TestDatabase) {
    let service = Service::with_faults(&[]).await;
    let kept = Folder::new();
    let job = Job { vault: Some(kept.vault.clone()), ..Job::new(database, &service) };
    for hours in 0..3 {
        service.set_time(hour() + TimeDelta::hours(hours) + TimeDelta::minutes(7));
        job.run(&sites(4)).await;
    }
    let stored = kept.vault.list(None).await.unwrap();
    let path = kept.folder.path().join("v1").join(&stored[1].path);
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 9]).unwrap();
    let report = replayed(database, &kept.vault, &today(), true).await;
    assert!(report.faults.len() == 1 && report.faults[0].contains(&stored[1].path), "{report:?}");
    assert_eq!((report.equal + report.no_body, report.slots), (12, 12));
    assert!(report.equal >= 8);
}

/// What a store that is made of a vault has as the one that was collected into.
const OBSERVATIONS: &str = "select concat_ws('|', site_id, source, substr(observation_time, 1, 10), \
    substr(observation_time, 12, 8), row_hash, value_kind, ingestion_run_id) \
    from weather_observations order by 1";
const SLOTS: &str = "select concat_ws('|', site_id, source, substr(slot_time, 1, 10), \
    substr(slot_time, 12, 8), status, attempts, http_status, error_kind, error_message, \
    ingestion_run_id, observation_source, raw_ref) from collection_slots \
    where attempts > 0 order by 1";

/// Into an SQLite file, whichever database was collected into.
async fn an_empty_store_is_made_of_what_is_kept(database: &TestDatabase) {
    let service = Service::with_faults(&FAULTS).await;
    let kept = Folder::new();
    let sites = collected(database, &service, &kept.vault).await;
    with_sqlite(async |made| {
        let (clock, host, shutdown) = (
            SteppedClock::new(hour() + TimeDelta::days(6)),
            RunHost::default(),
            CancellationToken::new(),
        );
        let readers = today();
        let rebuilding = || {
            rebuild(Rebuild {
                job: job::Job {
                    store: &*made.store,
                    reads: &made.reads,
                    clock: &clock,
                    shard: Shard::WHOLE,
                    lease: LONG_LEASE,
                    host: &host,
                    shutdown: &shutdown,
                    vault: None,
                },
                vault: &kept.vault,
                readers: &readers,
                sites: &sites,
                days: None,
            })
        };
        let rebuilt = rebuilding().await.unwrap();
        assert_eq!(rebuilt.faults, [""; 0]);
        let runs = "select concat_ws('|', run_id, kind, source) from ingestion_runs r \
            where exists (select 1 from collection_slots c where c.run_seq = r.run_seq) order by 1";
        assert_eq!(made.lines(runs).await, database.lines(runs).await);
        for rows in [OBSERVATIONS, SLOTS] {
            assert_eq!(made.lines(rows).await, database.lines(rows).await);
        }
        let error = rebuilding().await.unwrap_err().to_string();
        assert!(error.contains("not empty"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn without_a_sites_file_a_store_is_made_with_the_sites_that_were_asked_for() {
    with_sqlite(async |database| {
        let service = Service::with_faults(&FAULTS).await;
        let kept = Folder::new();
        collected(database, &service, &kept.vault).await;
        let program = Program::new().env("VAULT_URL", &url(kept.folder.path()));
        with_sqlite(async |made| {
            let ran = program.run(&["replay", "--into", &made.url]).expect(0);
            assert!(ran.stderr.contains("no sites file"), "{}", ran.stderr);
            for rows in [OBSERVATIONS, SLOTS] {
                let found = made.lines(rows).await;
                let lost: Vec<_> = database
                    .lines(rows)
                    .await
                    .into_iter()
                    .filter(|row| !found.contains(row))
                    .collect();
                assert!(lost.is_empty(), "{lost:#?}");
            }
            // Where a site's life began nobody says: a history's answers have hours before it.
            let live = "select count(*) from collection_slots where observation_source is null";
            assert_eq!(made.count(live).await, database.count(live).await);
            let places = "select concat_ws('|', site_id, latitude, longitude, interval_minutes) \
                from sites order by 1";
            assert_eq!(made.lines(places).await, database.lines(places).await);
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_value_is_explained_from_the_row_to_the_body() {
    with_sqlite(async |database| {
        let service = Service::with_faults(&FAULTS).await;
        let kept = Folder::new();
        collected(database, &service, &kept.vault).await;
        let program = Program::new()
            .env("DATABASE_URL", &database.url)
            .env("VAULT_URL", &url(kept.folder.path()));
        let explained = |site: &str, time: &str| -> Value {
            let arguments =
                ["explain", site, time, "--source", "openweathermap", "--output", "json"];
            serde_json::from_str(&program.run(&arguments).expect(0).stdout).unwrap()
        };
        let of = async |condition: &str| -> (String, String) {
            let one = format!(
                "select concat_ws('|', site_id, replace(substr(slot_time, 1, 16), ' ', 'T')) \
                from collection_slots c where {condition} order by slot_time limit 1"
            );
            let line = database.line(&one).await;
            let (site, time) = line.split_once('|').unwrap();
            (site.to_owned(), format!("{time}:00Z"))
        };
        let live = "status = 'collected' and observation_source is null";
        let (site, time) = of(live).await;
        let live = explained(&site, &time);
        assert!(live["slot"]["row"]["values"]["temperature_c"].is_number(), "{live}");
        assert_eq!(live["run"]["kind"], "etl");
        let body: Value = serde_json::from_str(live["line"]["body"].as_str().unwrap()).unwrap();
        assert!(body["main"]["temp"].is_number(), "{body}");
        assert_eq!(live["slot"]["row"]["transform_version"], 1);

        let (site, time) = of("observation_source = 'open-meteo'").await;
        let healed = explained(&site, &time);
        assert_eq!(healed["run"]["kind"], "heal");
        assert_eq!(healed["line"]["site_ids"].as_array().unwrap().len(), 3);
        assert_eq!(healed["slot"]["row"]["value_kind"], "backfill");

        let (site, time) = of("status = 'failed' and http_status is not null").await;
        let failed = explained(&site, &time);
        assert!(failed["line"]["body"].is_string() && failed["slot"]["error_kind"].is_string());
        assert!(failed["slot"]["row"]["row_hash"].is_null());

        let repeated = "exists (select 1 from collection_slots n where n.site_id = c.site_id \
            and n.observation_time = c.observation_time and n.slot_time > c.slot_time)";
        let (site, time) = of(repeated).await;
        let stale = explained(&site, &time);
        assert_eq!(stale["slot"]["is_repeated"], true);

        let text = program.run(&["explain", &site, &time]).expect(0).stdout;
        assert!(text.contains("temperature_c") && text.contains("body"), "{text}");
        let lost = program.run(&["explain", &site, "2026-12-24T00:00:00Z"]).expect(2).stderr;
        assert!(lost.contains("no slot") && lost.contains("nearest"), "{lost}");
        let unknown = program.run(&["explain", "nowhere", &time]).expect(2).stderr;
        assert!(unknown.contains("knows no site"), "{unknown}");

        let check = program.run(&["replay", "--check", "--from", "2026-11-20"]).expect(0);
        assert!(check.stdout.contains("0 changed") && check.stdout.contains("0 rows written"));
        database.execute("update weather_observations set row_hash = 1").await;
        let check = program.run(&["replay", "--check", "--from", "2026-11-20"]).expect(1);
        assert!(check.stdout.contains("row_hash"), "{}", check.stdout);
        program.run(&["replay", "--dry-run", "--from", "2026-11-20"]).expect(0);
        program.run(&["replay", "--from", "2026-11-20"]).expect(0);
        program.run(&["replay", "--check", "--from", "2026-11-20"]).expect(0);
        let runs = program.run(&["runs"]).expect(0).stdout;
        assert!(runs.contains("replay openweathermap"), "{runs}");
        let none = Program::new().env("DATABASE_URL", &database.url).run(&["replay"]).expect(2);
        assert!(none.stderr.contains("VAULT_URL is not set"), "{}", none.stderr);
    })
    .await;
}
