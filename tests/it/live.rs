//! What a source says of itself is a claim: its time, a refusal, a limit, a 200, a text. Each of both
//! sources, on each database.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use serde_json::{Value, json};
use weather_data_product::domain::{ErrorKind, Outcome, Site};
use weather_data_product::etl::Report;
use weather_data_product::http::Params;
use weather_data_product::job::Stop;
use weather_data_product::simulator::{FaultKind, FaultRule, SimulatorConfig};
use weather_data_product::source::history::{HistoryCall, Reach, Recalled};
use weather_data_product::source::open_meteo::OpenMeteo;
use weather_data_product::source::{History, Source, SourceError};

use crate::heal::{Healer, left_alone};
use crate::support::databases::{TestDatabase, on_both_databases};
use crate::support::program::SimulatorProcess;
use crate::support::samples::{hour, site, sites, time};
use crate::support::scripted::Scripted;
use crate::support::service::{Job, KEY, Service, client};

on_both_databases!(
    a_firewall_that_refuses_one_site_holds_up_no_other,
    a_live_time_that_is_not_of_now_is_no_row_and_the_slot_stays_due,
    a_refused_call_of_a_heal_stops_it_only_after_four_others,
    more_calls_than_open_meteo_takes_are_never_in_flight,
    refused_calls_between_good_ones_stop_nothing,
    sites_that_a_start_left_come_before_those_that_failed,
    texts_of_a_source_act_on_no_terminal,
    too_many_calls_at_once_are_no_block_of_the_account,
);

fn open_meteo(url: &url::Url, key: Option<&str>) -> OpenMeteo {
    OpenMeteo::build(url, url, key.map(SecretString::from), Duration::from_secs(5)).unwrap()
}

/// Both sources at one address, with a key each.
fn both(url: &url::Url, key: &str) -> [Box<dyn Source>; 2] {
    [Box::new(client(url, key)), Box::new(open_meteo(url, Some(key)))]
}

/// A history of each source at one address, with a key each.
fn both_histories(url: &url::Url, key: &str) -> [Box<dyn History>; 3] {
    let source = client(url, key);
    let archive = open_meteo(url, Some(key)).archive();
    [Box::new(source.one_call_3()), Box::new(source.one_call_4()), Box::new(archive)]
}

async fn recall(history: &dyn History) -> Result<Vec<Recalled>, SourceError> {
    let (site, hour) = (site(1), time("2026-11-15T00:00:00Z"));
    history.recall(&HistoryCall { sites: vec![&site], first: hour, last: hour }).await
}

fn at(kind: FaultKind, numbers: impl IntoIterator<Item = u16>) -> Vec<FaultRule> {
    let rule = |number| {
        let place = site(number).coordinates;
        FaultRule::at(kind, place.latitude(), place.longitude()).unwrap()
    };
    numbers.into_iter().map(rule).collect()
}

async fn playing(faults: Vec<FaultRule>) -> Service {
    Service::start(SimulatorConfig { faults, ..SimulatorConfig::default() }).await
}

/// A run of one source, call after call.
async fn one_by_one(job: &mut Job<'_>, sites: &[Site]) -> Report {
    job.settings.max_workers = 1;
    job.run(sites).await
}

fn failures(database: &TestDatabase) -> impl Future<Output = Vec<String>> {
    database.lines(
        "select concat_ws('|', site_id, error_kind, attempts) from collection_slots \
        where status = 'failed' order by site_id, source",
    )
}

async fn a_live_time_that_is_not_of_now_is_no_row_and_the_slot_stays_due(database: &TestDatabase) {
    let service = playing(at(FaultKind::FutureDt, [3])).await;
    for source in both(&service.url, KEY) {
        let name = source.name();
        let job = Job { source: &*source, ..Job::new(database, &service) };
        let first = job.run(&sites(5)).await;
        assert_eq!((first.counts.collected, first.outcome()), (4, Outcome::Partial), "{name}");
        assert_eq!(first.faults.first().unwrap().kind, ErrorKind::OutOfRange);
        let second = job.run(&sites(5)).await;
        assert_eq!((second.counts.calls, second.counts.skipped), (1, 4), "due: {name}");
    }
    let ahead = "select count(*) from weather_observations where observation_time > '2027-01-01'";
    assert_eq!(database.count(ahead).await, 0);
    assert_eq!(database.count("select count(*) from weather_observations").await, 8);
    assert_eq!(failures(database).await, ["site-00003|out_of_range|1"; 2]);
}

/// What a source that answers with this `Date`, and this time of its own, makes of it while our clock
/// shows `now`: how it failed, if it did.
async fn judged(
    date: Option<DateTime<Utc>>,
    said: DateTime<Utc>,
    now: DateTime<Utc>,
) -> [Option<(ErrorKind, String)>; 2] {
    let header = date.map(|date| format!("Date: {}\r\n", date.format("%a, %d %b %Y %T GMT")));
    let body = json!({
        "dt": said.timestamp(), "main": {"temp": 9.4},
        "current_units": {"time": "unixtime", "temperature_2m": "°C"},
        "current": {"time": said.timestamp(), "temperature_2m": 9.4},
    });
    let server =
        Scripted::answering("200 OK", &header.unwrap_or_default(), &body.to_string()).await;
    let mut judged = [None, None];
    for (judged, source) in judged.iter_mut().zip(both(&server.url, KEY)) {
        let error = source.observe(&site(1), now).await.err();
        *judged = error.map(|error| (error.kind, error.message));
    }
    judged
}

#[tokio::test]
async fn a_time_is_held_against_the_servers_clock_and_against_ours_where_it_has_none() {
    let now = hour() + TimeDelta::minutes(7);
    let (fast, slow) = (now + TimeDelta::hours(2), now - TimeDelta::hours(2));
    let off = now - TimeDelta::days(2);
    for (date, said, is_good) in [
        (None, now + TimeDelta::minutes(15), true),
        (None, now + TimeDelta::minutes(16), false),
        (None, now + TimeDelta::hours(3), false),
        (None, now + TimeDelta::days(3 * 365), false),
        (None, time("9999-12-31T23:59:00Z"), false),
        (None, now - TimeDelta::days(30), true),
        (None, now - TimeDelta::days(31), false),
        (Some(fast), fast + TimeDelta::minutes(15), true),
        (Some(fast), fast + TimeDelta::minutes(16), false),
        (Some(slow), now, false),
        (Some(slow), slow, true),
        (Some(off), now, true),
        (Some(off), off, true),
        (Some(now + TimeDelta::days(2)), now + TimeDelta::days(2), false),
    ] {
        for (field, fault) in ["dt: ", "current.time: "].iter().zip(judged(date, said, now).await) {
            assert_eq!(fault.is_none(), is_good, "{date:?} {said}: {fault:?}");
            if let Some((kind, message)) = fault {
                assert_eq!(kind, ErrorKind::OutOfRange);
                assert!(message.starts_with(field), "{message}");
            }
        }
    }
}

async fn a_firewall_that_refuses_one_site_holds_up_no_other(database: &TestDatabase) {
    let service = playing(at(FaultKind::Forbidden, [4])).await;
    for source in both(&service.url, KEY) {
        let mut job = Job { source: &*source, ..Job::new(database, &service) };
        let first = one_by_one(&mut job, &sites(40)).await;
        assert_eq!((first.counts.collected, first.counts.calls), (39, 40), "{}", source.name());
        assert_eq!(first.outcome(), Outcome::Partial);
        assert_eq!(first.faults.first().unwrap().kind, ErrorKind::Unauthorized);
        let second = one_by_one(&mut job, &sites(40)).await;
        assert!(second.stop.is_none(), "the key is good: {:?}", second.stop);
        assert_eq!((second.counts.calls, second.counts.skipped), (1, 39));
    }
    assert_eq!(failures(database).await, ["site-00004|unauthorized|1"; 2]);
}

async fn refused_calls_between_good_ones_stop_nothing(database: &TestDatabase) {
    let refused = (0..19).filter(|number| number % 5 != 4);
    let service = playing(at(FaultKind::Unauthorized, refused)).await;
    let mut job = Job::new(database, &service);
    let report = one_by_one(&mut job, &sites(20)).await;
    assert_eq!((report.counts.collected, report.counts.failed), (4, 16), "{:?}", report.stop);
    assert_eq!((report.stop.is_none(), report.left()), (true, 0));
}

async fn sites_that_a_start_left_come_before_those_that_failed(database: &TestDatabase) {
    let service = playing(at(FaultKind::Forbidden, 0..7)).await;
    let mut job = Job::new(database, &service);
    let first = one_by_one(&mut job, &sites(20)).await;
    assert!(matches!(first.stop, Some(Stop::KeyRefused { .. })), "{:?}", first.stop);
    assert_eq!((first.counts.calls, first.left()), (5, 15));
    let second = one_by_one(&mut job, &sites(20)).await;
    assert_eq!((second.counts.collected, second.counts.failed), (13, 7));
    let places: Vec<String> =
        service.simulator.calls().into_iter().skip(5).map(|call| call.latitude).collect();
    let expected: Vec<String> =
        (5..20).chain(0..5).map(|number| site(number).coordinates.latitude().to_string()).collect();
    assert_eq!(places, expected, "never tried, then failed, each in the file's order");
    job.selection.force = true;
    let calls = service.simulator.calls().len();
    job.settings.max_workers = 1;
    job.run(&sites(20)).await;
    let forced = service.simulator.calls().into_iter().nth(calls).unwrap();
    assert_eq!(forced.latitude, site(7).coordinates.latitude().to_string(), "forced, the same");
}

async fn a_refused_call_of_a_heal_stops_it_only_after_four_others(database: &TestDatabase) {
    let sites = sites(8);
    let live = Service::with_faults(&[]).await;
    left_alone(database, &live, &sites, 3).await;
    let heal = async |refused: Vec<u16>| {
        let service = playing(at(FaultKind::Forbidden, refused)).await;
        service.set_time(live.clock_time());
        let mut healer = Healer::by_one_call_4(database, &service);
        healer.settings.max_workers = 1;
        (healer.run(&sites).await, service.simulator.call_count())
    };
    // Of a few calls nothing but refusals: as much as can be known of the key.
    let (report, calls) = heal((0..8).collect()).await;
    assert!(matches!(report.stop, Some(Stop::KeyRefused { .. })), "{:?}", report.stop);
    assert_eq!((report.healed, calls), (0, 5));
    let (report, calls) = heal(vec![2, 5]).await;
    assert!(report.stop.is_none(), "{:?}", report.stop);
    assert_eq!((report.healed, report.failed, calls), (6 * 2, 2 * 2, 8));
    let (report, _) = heal(vec![2, 5]).await;
    let Some(Stop::KeyRefused { message, .. }) = report.stop else { panic!("{:?}", report.stop) };
    assert!(message.contains("403 Forbidden"), "{message}");
    // A place that is not known was answered, whose slots are given up: the key is good.
    let mut faults = at(FaultKind::Forbidden, [2]);
    faults.extend(at(FaultKind::NotFound, [5]));
    let service = playing(faults).await;
    service.set_time(live.clock_time());
    let report = Healer::by_one_call_4(database, &service).run(&sites).await;
    assert!(report.stop.is_none(), "{:?}", report.stop);
    assert_eq!((report.unfillable, report.failed), (2, 2));
    assert_eq!(heal(vec![]).await.0.healed, 2, "nothing that was refused is given up");
}

async fn more_calls_than_open_meteo_takes_are_never_in_flight(database: &TestDatabase) {
    let store = &*database.store;
    for (start, key, most) in [(0, None, 4), (24, Some(KEY), 2)] {
        let service = Service::start(SimulatorConfig {
            calls_at_once: Some(5),
            answers_after: Some(Duration::from_millis(20)),
            ..SimulatorConfig::default()
        })
        .await;
        service.set_time(hour() + TimeDelta::hours(start) + TimeDelta::minutes(7));
        let source = open_meteo(&service.url, key);
        let job = Job { source: &source, ..Job::new(database, &service) };
        assert_eq!(job.settings.max_workers, 16);
        let report = job.run(&sites(60)).await;
        assert_eq!((report.counts.collected, report.counts.calls), (60, 60), "{key:?}");
        assert!(service.simulator.most_in_flight() <= most, "{key:?}");
        // The same of its history, with a call for each site.
        let mut healer = Healer::from_open_meteo(database, &service);
        healer.histories = vec![Box::new(OneSite(source.recent_hours()))];
        Job::new(database, &service).run(&sites(20)).await;
        service.set_time(service.clock_time() + TimeDelta::hours(3));
        let healed = healer.run(&sites(20)).await;
        assert!(healed.calls >= 20 && healed.failed == 0, "{healed:?}");
        assert!(service.simulator.most_in_flight() <= most, "{key:?}");
        assert_eq!(store.paused_until("open-meteo").await.unwrap(), None);
    }
}

/// A history of whose calls each is for one site.
struct OneSite<H>(H);

#[async_trait::async_trait]
impl<H: History> History for OneSite<H> {
    fn source_name(&self) -> &'static str {
        self.0.source_name()
    }

    fn pause_name(&self) -> &'static str {
        self.0.pause_name()
    }

    fn lacks_subscription(&self, error: &SourceError) -> bool {
        self.0.lacks_subscription(error)
    }

    fn calls_at_once(&self) -> usize {
        self.0.calls_at_once()
    }

    fn reach(&self) -> Reach {
        Reach { sites_per_call: 1, ..self.0.reach() }
    }

    fn charge(&self, call: &HistoryCall<'_>) -> u32 {
        self.0.charge(call)
    }

    fn hours_of(&self, endpoint: &str, params: &Params) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        self.0.hours_of(endpoint, params)
    }

    async fn recall(&self, call: &HistoryCall<'_>) -> Result<Vec<Recalled>, SourceError> {
        self.0.recall(call).await
    }
}

async fn too_many_calls_at_once_are_no_block_of_the_account(database: &TestDatabase) {
    let store = &*database.store;
    // Beyond the limit of the tries for other faults, and within that of these.
    let service = Service::with_faults(&["crowded=100%:20"]).await;
    let source = open_meteo(&service.url, None);
    let mut job = Job { source: &source, ..Job::new(database, &service) };
    job.settings.max_attempts = 1;
    let report = job.run(&sites(3)).await;
    assert_eq!((report.counts.collected, report.counts.calls), (3, 3 * 21), "{:?}", report.stop);
    // For ever: no pause, no stop, and the message says what to do.
    let service = Service::with_faults(&["crowded=100%"]).await;
    service.set_time(hour() + TimeDelta::minutes(67));
    let source = open_meteo(&service.url, None);
    let job = Job { source: &source, ..Job::new(database, &service) };
    let report = job.run(&sites(3)).await;
    assert_eq!((report.counts.failed, report.counts.calls), (3, 3 * 24));
    assert!(report.stop.is_none(), "{:?}", report.stop);
    assert_eq!(report.faults.first().unwrap().kind, ErrorKind::RateLimited);
    let message = &report.faults.first().unwrap().message;
    assert!(message.contains("MAX_WORKERS"), "{message}");
    // A heal the same.
    left_alone(database, &Service::with_faults(&[]).await, &sites(3), 3).await;
    let service = Service::with_faults(&["crowded=100%:20"]).await;
    service.set_time(hour() + TimeDelta::hours(3) + TimeDelta::minutes(7));
    let mut healer = Healer::from_open_meteo(database, &service);
    healer.settings.max_attempts = 1;
    let report = healer.run(&sites(3)).await;
    assert_eq!((report.healed, report.failed), (3 * 2, 0), "{:?}", report.failures);
    assert_eq!(store.paused_until("open-meteo").await.unwrap(), None);
}

#[tokio::test]
async fn a_200_that_is_no_json_is_quoted() {
    let words = "You have exceeded your quota of requests. Please try again tomorrow.";
    let long = format!("{words} {}", "x".repeat(500));
    for body in [words, &long, &format!("429 {words}"), &format!("\"{words}\""), "<h1>Quota</h1>"] {
        let server = Scripted::answering("200 OK", "", body).await;
        let mut errors = Vec::new();
        for source in both(&server.url, KEY) {
            errors.push(source.observe(&site(1), hour()).await.unwrap_err());
        }
        for history in both_histories(&server.url, KEY) {
            errors.push(recall(&*history).await.unwrap_err());
        }
        let quoted: String = body.trim_matches('"').chars().take(200).collect();
        for error in errors {
            assert_eq!(error.kind, ErrorKind::Malformed, "{error}");
            assert!(error.message.contains(&quoted), "{error}");
            assert!(error.message.chars().count() <= 260, "{error}");
        }
    }
}

/// A payload of each source in one, in which it rains.
fn rain(words: &str) -> Value {
    let now = hour().timestamp();
    let times: Vec<i64> = (-4..=0).map(|quarter| now + quarter * 900).collect();
    json!({
        "dt": now, "main": {"temp": 9.4}, "rain": {"1h": 1.3},
        "weather": [{"id": 500, "main": "Rain", "description": words}],
        "current_units": {"time": "unixtime", "temperature_2m": "°C"},
        "current": {"time": now, "temperature_2m": 9.4, "weather_code": 61},
        "minutely_15_units": {"time": "unixtime", "rain": "mm", "showers": "mm", "snowfall": "cm"},
        "minutely_15": {
            "time": times, "rain": [0, 0.3, 0.3, 0.3, 0.4], "showers": [0, 0, 0, 0, 0],
            "snowfall": [0, 0, 0, 0, 0]
        }
    })
}

#[tokio::test]
async fn a_key_that_is_a_word_of_the_weather_blanks_nothing_of_the_payload() {
    let server = Scripted::answering("200 OK", "", &rain("light rain").to_string()).await;
    for key in ["rain", "main", "current", "1", KEY] {
        for source in both(&server.url, key) {
            let observation = source.observe(&site(1), hour()).await.unwrap().observation;
            assert_eq!(observation.values.temperature_c, Some(9.4), "{key}");
            assert_eq!(observation.values.rain_1h_mm, Some(1.3), "{key}");
            let words = observation.values.condition_description.unwrap();
            assert!(["light rain", "slight rain"].contains(&words.as_str()), "{key}: {words}");
        }
    }
}

#[tokio::test]
async fn a_key_that_a_server_echoes_leaves_nothing_of_itself_wherever_it_is_cut() {
    let key = "zq7zq7zq7zq7zq7zq7zq7zq7zq7zq7zq";
    let escaped: String = key.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    for status in ["200 OK", "401 Unauthorized", "404 Not Found", "500 Internal Server Error"] {
        for form in [key, &escaped] {
            for before in [0, 150, 180, 199, 230, 259] {
                let said = format!("{}{form} and more", "x".repeat(before));
                let claimed = format!(
                    r#"{{"cod": 500, "message": "{said}", "error": true, "reason": "{said}"}}"#
                );
                for body in [&claimed, &said, &claimed[..claimed.len() / 2]] {
                    let server = Scripted::answering(status, "", body).await;
                    let mut told = String::new();
                    for source in both(&server.url, key) {
                        let error = source.observe(&site(1), hour()).await.unwrap_err();
                        told += &error.message;
                    }
                    for history in both_histories(&server.url, key) {
                        told += &format!("{:?}", recall(&*history).await);
                    }
                    for part in ["zq", "7z", "u007a", "u0071", "u0037"] {
                        assert!(!told.contains(part), "{status} {before} {form}: {told}");
                    }
                }
            }
        }
    }
}

async fn texts_of_a_source_act_on_no_terminal(database: &TestDatabase) {
    let dark = "\u{1b}]0;owned\u{7}light\u{0} \u{202e}rain\u{2069}\n\u{85}";
    let service = Service::with_faults(&[]).await;
    let said = Scripted::answering("200 OK", "", &rain(dark).to_string()).await;
    let source = client(&said.url, KEY);
    Job { source: &source, ..Job::new(database, &service) }.run(&sites(1)).await;
    let words = "select condition_description from weather_observations";
    assert_eq!(database.texts(words).await, ["]0;ownedlight rain "]);
    let body = json!({"cod": "404", "message": dark, "error": true, "reason": dark}).to_string();
    for (status, is_first) in [("404 Not Found", true), ("401 Unauthorized", false)] {
        let server = Scripted::answering(status, "", &body).await;
        let [one, other] = both(&server.url, KEY);
        let source = if is_first { one } else { other };
        let job = Job { source: &*source, ..Job::new(database, &service) };
        job.run(&sites(3)[1..]).await;
    }
    let ledger = "select error_message from collection_slots where status = 'failed'";
    let runs = "select error_message from ingestion_runs where error_message is not null";
    let kept = [database.texts(ledger).await, database.texts(runs).await].concat();
    assert_eq!(kept.len(), 2 + 2 + 1, "{kept:?}");
    for text in kept {
        assert!(text.contains("light rain"), "{text}");
        assert!(
            !text.chars().any(|c| c.is_control() || "\u{202e}\u{2069}".contains(c)),
            "{text:?}"
        );
    }
}

/// Fifteen workers are on their way when the fifth of them is refused.
#[test]
fn a_wrong_key_ends_the_run_with_code_3_and_its_calls_in_flight() {
    let simulator = SimulatorProcess::start(&["--accept-key", "another"]);
    let program = simulator.client("sqlite://weather.db").with_sites(60);
    let ran = program.run(&["etl"]).expect(3);
    assert!(ran.stderr.contains("openweathermap refused the API key"), "{}", ran.stderr);
    let calls = simulator.calls().len();
    assert!((5..=5 + 15).contains(&calls), "{calls}");
    let summary = ran.run_summary();
    assert_eq!(summary["errorsUnauthorized"], calls, "each is in the ledger");
    assert_eq!(summary["left"], 60 - calls);
    assert_eq!(summary["retries"], 0);
}
