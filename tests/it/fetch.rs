//! The port by which the sources call out: its limits, and what may stand around it or in its place.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::http::HeaderMap;
use axum::routing::get;
use secrecy::SecretString;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tower_http::compression::CompressionLayer;
use url::Url;
use weather_data_product::domain::Site;
use weather_data_product::http::{Fetch, FetchError, HttpFetch, Request, Response};
use weather_data_product::source::history::plan;
use weather_data_product::source::open_meteo::OpenMeteo;
use weather_data_product::source::openweathermap::OpenWeatherMap;
use weather_data_product::source::{History, Source};

use crate::support::HUNG;
use crate::support::samples::{site, time};
use crate::support::service::{KEY, Service};

async fn listen() -> (TcpListener, Url) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    (listener, url)
}

#[tokio::test]
async fn a_body_that_unpacks_to_more_than_is_allowed_is_cut_there() {
    let (listener, url) = listen().await;
    let bomb = get(|headers: HeaderMap| async move {
        assert!(headers["accept-encoding"].to_str().unwrap().contains("gzip"));
        vec![b' '; 32 * 1024 * 1024]
    });
    let router = Router::new().route("/", bomb).layer(CompressionLayer::new());
    tokio::spawn(async { axum::serve(listener, router).await });
    let fetch = HttpFetch::build(&[&url], HUNG).unwrap();
    for max_bytes in [0, 1, 65_536, 1_000_000] {
        let answer = fetch.fetch(Request { url: url.clone(), max_bytes }).await.unwrap();
        assert_eq!((answer.status.as_u16(), answer.body.len()), (200, max_bytes));
        assert!(answer.body.iter().all(|byte| *byte == b' '), "unpacked");
    }
}

#[tokio::test]
async fn a_body_that_drips_is_ended_by_the_time_of_the_call() {
    let (listener, url) = listen().await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n").await.unwrap();
        // Each byte comes well before the time is over.
        while stream.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let fetch = HttpFetch::build(&[&url], Duration::from_millis(500)).unwrap();
    let error = fetch.fetch(Request { url, max_bytes: 65_536 }).await.unwrap_err();
    assert!(error.is_timeout, "{error}");
    assert_eq!(error.status.unwrap().as_u16(), 200);
}

/// Keeps every answer by the path and query of its request.
struct Recording {
    inner: HttpFetch,
    kept: Arc<Mutex<HashMap<String, Response>>>,
}

/// Gives the answers that were kept, and calls nobody.
struct Replay(Arc<Mutex<HashMap<String, Response>>>);

fn address(request: &Request) -> String {
    format!("{}?{}", request.url.path(), request.url.query().unwrap_or_default())
}

#[async_trait]
impl Fetch for Recording {
    async fn fetch(&self, request: Request) -> Result<Response, FetchError> {
        let address = address(&request);
        let response = self.inner.fetch(request).await?;
        self.kept.lock().unwrap().insert(address, response.clone());
        Ok(response)
    }
}

#[async_trait]
impl Fetch for Replay {
    async fn fetch(&self, request: Request) -> Result<Response, FetchError> {
        let kept = self.0.lock().unwrap().get(&address(&request)).cloned();
        kept.ok_or(FetchError { is_timeout: false, message: "not kept".into(), status: None })
    }
}

type Sources = [Box<dyn Source>; 2];
type Histories = [Box<dyn History>; 4];

/// Both sources and every history of theirs, calling out by `fetch`.
fn all(fetch: &Arc<dyn Fetch>, url: &Url) -> (Sources, Histories) {
    let openweathermap = OpenWeatherMap::new(fetch.clone(), url, SecretString::from(KEY));
    let open_meteo = OpenMeteo::new(fetch.clone(), url, url, None);
    let histories: Histories = [
        Box::new(openweathermap.one_call_3()),
        Box::new(openweathermap.one_call_4()),
        Box::new(open_meteo.archive()),
        Box::new(open_meteo.recent_hours()),
    ];
    ([Box::new(openweathermap), Box::new(open_meteo)], histories)
}

/// What they all say, in words.
async fn said(fetch: Arc<dyn Fetch>, url: &Url, sites: &[Site], service: &Service) -> Vec<String> {
    let (sources, histories) = all(&fetch, url);
    let mut said = Vec::new();
    for source in sources {
        said.push(format!("{:?}", source.observe(&sites[0], service.clock_time()).await));
    }
    let wanted: Vec<_> = sites.iter().map(|site| (site, time("2026-11-15T07:00:00Z"))).collect();
    for history in histories {
        for call in plan(&history.reach(), &wanted) {
            said.push(format!("{:?}", history.recall(&call).await));
        }
    }
    said
}

#[tokio::test]
async fn what_was_recorded_around_the_port_is_replayed_in_its_place_without_a_call() {
    let service = Service::with_faults(&[]).await;
    let sites = [site(3), site(4)];
    let kept = Arc::default();
    let inner = HttpFetch::build(&[&service.url], HUNG).unwrap();
    let recording = Arc::new(Recording { inner, kept: Arc::clone(&kept) });
    let first = said(recording, &service.url, &sites, &service).await;
    assert!(first.len() > 6 && first.iter().all(|words| words.starts_with("Ok(")), "{first:?}");
    let calls = service.simulator.call_count();
    assert_eq!(kept.lock().unwrap().len() as u64, calls);

    let second = said(Arc::new(Replay(kept)), &service.url, &sites, &service).await;
    assert_eq!(second, first);
    assert_eq!(service.simulator.call_count(), calls, "nobody was called");
    let nothing = said(Arc::new(Replay(Arc::default())), &service.url, &sites, &service).await;
    assert!(nothing.iter().all(|words| words.contains("not kept")), "{nothing:?}");
}
