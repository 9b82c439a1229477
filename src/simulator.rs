//! Our stand-in for OpenWeatherMap and Open-Meteo: their wire formats, their errors, and faults
//! on demand.
//!
//! Written from the vendors' documentation (<https://openweathermap.org/current>,
//! <https://openweathermap.org/api/one-call-3>, <https://openweathermap.org/api/one-call-4>,
//! <https://openweathermap.org/api/geocoding-api>,
//! <https://openweathermap.org/forecast5>, <https://openweathermap.org/faq>, <https://open-meteo.com/en/docs>) and from recorded answers, and sharing no types with the
//! clients: if both came from one reading, both would err alike. The weather is a deterministic
//! climate, so that two runs at the same time get the same answers.

use std::future::Future;
use std::io;

use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;

mod climate;
mod config;
mod faults;
mod open_meteo;
mod openweathermap;
mod outlook;
mod place;
mod quota;
mod response;
mod service;
mod sun;
#[cfg(test)]
mod tests;

pub use config::SimulatorConfig;
pub use faults::{FaultKind, FaultRule};
pub use quota::QuotaWindow;
pub use service::{Call, Simulator, Watcher};

/// A service that can be played.
#[derive(Debug, Clone, Copy)]
pub struct Service {
    /// What it calls itself.
    pub name: &'static str,
    routes: fn() -> Router<Simulator>,
}

/// OpenWeatherMap: current weather, forecasts, One Call 3.0 and 4.0, places by name.
pub const OPENWEATHERMAP: Service =
    Service { name: "OpenWeatherMap", routes: openweathermap::routes };

/// Open-Meteo: forecast and archive.
pub const OPEN_METEO: Service = Service { name: "Open-Meteo", routes: open_meteo::routes };

/// Plays `services` until `shutdown` is done; the caller brings the listener and the end.
///
/// # Errors
/// When the listener fails.
pub async fn run(
    listener: TcpListener,
    services: &[Service],
    simulator: Simulator,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let routes = services.iter().map(|service| (service.routes)());
    let router = routes
        .fold(Router::new(), Router::merge)
        .route(outlook::TRUTH_PATH, get(outlook::truth))
        .route("/healthz", get(|| async { "ok" }))
        .fallback(openweathermap::unknown)
        .with_state(simulator);
    axum::serve(listener, router).with_graceful_shutdown(shutdown).await
}
