//! `/metrics`, for Prometheus: how the service answers, and how the collecting stands.
//!
//! The first is counted as requests come; the second is read from the store when it is asked for.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::access::Caller;
use crate::serve::answer::cache::{Labels, Lookups};
use crate::serve::answer::format::Format;
use crate::serve::answer::query::Answering;
use crate::serve::answer::reader::Reader;

mod collecting;

type Latencies = Family<Labels, Histogram, fn() -> Histogram>;

/// From half a millisecond, which is a cached answer, to the limit of a request.
const SECONDS: [f64; 12] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0];

/// How the service answers.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Labels, Counter>,
    latencies: Latencies,
    /// Counted by the cache.
    pub(crate) lookups: Lookups,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::default();
        let requests = Family::<Labels, Counter>::default();
        let latencies = Latencies::new_with_constructor(|| Histogram::new(SECONDS));
        registry.register("weather_http_requests", "Requests answered", requests.clone());
        registry.register(
            "weather_http_request_duration_seconds",
            "From a request's head to its answer's head",
            latencies.clone(),
        );
        let lookups = Lookups::default();
        registry.register(
            "weather_cache_lookups",
            "Answers looked for in the cache, by where they were",
            lookups.clone(),
        );
        Self { registry, requests, latencies, lookups }
    }

    fn count(&self, labels: &Labels, began: Instant) {
        self.requests.get_or_create(labels).inc();
        self.latencies.get_or_create(labels).observe(began.elapsed().as_secs_f64());
    }
}

/// Counts a request, and logs it by its caller's name. By its route: a path may be anything.
pub(crate) async fn count(
    State(metrics): State<Arc<Metrics>>,
    request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let method = method(request.method());
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("none", MatchedPath::as_str).to_owned();
    let response = next.run(request).await;
    let status = response.status().as_u16();
    if let Some(Caller(name)) = response.extensions().get() {
        tracing::debug!(token = name.as_str(), method, route, http_status = status, "asked");
    }
    let labels =
        vec![("method", method.to_owned()), ("route", route), ("status", status.to_string())];
    metrics.count(&labels, began);
    response
}

/// A client may make methods up.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// All of it as text. Where the store is away, that is what it says of the collecting.
pub(crate) async fn show(
    State(metrics): State<Arc<Metrics>>,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Response {
    let collecting = collecting::read(&reader).await;
    let mut text = String::new();
    let shared = answering.answers.figures();
    if write(&mut text, [&metrics.registry, &shared, &collecting]).is_err() {
        return axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let media_type = Format::OpenMetrics.media_type();
    let headers = [(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, "no-store")];
    (headers, text).into_response()
}

fn write(text: &mut String, registries: [&Registry; 3]) -> fmt::Result {
    registries.into_iter().try_for_each(|registry| encode_registry(text, registry))?;
    encode_eof(text)
}
