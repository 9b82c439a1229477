//! Credentials: Google's Application Default Credentials; none for an emulator.

use async_trait::async_trait;
use gcp_bigquery_client::auth::Authenticator;
use gcp_bigquery_client::error::BQError;
use google_cloud_auth::credentials::{AccessTokenCredentials, Builder};

use crate::sink::SinkError;

/// What our calls need, and no more.
const SCOPE: &str = "https://www.googleapis.com/auth/bigquery";

#[derive(Clone)]
pub(super) struct Credentials(Option<AccessTokenCredentials>);

impl Credentials {
    /// Those of the environment; none for an emulator.
    pub(super) fn find(is_emulator: bool) -> Result<Self, SinkError> {
        if is_emulator {
            return Ok(Self(None));
        }
        let found = Builder::default().with_scopes([SCOPE]).build_access_token_credentials();
        Ok(Self(Some(found.map_err(|error| SinkError::Credentials(error.into()))?)))
    }

    /// A token that is valid now; the library keeps and renews it.
    pub(super) async fn token(&self) -> Result<String, SinkError> {
        match &self.0 {
            None => Ok("emulator".into()),
            Some(credentials) => match credentials.access_token().await {
                Ok(access) => Ok(access.token),
                Err(error) if error.is_transient() => {
                    Err(SinkError::Unavailable { what: "a token".into(), cause: error.into() })
                }
                Err(error) => Err(SinkError::Credentials(error.into())),
            },
        }
    }
}

#[async_trait]
impl Authenticator for Credentials {
    /// The client's error has no place for another's: the token is asked for before the call
    /// (`BigQuery::call`), and what fails there is told there.
    async fn access_token(&self) -> Result<String, BQError> {
        self.token().await.map_err(|_| BQError::NoToken)
    }
}
