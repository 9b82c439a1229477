//! `weather heal`: missing slots from history.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, Days as DayCount, DurationRound as _, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};
use weather_data_product::clock::Clock as _;
use weather_data_product::domain::{
    Budget, Coordinates, Days, ErrorKind, Outcome, RunCounts, Shard, Site, SlotOutcome, SlotResult,
    Window,
};
use weather_data_product::heal::{self, Ended, Heal, Report};
use weather_data_product::job::{self, JobSettings, Stop, Unwatched};
use weather_data_product::simulator::SimulatorConfig;
use weather_data_product::source::History;
use weather_data_product::source::open_meteo::OpenMeteo;
use weather_data_product::store::{RunHost, Store};
use weather_data_product::vault::Vault;
use weather_data_product::views::gaps::{self, Selection};

use crate::support::HUNG;
use crate::support::databases::{TestDatabase, on_both_databases, with_sqlite};
use crate::support::kills::{Random, signal, spawn};
use crate::support::program::{Program, Ran, SimulatorProcess};
use crate::support::samples::{
    LONG_LEASE, SOURCE, budget, calls_per_day, failed, hour, open_run, run_end, site, sites,
};
use crate::support::service::{Job, KEY, Service, client};
use crate::support::warehouse::{Warehouse, bigquery_url};

on_both_databases!(
    a_hundred_sites_without_runs_for_48_hours_are_healed_once,
    by_one_call_4_they_take_three_calls_a_site,
    a_place_that_a_source_refuses_does_not_spoil_the_call_of_the_others,
    a_slot_that_no_history_reaches_is_unfillable_without_a_call,
    a_year_is_healed_in_the_fewest_calls_and_goes_on_where_it_was_killed,
    a_heal_leaves_the_live_slots_their_calls_and_goes_on_the_next_day,
    a_heal_spends_no_more_calls_than_it_may,
    a_minute_holds_less_than_the_largest_call_and_smaller_ones_are_made,
    another_sources_history_fills_the_slots_and_keeps_its_name,
    of_two_heals_at_once_each_slot_is_asked_for_once,
    an_answer_that_cannot_be_read_or_is_of_another_time_settles_no_slot,
    a_page_of_another_time_fills_its_own_hours_and_settles_no_other,
    a_place_that_cannot_be_read_costs_no_other_place,
    a_call_that_is_too_large_is_made_in_halves_and_later_ones_are_no_larger,
    a_slot_that_was_given_up_is_asked_for_again_when_that_is_wanted,
    what_was_given_up_as_malformed_is_due_again,
    hours_before_a_move_are_those_of_the_place_where_the_site_stood,
);

/// How the job is started; change what the test is about.
pub(crate) struct Healer<'a> {
    database: &'a TestDatabase,
    service: &'a Service,
    pub(crate) histories: Vec<Box<dyn History>>,
    budget: Budget,
    live_sites: Vec<Site>,
    max_calls: Option<u64>,
    again: bool,
    pub(crate) settings: JobSettings,
    pub(crate) days: Days,
    pub(crate) vault: Option<Vault>,
}

impl<'a> Healer<'a> {
    fn new(database: &'a TestDatabase, service: &'a Service) -> Self {
        let one_call = client(&service.url, KEY).one_call_3();
        let histories: Vec<Box<dyn History>> = vec![Box::new(one_call)];
        let settings = JobSettings::default();
        let budget = Budget::unlimited(String::new());
        let (live_sites, max_calls, again, days) = (Vec::new(), None, false, Days::ALL);
        let vault = None;
        Self {
            database,
            service,
            histories,
            budget,
            live_sites,
            max_calls,
            again,
            settings,
            days,
            vault,
        }
    }

    pub(crate) fn by_one_call_4(database: &'a TestDatabase, service: &'a Service) -> Self {
        let one_call = client(&service.url, KEY).one_call_4();
        Self { histories: vec![Box::new(one_call)], ..Self::new(database, service) }
    }

    pub(crate) fn from_open_meteo(database: &'a TestDatabase, service: &'a Service) -> Self {
        Self::from_open_meteo_within(HUNG, database, service)
    }

    fn from_open_meteo_within(
        timeout: Duration,
        database: &'a TestDatabase,
        service: &'a Service,
    ) -> Self {
        let source = OpenMeteo::build(&service.url, &service.url, None, timeout).unwrap();
        let histories: Vec<Box<dyn History>> =
            vec![Box::new(source.archive()), Box::new(source.recent_hours())];
        Self { histories, ..Self::new(database, service) }
    }

    pub(crate) async fn run(&self, sites: &[Site]) -> Report {
        let host = RunHost { host: "test".into(), ..RunHost::default() };
        let parts = Heal {
            job: job::Job {
                store: &*self.database.store,
                reads: &self.database.reads,
                clock: &*self.service.clock,
                shard: Shard::WHOLE,
                lease: LONG_LEASE,
                host: &host,
                shutdown: &tokio_util::sync::CancellationToken::new(),
                vault: self.vault.as_ref(),
            },
            source: SOURCE,
            histories: &self.histories,
            settings: &self.settings,
            calls_per_minute: 0.0,
            budget: self.budget.for_heal(&self.live_sites),
            max_calls: self.max_calls,
            again: self.again,
            progress: &Unwatched,
        };
        match heal::run(parts, sites, self.days).await.unwrap() {
            Ended::Ran(report) => *report,
            Ended::Held(holder, _) => panic!("held by {holder:?}"),
        }
    }
}

async fn missing(database: &TestDatabase, now: DateTime<Utc>) -> gaps::Summary {
    let lives = database.reads.list_lives().await.unwrap();
    let selection = Selection { source: Some(SOURCE), days: Days::ALL, now };
    gaps::list(&database.reads, &lives, selection, |_| Ok::<_, anyhow::Error>(())).await.unwrap()
}

/// A run at the tests' hour and one so many hours later, none between.
pub(crate) async fn left_alone(
    database: &TestDatabase,
    service: &Service,
    sites: &[Site],
    hours: i64,
) {
    Job::new(database, service).run(sites).await;
    service.set_time(hour() + TimeDelta::hours(hours) + TimeDelta::minutes(7));
    Job::new(database, service).run(sites).await;
}

fn past_calls(service: &Service) -> Vec<(String, String)> {
    let calls = service.simulator.calls().into_iter();
    calls.filter_map(|call| Some((call.latitude, call.past?))).collect()
}

/// `kind` for the place of a site.
fn fault_at(kind: &str, site: &Site) -> String {
    format!("{kind}@{},{}", site.coordinates.latitude(), site.coordinates.longitude())
}

async fn a_hundred_sites_without_runs_for_48_hours_are_healed_once(database: &TestDatabase) {
    let sites = sites(100);
    let live = Service::with_faults(&[]).await;
    left_alone(database, &live, &sites, 49).await;
    let now = live.clock.now();
    assert_eq!(missing(database, now).await.slots, 4800);
    // A place that One Call does not know, and answers that fail at first.
    let not_found = fault_at("not_found", &sites[7]);
    let service = Service::with_faults(&[&not_found, "server_error=3%:1"]).await;
    service.set_time(now);
    let report = Healer::new(database, &service).run(&sites).await;
    assert_eq!((report.missing, report.healed, report.unfillable), (4800, 99 * 48, 48));
    assert_eq!((report.outcome(), report.left()), (Outcome::Succeeded, 0));
    let summary = missing(database, now).await;
    assert_eq!(summary.by_reason.into_iter().collect::<Vec<_>>(), [("unfillable".into(), 48)]);
    // Each slot was asked for once, but for those that failed at first.
    let asked = past_calls(&service);
    assert_eq!(asked.iter().collect::<BTreeSet<_>>().len(), 4800);
    assert_eq!(asked.len() as u64, report.calls);
    assert!(asked.len() < 4820, "{}", asked.len());
    // Newest first: no hour is asked for after one that is a batch older.
    let hours: Vec<i64> = asked.iter().map(|(_, hour)| hour.parse().unwrap()).collect();
    let day = hours[0] - hours[0] % 86400;
    let first_of_the_day_before = hours.iter().position(|hour| *hour < day).unwrap();
    assert!(hours[first_of_the_day_before..].iter().all(|hour| *hour < day));

    let again = Healer::new(database, &service).run(&sites).await;
    assert_eq!((again.calls, again.healed, again.runs), (0, 0, 0));
    let backfill = "select concat_ws('|', count(*), count(distinct concat(site_id, observation_time)), \
        min(source), max(source)) from weather_observations where value_kind = 'backfill'";
    assert_eq!(database.line(backfill).await, format!("4752|4752|{SOURCE}|{SOURCE}"));
    let live = "select count(*) from weather_observations where value_kind = 'live'";
    assert_eq!(database.count(live).await, 200);
    let reason = "select distinct error_message from collection_slots where status = 'unfillable'";
    let reason = database.line(reason).await;
    assert!(reason.starts_with("openweathermap: HTTP 404"), "{reason}");
    let available = database.microseconds("available_at");
    let late = format!(
        "select count(*) from weather_observations where value_kind = 'backfill' and {available} < {}",
        now.timestamp_micros()
    );
    assert_eq!(database.count(&late).await, 0, "available when it was healed, and not before");
}

async fn by_one_call_4_they_take_three_calls_a_site(database: &TestDatabase) {
    let sites = sites(100);
    let live = Service::with_faults(&[]).await;
    left_alone(database, &live, &sites, 49).await;
    let now = live.clock.now();
    let not_found = fault_at("not_found", &sites[7]);
    let service = Service::with_faults(&[&not_found]).await;
    service.set_time(now);
    let report = Healer::by_one_call_4(database, &service).run(&sites).await;
    assert_eq!((report.healed, report.unfillable, report.left()), (99 * 48, 48, 0), "{report:?}");
    assert_eq!((report.calls, report.charged), (300, 300), "48 hours by 20, over two midnights");
    // Newest first, each hour once, and no page followed.
    let asked = past_calls(&service);
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (place, past) in asked {
        places.entry(place).or_default().push(past);
    }
    let start = |hours: i64| (hour() + TimeDelta::hours(hours)).timestamp();
    let expected =
        [format!("{}/20", start(29)), format!("{}/20", start(9)), format!("{}/8", start(1))];
    assert!(places.values().all(|asked| *asked == expected), "{places:?}");
    assert_eq!(places.len(), 100);

    let again = Healer::by_one_call_4(database, &service).run(&sites).await;
    assert_eq!((again.calls, again.healed, again.runs), (0, 0, 0));
    let backfill = "select concat_ws('|', count(*), count(distinct concat(site_id, observation_time)), \
        min(source), max(source)) from weather_observations where value_kind = 'backfill'";
    assert_eq!(database.line(backfill).await, format!("4752|4752|{SOURCE}|{SOURCE}"));
    assert_eq!(missing(database, now).await.slots, 48, "the place that the service does not know");
}

async fn another_sources_history_fills_the_slots_and_keeps_its_name(database: &TestDatabase) {
    let service = Service::with_faults(&[]).await;
    let sites = sites(3);
    left_alone(database, &service, &sites, 6 * 24).await;
    let report = Healer::from_open_meteo(database, &service).run(&sites).await;
    // The archive is three days late; the forecast API has the days since.
    assert_eq!((report.healed, report.calls, report.left()), (3 * 143, 2, 0), "{report:?}");
    let rows = "select concat_ws('|', source, value_kind, count(*)) from weather_observations \
        group by source, value_kind order by source";
    let expected = ["open-meteo|backfill|429", "openweathermap|live|6"];
    assert_eq!(database.lines(rows).await, expected);
    let slots = "select concat_ws('|', source, observation_source, count(*)) from collection_slots \
        group by source, observation_source order by observation_source";
    let expected = ["openweathermap|6", "openweathermap|open-meteo|429"];
    assert_eq!(database.lines(slots).await, expected);
    assert_eq!(missing(database, service.clock.now()).await.slots, 0);
}

async fn a_slot_that_no_history_reaches_is_unfillable_without_a_call(database: &TestDatabase) {
    let store = &*database.store;
    let service = Service::with_faults(&[]).await;
    let begins = NaiveDate::from_ymd_opt(1978, 12, 31);
    let ends = NaiveDate::from_ymd_opt(1979, 1, 1);
    let timezone = chrono_tz::Tz::UTC;
    let old = Site { active_from: begins, active_until: ends, timezone, ..site(1) };
    store.take_in_sites(std::slice::from_ref(&old), hour()).await.unwrap();
    let report = Healer::new(database, &service).run(std::slice::from_ref(&old)).await;
    assert_eq!((report.healed, report.unfillable, report.calls), (24, 24, 24), "{report:?}");
    let reason = "select distinct error_message from collection_slots where status = 'unfillable'";
    let begins = "openweathermap: the history begins at 1979-01-01 00:00:00 UTC";
    assert_eq!(database.line(reason).await, begins);
    let attempts = "select distinct attempts from collection_slots where status = 'unfillable'";
    assert_eq!(database.count(attempts).await, 0);
    // Another source may still know it.
    let report = Healer::from_open_meteo(database, &service).run(std::slice::from_ref(&old)).await;
    assert_eq!((report.healed, report.calls), (24, 1), "{report:?}");
    assert_eq!(
        Healer::from_open_meteo(database, &service).run(std::slice::from_ref(&old)).await.missing,
        0
    );
    // Nor is it asked for again where the answer is known without a call.
    let again = Healer { again: true, ..Healer::new(database, &service) };
    assert_eq!(again.run(&[old]).await.missing, 0);
}

async fn a_place_that_a_source_refuses_does_not_spoil_the_call_of_the_others(
    database: &TestDatabase,
) {
    let live = Service::with_faults(&[]).await;
    let sites = sites(5);
    left_alone(database, &live, &sites, 24).await;
    // A call is refused when the first of its places is.
    let service = Service::with_faults(&[&fault_at("bad_request", &sites[3])]).await;
    service.set_time(live.clock.now());
    let alone = std::slice::from_ref(&sites[3]);
    let report = Healer::from_open_meteo(database, &service).run(alone).await;
    assert_eq!((report.unfillable, report.calls), (23, 1), "{report:?}");
    let service = Service::with_faults(&[&fault_at("bad_request", &sites[0])]).await;
    service.set_time(live.clock.now());
    let report = Healer::from_open_meteo(database, &service).run(&sites).await;
    // The whole, its halves, and the half of the first place again.
    assert_eq!((report.healed, report.unfillable, report.calls), (3 * 23, 23, 5), "{report:?}");
}

/// How many slots the ledger has of each status.
async fn statuses(database: &TestDatabase) -> Vec<String> {
    let statuses = "select concat_ws('|', status, count(*)) from collection_slots \
        group by status order by status";
    database.lines(statuses).await
}

async fn at_the_time_of(now: DateTime<Utc>, faults: &[&str]) -> Service {
    let service = Service::with_faults(faults).await;
    service.set_time(now);
    service
}

/// Hours of more than ten days are among them: one without a value would be settled.
async fn an_answer_that_cannot_be_read_or_is_of_another_time_settles_no_slot(
    database: &TestDatabase,
) {
    let live = Service::with_faults(&[]).await;
    let sites = sites(7);
    left_alone(database, &live, &sites, 15 * 24).await;
    let now = live.clock.now();
    for (source, faults) in [
        ("open-meteo", &["other_unit", "stale_dt", "null_place", "lost_place"][..]),
        ("open-meteo", &["truncated", "html", "wrong_json", "empty", "status_in_body"]),
        ("open-meteo", &["server_error", "not_found", "dropped"]),
        ("one call 3", &["stale_dt", "truncated", "html", "wrong_json", "bad_request"]),
        ("one call 4", &["truncated", "html", "wrong_json", "status_in_body"]),
    ] {
        for fault in faults {
            let service = at_the_time_of(now, &[&format!("{fault}=100%")]).await;
            let healer = match source {
                "open-meteo" => Healer::from_open_meteo(database, &service),
                "one call 3" => Healer::new(database, &service),
                _ => Healer::by_one_call_4(database, &service),
            };
            let report = healer.run(&sites).await;
            assert!(matches!(report.stop, Some(Stop::SourceFails { .. })), "{fault}: {report:?}");
            assert_eq!((report.healed, report.unfillable), (0, 0), "{source} {fault}: {report:?}");
            assert!(report.failed > 0, "{source} {fault}: {report:?}");
            assert_eq!(statuses(database).await, ["collected|14"], "{source} {fault}");
        }
    }
    let report = Healer::from_open_meteo(database, &live).run(&sites).await;
    assert_eq!((report.healed, report.left()), (7 * 359, 0), "{report:?}");
}

async fn a_page_of_another_time_fills_its_own_hours_and_settles_no_other(database: &TestDatabase) {
    let live = Service::with_faults(&[]).await;
    let sites = sites(1);
    left_alone(database, &live, &sites, 15 * 24).await;
    // Each page begins six hours before it was asked to.
    let service = at_the_time_of(live.clock.now(), &["stale_dt=100%"]).await;
    let report = Healer::by_one_call_4(database, &service).run(&sites).await;
    assert_eq!((report.unfillable, report.outcome()), (0, Outcome::Partial), "{report:?}");
    assert_eq!(report.healed + report.failed, 359, "{report:?}");
    assert!(report.healed > report.failed && report.failed > 0, "{report:?}");
    let of_other_hours = "select count(*) from collection_slots s join weather_observations o \
        on o.site_id = s.site_id and o.source = s.source and o.observation_time = s.observation_time \
        where o.value_kind = 'backfill' and substr(s.slot_time, 1, 13) <> substr(o.observation_time, 1, 13)";
    assert_eq!(database.count(of_other_hours).await, 0);
    assert_eq!(missing(database, live.clock.now()).await.slots, report.failed);
}

/// What the calls for past days come to by what Open-Meteo charges: 1.6 for each place.
fn charged_for_places(service: &Service) -> u64 {
    let calls = service.simulator.calls().into_iter().filter(|call| call.past.is_some());
    calls.map(|call| (call.latitude.split(',').count() as u64 * 16).div_ceil(10)).sum()
}

async fn a_place_that_cannot_be_read_costs_no_other_place(database: &TestDatabase) {
    let live = Service::with_faults(&[]).await;
    let sites = sites(36);
    left_alone(database, &live, &sites, 24).await;
    let mut charged = 0;
    // Calls: the whole, then the one at fault, four times; if one is lost, nobody knows which. What is
    // played for a whole call is so where the place is its first.
    for (number, (fault, at, healed, calls)) in [
        ("bare_nan", 3, 6, 1),
        ("null_place", 3, 5, 1 + 4),
        ("other_unit", 3, 5, 1 + 4),
        ("lost_place", 3, 5, 4 + 1 + 4 + 4 + 1),
        ("html", 0, 5, 4 + 4 + 4 + 1 + 1),
        ("server_error", 0, 5, 4 + 4 + 4 + 1 + 1),
    ]
    .into_iter()
    .enumerate()
    {
        let group = &sites[6 * number..6 * (number + 1)];
        let service = at_the_time_of(live.clock.now(), &[&fault_at(fault, &group[at])]).await;
        let mut healer = Healer::from_open_meteo(database, &service);
        healer.budget = budget(&[(Window::Day, 10_000)]);
        let report = healer.run(group).await;
        let failed = (6 - healed) * 23;
        assert_eq!((report.healed, report.failed), (healed * 23, failed), "{fault}: {report:?}");
        assert_eq!((report.calls, report.unfillable), (calls, 0), "{fault}: {report:?}");
        let expected = if failed > 0 { Outcome::Partial } else { Outcome::Succeeded };
        assert_eq!(report.outcome(), expected);
        assert_eq!(report.charged, charged_for_places(&service), "{fault}");
        charged += i64::try_from(report.charged).unwrap();
        let used = "select used from call_budget where window_kind = 'day'";
        assert_eq!(database.count(used).await, charged, "{fault}");
    }
    assert_eq!(statuses(database).await, [format!("collected|{}", 72 + 31 * 23)]);
}

async fn a_call_that_is_too_large_is_made_in_halves_and_later_ones_are_no_larger(
    database: &TestDatabase,
) {
    let live = Service::with_faults(&[]).await;
    let sites = sites(24);
    left_alone(database, &live, &sites, 6 * 24).await;
    for (group, fault) in ["truncated>3", "server_error>3", "slow>3"].into_iter().enumerate() {
        let group = &sites[8 * group..8 * (group + 1)];
        let service = at_the_time_of(live.clock.now(), &[fault]).await;
        let timeout = Duration::from_secs(4);
        let mut healer = Healer::from_open_meteo_within(timeout, database, &service);
        healer.settings.max_attempts = 2;
        healer.budget = budget(&[(Window::Day, 10_000)]);
        let report = healer.run(group).await;
        assert_eq!((report.healed, report.left()), (8 * 143, 0), "{fault}: {report:?}");
        assert_eq!(report.outcome(), Outcome::Succeeded, "{fault}: {report:?}");
        // Of the last days: eight and four, twice each, then two and two; then no more than two. Of
        // the days before, which the archive has: two at once from the beginning.
        let calls = service.simulator.calls().into_iter().filter(|call| call.past.is_some());
        let places: Vec<usize> = calls.map(|call| call.latitude.split(',').count()).collect();
        assert_eq!(places, [8, 8, 4, 4, 2, 2, 2, 2, 2, 2, 2, 2], "{fault}");
        assert_eq!(report.calls, 12, "{fault}: {report:?}");
    }
}

async fn a_slot_that_was_given_up_is_asked_for_again_when_that_is_wanted(database: &TestDatabase) {
    let live = Service::with_faults(&[]).await;
    let sites = sites(3);
    left_alone(database, &live, &sites, 24).await;
    let faults = [fault_at("not_found", &sites[0]), fault_at("out_of_range", &sites[1])];
    let service = at_the_time_of(live.clock.now(), &[&faults[0], &faults[1]]).await;
    let report = Healer::new(database, &service).run(&sites).await;
    assert_eq!((report.healed, report.unfillable, report.again), (23, 46, 0), "{report:?}");
    assert_eq!(Healer::new(database, &live).run(&sites).await.calls, 0, "they are settled");
    // Asked again of a source that says the same, they stay what they are.
    let again = |service| Healer { again: true, ..Healer::new(database, service) };
    let report = again(&service).run(&sites).await;
    assert_eq!((report.calls, report.again, report.unfillable), (46, 46, 46), "{report:?}");
    let failing = at_the_time_of(live.clock.now(), &["truncated=100%"]).await;
    let report = again(&failing).run(&sites).await;
    assert!(report.failed > 0 && report.unfillable == 0, "{report:?}");
    assert_eq!(statuses(database).await, ["collected|29", "unfillable|46"]);
    let report = again(&live).run(&sites).await;
    assert_eq!((report.healed, report.again, report.left()), (46, 46, 0), "{report:?}");
    assert_eq!(statuses(database).await, ["collected|75"]);
    assert_eq!(again(&live).run(&sites).await.missing, 0);
}

/// Reasons that an earlier version gave slots up for, and whether they are due again.
const GIVEN_UP: [(&str, bool); 9] = [
    ("openweathermap: malformed: no weather in the answer: every value is absent", true),
    ("openweathermap: malformed: weather[0].id: 1.5 is no whole number", true),
    ("openweathermap: the source answered for 2026-11-24 02:00:00 UTC instead", true),
    ("openweathermap: out_of_range: dt: -5 is out of range: expected Unix seconds", true),
    ("openweathermap: out_of_range: temperature_c: 999 is out of range: expected -95 to 65", false),
    ("openweathermap: HTTP 404 at /data/3.0/onecall/timemachine: no data", false),
    ("openweathermap: the source has no value for this hour", false),
    ("openweathermap: the history begins at 1979-01-01 00:00:00 UTC", false),
    ("open-meteo: malformed: hourly.temperature_2m: in °F, expected °C", true),
];

/// Gives the hours after the first up, each for one of the reasons.
async fn give_up(store: &dyn Store) {
    let run = open_run(store).await;
    let given_up: Vec<SlotResult> = (1..)
        .zip(GIVEN_UP)
        .map(|(number, (reason, _))| SlotResult {
            outcome: SlotOutcome::unfillable(reason),
            ..failed(0, hour() + TimeDelta::hours(number), ErrorKind::Malformed)
        })
        .collect();
    store.load(&run, &given_up, hour()).await.unwrap();
    store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
}

async fn migrate_once_more(database: &TestDatabase) {
    database.execute("delete from _sqlx_migrations where version = 5").await;
    assert_eq!(database.store.migrate().await.unwrap(), [5]);
}

async fn what_was_given_up_as_malformed_is_due_again(database: &TestDatabase) {
    let store = &*database.store;
    let live = Service::with_faults(&[]).await;
    let sites = sites(1);
    left_alone(database, &live, &sites, 10).await;
    let runs = "select count(*) from ingestion_runs";
    let before = database.count(runs).await;
    migrate_once_more(database).await;
    assert_eq!(database.count(runs).await, before, "nothing was given up");
    give_up(store).await;
    migrate_once_more(database).await;
    let due = "select concat_ws('|', status, error_kind, count(*), min(run_seq) = max(run_seq)) \
        from collection_slots where status <> 'collected' group by status, error_kind order by status";
    assert_eq!(database.lines(due).await, ["failed|malformed|5|1", "unfillable|4|1"]);
    let kept = "select count(*) from collection_slots where status = 'failed' \
        and (error_message like '%: malformed: %' or error_message like '%: dt: %' \
            or error_message like '%answered for%')";
    assert_eq!(database.count(kept).await, 5, "the ledger still says why");
    // A run of its own, the latest, and ended: the sync reads its rows.
    let run = "select concat_ws('|', r.kind, r.shard, r.status, r.outcome, r.failed, r.sites, \
            length(r.run_id), count(*)) \
        from ingestion_runs r join collection_slots c \
            on c.run_seq = r.run_seq and c.ingestion_run_id = r.run_id \
        where r.run_seq = (select last_run_seq from run_counter) \
        group by r.kind, r.shard, r.status, r.outcome, r.failed, r.sites, r.run_id";
    assert_eq!(database.line(run).await, "migration|0/1|closed|partial|5|1|36|5");
    let latest = database.reads.list_runs(1).await.unwrap().remove(0);
    assert!(uuid::Uuid::try_parse(&latest.run_id).is_ok(), "{}", latest.run_id);
    assert_eq!(
        latest.errors_by_kind.as_deref().map(|text| text.replace(' ', "")),
        Some(r#"{"malformed":5}"#.into())
    );
    assert_eq!(store.end_of_ended_runs().await.unwrap(), latest.run_seq + 1);
    // Once more, as after a kill in the middle: nothing is left to do.
    let before = database.count(runs).await;
    migrate_once_more(database).await;
    assert_eq!(database.count(runs).await, before);
    let report = Healer::new(database, &live).run(&sites).await;
    assert_eq!((report.calls, report.healed, report.left()), (5, 5, 0), "{report:?}");
}

async fn a_heal_spends_no_more_calls_than_it_may(database: &TestDatabase) {
    let service = Service::with_faults(&[]).await;
    let sites = sites(10);
    left_alone(database, &service, &sites, 24).await;
    let mut healer = Healer::new(database, &service);
    healer.max_calls = Some(25);
    let report = healer.run(&sites).await;
    assert_eq!((report.healed, report.calls, report.left()), (25, 25, 205), "{report:?}");
    assert!(report.is_spent);
    // The newest ones: two hours of all sites, and half of a third.
    let oldest = past_calls(&service).into_iter().map(|(_, hour)| hour).min().unwrap();
    assert_eq!(oldest, (hour() + TimeDelta::hours(21)).timestamp().to_string());
    // A call of many sites is cut to those that it pays for: 1.6 for each.
    let mut healer = Healer::from_open_meteo(database, &service);
    healer.max_calls = Some(8);
    let report = healer.run(&sites).await;
    assert_eq!((report.calls, report.charged, report.sites.len()), (1, 8, 5), "{report:?}");
}

async fn a_heal_leaves_the_live_slots_their_calls_and_goes_on_the_next_day(
    database: &TestDatabase,
) {
    let service = Service::with_faults(&[]).await;
    let sites = sites(10);
    left_alone(database, &service, &sites, 24).await;
    let before = service.simulator.call_count();
    let mut healer = Healer::new(database, &service);
    healer.budget = calls_per_day(300);
    healer.live_sites = sites.clone();
    let mut expected = 0;
    for _ in 0..2 {
        let now = service.clock.now();
        let need = healer.budget.live_need(&sites, now, Window::Day.end(now));
        let left = 300 - need - need.div_ceil(10);
        let report = healer.run(&sites).await;
        let Some(Stop::BudgetSpent { until, .. }) = report.stop else { panic!("{report:?}") };
        assert_eq!((report.calls, report.healed), (left, left));
        assert!(report.left() > 0);
        expected += left;
        service.set_time(until + TimeDelta::hours(1));
    }
    assert_eq!(service.simulator.call_count() - before, expected);
}

async fn a_minute_holds_less_than_the_largest_call_and_smaller_ones_are_made(
    database: &TestDatabase,
) {
    let service = Service::with_faults(&[]).await;
    let sites = sites(40);
    left_alone(database, &service, &sites, 24 * 5).await;
    let mut healer = Healer::from_open_meteo(database, &service);
    // Half of it is for the past: 40 sites at once are charged as 52 and more.
    healer.budget = budget(&[(Window::Minute, 30)]);
    healer.settings.max_workers = 1;
    let report = healer.run(&sites).await;
    assert!(report.stop.is_none() && report.left() == 0, "{report:?}");
    let most = "select max(reserved) from call_budget where window_kind = 'minute'";
    assert!((12..=15).contains(&database.count(most).await));
}

#[tokio::test]
async fn what_stops_a_heal_is_told_and_what_fails_stays_missing() {
    with_sqlite(async |database| {
        let store = &*database.store;
        let live = Service::with_faults(&[]).await;
        let sites = sites(20);
        left_alone(database, &live, &sites, 24).await;
        let with = async |config: SimulatorConfig| {
            let service = Service::start(config).await;
            service.set_time(live.clock.now());
            service
        };
        let faulty = |fault: &str| SimulatorConfig {
            faults: vec![fault.parse().unwrap()],
            ..SimulatorConfig::default()
        };
        let service = with(SimulatorConfig { has_one_call: false, ..faulty("slow=0%") }).await;
        let report = Healer::new(database, &service).run(&sites).await;
        assert!(matches!(report.stop, Some(Stop::NotSubscribed { .. })), "{report:?}");
        assert_eq!(report.calls, 1, "one call finds out");

        let service = with(faulty("server_error=100%")).await;
        let report = Healer::new(database, &service).run(&sites).await;
        assert!(matches!(report.stop, Some(Stop::SourceFails { .. })), "{report:?}");
        assert!(report.failed >= 5 && report.failed < 30, "{report:?}");

        let service = with(faulty("rate_limited=100%")).await;
        let report = Healer::new(database, &service).run(&sites).await;
        assert!(matches!(report.stop, Some(Stop::AccountBlocked { .. })), "{report:?}");
        // The pause is One Call's: it delays no live slot.
        assert_eq!(store.paused_until(SOURCE).await.unwrap(), None);
        let again = Healer::new(database, &service).run(&sites).await;
        assert_eq!(again.calls, 0, "a start before its end makes no call");
        assert_eq!(missing(database, live.clock.now()).await.slots, 20 * 23);
        let open = "select count(*) from ingestion_runs where status = 'open'";
        assert_eq!(database.count(open).await, 0);
        // A slot of the present is not called paused because history was.
        let kind = "select count(*) from ingestion_runs where error_message like '%has blocked%'";
        assert_eq!(database.count(kind).await, 2);
        database.execute("delete from collection_slots").await;
        let summary = missing(database, live.clock.now()).await;
        assert_eq!(summary.by_reason.keys().collect::<Vec<_>>(), ["never tried"]);
    })
    .await;
}

/// Of four sites the first moves from the second's place to the third's, within a day; the fourth stays
/// where it is. The weather of a place and hour is one, whoever asks for it.
async fn hours_before_a_move_are_those_of_the_place_where_the_site_stood(database: &TestDatabase) {
    let place = |number: u16, latitude, longitude| Site {
        coordinates: Coordinates::parse(latitude, longitude).unwrap(),
        ..site(number)
    };
    let (oslo, lagos) = ((59.9139, 10.7522), (6.455, 3.3841));
    let rest = [place(1, oslo.0, oslo.1), place(2, lagos.0, lagos.1), place(3, 35.68, 139.69)];
    let sites = |at: (f64, f64)| [&[place(0, at.0, at.1)], &rest[..]].concat();
    let live = Service::with_faults(&[]).await;
    let at = |hours| hour() + TimeDelta::hours(hours) + TimeDelta::minutes(7);
    for (hours, place) in [(0, oslo), (30, lagos), (60, lagos)] {
        live.set_time(at(hours));
        Job::new(database, &live).run(&sites(place)).await;
    }
    let service = Service::with_faults(&[]).await;
    service.set_time(at(60));
    assert_eq!(missing(database, at(60)).await.slots, 4 * (29 + 29));
    // By calls of one place and hour, and by calls of many places and days.
    let report = Healer::new(database, &service).run(&sites(lagos)).await;
    assert_eq!((report.healed, report.left()), (4 * 58, 0), "{report:?}");
    let asked = |at: (f64, f64)| {
        let calls = service.simulator.calls().into_iter();
        calls.filter(|call| call.latitude == at.0.to_string()).count()
    };
    assert_eq!((asked(oslo), asked(lagos)), (58 + 29, 58 + 29));
    let moved = at(30).duration_trunc(TimeDelta::hours(1)).unwrap();
    assert_same_weather(database, moved, "openweathermap").await;

    for table in ["collection_slots", "weather_observations"] {
        database.execute(&format!("delete from {table}")).await;
    }
    let later = at(24 * 12);
    service.set_time(later);
    let healer = Healer::from_open_meteo(database, &service);
    let report = healer.run(&sites(lagos)).await;
    assert_eq!(report.left(), 0, "{report:?}");
    assert_same_weather(database, moved, "open-meteo").await;
}

/// Of the first site every hour is that of the second before the move, and that of the third since.
async fn assert_same_weather(database: &TestDatabase, moved: DateTime<Utc>, source: &str) {
    let time = database.microseconds("observation_time");
    let weather = async |number: u16, condition: &str| {
        let moved = moved.timestamp_micros();
        let sql = format!(
            "select concat_ws(' ', observation_time, temperature_c, pressure_msl_hpa) \
            from weather_observations where site_id = 'site-0000{number}' \
            and source = '{source}' and value_kind = 'backfill' \
            and {time} {condition} {moved} order by observation_time"
        );
        database.lines(&sql).await
    };
    for (condition, same, other) in [("<", 1, 2), (">=", 2, 1)] {
        let own = weather(0, condition).await;
        assert!(own.len() >= 29, "{condition}: {own:?}");
        assert_eq!(own, weather(same, condition).await, "{source} {condition}");
        assert_ne!(own, weather(other, condition).await, "{source} {condition}");
    }
}

/// A file of so many hourly sites that were to be collected since so many days.
pub(crate) fn past_sites(count: u32, since_days: u64) -> String {
    let today = Utc::now().date_naive();
    let site = |number: u32| {
        json!({
            "site_id": format!("site-{number:05}"),
            "name": format!("Site {number}"),
            "latitude": f64::from(number) - 60.0,
            "longitude": f64::from(number) - 150.0,
            "timezone": "UTC",
            "active_from": (today - DayCount::new(since_days)).to_string(),
            "active_until": (today - DayCount::new(1)).to_string(),
        })
    };
    json!({"sites": (0..count).map(site).collect::<Vec<_>>()}).to_string()
}

pub(crate) fn healer(
    simulator: &SimulatorProcess,
    database: &TestDatabase,
    sites: &str,
) -> Program {
    simulator
        .client(&database.url)
        .env("OPEN_METEO_BASE_URL", &simulator.url)
        .env("OPEN_METEO_ARCHIVE_URL", &simulator.url)
        .env("OPEN_METEO_CALLS_PER_MINUTE", "0")
        .env("WEATHER_LEASE_SECONDS", "2")
        .file("sites.json", sites)
        .env("SITES_FILE", "sites.json")
}

/// Sites of the year: few in a test run, 20 by `scripts/soak`.
fn sites_of_the_year() -> u32 {
    std::env::var("WEATHER_SOAK_SITES").map_or(3, |text| text.parse().unwrap())
}

async fn a_year_is_healed_in_the_fewest_calls_and_goes_on_where_it_was_killed(
    database: &TestDatabase,
) {
    let count = sites_of_the_year();
    let simulator = SimulatorProcess::start(&[]);
    let program =
        healer(&simulator, database, &past_sites(count, 365)).env("SOURCES", "open-meteo");
    let mut random = Random(11);
    let mut kept: Vec<(usize, BTreeSet<String>)> = Vec::new();
    for calls in [6, 12, 18] {
        let mut child = spawn(&program, &["heal"]);
        while archive_calls(&simulator).len() < calls {
            assert!(child.try_wait().unwrap().is_none(), "it ended before it was killed");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(random.part_of(Duration::from_millis(300))).await;
        signal(&child, "-KILL");
        child.wait().unwrap();
        let days = "select substr(slot_time, 1, 10) from collection_slots \
            where source = 'open-meteo' and status = 'collected' group by 1 having count(*) = ";
        let days = database.texts(&format!("{days}{}", 24 * count)).await;
        kept.push((archive_calls(&simulator).len(), days.into_iter().collect()));
    }
    let healed = program.run(&["heal"]).expect(0);
    assert_eq!(summary(&healed)["outcome"], "succeeded");
    let calls = archive_calls(&simulator);
    for (made_before, days) in &kept {
        assert!(!days.is_empty());
        for (from, to) in &calls[*made_before..] {
            let again: Vec<_> = days.iter().filter(|day| (from..=to).contains(day)).collect();
            assert!(again.is_empty(), "{from} to {to} asks again for {again:?}");
        }
    }
    // 365 days by 14, once more where an answer was lost to a kill or in the middle of a span.
    assert!(calls.len() <= 27 + 2 * 3, "{} calls", calls.len());
    let slots = "select count(*) from collection_slots where status = 'collected'";
    assert_eq!(database.count(slots).await, i64::from(count) * 365 * 24);
    let before = simulator.calls().len();
    program.run(&["heal"]).expect(0);
    assert_eq!(simulator.calls().len(), before, "nothing is left to ask for");
}

/// The figures of the heal.
fn summary(ran: &Ran) -> Value {
    let mut log = ran.log().into_iter();
    log.find(|line| line["message"] == "heal_summary").expect("a heal_summary")
}

/// First and last day of the archive's calls, in order.
fn archive_calls(simulator: &SimulatorProcess) -> Vec<(String, String)> {
    let calls = simulator.log();
    let days = |line: &str| {
        let call: Value = serde_json::from_str(line).ok()?;
        let (from, to) = call["past"].as_str()?.split_once('/')?;
        (call["path"] == "/v1/archive").then(|| (from.to_owned(), to.to_owned()))
    };
    calls.lines().filter_map(days).collect()
}

async fn of_two_heals_at_once_each_slot_is_asked_for_once(database: &TestDatabase) {
    let simulator = SimulatorProcess::start(&[]);
    let program = healer(&simulator, database, &past_sites(4, 3))
        .env("OPENWEATHER_ONE_CALL", "3.0")
        .env("WEATHER_BATCH_ROWS", "40");
    let heals: Vec<_> = (0..2).map(|_| spawn(&program, &["heal"])).collect();
    for mut heal in heals {
        assert!(heal.wait().unwrap().success());
    }
    program.run(&["heal"]).expect(0);
    let asked: Vec<String> = (simulator.calls().iter())
        .filter(|call| !call["past"].is_null())
        .map(|call| format!("{} {}", call["latitude"], call["past"]))
        .collect();
    assert_eq!(asked.len(), 4 * 3 * 24);
    assert_eq!(asked.iter().collect::<BTreeSet<_>>().len(), asked.len());
    let runs = "select count(*) from ingestion_runs where kind = 'heal'";
    assert!(database.count(runs).await >= 8, "a batch is a run of its own");
}

#[test]
fn what_cannot_be_healed_is_said_before_any_call() {
    let simulator = SimulatorProcess::start(&[]);
    let program = simulator.client("sqlite://weather.db").with_sites(2);
    for (arguments, words) in [
        (&["--from", "2199-01-01"][..], "--from 2199-01-01 is in the future"),
        (&["--from", "2026-01-02", "--to", "2026-01-01"], "--to is before --from"),
        (&["--to", "1978-12-31"], "the history of openweathermap begins: 1979-01-01"),
        (&["--site", "nowhere"], "--site nowhere: not in sites.json"),
        (&["--openweather-one-call", "2.5"], "invalid value '2.5'"),
        (&["--from-source", "metno"], "`metno` is no source: expected openweathermap, open-meteo"),
    ] {
        let ran = program.run(&[&["heal"], arguments].concat()).expect(2);
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
    let without_key = Program::new().with_sites(2).run(&["heal"]).expect(2);
    assert!(without_key.stderr.contains("no API key"), "{}", without_key.stderr);
    assert!(simulator.calls().is_empty());
    let unsubscribed = SimulatorProcess::start(&["--without-one-call"]);
    let program = unsubscribed
        .client("sqlite://weather.db")
        .file("sites.json", &past_sites(2, 3))
        .env("SITES_FILE", "sites.json");
    let ran = program.run(&["heal"]);
    assert!(ran.stderr.contains("no history for this key"), "{}", ran.stderr);
    assert!(ran.stderr.contains("using One Call 4.0"), "{}", ran.stderr);
    assert!(ran.stderr.contains("OPENWEATHER_ONE_CALL=4.0 or 3.0"), "{}", ran.stderr);
    assert!(ran.stderr.contains("--from-source open-meteo"), "{}", ran.stderr);
    assert_eq!(ran.code, 3);
}

#[test]
fn past_hours_are_asked_of_the_version_that_is_set() {
    let simulator = SimulatorProcess::start(&[]);
    let calls = |program: Program| {
        let before = simulator.calls().len();
        program.run(&["heal"]).expect(0);
        let calls = simulator.calls().split_off(before);
        let past = calls.iter().filter(|call| !call["past"].is_null());
        past.map(|call| call["path"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let program = || {
        let sites = past_sites(1, 3);
        simulator
            .client("sqlite://weather.db")
            .file("sites.json", &sites)
            .env("SITES_FILE", "sites.json")
    };
    let by_default = calls(program());
    assert_eq!(by_default, ["/data/4.0/onecall/timeline/1h"; 4], "three days by 20 hours");
    let by_3 = calls(program().env("OPENWEATHER_ONE_CALL", "3.0"));
    assert_eq!(by_3, ["/data/3.0/onecall/timemachine"; 72]);
}

#[test]
fn what_stops_the_heal_of_one_source_is_none_of_anothers() {
    let simulator = SimulatorProcess::start(&["--without-one-call"]);
    let program = simulator
        .client("sqlite://weather.db")
        .env("OPEN_METEO_BASE_URL", &simulator.url)
        .env("OPEN_METEO_ARCHIVE_URL", &simulator.url)
        .env("OPEN_METEO_CALLS_PER_MINUTE", "0")
        .env("SOURCES", "openweathermap,open-meteo")
        .file("sites.json", &past_sites(2, 3))
        .env("SITES_FILE", "sites.json");
    let ran = program.run(&["heal"]).expect(3);
    let log = ran.log();
    let healed = |source: &str| {
        let is_it = |line: &&Value| line["message"] == "heal_summary" && line["source"] == source;
        log.iter().find(is_it).unwrap()["healed"].as_u64().unwrap()
    };
    assert_eq!((healed("openweathermap"), healed("open-meteo")), (0, 2 * 3 * 24));
}

#[test]
fn a_heal_that_is_told_to_end_keeps_what_it_has_and_goes_on_later() {
    let simulator = SimulatorProcess::start(&[]);
    let program = simulator
        .client("sqlite://weather.db")
        .env("OPENWEATHER_ONE_CALL", "3.0")
        .env("OPENWEATHER_CALLS_PER_MINUTE", "120")
        .file("sites.json", &past_sites(2, 3))
        .env("SITES_FILE", "sites.json");
    let mut child = spawn(&program, &["heal"]);
    while simulator.calls().len() < 5 {
        assert!(child.try_wait().unwrap().is_none());
        std::thread::sleep(Duration::from_millis(5));
    }
    signal(&child, "-TERM");
    assert_eq!(child.wait().unwrap().code(), Some(143));
    let before = simulator.calls().len();
    assert!(before < 144, "{before} calls");
    let runs = program.run(&["runs", "--output", "json"]).expect(0);
    let runs: Vec<Value> = serde_json::from_str(&runs.stdout).unwrap();
    assert_eq!(runs[0]["outcome"], "interrupted");
    let program = program.env("OPENWEATHER_CALLS_PER_MINUTE", "0");
    program.run(&["heal"]).expect(0);
    assert_eq!(simulator.calls().len(), 144, "each slot was asked for once");
}

#[test]
fn a_pipeline_heals_within_its_calls_after_the_live_slots() {
    let simulator = SimulatorProcess::start(&[]);
    let sites: Value = serde_json::from_str(&past_sites(2, 3)).unwrap();
    let mut sites = sites["sites"].as_array().unwrap().clone();
    sites.iter_mut().for_each(|site| site["active_until"] = Value::Null);
    let program = simulator
        .client("sqlite://weather.db")
        .env("OPENWEATHER_ONE_CALL", "3.0")
        .file("sites.json", &json!({ "sites": sites }).to_string())
        .env("SITES_FILE", "sites.json");
    let ran = program.run(&["pipeline", "--heal-calls", "10"]).expect(0);
    let summary = summary(&ran);
    assert_eq!((&summary["healed"], &summary["calls"]), (&json!(10), &json!(10)));
    let calls = simulator.calls();
    let is_past: Vec<bool> = calls.iter().map(|call| !call["past"].is_null()).collect();
    // An observation and a forecast of each site come first.
    assert_eq!(is_past, [vec![false; 4], vec![true; 10]].concat());
    program.run(&["pipeline"]).expect(0);
    assert_eq!(simulator.calls().len(), 14, "not unless it is asked for");
    // A dry run says what would be called.
    let dry = program.run(&["heal", "--dry-run", "--output", "json"]).expect(0);
    let rows: Vec<Value> = serde_json::from_str(&dry.stdout).unwrap();
    let slots: u64 = rows.iter().map(|row| row["slots"].as_u64().unwrap()).sum();
    assert!(dry.stderr.contains(&format!("dry run: {} calls", rows.len())), "{}", dry.stderr);
    assert!((134..=180).contains(&slots) && slots == rows.len() as u64, "{slots}");
    assert_eq!(simulator.calls().len(), 14);
}

#[tokio::test]
async fn the_warehouse_tells_what_was_healed() {
    with_sqlite(async |database| {
        let service = Service::with_faults(&[]).await;
        let sites = sites(3);
        left_alone(database, &service, &sites, 25).await;
        let report = Healer::new(database, &service).run(&sites).await;
        assert_eq!(report.healed, 72);
        let warehouse = Warehouse::new();
        warehouse.client(database, &bigquery_url()).run(&["sync"]).expect(0);
        warehouse.assert_equals(database).await;
        let kinds =
            "select value_kind, count(*) from {d}.observations_hourly group by 1 order by 1";
        let kinds = warehouse.query(kinds).await;
        let expected = [["backfill", "72"], ["live", "6"]];
        assert_eq!(kinds, expected.map(|row| row.map(|cell| Some(cell.to_owned())).to_vec()));
    })
    .await;
}

#[tokio::test]
async fn the_warehouse_learns_which_slots_are_due_again() {
    with_sqlite(async |database| {
        let store = &*database.store;
        let service = Service::with_faults(&[]).await;
        left_alone(database, &service, &sites(1), 10).await;
        give_up(store).await;
        let warehouse = Warehouse::new();
        let program = warehouse.client(database, &bigquery_url());
        program.run(&["sync"]).expect(0);
        warehouse.assert_equals(database).await;
        migrate_once_more(database).await;
        program.run(&["sync"]).expect(0);
        warehouse.assert_equals(database).await;
        let statuses = "select status, count(*) from {d}.collection_slots group by 1 order by 1";
        let expected = [["collected", "2"], ["failed", "5"], ["unfillable", "4"]];
        let expected = expected.map(|row| row.map(|cell| Some(cell.to_owned())).to_vec());
        assert_eq!(warehouse.query(statuses).await, expected);
    })
    .await;
}

#[test]
fn a_source_that_answers_in_another_unit_fails_the_heal_and_again_asks_for_what_was_given_up() {
    let program = |simulator: &SimulatorProcess| {
        simulator
            .client("sqlite://weather.db")
            .env("OPEN_METEO_BASE_URL", &simulator.url)
            .env("OPEN_METEO_ARCHIVE_URL", &simulator.url)
            .env("OPEN_METEO_CALLS_PER_MINUTE", "0")
            .env("MAX_ATTEMPTS", "1")
            .env("SOURCES", "open-meteo")
            .file("sites.json", &past_sites(6, 12))
            .env("SITES_FILE", "sites.json")
    };
    let simulator = SimulatorProcess::start(&["--fault", "other_unit=100%"]);
    let ran = program(&simulator).run(&["heal"]).expect(3);
    assert!(ran.stderr.contains("temperature_2m: in °F, expected °C"), "{}", ran.stderr);
    assert!(ran.stderr.contains("open-meteo fails call after call"), "{}", ran.stderr);
    let summary = summary(&ran);
    assert_eq!((&summary["unfillable"], &summary["healed"]), (&json!(0), &json!(0)));

    // A place that the service has nothing of is given up; `--again` asks for it.
    let fault = "bad_request@-60,-150";
    let simulator = SimulatorProcess::start(&["--fault", fault]);
    let program = program(&simulator);
    program.run(&["heal"]).expect(0);
    let dry = program.run(&["heal", "--dry-run"]).expect(0);
    assert!(dry.stderr.contains("dry run: 0 calls"), "{}", dry.stderr);
    let dry = program.run(&["heal", "--again", "--dry-run"]).expect(0);
    let words = "for 288 missing slots of open-meteo, 288 of them given up before";
    assert!(dry.stderr.contains(words), "{}", dry.stderr);
    let before = simulator.calls().len();
    program.run(&["heal", "--again"]).expect(0);
    assert_eq!(simulator.calls().len(), before + 2, "the archive's days and the last ones");
    let help = program.run(&["heal", "--help"]).expect(0).stdout;
    assert!(help.contains("--again") && help.contains("weather heal --again"), "{help}");
}

#[test]
fn a_day_of_one_call_that_is_spent_fails_a_heal_but_no_pipeline() {
    let simulator = SimulatorProcess::start(&["--one-call-calls-per-day", "7"]);
    let sites: Value = serde_json::from_str(&past_sites(2, 3)).unwrap();
    let mut sites = sites["sites"].as_array().unwrap().clone();
    sites.iter_mut().for_each(|site| site["active_until"] = Value::Null);
    let program = simulator
        .client("sqlite://weather.db")
        .file("sites.json", &json!({ "sites": sites }).to_string())
        .env("SITES_FILE", "sites.json")
        .env("OPENWEATHER_ONE_CALL", "3.0")
        .env("OPENWEATHER_ONE_CALL_CALLS_PER_DAY", "7");
    let ran = program.run(&["pipeline", "--heal-calls", "10"]).expect(0);
    assert!(ran.stderr.contains("has no calls left this day: no call before 2"), "{}", ran.stderr);
    let heal = program.run(&["heal"]).expect(3);
    assert!(heal.stderr.contains("budget_spent"), "{}", heal.stderr);
    assert_eq!(simulator.calls().len(), 2 + 2 + 7, "forecasts are of another product");
}
