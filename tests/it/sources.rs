//! Every source through real HTTP to its simulated service: one contract, and one climate.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use weather_data_product::domain::observation::Values;
use weather_data_product::domain::{Coordinates, ErrorKind, Observation, Site};
use weather_data_product::simulator::SimulatorConfig;
use weather_data_product::source::history::{HistoryCall, Missing, Recalled, plan};
use weather_data_product::source::open_meteo::OpenMeteo;
use weather_data_product::source::{History, Source, SourceError};

use crate::support::HUNG;
use crate::support::databases::{TestDatabase, on_both_databases};
use crate::support::program::{Program, SimulatorProcess};
use crate::support::samples::{hour, site, sites, time};
use crate::support::service::{Job, KEY, Service, client};

on_both_databases!(
    open_meteo_is_collected_once_and_has_rows_and_slots_of_its_own,
    open_meteos_limit_rests_that_source_alone,
);

fn open_meteo(service: &Service, key: Option<&str>) -> OpenMeteo {
    OpenMeteo::build(&service.url, &service.url, key.map(SecretString::from), HUNG).unwrap()
}

/// Open-Meteo's archive and its last days, and One Call 3.0 and 4.0.
fn histories(service: &Service) -> [Box<dyn History>; 4] {
    let open_meteo = open_meteo(service, None);
    let (archive, recent) = (open_meteo.archive(), open_meteo.recent_hours());
    let [one_call_3, one_call_4] = one_calls(service, KEY);
    [Box::new(archive), Box::new(recent), one_call_3, one_call_4]
}

/// One Call 3.0 and 4.0.
fn one_calls(service: &Service, key: &str) -> [Box<dyn History>; 2] {
    let source = client(&service.url, key);
    [Box::new(source.one_call_3()), Box::new(source.one_call_4())]
}

fn both(service: &Service) -> [Box<dyn Source>; 2] {
    [Box::new(open_meteo(service, None)), Box::new(client(&service.url, KEY))]
}

/// The hours of a day that every history has by now.
fn past(sites: &[Site], hours: u32) -> Vec<(&Site, DateTime<Utc>)> {
    let first = time("2026-11-15T00:00:00Z");
    let hours = (0..i64::from(hours)).map(move |n| first + TimeDelta::hours(n));
    sites.iter().flat_map(|site| hours.clone().map(move |hour| (site, hour))).collect()
}

/// What the calls for them are charged.
fn charged(history: &dyn History, wanted: &[(&Site, DateTime<Utc>)]) -> u64 {
    plan(&history.reach(), wanted).iter().map(|call| u64::from(history.charge(call))).sum()
}

async fn recall_all(history: &dyn History, wanted: &[(&Site, DateTime<Utc>)]) -> Vec<Recalled> {
    let mut recalled = Vec::new();
    for call in plan(&history.reach(), wanted) {
        recalled.extend(history.recall(&call).await.unwrap());
    }
    recalled
}

#[tokio::test]
async fn a_source_observes_its_site_in_one_call_and_by_its_own_name() {
    let service = Service::with_faults(&[]).await;
    for (calls, source) in (1..).zip(both(&service)) {
        let answer = source.observe(&site(7), service.clock_time()).await.unwrap();
        assert_eq!(answer.http_status, 200);
        assert_eq!(answer.observation.site_id, site(7).site_id);
        assert_eq!(answer.observation.source, source.name());
        assert!(answer.observation.observation_time <= service.simulator.calls()[0].time);
        assert_eq!(service.simulator.call_count(), calls);
    }
}

#[tokio::test]
async fn each_fault_has_the_kind_that_says_what_to_do() {
    for (fault, open_meteo_kind, openweathermap_kind) in [
        ("unauthorized", ErrorKind::Unauthorized, ErrorKind::Unauthorized),
        ("bad_request", ErrorKind::BadRequest, ErrorKind::BadRequest),
        ("not_found", ErrorKind::Malformed, ErrorKind::NotFound),
        ("rate_limited", ErrorKind::RateLimited, ErrorKind::RateLimited),
        ("server_error", ErrorKind::ServerError, ErrorKind::ServerError),
        ("dropped", ErrorKind::Connection, ErrorKind::Connection),
        ("truncated", ErrorKind::Malformed, ErrorKind::Malformed),
        ("html", ErrorKind::Malformed, ErrorKind::Malformed),
        ("wrong_json", ErrorKind::Malformed, ErrorKind::Malformed),
        ("empty", ErrorKind::Malformed, ErrorKind::Malformed),
        ("out_of_range", ErrorKind::OutOfRange, ErrorKind::OutOfRange),
        ("status_in_body", ErrorKind::Malformed, ErrorKind::ServerError),
        ("forbidden", ErrorKind::Unauthorized, ErrorKind::Unauthorized),
        ("sentence", ErrorKind::Malformed, ErrorKind::Malformed),
        ("future_dt", ErrorKind::OutOfRange, ErrorKind::OutOfRange),
        ("crowded", ErrorKind::RateLimited, ErrorKind::RateLimited),
    ] {
        let service = Service::with_faults(&[&format!("{fault}=100%")]).await;
        let kinds = [open_meteo_kind, openweathermap_kind];
        for (source, kind) in both(&service).iter().zip(kinds) {
            let error = source.observe(&site(7), service.clock_time()).await.unwrap_err();
            assert_eq!(error.kind, kind, "{} {fault}: {error}", source.name());
            assert_eq!(error.message.lines().count(), 1);
        }
    }
}

#[tokio::test]
async fn open_meteos_limit_rests_until_the_minute_turns_unless_it_names_a_time() {
    let faults = ["rate_limited=50%", "rate_limited_retry_after=50%"];
    let service = Service::with_faults(&faults).await;
    service.set_time(hour() + TimeDelta::seconds(48));
    let source = open_meteo(&service, None);
    let mut waits: Vec<u64> = Vec::new();
    for number in 0..10 {
        let error = source.observe(&site(number), service.clock_time()).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::RateLimited);
        waits.push(error.retry_after.unwrap().as_secs());
    }
    waits.sort_unstable();
    waits.dedup();
    assert_eq!(waits, [12, 30]);
}

#[tokio::test]
async fn a_wrong_key_of_open_meteo_is_refused_and_told_by_nobody() {
    let service = Service::with_faults(&[]).await;
    open_meteo(&service, Some(KEY)).observe(&site(1), service.clock_time()).await.unwrap();
    let error = open_meteo(&service, Some("wrong+key"))
        .observe(&site(1), service.clock_time())
        .await
        .unwrap_err();
    assert_eq!((error.kind, error.http_status), (ErrorKind::Unauthorized, Some(400)));
    assert!(error.message.contains("The supplied API key is invalid"), "{error}");
    let closed = "http://127.0.0.1:1".parse().unwrap();
    let key = Some(SecretString::from("wrong+key"));
    let nobody = OpenMeteo::build(&closed, &closed, key, HUNG).unwrap();
    let error = nobody.observe(&site(1), service.clock_time()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Connection);
    assert!(!error.message.contains("wrong"), "{error}");
}

#[tokio::test]
async fn a_history_answers_for_every_site_hour_once_in_the_calls_that_were_planned() {
    let service = Service::with_faults(&[]).await;
    let sites = sites(3);
    let wanted = past(&sites, 30);
    for (history, calls) in histories(&service).iter().zip([1, 1, 90, 3 * 2]) {
        let before = service.simulator.call_count();
        let recalled = recall_all(&**history, &wanted).await;
        assert_eq!(service.simulator.call_count() - before, calls);
        let mut keys: Vec<_> = recalled.iter().map(|each| (&each.site_id, each.hour)).collect();
        let mut expected: Vec<_> =
            wanted.iter().map(|(site, hour)| (&site.site_id, *hour)).collect();
        keys.sort_unstable();
        expected.sort_unstable();
        assert_eq!(keys, expected);
        let charged = charged(&**history, &wanted);
        assert!(charged == calls || history.source_name() == "open-meteo", "{charged}");
        for each in &recalled {
            let observation = each.found.as_ref().unwrap();
            assert_eq!(observation.source, history.source_name());
            assert_eq!(observation.site_id, each.site_id);
            assert_eq!(observation.observation_time, each.hour);
        }
    }
}

#[tokio::test]
async fn a_call_is_charged_as_the_documentation_says() {
    let service = Service::with_faults(&[]).await;
    let [open_meteo, _, one_call_3, one_call_4] = histories(&service);
    let sites = sites(100);
    let call = |sites: &[Site], days| {
        let first = time("2026-11-01T00:00:00Z");
        let last = first + TimeDelta::days(days) - TimeDelta::hours(1);
        (first, last, sites.len())
    };
    for (count, days, charge) in [(1, 1, 2), (1, 14, 2), (5, 14, 7), (100, 14, 130), (10, 28, 26)] {
        let (first, last, _) = call(&sites, days);
        let call = HistoryCall { sites: sites.iter().take(count).collect(), first, last };
        assert_eq!(open_meteo.charge(&call), charge, "{count} sites, {days} days");
    }
    let (first, last, _) = call(&sites, 1);
    let call = HistoryCall { sites: sites.iter().take(2).collect(), first, last };
    assert_eq!(one_call_3.charge(&call), 48);
    for (hours, charge) in [(1, 1), (20, 1), (21, 2), (48, 3)] {
        let last = first + TimeDelta::hours(hours - 1);
        let call = HistoryCall { sites: vec![&sites[0]], first, last };
        assert_eq!(one_call_4.charge(&call), charge, "{hours} hours");
    }
}

#[tokio::test]
async fn what_the_archive_does_not_have_yet_is_silent_and_known_before_the_call() {
    let service = Service::with_faults(&[]).await;
    let history = open_meteo(&service, None).archive();
    let now = hour() + TimeDelta::minutes(7);
    let hour = hour() - TimeDelta::hours(20);
    let missing = history.reach().check(hour, now).unwrap_err();
    assert!(!missing.is_final(TimeDelta::hours(20)), "{missing}");
    let site = site(1);
    let call = HistoryCall { sites: vec![&site], first: hour, last: hour };
    assert_eq!(history.recall(&call).await.unwrap()[0].found, Err(Missing::Silent));
    let known = history.reach().check(now - TimeDelta::days(3), now);
    assert_eq!(known, Ok(()));
    let recent = open_meteo(&service, None).recent_hours();
    assert_eq!(recent.reach().check(hour, now), Ok(()));
    assert!(recent.recall(&call).await.unwrap()[0].found.is_ok());
}

#[tokio::test]
async fn one_call_without_its_subscription_is_told_apart_from_a_bad_key() {
    let config = SimulatorConfig { has_one_call: false, ..SimulatorConfig::default() };
    let service = Service::start(config).await;
    let site = site(1);
    let first = time("2026-11-15T00:00:00Z");
    let call = HistoryCall { sites: vec![&site], first, last: first };
    service.source.observe(&site, service.clock_time()).await.unwrap();
    for history in one_calls(&service, KEY) {
        let error = history.recall(&call).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unauthorized);
        assert!(history.lacks_subscription(&error), "{error}");
    }
    let [one_call_3, one_call_4] = one_calls(&service, "wrong");
    let error: SourceError = one_call_3.recall(&call).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unauthorized);
    assert!(!one_call_3.lacks_subscription(&error), "{error}");
    // 4.0 has the same words for both; current weather tells them apart.
    let error = one_call_4.recall(&call).await.unwrap_err();
    assert!(one_call_4.lacks_subscription(&error), "{error}");
    let error =
        client(&service.url, "wrong").observe(&site, service.clock_time()).await.unwrap_err();
    assert!(error.message.contains("Invalid API key"), "{error}");
}

#[tokio::test]
async fn what_one_call_does_not_know_is_unfillable_and_what_fails_is_not() {
    let faults = ["not_found@1,1", "server_error@2,2", "bad_request@3,3", "truncated@4,4"];
    let service = Service::with_faults(&faults).await;
    let first = time("2026-11-15T00:00:00Z");
    for (history, hours) in one_calls(&service, KEY).iter().zip([1, 20]) {
        let recall = async |degrees| {
            let coordinates = Coordinates::parse(degrees, degrees).unwrap();
            let site = Site { coordinates, ..site(1) };
            let last = first + TimeDelta::hours(hours - 1);
            history.recall(&HistoryCall { sites: vec![&site], first, last }).await
        };
        let recalled = recall(1.0).await.unwrap();
        assert_eq!(i64::try_from(recalled.len()).unwrap(), hours);
        let is_refused = |each: &Recalled| matches!(each.found, Err(Missing::Refused(_)));
        assert!(recalled.iter().all(is_refused), "{recalled:?}");
        assert!(recall(2.0).await.unwrap_err().kind.is_transient());
        assert_eq!(recall(3.0).await.unwrap_err().kind, ErrorKind::BadRequest);
        assert!(recall(4.0).await.unwrap_err().kind.is_transient());
    }
}

#[tokio::test]
async fn a_page_of_another_time_gives_no_hour_the_values_of_another() {
    let service = Service::with_faults(&["stale_dt=100%"]).await;
    let site = site(1);
    let first = time("2026-11-15T00:00:00Z");
    let call = HistoryCall { sites: vec![&site], first, last: first + TimeDelta::hours(19) };
    let [_, one_call_4] = one_calls(&service, KEY);
    let recalled = one_call_4.recall(&call).await.unwrap();
    // Six hours back: the first fourteen have their own; of the last six nothing is said.
    for (number, each) in recalled.iter().enumerate() {
        match &each.found {
            Ok(observation) => assert_eq!(observation.observation_time, each.hour),
            Err(missing) => assert!(matches!(missing, Missing::Unreadable(_)), "{missing:?}"),
        }
        assert_eq!(each.found.is_ok(), number < 14);
    }
    // One hour, answered for another: by 3.0 and by Open-Meteo's days.
    let call = HistoryCall { last: first, ..call };
    for history in histories(&service) {
        let found = history.recall(&call).await.unwrap().remove(0).found;
        let missing = found.unwrap_err();
        assert!(matches!(missing, Missing::Unreadable(_)), "{missing:?}");
    }
}

#[tokio::test]
async fn a_number_that_is_none_spoils_no_answer_of_open_meteo() {
    let service = Service::with_faults(&["bare_nan=100%"]).await;
    let source = open_meteo(&service, None);
    let observation = source.observe(&site(7), service.clock_time()).await.unwrap().observation;
    assert!(observation.values.temperature_c.is_some());
    assert_eq!(observation.values.answered_latitude, None);
    let sites = sites(3);
    for history in [source.archive(), source.recent_hours()] {
        let recalled = recall_all(&history, &past(&sites, 24)).await;
        assert!(recalled.len() == 72 && recalled.iter().all(|each| each.found.is_ok()));
    }
}

#[tokio::test]
async fn a_page_in_between_is_not_the_services_word_that_it_has_nothing() {
    // 404 of the service settles a page of One Call; Open-Meteo knows no such status.
    let service = Service::with_faults(&["not_found=100%"]).await;
    let site = site(1);
    let first = time("2026-11-15T00:00:00Z");
    let call = HistoryCall { sites: vec![&site], first, last: first };
    for history in histories(&service) {
        match history.recall(&call).await {
            Ok(recalled) => {
                assert_eq!(history.source_name(), "openweathermap");
                assert!(matches!(recalled[0].found, Err(Missing::Refused(_))), "{recalled:?}");
            }
            Err(error) => assert_eq!(error.kind, ErrorKind::Malformed, "{error}"),
        }
    }
    // Of any other server: an address that is none of the service's.
    let elsewhere = client(&format!("{}nowhere/", service.url).parse().unwrap(), KEY);
    for history in [&elsewhere.one_call_3() as &dyn History, &elsewhere.one_call_4()] {
        assert_eq!(history.recall(&call).await.unwrap_err().kind, ErrorKind::NotFound);
    }
}

/// A field, its value, and how far two sources may be apart.
type Field = (&'static str, fn(&Values) -> Option<f64>, f64);

/// Half of the last digit that each service writes, and of ours.
const TOLERANCES: [Field; 14] = [
    ("temperature_c", |v| v.temperature_c, 0.05 + 0.01),
    ("feels_like_c", |v| v.feels_like_c, 0.05 + 0.01),
    ("humidity_pct", |v| v.humidity_pct, 0.5 + 0.5),
    ("pressure_msl_hpa", |v| v.pressure_msl_hpa, 0.05 + 0.5),
    ("pressure_ground_hpa", |v| v.pressure_ground_hpa, 0.05 + 0.5),
    ("wind_speed_ms", |v| v.wind_speed_ms, 0.01),
    ("wind_gust_ms", |v| v.wind_gust_ms, 0.01),
    ("wind_direction_deg", |v| v.wind_direction_deg.map(|degrees| degrees as f64), 1.0),
    ("cloud_cover_pct", |v| v.cloud_cover_pct, 1.0),
    ("visibility_m", |v| v.visibility_m, 1.0),
    ("uv_index", |v| v.uv_index, 0.025 + 0.01),
    ("dew_point_c", |v| v.dew_point_c, 0.05 + 0.01),
    // Four quarters of rain and as many of showers, each to 0.01 mm.
    ("rain_1h_mm", |v| v.rain_1h_mm, 8.0 * 0.005 + 0.01),
    // Four quarters, each to 0.01 cm of snow.
    ("snow_1h_mm", |v| v.snow_1h_mm, 4.0 * 0.005 * 10.0 / 7.0 + 0.01),
];

/// Compares, and says in which fields there was something to compare.
fn assert_same_weather(one: &Observation, other: &Observation) -> Vec<&'static str> {
    assert_eq!(one.observation_time, other.observation_time);
    let mut compared = Vec::new();
    for (name, value, tolerance) in TOLERANCES {
        if let (Some(left), Some(right)) = (value(&one.values), value(&other.values)) {
            let difference = (left - right).abs();
            assert!(
                difference <= tolerance + 1e-9,
                "{name}: {left} and {right}\n{one:?}\n{other:?}"
            );
            compared.push(name);
        }
    }
    let falls = |values: &Values| {
        values.rain_1h_mm.is_some_and(|mm| mm > 0.1) || values.snow_1h_mm.is_some_and(|mm| mm > 0.1)
    };
    if falls(&one.values) && falls(&other.values) {
        assert_eq!(one.values.condition_group, other.values.condition_group);
    }
    compared
}

#[tokio::test]
async fn both_sources_tell_the_same_past_of_the_same_climate() {
    let service = Service::with_faults(&[]).await;
    let sites = sites(40);
    let wanted = past(&sites, 24);
    let [archive, recent, one_call_3, one_call_4] = histories(&service);
    // One Call has no pressure at the ground, the archive neither visibility nor UV index.
    let unknown_to_one = ["pressure_ground_hpa", "visibility_m", "uv_index"];
    assert_same_past(&*archive, &*one_call_4, &wanted, &unknown_to_one).await;
    assert_same_past(&*recent, &*one_call_4, &wanted, &["pressure_ground_hpa"]).await;
    assert_same_past(&*one_call_3, &*one_call_4, &wanted, &["pressure_ground_hpa"]).await;
    let by_3 = recall_all(&*one_call_3, &wanted).await;
    let by_4 = recall_all(&*one_call_4, &wanted).await;
    assert_eq!(sorted(by_3), sorted(by_4), "the versions differ in the calls, in no value");
    assert_same_past(&*recent, &*archive, &wanted, &["visibility_m", "uv_index"]).await;
}

fn sorted(mut recalled: Vec<Recalled>) -> Vec<Recalled> {
    recalled.sort_by(|a, b| (&a.site_id, a.hour).cmp(&(&b.site_id, b.hour)));
    recalled
}

/// That two histories say the same of the site-hours in every field but those that one of them does
/// not have.
async fn assert_same_past(
    one: &dyn History,
    other: &dyn History,
    wanted: &[(&Site, DateTime<Utc>)],
    unknown_to_one: &[&str],
) {
    let one = sorted(recall_all(one, wanted).await);
    let other = sorted(recall_all(other, wanted).await);
    assert_eq!((one.len(), other.len()), (wanted.len(), wanted.len()));
    let mut compared: Vec<&str> = one
        .iter()
        .zip(&other)
        .flat_map(|(one, other)| {
            assert_same_weather(one.found.as_ref().unwrap(), other.found.as_ref().unwrap())
        })
        .collect();
    compared.sort_unstable();
    compared.dedup();
    let all = TOLERANCES.iter().map(|(name, ..)| *name);
    let mut expected: Vec<_> = all.filter(|name| !unknown_to_one.contains(name)).collect();
    expected.sort_unstable();
    assert_eq!(compared, expected);
}

/// OpenWeatherMap's `dt` lags by a number of seconds of the place's own; at places without a lag
/// both speak of the full hour.
#[tokio::test]
async fn both_sources_tell_the_same_present_of_the_same_climate() {
    let service = Service::with_faults(&[]).await;
    let open_meteo = open_meteo(&service, None);
    let mut compared = Vec::new();
    for number in 0..2400 {
        let coordinates = Coordinates::parse(
            f64::from(number % 140) - 70.0 + f64::from(number / 140) * 0.0007,
            f64::from(number % 340) - 170.0,
        );
        let site = Site { coordinates: coordinates.unwrap(), ..site(1) };
        service.set_time(hour() + TimeDelta::days(i64::from(number % 90)));
        let other = service.source.observe(&site, service.clock_time()).await.unwrap().observation;
        if other.observation_time.timestamp() % 900 == 0 {
            let one = open_meteo.observe(&site, service.clock_time()).await.unwrap().observation;
            compared.extend(assert_same_weather(&one, &other));
        }
    }
    let times = |name: &str| compared.iter().filter(|each| **each == name).count();
    assert!(times("temperature_c") >= 4, "{}", times("temperature_c"));
    for (name, ..) in TOLERANCES {
        let is_rare = ["rain_1h_mm", "snow_1h_mm", "wind_gust_ms"].contains(&name);
        // What current weather does not say.
        let is_of_one = ["uv_index", "dew_point_c"].contains(&name);
        assert_eq!(times(name) == 0, is_of_one || is_rare && times(name) == 0, "{name}");
    }
}

async fn open_meteo_is_collected_once_and_has_rows_and_slots_of_its_own(database: &TestDatabase) {
    let service = Service::with_faults(&[]).await;
    let open_meteo = open_meteo(&service, None);
    let sites = sites(5);
    let first = Job { source: &open_meteo, ..Job::new(database, &service) };
    assert_eq!(first.run(&sites).await.counts.collected, 5);
    assert_eq!(first.run(&sites).await.counts.calls, 0);
    // The other source has all of its slots before it.
    let other = Job::new(database, &service).run(&sites).await;
    assert_eq!((other.counts.collected, other.counts.calls), (5, 5));
    for source in ["open-meteo", "openweathermap"] {
        let times = (hour(), hour() + chrono::TimeDelta::hours(1));
        let states = database.reads.list_site_states(source, times).await.unwrap();
        assert_eq!(states.iter().map(|state| state.slots_collected).sum::<i64>(), 5, "{source}");
    }
}

async fn open_meteos_limit_rests_that_source_alone(database: &TestDatabase) {
    let store = &database.store;
    // Three calls count as 4.8.
    let config = SimulatorConfig { calls_per_minute: Some(5), ..SimulatorConfig::default() };
    let service = Service::start(config).await;
    let open_meteo = open_meteo(&service, None);
    let sites = sites(3);
    for site in &sites {
        open_meteo.observe(site, service.clock_time()).await.unwrap();
    }
    let report = Job { source: &open_meteo, ..Job::new(database, &service) }.run(&sites).await;
    // The minute turns within what is worth waiting, on a clock that steps.
    assert_eq!(report.counts.collected, 3);
    assert!(store.paused_until("open-meteo").await.unwrap().is_some());
    assert_eq!(store.paused_until("openweathermap").await.unwrap(), None);
}

/// `weather` with both sources set, of which Open-Meteo's may be another simulator's.
fn program(
    store: &str,
    openweathermap: &SimulatorProcess,
    open_meteo: &SimulatorProcess,
) -> Program {
    openweathermap
        .client(store)
        .with_sites(4)
        .env("OPEN_METEO_BASE_URL", &open_meteo.url)
        .env("OPEN_METEO_CALLS_PER_MINUTE", "0")
        .env("SOURCES", "openweathermap,open-meteo")
}

#[test]
fn one_start_collects_from_each_source_and_a_second_calls_nothing() {
    let simulator = SimulatorProcess::start(&[]);
    let program = program("sqlite://weather.db", &simulator, &simulator);
    let planned = program.run(&["etl", "--dry-run", "--output", "csv"]).expect(0);
    assert_eq!(planned.stdout.lines().filter(|line| line.ends_with(",open-meteo")).count(), 4);
    let ran = program.run(&["etl"]).expect(0);
    let summaries: Vec<_> =
        ran.log().into_iter().filter(|line| line["event"] == "run_summary").collect();
    let mut told: Vec<_> = summaries
        .iter()
        .map(|line| {
            let text = |name: &str| line[name].as_str().unwrap().to_owned();
            (text("source"), text("kind"), line["collected"].as_u64().unwrap())
        })
        .collect();
    told.sort();
    let expected = [
        ("open-meteo".to_owned(), "etl".to_owned(), 4),
        ("openweathermap".to_owned(), "etl".to_owned(), 4),
    ];
    assert_eq!(told, expected);
    assert_eq!(simulator.calls().len(), 8);
    program.run(&["etl"]).expect(0);
    assert_eq!(simulator.calls().len(), 8);
    let status = program.run(&["status", "--output", "json"]).expect(0).stdout;
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    let status = status["sites"].as_array().unwrap();
    let fresh =
        status.iter().filter(|site| site["fresh"] == true && site["source"] == "open-meteo");
    assert_eq!((status.len(), fresh.count()), (8, 4));
}

#[test]
fn a_refused_key_of_one_source_holds_up_no_other() {
    let (refusing, good) =
        (SimulatorProcess::start(&["--accept-key", "another"]), SimulatorProcess::start(&[]));
    let program = program("sqlite://weather.db", &refusing, &good);
    let ran = program.run(&["etl"]).expect(3);
    assert!(ran.stderr.contains("openweathermap refused the API key"), "{}", ran.stderr);
    assert_eq!(good.calls().len(), 4);
    let status = program.run(&["status"]).expect(0).stdout;
    assert!(status.starts_with("0 of 4 sites fresh, 4 of 8 series; "), "{status}");
    assert!(status.contains("(openweathermap): unauthorized (401)"), "{status}");
}

#[test]
fn open_meteo_alone_needs_no_key_and_no_source_becomes_another_without_a_word() {
    let simulator = SimulatorProcess::start(&[]);
    let program = || {
        Program::new()
            .with_sites(2)
            .env("OPEN_METEO_BASE_URL", &simulator.url)
            .env("DATABASE_URL", "sqlite://weather.db")
    };
    let refused = program().run(&["etl"]).expect(2);
    assert!(refused.stderr.contains("SOURCES=open-meteo needs none"), "{}", refused.stderr);
    assert_eq!(simulator.calls().len(), 0);
    let unknown = program().env("SOURCES", "metno").run(&["etl"]).expect(2);
    assert!(unknown.stderr.contains("is no source: expected openweathermap, open-meteo"));
    let program = program().env("SOURCES", "open-meteo");
    assert_eq!(program.run(&["etl"]).expect(0).run_summary()["collected"], 2);
    assert!(program.run(&["status"]).expect(0).stdout.starts_with("2 of 2 sites fresh"));
    let doctor = program.run(&["doctor"]).expect(0).stdout;
    assert!(doctor.contains("open-meteo answered"), "{doctor}");
    assert!(doctor.contains("non-commercial use only"), "{doctor}");
    let help = program.run(&["etl", "--help"]).expect(0).stdout;
    assert!(help.contains("non-commercial use"), "{help}");
}

#[test]
fn the_key_of_open_meteo_is_in_no_output() {
    let simulator = SimulatorProcess::start(&["--accept-key", "good"]);
    let program = Program::new()
        .with_sites(2)
        .env("OPEN_METEO_BASE_URL", &simulator.url)
        .env("OPEN_METEO_API_KEY", "open+meteo/secret")
        .env("SOURCES", "open-meteo")
        .env("LOG_LEVEL", "trace");
    let ran = program.run(&["etl"]).expect(3);
    assert!(ran.stderr.contains("open-meteo refused the API key"), "{}", ran.stderr);
    let outputs =
        [ran, program.run(&["doctor"]), program.run(&["status"]), program.run(&["etl", "--help"])];
    for output in outputs {
        for text in [output.stdout, output.stderr, simulator.log()] {
            assert!(!text.contains("secret"), "{text}");
        }
    }
}
