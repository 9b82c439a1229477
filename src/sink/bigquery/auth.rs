//! Credentials: Google's Application Default Credentials; none for an emulator.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use google_cloud_auth::credentials::{AccessTokenCredentials, Builder};

use crate::http;
use crate::sink::SinkError;

/// What our calls need, and no more.
const SCOPE: &str = "https://www.googleapis.com/auth/bigquery";

/// Who calls.
pub(super) enum Credentials {
    /// An account of Google's. The library keeps a token until its time is over.
    Google(Mutex<AccessTokenCredentials>),
    /// An emulator takes any token: how often it was renewed.
    Emulator(AtomicU32),
}

impl Credentials {
    /// Those of the environment; none for an emulator.
    pub(super) fn find(is_emulator: bool) -> Result<Self, SinkError> {
        if is_emulator {
            return Ok(Self::Emulator(AtomicU32::default()));
        }
        Ok(Self::Google(Mutex::new(of_environment()?)))
    }

    /// A token that should be valid now.
    pub(super) async fn token(&self) -> Result<String, SinkError> {
        let credentials = match self {
            Self::Emulator(renewed) => {
                return Ok(format!("emulator-{}", renewed.load(Ordering::Relaxed)));
            }
            Self::Google(held) => held.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        };
        match credentials.access_token().await {
            Ok(access) => Ok(access.token),
            Err(error) if error.is_transient() => {
                Err(SinkError::Unavailable { what: "a token".into(), cause: error.into() })
            }
            Err(error) => Err(SinkError::Credentials(error.into())),
        }
    }

    /// Makes the next token a new one: the one that is held was refused before its time.
    pub(super) fn renew(&self) -> Result<(), SinkError> {
        match self {
            Self::Emulator(renewed) => {
                renewed.fetch_add(1, Ordering::Relaxed);
            }
            Self::Google(held) => {
                *held.lock().unwrap_or_else(PoisonError::into_inner) = of_environment()?;
            }
        }
        Ok(())
    }
}

fn of_environment() -> Result<AccessTokenCredentials, SinkError> {
    http::choose_cryptography(); // for the client that the library makes
    let found = Builder::default().with_scopes([SCOPE]).build_access_token_credentials();
    found.map_err(|error| SinkError::Credentials(error.into()))
}
