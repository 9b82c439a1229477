//! What several tests need.

pub(crate) mod browser;
pub(crate) mod chunks;
pub(crate) mod databases;
pub(crate) mod emulator;
pub(crate) mod gateway;
pub(crate) mod gcs;
pub(crate) mod kills;
pub(crate) mod lake;
pub(crate) mod mirror;
pub(crate) mod object_faults;
pub(crate) mod observer;
pub(crate) mod own_server;
pub(crate) mod program;
pub(crate) mod proxy;
pub(crate) mod redis;
pub(crate) mod s3;
pub(crate) mod samples;
pub(crate) mod scripted;
pub(crate) mod server;
pub(crate) mod service;
pub(crate) mod terminal;
pub(crate) mod warehouse;

use std::time::Duration;

/// How long a test waits for what has to come. It is generous, for machines that are at other work, and
/// only says that something hangs.
pub(crate) const HUNG: Duration = Duration::from_secs(120);

/// A client of the tests' own, by no proxy.
pub(crate) fn http_client() -> reqwest::ClientBuilder {
    weather_data_product::http::choose_cryptography();
    reqwest::Client::builder().no_proxy()
}

/// Waits until it is so.
pub(crate) async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let waiting = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(HUNG, waiting).await.is_ok(), "hung: {what}");
}
