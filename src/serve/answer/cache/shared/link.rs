//! The connection to Redis, and whether it takes part. What changes in that is logged, once.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Client, RedisError};

/// How long a connection may take to be made, with TLS and password.
const CONNECT_LIMIT: Duration = Duration::from_secs(1);

/// The connection; many use it at once. One that fails is given up, whatever the reason was: after an
/// answer that came too late nobody knows what comes next.
#[derive(Default)]
pub(super) struct Link(Mutex<State>);

#[derive(Default)]
struct State {
    connection: Option<MultiplexedConnection>,
    /// The number of the connection: a late word of one that was given up says nothing of the next.
    number: u64,
    /// Unknown until Redis was first asked.
    is_up: Option<bool>,
}

/// Why a connection is given up.
pub(super) enum Failed {
    /// Redis, or the way to it, says so.
    Error(RedisError),
    /// No answer came in time.
    Late,
}

impl Failed {
    /// What the server says is put into other words: one that does not know a command repeats it, with
    /// the password in it.
    fn reason(&self) -> String {
        match self {
            Self::Error(error) if error.is_io_error() => error.to_string(),
            Self::Error(error) => error.category().to_owned(),
            Self::Late => "no answer in time".to_owned(),
        }
    }
}

impl Link {
    /// Makes a connection, unless there is one.
    pub(super) async fn connect(&self, client: &Client) {
        if self.state().connection.is_some() {
            return;
        }
        let number = self.state().number;
        let made = client.get_multiplexed_async_connection();
        match tokio::time::timeout(CONNECT_LIMIT, made).await {
            Ok(Ok(connection)) => self.state().connection = Some(connection),
            Ok(Err(error)) => self.failed(number, &Failed::Error(error)),
            Err(_) => self.failed(number, &Failed::Late),
        }
    }

    /// The connection, if there is one, and its number.
    pub(super) fn connection(&self) -> Option<(MultiplexedConnection, u64)> {
        let state = self.state();
        state.connection.clone().map(|connection| (connection, state.number))
    }

    pub(super) fn is_up(&self) -> bool {
        self.state().is_up == Some(true)
    }

    /// Redis does what it is asked for.
    pub(super) fn works(&self) {
        if self.state().is_up.replace(true) != Some(true) {
            tracing::info!("the shared cache is there");
        }
    }

    /// Gives the connection of this number up.
    pub(super) fn failed(&self, number: u64, why: &Failed) {
        let mut state = self.state();
        if state.number != number {
            return;
        }
        state.number += 1;
        state.connection = None;
        if state.is_up.replace(false) != Some(false) {
            let reason = why.reason();
            tracing::warn!(error_kind = "cache", reason, "the shared cache is away");
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
