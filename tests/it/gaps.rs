//! `weather gaps`: what is expected, held against the ledger.

use chrono::{DateTime, Days as Later, TimeDelta, Utc};
use serde_json::Value;
use weather_data_product::domain::{Days, Outcome, Site};
use weather_data_product::views::gaps::{self, Selection, SiteGap, Summary};

use crate::support::databases::{TestDatabase, on_both_databases, with_sqlite};
use crate::support::program::{Program, SimulatorProcess};
use crate::support::samples::{SOURCE, hour, site, sites};
use crate::support::service::{Job, Service};

on_both_databases!(
    a_hundred_sites_without_runs_for_48_hours_lack_4800_slots,
    slots_that_were_due_when_the_source_refused_are_paused,
    a_source_and_days_are_picked_out,
);

async fn listed(
    database: &TestDatabase,
    now: DateTime<Utc>,
    pick: impl FnOnce(&mut Selection<'_>),
) -> (Summary, Vec<SiteGap>) {
    let mut selection = Selection { source: None, days: Days::ALL, now };
    pick(&mut selection);
    let lives = database.reads.list_lives().await.unwrap();
    let mut found = Vec::new();
    let each = |gap| {
        found.push(gap);
        Ok::<_, anyhow::Error>(())
    };
    let summary = gaps::list(&database.reads, &lives, selection, each).await.unwrap();
    (summary, found)
}

/// Site, source, first and last slot as hours after the tests' hour, number and reason.
fn line(found: &SiteGap) -> String {
    let hours = |time: DateTime<Utc>| (time - hour()).num_hours();
    let SiteGap { site_id, source, gap } = found;
    let source = source.as_deref().unwrap_or("-");
    let (first, last) = (hours(gap.first_slot), hours(gap.last_slot));
    format!("{site_id} {source} {first}..{last} {} {}", gap.slots, gap.reason.word())
}

fn lines(found: &[SiteGap]) -> Vec<String> {
    found.iter().map(line).collect()
}

async fn a_hundred_sites_without_runs_for_48_hours_lack_4800_slots(database: &TestDatabase) {
    let service = Service::with_faults(&[]).await;
    Job::new(database, &service).run(&sites(100)).await;
    let now = hour() + TimeDelta::hours(48) + TimeDelta::minutes(7);
    let (summary, found) = listed(database, now, |_| ()).await;
    assert_eq!((summary.slots, summary.sites), (4800, 100));
    assert_eq!(summary.oldest, Some(hour() + TimeDelta::hours(1)));
    assert_eq!(summary.by_reason.into_iter().collect::<Vec<_>>(), [("never tried".into(), 4800)]);
    assert_eq!(found.len(), 100);
    assert_eq!(line(&found[7]), "site-00007 openweathermap 1..48 48 never tried");
    // A run fills the slot under way, and no other.
    service.set_time(now);
    Job::new(database, &service).run(&sites(100)).await;
    let (summary, found) = listed(database, now, |_| ()).await;
    assert_eq!((summary.slots, found.len()), (4700, 100));
}

async fn slots_that_were_due_when_the_source_refused_are_paused(database: &TestDatabase) {
    let store = &*database.store;
    let service = Service::with_faults(&[]).await;
    Job::new(database, &service).run(&sites(7)).await;
    // A refused key, from the second hour to the third; in the first nobody ran.
    let refusing = Service::with_faults(&["unauthorized=100%"]).await;
    for hours in [2, 3] {
        refusing.set_time(hour() + TimeDelta::hours(hours) + TimeDelta::minutes(7));
        let mut job = Job::new(database, &refusing);
        job.settings.max_workers = 1;
        assert_eq!(job.run(&sites(7)).await.outcome(), Outcome::Failed);
    }
    // A blocked account.
    let blocking = Service::with_faults(&[]).await;
    let at = hour() + TimeDelta::hours(4) + TimeDelta::minutes(7);
    blocking.set_time(at);
    store.pause(SOURCE, at + TimeDelta::minutes(20)).await.unwrap();
    assert_eq!(Job::new(database, &blocking).run(&sites(7)).await.outcome(), Outcome::Failed);
    let (summary, found) = listed(database, at + TimeDelta::hours(1), |_| ()).await;
    let reasons: Vec<_> = summary.by_reason.into_iter().collect();
    let count = |reason: &str| {
        reasons.iter().find(|(word, _)| word == reason).map_or(0, |(_, slots)| *slots)
    };
    // Whoever was called before the run stopped has failed as unauthorized; the others wait.
    assert_eq!(count("never tried"), 2 * 7, "{found:?}");
    assert_eq!((count("unauthorized"), count("paused")), (2 * 5, 2 * 2 + 7), "{found:?}");
    let blocked: Vec<_> = lines(&found).into_iter().filter(|gap| gap.ends_with("paused")).collect();
    assert!(blocked.iter().any(|gap| gap.contains("..4 ")), "{blocked:?}");
}

async fn a_source_and_days_are_picked_out(database: &TestDatabase) {
    let store = &*database.store;
    let service = Service::with_faults(&[]).await;
    let never = Site { active_from: Some(hour().date_naive()), ..site(1) };
    Job::new(database, &service).run(&[site(0)]).await;
    store.take_in_sites(&[site(0), never], hour()).await.unwrap();
    let now = hour() + TimeDelta::hours(40);
    let (_, found) = listed(database, now, |_| ()).await;
    // The first day begins at midnight of Madrid.
    let expected =
        ["site-00000 openweathermap 1..40 40 never tried", "site-00001 - -9..40 50 never tried"];
    assert_eq!(lines(&found), expected);
    let day = hour().date_naive() + Later::new(1);
    let (_, found) =
        listed(database, now, |asked| asked.days = Days { from: Some(day), to: Some(day) }).await;
    let expected =
        ["site-00000 openweathermap 16..39 24 never tried", "site-00001 - 16..39 24 never tried"];
    assert_eq!(lines(&found), expected);
    let (_, found) = listed(database, now, |asked| asked.source = Some("another")).await;
    let expected =
        ["site-00000 another 1..40 40 never tried", "site-00001 another -9..40 50 never tried"];
    assert_eq!(lines(&found), expected);
}

#[test]
fn what_a_run_could_not_collect_is_what_gaps_and_status_tell() {
    let simulator = SimulatorProcess::start(&["--fault", "not_found=20%"]);
    let program = simulator.client("sqlite://weather.db").with_sites(60);
    let etl = program.run(&["etl", "--max-failed", "100%", "--log-format", "json"]).expect(0);
    let summary = etl.run_summary();
    let failed = summary["failed"].as_u64().unwrap();
    assert!(failed > 3, "{summary}");
    let rows = json(&program, &["gaps", "--output", "json"]);
    assert_eq!(rows.len() as u64, failed);
    for row in &rows {
        let words = ["reason", "error_kind", "source"].map(|column| row[column].as_str());
        assert_eq!(words, [Some("failed"), Some("not_found"), Some(SOURCE)], "{row}");
        assert_eq!((&row["slots"], &row["interval_minutes"]), (&1.into(), &1440.into()), "{row}");
    }
    let status = program.run(&["status", "--output", "json"]).expect(0).stdout;
    let status: Value = serde_json::from_str(&status).unwrap();
    let stale = status["sites"].as_array().unwrap().iter().filter(|site| site["fresh"] == false);
    let in_gaps: Vec<_> = rows.iter().map(|row| &row["site_id"]).collect();
    assert_eq!(stale.map(|site| &site["site_id"]).collect::<Vec<_>>(), in_gaps);
    let table = program.run(&["gaps"]).expect(0).stdout;
    let line = format!("{failed} slots of {failed} sites are missing, the oldest since ");
    assert!(table.starts_with(&line) && table.contains("not_found"), "{table}");
    let csv = program.run(&["gaps", "--output", "csv"]).expect(0).stdout;
    assert!(csv.starts_with("site_id,source,first_slot,last_slot,"), "{csv}");
    assert_eq!(csv.lines().count() as u64, failed + 1);
    let one = json(&program, &["gaps", "--output", "json", "--site", in_gaps[0].as_str().unwrap()]);
    assert_eq!(one, rows[..1]);
}

fn json(program: &Program, arguments: &[&str]) -> Vec<Value> {
    serde_json::from_str(&program.run(arguments).expect(0).stdout).unwrap()
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_refused_and_an_empty_store_lacks_nothing() {
    with_sqlite(async |database| {
        let program = Program::new().env("DATABASE_URL", &database.url);
        for (arguments, problem) in [
            (&["--from", "2999-01-01"][..], "in the future"),
            (&["--from", "2026-01-02", "--to", "2026-01-01"], "--to is before --from"),
            (&["--site", "nowhere"], "the store knows no site `nowhere`"),
            (&["--site", "No Where"], "no id of a site"),
            (&["--source", "nobody"], "invalid value 'nobody'"),
        ] {
            let ran = program.run(&[&["gaps", "--log-format", "pretty"], arguments].concat());
            assert!(ran.expect(2).stderr.contains(problem), "{problem}");
        }
        assert_eq!(program.run(&["gaps"]).expect(0).stdout, "no slot is missing\n");
        assert!(json(&program, &["gaps", "--output", "json"]).is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_site_is_not_stale_before_its_first_day_nor_after_its_last() {
    with_sqlite(async |database| {
        let today = Utc::now().date_naive();
        let day = |days: i64| Some(today + TimeDelta::days(days));
        let lives = [(None, None), (day(3), None), (None, day(-3)), (day(-3), day(3))];
        let of_life = |(number, (active_from, active_until))| Site {
            active_from,
            active_until,
            ..site(number)
        };
        let sites: Vec<_> = (0..).zip(lives).map(of_life).collect();
        database.store.take_in_sites(&sites, Utc::now()).await.unwrap();
        let program = Program::new().env("DATABASE_URL", &database.url);
        let told = program.run(&["status"]).expect(0).stdout;
        assert!(told.starts_with("0 of 2 sites fresh"), "{told}");
        assert!(told.contains("site-00003") && !told.contains("site-00001"), "{told}");
    })
    .await;
}
