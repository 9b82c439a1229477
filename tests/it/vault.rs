//! The vault: every answer is kept before its row is, whatever comes and whenever it ends.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use weather_data_product::domain::{RawRef, ValueKind};
use weather_data_product::replay::verify::verify;
use weather_data_product::vault::compact::compact;
use weather_data_product::vault::{Line, Vault, VaultSettings};

use crate::heal::{Healer, past_sites};
use crate::support::databases::{TestDatabase, on_both_databases, with_sqlite};
use crate::support::gcs::{BUCKET, Gcs};
use crate::support::kills::{Moment, Phase, Random, kill_at, kills, spawn};
use crate::support::object_faults::{Ask, Fault, Faults, proxy};
use crate::support::program::{SimulatorProcess, repository_path};
use crate::support::samples::{hour, sites};
use crate::support::service::{Job, KEY, Service};

on_both_databases!(
    every_answer_is_kept_and_every_name_resolves,
    one_answer_for_several_sites_is_kept_once_and_named_by_each_of_their_slots,
    a_vault_that_is_away_stops_nothing_and_what_it_missed_is_counted,
);

/// A vault in a folder that is gone at the end.
pub(crate) struct Folder {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) vault: Vault,
}

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let vault = VaultSettings::at(&url(folder.path())).open().unwrap().unwrap();
        Self { folder, vault }
    }

    /// Every line, in no order.
    pub(crate) async fn lines(&self) -> Vec<Line> {
        let mut all = Vec::new();
        for stored in self.vault.list(None).await.unwrap() {
            let mut lines = self.vault.read(&stored.path).await.unwrap();
            while let Some(line) = lines.next_line().unwrap() {
                all.push(line);
            }
        }
        all
    }
}

pub(crate) fn url(folder: &Path) -> String {
    format!("file:{}", folder.display())
}

/// The day of the tests and the next.
fn days() -> (chrono::NaiveDate, chrono::NaiveDate) {
    (hour().date_naive(), hour().date_naive() + TimeDelta::days(3))
}

async fn assert_whole(database: &TestDatabase, vault: &Vault) -> u64 {
    let (first, last) = days();
    let first = first - TimeDelta::days(40);
    let verified = verify(&database.reads, vault, (first, last)).await.unwrap();
    assert_eq!((&verified.unresolved[..], &verified.faults[..]), (&[][..], &[][..]));
    verified.slots
}

async fn every_answer_is_kept_and_every_name_resolves(database: &TestDatabase) {
    let faults =
        ["server_error=20%:1", "truncated=10%", "not_found=5%", "html=5%", "dropped=10%:1"];
    let service = Service::with_faults(&faults).await;
    let kept = Folder::new();
    let job = Job { vault: Some(kept.vault.clone()), ..Job::new(database, &service) };
    for hours in 0..6 {
        service.set_time(hour() + TimeDelta::hours(hours) + TimeDelta::minutes(7));
        let report = job.run(&sites(20)).await;
        assert_eq!(report.vault_missed, 0);
    }
    let lines = kept.lines().await;
    assert_eq!(lines.len(), service.simulator.calls().len(), "a line for each call");
    let slots = assert_whole(database, &kept.vault).await;
    let all = database.count("select count(*) from collection_slots").await;
    assert_eq!(
        slots,
        u64::try_from(all).unwrap(),
        "each slot names the answer of its last attempt"
    );
    let names: BTreeSet<&RawRef> = lines.iter().map(|line| &line.raw_ref).collect();
    assert_eq!(names.len(), lines.len());
    for line in &lines {
        assert_eq!((line.kind, line.site_ids.len()), (ValueKind::Live, 1));
        assert_eq!(line.endpoint, "/data/2.5/weather");
        assert!(line.body().is_some() || line.kept.error.is_some(), "{line:?}");
        assert!(!serde_json::to_string(line).unwrap().contains(KEY));
    }
    let of_others = "select count(*) from collection_slots c where c.attempts > 1";
    assert!(database.count(of_others).await > 0, "some were attempted again");
    let stamped = "select count(*) from weather_observations where transform_version = 1";
    let rows = "select count(*) from weather_observations";
    assert_eq!(database.count(stamped).await, database.count(rows).await);
}

async fn one_answer_for_several_sites_is_kept_once_and_named_by_each_of_their_slots(
    database: &TestDatabase,
) {
    let service = Service::with_faults(&[]).await;
    let kept = Folder::new();
    let mut healer = Healer::from_open_meteo(database, &service);
    healer.vault = Some(kept.vault.clone());
    let sites = healer_sites(database).await;
    let report = healer.run(&sites).await;
    assert!(report.healed > 20, "{report:?}");
    let lines = kept.lines().await;
    assert_eq!(lines.len() as u64, report.calls);
    assert!(lines.iter().any(|line| line.site_ids.len() == 5 && line.slot_time.is_none()));
    let named = "select count(distinct raw_ref) from collection_slots where status = 'collected'";
    assert!(database.count(named).await <= i64::try_from(lines.len()).unwrap());
    assert_whole(database, &kept.vault).await;
    let line = lines.first().unwrap();
    assert_eq!(line.source, "open-meteo");
    assert_eq!(line.slot_source.as_deref(), Some("openweathermap"));
}

/// Five sites with two days behind them of which nothing is there.
async fn healer_sites(database: &TestDatabase) -> Vec<weather_data_product::domain::Site> {
    let sites = past_sites_of(5);
    database.store.take_in_sites(&sites, hour()).await.unwrap();
    sites
}

fn past_sites_of(count: u16) -> Vec<weather_data_product::domain::Site> {
    let mut sites = sites(count);
    for site in &mut sites {
        site.active_from = Some((hour() - TimeDelta::days(12)).date_naive());
        site.active_until = Some((hour() - TimeDelta::days(10)).date_naive());
    }
    sites
}

async fn a_vault_that_is_away_stops_nothing_and_what_it_missed_is_counted(database: &TestDatabase) {
    let service = Service::with_faults(&[]).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "no folder").unwrap();
    let away = |is_required| {
        let settings =
            VaultSettings { vault_required: is_required, ..VaultSettings::at(&url(&file)) };
        settings.open().unwrap()
    };
    let job = Job { vault: away(false), ..Job::new(database, &service) };
    let report = job.run(&sites(3)).await;
    assert_eq!((report.counts.collected, report.vault_missed), (3, 3));
    let named = "select count(*) from collection_slots where raw_ref is not null";
    assert_eq!(database.count(named).await, 0);

    service.set_time(hour() + TimeDelta::minutes(67));
    let job = Job { vault: away(true), ..Job::new(database, &service) };
    let report = job.run(&sites(3)).await;
    assert_eq!(report.counts.collected, 0, "nothing is stored that is not kept");
    assert_eq!(report.stop.unwrap().kind(), "vault_unavailable");
}

#[tokio::test]
async fn a_vault_that_is_required_and_away_costs_no_call() {
    with_sqlite(async |database| {
        let simulator = SimulatorProcess::start(&[]);
        let program = simulator
            .client(&database.url)
            .with_sites(3)
            .file("file", "no folder")
            .env("VAULT_URL", "file:./file/vault");
        let stderr = program.run(&["etl"]).expect(0).stderr;
        assert!(stderr.contains("collecting goes on"), "{stderr}");
        let calls = simulator.calls().len();
        let program = program.env("VAULT_REQUIRED", "true");
        let stderr = program.run(&["etl", "--force"]).expect(3).stderr;
        assert!(stderr.contains("vault_unavailable"), "{stderr}");
        assert_eq!(simulator.calls().len(), calls);
        let found = program.run(&["doctor", "--no-call"]).expect(3).stdout;
        assert!(found.contains("vault"), "{found}");
        for url in ["ftp://bucket", "s3://", "gs://bucket?x=1", "vault"] {
            let program = simulator.client(&database.url).with_sites(1).env("VAULT_URL", url);
            let stderr = program.run(&["etl"]).expect(2).stderr;
            assert!(stderr.contains("VAULT_URL") && stderr.contains("file:"), "{stderr}");
        }
        let cloud = simulator
            .client("mysql://u:p@127.0.0.1:1/d")
            .with_sites(1)
            .env("VAULT_URL", "file:./vault")
            .env("CLOUD_RUN_JOB", "weather");
        assert!(cloud.run(&["etl"]).expect(2).stderr.contains("forgotten with its task"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_keeps_every_answer_though_the_answers_to_its_puts_are_lost_or_refused() {
    with_sqlite(async |database| {
        let (gcs, faults) = (Gcs::start(), Arc::new(Faults::default()));
        let settings = VaultSettings {
            vault_endpoint: Some(proxy(gcs.url(), faults.clone())),
            ..VaultSettings::at(&format!("gs://{BUCKET}/vault"))
        };
        let vault = settings.open().unwrap().unwrap();
        vault.check().await.unwrap();
        // Who may create and not write over is told 403 of an object that is there.
        faults.at_next(Ask::Put, &[Fault::Answer(403)]);
        vault.check().await.unwrap();

        faults.lose_one_put_in(2);
        let service = Service::with_faults(&[]).await;
        let job = Job { vault: Some(vault.clone()), ..Job::new(database, &service) };
        for hours in 0..4 {
            service.set_time(hour() + TimeDelta::hours(hours) + TimeDelta::minutes(7));
            assert_eq!(job.run(&sites(5)).await.vault_missed, 0);
        }
        assert_eq!(assert_whole(database, &vault).await, 20);

        // No right at all: collected all the same, and none of these is named.
        faults.refuse(Ask::Put, 403);
        service.set_time(hour() + TimeDelta::hours(5) + TimeDelta::minutes(7));
        let report = job.run(&sites(5)).await;
        assert_eq!((report.counts.collected, report.vault_missed), (5, 5));
        assert_eq!(assert_whole(database, &vault).await, 20);
    })
    .await;
}

#[tokio::test]
async fn a_day_becomes_one_object_by_site_and_time_and_every_name_still_resolves() {
    with_sqlite(async |database| {
        let service = Service::with_faults(&["server_error=20%:1"]).await;
        let kept = Folder::new();
        let job = Job { vault: Some(kept.vault.clone()), ..Job::new(database, &service) };
        for hours in 0..8 {
            service.set_time(hour() + TimeDelta::hours(hours) + TimeDelta::minutes(7));
            job.run(&sites(6)).await;
        }
        let sorted = |mut lines: Vec<Line>| {
            lines.sort_by(|a, b| a.raw_ref.cmp(&b.raw_ref));
            lines
        };
        let before = sorted(kept.lines().await);
        assert_eq!(compact(&kept.vault, hour() + TimeDelta::hours(20)).await.unwrap().days, 0);
        let over = hour() + TimeDelta::days(3);
        let first = compact(&kept.vault, over).await.unwrap();
        assert!(first.days >= 1 && first.objects >= 8 && first.deleted == 0, "{first:?}");
        assert!(first.bytes_after < first.bytes_before, "{first:?}");
        let again = compact(&kept.vault, over).await.unwrap();
        assert_eq!((again.days, again.deleted), (0, 0));
        assert_whole(database, &kept.vault).await;

        // What it was made of goes when the whole day has been there for seven days.
        let written = kept.vault.list(None).await.unwrap();
        let newest = written.iter().map(|stored| stored.modified_at).max().unwrap();
        let later = compact(&kept.vault, newest + TimeDelta::days(7)).await.unwrap();
        assert_eq!(later.deleted, first.objects);
        let left = kept.vault.list(None).await.unwrap();
        assert!(left.iter().all(|stored| stored.is_compact()), "{left:?}");
        let lines = kept.lines().await;
        let order = |line: &Line| (line.site_ids[0].clone(), line.asked_at);
        assert!(lines.is_sorted_by_key(order));
        assert_eq!(sorted(lines), before);
        assert_whole(database, &kept.vault).await;
        let read = std::process::Command::new(repository_path("scripts/check-vault"))
            .arg(kept.folder.path())
            .output()
            .unwrap();
        assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
        let said = String::from_utf8_lossy(&read.stdout).into_owned();
        assert!(said.contains(&format!("with {} answers", before.len())), "{said}");
    })
    .await;
}

#[tokio::test]
async fn a_flipped_byte_is_found_and_named() {
    with_sqlite(async |database| {
        let service = Service::with_faults(&[]).await;
        let kept = Folder::new();
        let job = Job { vault: Some(kept.vault.clone()), ..Job::new(database, &service) };
        for hours in 0..2 {
            service.set_time(hour() + TimeDelta::hours(hours) + TimeDelta::minutes(7));
            job.run(&sites(3)).await;
        }
        let stored = kept.vault.list(None).await.unwrap();
        let path = kept.folder.path().join("v1").join(&stored[0].path);
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x10;
        std::fs::write(&path, bytes).unwrap();
        let verified = verify(&database.reads, &kept.vault, days()).await.unwrap();
        assert!(verified.faults.len() == 1 && verified.faults[0].contains(&stored[0].path));
        assert!(!verified.unresolved.is_empty() && verified.unresolved.len() <= 3);
    })
    .await;
}

/// The phases in which a kill may fall between the object and the row.
const PHASES: [Phase; 3] = [
    Phase { name: "vault", times: 20, length: std::time::Duration::from_millis(6) },
    Phase { name: "batch", times: 20, length: std::time::Duration::from_millis(4) },
    Phase { name: "between_batches", times: 20, length: std::time::Duration::from_millis(3) },
];

#[tokio::test]
async fn a_run_killed_at_any_moment_leaves_no_row_whose_answer_is_missing() {
    with_sqlite(async |database| {
        let simulator = SimulatorProcess::start(&["--fault", "server_error=10%:1"]);
        let kept = Folder::new();
        let program = simulator
            .client(&database.url)
            .with_sites(60)
            .env("VAULT_URL", &url(kept.folder.path()))
            .env("WEATHER_LEASE_SECONDS", "2")
            .env("WEATHER_BATCH_ROWS", "3")
            .env("MAX_WORKERS", "8")
            .env("LOG_LEVEL", "debug");
        let started = std::time::Instant::now();
        program.run(&["etl"]).expect(0);
        let whole = started.elapsed();
        let today: DateTime<Utc> = Utc::now();
        let days = (today.date_naive() - TimeDelta::days(2), today.date_naive());
        let mut random = Random(0x5EED_0005);
        let mut stored = 0;
        for _ in 0..kills().div_ceil(2) {
            for table in ["weather_observations", "collection_slots", "ingestion_runs"] {
                database.execute(&format!("delete from {table}")).await;
            }
            let moment = Moment::random(&mut random, whole, &PHASES);
            kill_at(spawn(&program, &["etl"]), &moment, |_| ());
            let verified = verify(&database.reads, &kept.vault, days).await.unwrap();
            assert_eq!((&verified.unresolved[..], &verified.faults[..]), (&[][..], &[][..]));
            let rows = database.count("select count(*) from collection_slots").await;
            assert_eq!(verified.slots, u64::try_from(rows).unwrap());
            stored += rows;
        }
        assert!(stored > 0, "some kill came after a commit");
        program.run(&["etl"]).expect(0);
        program.run(&["vault", "verify", "--from", "2d"]).expect(0);
        let status = program.run(&["vault", "status"]).expect(0).stdout;
        assert!(status.contains("openweathermap"), "{status}");
    })
    .await;
}

/// A key with characters that an address must encode.
const SECRET: &str = "S3CRETkey+/0123456789abcdef";

/// What stands in the place of the service: a page that echoes the address, as a proxy's does.
async fn echoing() -> String {
    use axum::http::{StatusCode, Uri};
    let calls = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    let page = move |uri: Uri| {
        let call = calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let status = [StatusCode::BAD_GATEWAY, StatusCode::PROXY_AUTHENTICATION_REQUIRED];
        async move { (status[call as usize % 2], format!("<html>cannot reach {uri}</html>")) }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = axum::Router::new().fallback(page);
    tokio::spawn(async { axum::serve(listener, router).await });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_is_in_no_kept_answer_even_where_a_page_echoes_the_address() {
    with_sqlite(async |database| {
        let kept = Folder::new();
        let simulator = SimulatorProcess::start(&["--fault", "html=20%"]);
        let (echoing, own) = (echoing().await, simulator.url.clone());
        for (service, command) in [(&echoing, "etl"), (&own, "etl"), (&own, "heal")] {
            let program = simulator
                .client(&database.url)
                .file("sites.json", &living_sites())
                .env("SITES_FILE", "sites.json")
                .env("OPENWEATHER_BASE_URL", service)
                .env("OPENWEATHER_API_KEY", SECRET)
                .env("MAX_ATTEMPTS", "2")
                .env("VAULT_URL", &url(kept.folder.path()));
            program.run(&[command]);
        }
        let lines = kept.lines().await;
        let text: String = lines.iter().map(|line| serde_json::to_string(line).unwrap()).collect();
        for status in [502, 407, 200] {
            assert!(lines.iter().any(|line| line.http_status == Some(status)), "{status}");
        }
        let is_history = |line: &&Line| line.kind == ValueKind::Backfill;
        assert!(lines.iter().filter(is_history).any(|line| line.kept.redacted));
        assert!(text.contains("cannot reach /data/2.5/weather") && text.contains("[key]"));
        for form in [SECRET, "S3CRETkey%2B%2F0123456789abcdef", "S3CRET"] {
            assert!(!text.contains(form), "{form}");
        }
    })
    .await;
}

/// Ten sites that have been there for three days and go on.
fn living_sites() -> String {
    let sites = past_sites(10, 3);
    let mut sites: serde_json::Value = serde_json::from_str(&sites).unwrap();
    for site in sites["sites"].as_array_mut().unwrap() {
        site.as_object_mut().unwrap().remove("active_until");
    }
    sites.to_string()
}
