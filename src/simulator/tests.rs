//! What goes over the wire, read as bytes: no client stands between that could be too kind.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{OPEN_METEO, OPENWEATHERMAP, QuotaWindow, Simulator, SimulatorConfig, run};
use crate::clock::{Clock as _, SteppedClock};

const PLACE: &str = "lat=40.4153&lon=-3.6827&appid=k";

struct Service {
    simulator: Simulator,
    clock: Arc<SteppedClock>,
    address: std::net::SocketAddr,
}

impl Service {
    async fn with_faults(faults: &[&str]) -> Self {
        let faults = faults.iter().map(|text| text.parse().unwrap()).collect();
        Self::start(SimulatorConfig { faults, ..SimulatorConfig::default() }).await
    }

    async fn start(config: SimulatorConfig) -> Self {
        let now: DateTime<Utc> = "2026-11-25T12:07:00Z".parse().unwrap();
        let clock = Arc::new(SteppedClock::new(now));
        let config = SimulatorConfig { keeps_calls: true, ..config };
        let simulator = Simulator::new(config, clock.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let services = &[OPENWEATHERMAP, OPEN_METEO];
        tokio::spawn(run(listener, services, simulator.clone(), std::future::pending()));
        Self { simulator, clock, address }
    }

    /// Everything that comes back until the connection ends; a call for the weather.
    async fn weather(&self, query: &str) -> String {
        self.get(&format!("/data/2.5/weather?{query}")).await
    }

    async fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    /// Status and body of a call for the weather.
    async fn answer(&self, query: &str) -> (u16, String) {
        let answer = self.weather(query).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_is_late_in_real_time_and_leaves_the_clock_alone() {
    let faults = vec!["slow=100%".parse().unwrap()];
    let slow_for = Duration::from_secs(80);
    let config = SimulatorConfig { faults, slow_for, ..SimulatorConfig::default() };
    let service = Service::start(config).await;
    let (before, start) = (service.clock.now(), tokio::time::Instant::now());
    assert_eq!(service.answer(PLACE).await.0, 200);
    assert!(start.elapsed() >= slow_for, "{:?}", start.elapsed());
    assert_eq!(service.clock.now(), before);
}

#[tokio::test]
async fn a_dropped_call_gets_not_one_byte() {
    let service = Service::with_faults(&["dropped=100%"]).await;
    assert_eq!(service.weather(PLACE).await, "");
    assert_eq!(service.simulator.calls()[0].status, None);
}

#[tokio::test]
async fn a_truncated_answer_is_complete_for_http_and_no_json() {
    let service = Service::with_faults(&["truncated=100%"]).await;
    let (status, body) = service.answer(PLACE).await;
    assert_eq!(status, 200);
    assert!(service.weather(PLACE).await.contains(&format!("content-length: {}\r\n", body.len())));
    assert!(body.starts_with('{') && serde_json::from_str::<serde_json::Value>(&body).is_err());
}

#[tokio::test]
async fn a_block_is_told_with_the_raw_line_break_of_the_sample_and_retry_after_only_if_asked_for() {
    let service = Service::with_faults(&["rate_limited@1,1", "rate_limited_retry_after@2,2"]).await;
    let (status, body) = service.answer("lat=1&lon=1&appid=k").await;
    assert_eq!(status, 429);
    assert!(serde_json::from_str::<serde_json::Value>(&body).is_err(), "{body}");
    assert!(!service.weather("lat=1&lon=1&appid=k").await.contains("retry-after"));
    let limited = service.weather("lat=2&lon=2&appid=k").await;
    assert!(limited.contains("retry-after: 30\r\n"), "{limited}");
}

#[tokio::test]
async fn the_key_is_looked_at_first_then_the_quota_then_the_place() {
    let config = SimulatorConfig {
        api_keys: vec!["good".into()],
        calls_per_minute: Some(1),
        ..SimulatorConfig::default()
    };
    let service = Service::start(config).await;
    for key in ["", "&appid=", "&appid=bad"] {
        assert_eq!(service.answer(&format!("lat=x{key}")).await.0, 401, "{key}");
    }
    assert_eq!(service.answer("lat=x&lon=1&appid=good").await.0, 400);
    assert_eq!(service.answer("lat=x&lon=1&appid=good").await.0, 429);
    service.clock.sleep(Duration::from_secs(60)).await;
    assert_eq!(service.answer("lat=1&lon=1&appid=good").await.0, 200);
    let calls = serde_json::to_string(&service.simulator.calls()).unwrap();
    assert!(!calls.contains("good") && !calls.contains("bad"), "{calls}");
}

#[tokio::test]
async fn headers_are_as_recorded_and_tell_the_place_but_not_the_key() {
    let service = Service::with_faults(&[]).await;
    let answer = service.weather("lat=40.4153&lon=-3.6827&units=metric&appid=topsecret").await;
    for header in [
        "server: openresty\r\n",
        "content-type: application/json; charset=utf-8\r\n",
        "x-cache-key: /data/2.5/weather?lat=40.42&lon=-3.68&units=metric\r\n",
    ] {
        assert!(answer.contains(header), "{header}: {answer}");
    }
    assert!(!answer.contains("topsecret"));
}

#[tokio::test]
async fn a_parameter_given_twice_is_no_reason_to_answer_in_words_of_our_own() {
    let service = Service::with_faults(&[]).await;
    assert_eq!(service.answer(&format!("lat=1&{PLACE}")).await.0, 200);
    assert_eq!(service.simulator.calls()[0].latitude, "40.4153");
}

#[tokio::test]
async fn a_server_error_takes_each_of_its_three_forms() {
    let service = Service::with_faults(&["server_error=100%"]).await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(service.answer(PLACE).await.0);
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [500, 502, 503]);
}

#[tokio::test]
async fn the_first_calls_of_a_site_are_counted_however_its_place_is_written() {
    let service = Service::with_faults(&["not_found=100%:1"]).await;
    assert_eq!(service.answer("lat=40.4&lon=1&appid=k").await.0, 404);
    assert_eq!(service.answer("lat=40.40&lon=1.0&appid=k").await.0, 200);
}

#[tokio::test]
async fn an_account_over_a_limit_is_blocked_and_another_is_not() {
    let config = SimulatorConfig {
        calls_per_minute: Some(2),
        calls_per_day: Some(3),
        ..SimulatorConfig::default()
    };
    let service = Service::start(config).await;
    let minute = Duration::from_secs(60);
    let statuses = async |key: &str, calls: u32| {
        let mut statuses = Vec::new();
        for _ in 0..calls {
            statuses.push(service.answer(&format!("lat=1&lon=1&appid={key}")).await.0);
        }
        statuses
    };
    assert_eq!(statuses("a", 3).await, [200, 200, 429]);
    assert_eq!(statuses("b", 1).await, [200]);
    service.clock.sleep(minute).await;
    assert_eq!(statuses("a", 1).await, [429], "the day counts what was refused, too");
    assert_eq!(statuses("b", 2).await, [200, 200]);
    service.clock.sleep(24 * 60 * minute).await;
    assert_eq!(statuses("a", 1).await, [200]);
    let most = |window| service.simulator.most_calls("openweathermap", window);
    let windows = [QuotaWindow::Minute, QuotaWindow::Day, QuotaWindow::Month];
    assert_eq!(windows.map(most), [3, 4, 5]);
}

#[tokio::test]
async fn a_block_may_last_longer_than_the_window() {
    let config = SimulatorConfig {
        calls_per_minute: Some(1),
        block_for: Some(Duration::from_secs(150)),
        ..SimulatorConfig::default()
    };
    let service = Service::start(config).await;
    let mut statuses = Vec::new();
    for seconds in [0, 0, 60, 60, 30] {
        service.clock.sleep(Duration::from_secs(seconds)).await;
        statuses.push(service.answer(PLACE).await.0);
    }
    assert_eq!(statuses, [200, 429, 429, 429, 429]);
    service.clock.sleep(Duration::from_secs(60)).await;
    assert_eq!(service.answer(PLACE).await.0, 200);
}

#[tokio::test]
async fn one_call_counts_in_the_minute_of_all_and_in_a_day_of_its_own() {
    let config = SimulatorConfig {
        calls_per_minute: Some(3),
        calls_per_day: Some(2),
        one_call_calls_per_day: Some(1),
        ..SimulatorConfig::default()
    };
    let service = Service::start(config).await;
    let one_call = format!("/data/3.0/onecall/timemachine?{PLACE}&dt=1764000000");
    assert_eq!(service.json(&one_call).await.0, 200);
    assert_eq!(service.answer(PLACE).await.0, 200);
    assert_eq!(service.answer(PLACE).await.0, 200);
    assert_eq!(service.answer(PLACE).await.0, 429, "the minute's fourth");
    let most = |service_name, window| service.simulator.most_calls(service_name, window);
    assert_eq!(most("openweathermap", QuotaWindow::Minute), 4);
    assert_eq!(most("openweathermap", QuotaWindow::Day), 3);
    assert_eq!(most("openweathermap:onecall", QuotaWindow::Day), 1);
}

#[tokio::test]
async fn open_meteo_counts_places_variables_and_days() {
    let service = Service::with_faults(&[]).await;
    let most = || service.simulator.most_calls("open-meteo", QuotaWindow::Day);
    service.json(&format!("{FORECAST}&current=rain")).await;
    assert_eq!(most(), 1);
    let twelve = ["rain"; 12].join(",");
    service.json(&format!("{FORECAST}&hourly={twelve}&current=rain,rain")).await;
    assert_eq!(most(), 3, "2.4");
    let archive = "/v1/archive?start_date=2026-11-01&end_date=2026-11-21&hourly=rain";
    service.json(&format!("{archive}&latitude=1,3&longitude=2,4")).await;
    assert_eq!(most(), 6, "two places, a day and a half as much time: 5.4");
}

const FORECAST: &str = "/v1/forecast?latitude=40.4153&longitude=-3.6827";

impl Service {
    /// Status and body of any call.
    async fn json(&self, path: &str) -> (u16, serde_json::Value) {
        let answer = self.get(path).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let body = serde_json::from_str(body).unwrap_or_else(|_| panic!("{answer}"));
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body)
    }
}

#[tokio::test]
async fn open_meteo_speaks_its_own_units_unless_others_are_asked_for() {
    let service = Service::with_faults(&[]).await;
    let path = format!("{FORECAST}&current=temperature_2m,wind_speed_10m,snowfall,rain");
    let (status, plain) = service.json(&path).await;
    assert_eq!(status, 200);
    assert_eq!(plain["current"]["time"], "2026-11-25T12:00");
    assert_eq!(plain["current"]["interval"], 900);
    for (variable, unit) in [("wind_speed_10m", "km/h"), ("snowfall", "cm"), ("rain", "mm")] {
        assert_eq!(plain["current_units"][variable], unit);
    }
    let asked =
        format!("{path}&wind_speed_unit=ms&timeformat=unixtime&temperature_unit=fahrenheit");
    let (_, asked) = service.json(&asked).await;
    assert_eq!(asked["current"]["time"], 1_795_608_000);
    let number = |body: &serde_json::Value, name: &str| body["current"][name].as_f64().unwrap();
    assert_eq!(asked["current_units"]["wind_speed_10m"], "m/s");
    let speed = number(&asked, "wind_speed_10m") * 3.6;
    assert!((speed - number(&plain, "wind_speed_10m")).abs() < 0.1, "{plain} {asked}");
    let fahrenheit = number(&plain, "temperature_2m") * 1.8 + 32.0;
    assert!((fahrenheit - number(&asked, "temperature_2m")).abs() < 0.15, "{plain} {asked}");
}

#[tokio::test]
async fn open_meteo_answers_one_place_by_an_object_and_several_by_a_list() {
    let service = Service::with_faults(&[]).await;
    let archive = "/v1/archive?start_date=2026-11-21&end_date=2026-11-23&hourly=temperature_2m";
    let (_, one) = service.json(&format!("{archive}&latitude=1&longitude=2")).await;
    assert_eq!(one["hourly"]["time"].as_array().unwrap().len(), 72);
    // Of the day before yesterday there is nothing yet.
    assert!(one["hourly"]["temperature_2m"][47].is_number());
    assert!(one["hourly"]["temperature_2m"][48].is_null());
    let (_, two) = service.json(&format!("{archive}&latitude=1,3&longitude=2,4")).await;
    let two = two.as_array().unwrap();
    assert_eq!((two.len(), &two[0]["hourly"]), (2, &one["hourly"]));
    assert!(two[0]["location_id"].is_null());
    assert_eq!(two[1]["location_id"], 1);
    assert_eq!(service.simulator.calls().last().unwrap().latitude, "1,3");
}

#[tokio::test]
async fn open_meteo_says_what_is_wrong_with_a_request() {
    let service = Service::with_faults(&[]).await;
    for (path, reason) in [
        ("/v1/forecast?current=rain", "must not be empty"),
        (
            "/v1/forecast?latitude=91&longitude=0",
            "Latitude must be in range of -90 to 90°. Given: 91.",
        ),
        ("/v1/forecast?latitude=1&longitude=181", "Longitude must be in range of -180 to 180°."),
        ("/v1/forecast?latitude=1,2&longitude=1", "must have the same number of elements"),
        (
            "/v1/forecast?latitude=1&longitude=1&current=tempeture_2m",
            "invalid String value tempeture_2m for key current",
        ),
        ("/v1/forecast?latitude=1&longitude=1&wind_speed_unit=beaufort", "for key wind_speed_unit"),
        ("/v1/forecast?latitude=1&longitude=1&nonsense=1", "nonsense"),
        (
            "/v1/archive?latitude=1&longitude=1&hourly=rain",
            "Both 'start_date' and 'end_date' must be set",
        ),
        (
            "/v1/archive?latitude=1&longitude=1&start_date=1939-12-31&end_date=1940-01-01",
            "out of allowed range from 1940-01-01",
        ),
        (
            "/v1/archive?latitude=1&longitude=1&start_date=2026-11-01&end_date=2026-11-26",
            "'end_date' is out of allowed range",
        ),
        (
            "/v1/archive?latitude=1&longitude=1&start_date=2026-11-02&end_date=2026-11-01",
            "End-date must be larger",
        ),
        (
            "/v1/archive?latitude=1&longitude=1&start_date=yesterday&end_date=2026-11-01",
            "Invalid date format",
        ),
    ] {
        let (status, body) = service.json(path).await;
        assert_eq!((status, &body["error"]), (400, &true.into()), "{path}");
        assert!(body["reason"].as_str().unwrap().contains(reason), "{path}: {body}");
    }
}

#[tokio::test]
async fn one_call_tells_a_bad_key_from_a_missing_subscription() {
    let config = SimulatorConfig {
        api_keys: vec!["good".into()],
        has_one_call: false,
        ..SimulatorConfig::default()
    };
    let service = Service::start(config).await;
    let three = "/data/3.0/onecall/timemachine?lat=1&lon=1&dt=1764000000&appid=";
    let four = "/data/4.0/onecall/timeline/1h?lat=1&lon=1&start=1764000000&appid=";
    for (path, key, words) in [
        (three, "bad", "Invalid API key"),
        (three, "good", "using One Call 3.0 requires a separate subscription"),
        // Version 4.0 has the same words for a bad key.
        (four, "bad", "using One Call 4.0 requires a separate subscription"),
        (four, "good", "using One Call 4.0 requires a separate subscription"),
    ] {
        let (status, body) = service.json(&format!("{path}{key}")).await;
        assert_eq!((status, &body["cod"]), (401, &401.into()));
        assert!(body["message"].as_str().unwrap().contains(words), "{body}");
    }
}

#[tokio::test]
async fn one_call_answers_with_one_flat_record_of_the_time_asked_for() {
    let service = Service::with_faults(&[]).await;
    let path = "/data/3.0/onecall/timemachine?lat=40.4153&lon=-3.6827&units=metric&appid=k";
    let (status, body) = service.json(&format!("{path}&dt=1764000000")).await;
    assert_eq!((status, &body["data"][0]["dt"]), (200, &1_764_000_000.into()));
    assert!(body["data"][0]["wind_speed"].is_number() && body["main"].is_null(), "{body}");
    assert_eq!(service.json(path).await.0, 400);
    assert_eq!(service.json(&format!("{path}&dt=-1")).await.0, 404);
}

const TIMELINE: &str = "/data/4.0/onecall/timeline/1h?lat=40.4153&lon=-3.6827&units=metric&appid=k";

#[tokio::test]
async fn the_timeline_has_twenty_hours_a_page_and_names_the_pages_beside_it_with_the_key() {
    let service = Service::with_faults(&[]).await;
    // Seven minutes past is the hour's.
    let (status, body) = service.json(&format!("{TIMELINE}&start=1764000420")).await;
    let times: Vec<_> =
        body["data"].as_array().unwrap().iter().map(|each| each["dt"].as_i64().unwrap()).collect();
    let expected: Vec<_> = (0..20).map(|n| 1_764_000_000 + n * 3600).collect();
    assert_eq!((status, times), (200, expected));
    let record = &body["data"][0];
    assert!(record["wind_speed"].is_number() && record["pop"].is_null(), "{record}");
    let query = |start: &str| {
        format!(
            "{}?cnt=20&lat=40.4153&lon=-3.6827&start={start}&appid=k&units=metric",
            &TIMELINE[..29]
        )
    };
    for (name, start) in [("prev", "1763928000"), ("next", "1764072000")] {
        let address = body[name].as_str().unwrap();
        let expected = format!("http://x{}", query(start));
        assert_eq!(address, expected);
        assert_eq!(service.json(&query(start)).await.0, 200);
    }
    let past: Vec<_> = service.simulator.calls().into_iter().filter_map(|call| call.past).collect();
    assert_eq!(past, ["1764000420/20", "1763928000/20", "1764072000/20"]);
}

#[tokio::test]
async fn the_timeline_ends_two_days_ahead_and_begins_with_1979() {
    let service = Service::with_faults(&[]).await;
    let start = (service.clock.now() + chrono::TimeDelta::hours(40)).timestamp();
    let (_, body) = service.json(&format!("{TIMELINE}&start={start}")).await;
    // From 04:00 to 12:00, now being 12:07.
    assert_eq!(body["data"].as_array().unwrap().len(), 9);
    assert!(body["data"][0]["pop"].is_number() && body["next"].is_null(), "{body}");
    let (_, body) = service.json(&format!("{TIMELINE}&start=283996800&cnt=3")).await;
    assert_eq!(body["data"].as_array().unwrap().len(), 3);
    assert!(body["prev"].is_null() && body["next"].is_string(), "{body}");
    assert_eq!(service.json(&format!("{TIMELINE}&start=283996799")).await.0, 404);
}

#[tokio::test]
async fn the_timeline_names_the_parameter_that_is_no_good() {
    let service = Service::with_faults(&[]).await;
    for (query, name) in
        [("start=today", "start"), ("cnt=0", "cnt"), ("cnt=21", "cnt"), ("cnt=x", "cnt")]
    {
        let (status, body) = service.json(&format!("{TIMELINE}&{query}")).await;
        assert_eq!(
            (status, &body["cod"], &body["parameters"][0]),
            (400, &400.into(), &name.into())
        );
    }
    let (status, body) = service.json("/data/4.0/onecall/timeline/1h?lat=91&lon=0&appid=k").await;
    assert_eq!((status, &body["message"]), (400, &"wrong latitude".into()));
}

#[tokio::test]
async fn places_are_found_by_name_state_and_country_one_unless_more_are_asked_for() {
    let service = Service::with_faults(&[]).await;
    let names = async |query: &str| {
        let answer = service.get(&format!("/geo/1.0/direct?appid=k&{query}")).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{query}: {answer}");
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        let places: Vec<serde_json::Value> = serde_json::from_str(body).unwrap();
        let name = |place: &serde_json::Value| format!("{} {}", place["name"], place["country"]);
        places.iter().map(|place| name(place).replace('"', "")).collect::<Vec<_>>()
    };
    assert_eq!(names("q=Madrid").await, ["Madrid ES"]);
    assert_eq!(names("q=madrid&limit=5").await, ["Madrid ES", "Madrid CO", "Madrid US"]);
    assert_eq!(names("q=Madrid,CO&limit=5").await, ["Madrid CO"]);
    assert_eq!(names("q=Springfield,Ohio,US&limit=5").await, ["Springfield US"]);
    assert_eq!(names("q=Springfield&limit=50").await.len(), 5);
    assert_eq!(names("q=Atlantis").await, Vec::<String>::new());
    let nothing = service.get("/geo/1.0/direct?appid=k").await;
    assert!(nothing.starts_with("HTTP/1.1 400") && nothing.contains("Nothing to geocode"));
    assert!(service.get("/geo/1.0/direct?q=Madrid").await.starts_with("HTTP/1.1 401"));
}
