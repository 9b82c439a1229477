//! What goes over the wire, read as bytes: no client stands between that could be too kind.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{Simulator, SimulatorConfig, run};
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
        tokio::spawn(run(listener, simulator.clone(), std::future::pending()));
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

#[tokio::test]
async fn a_slow_answer_is_late_in_real_time_and_leaves_the_clock_alone() {
    let faults = vec!["slow=100%".parse().unwrap()];
    let slow_for = Duration::from_millis(80);
    let config = SimulatorConfig { faults, slow_for, ..SimulatorConfig::default() };
    let service = Service::start(config).await;
    let (before, start) = (service.clock.now(), std::time::Instant::now());
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
    let told = service.weather("lat=2&lon=2&appid=k").await;
    assert!(told.contains("retry-after: 30\r\n"), "{told}");
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
