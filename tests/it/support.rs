//! What several tests need.

pub(crate) mod browser;
pub(crate) mod databases;
pub(crate) mod emulator;
pub(crate) mod gateway;
pub(crate) mod kills;
pub(crate) mod own_server;
pub(crate) mod program;
pub(crate) mod proxy;
pub(crate) mod redis;
pub(crate) mod samples;
pub(crate) mod scripted;
pub(crate) mod server;
pub(crate) mod service;
pub(crate) mod warehouse;

use std::time::Duration;

/// How long a test waits for what has to come. It is generous, for machines that are at other work, and
/// only says that something hangs.
pub(crate) const HUNG: Duration = Duration::from_secs(120);

/// Waits until it is so.
pub(crate) async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let waiting = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(HUNG, waiting).await.is_ok(), "hung: {what}");
}
