//! Google's credentials for objects, by the library that BigQuery's come from.

use std::sync::Arc;

use async_trait::async_trait;
use google_cloud_auth::credentials::{AccessTokenCredentials, Builder};
use object_store::CredentialProvider;
use object_store::gcp::GcpCredential;

use super::ObjectsError;
use crate::http;

/// What our calls need, and no more.
const SCOPE: &str = "https://www.googleapis.com/auth/devstorage.read_write";

/// Application Default Credentials; the library keeps a token until its time is over.
#[derive(Debug)]
pub(super) struct OfEnvironment(AccessTokenCredentials);

impl OfEnvironment {
    pub(super) fn find(what: &str) -> Result<Self, ObjectsError> {
        http::choose_cryptography(); // for the client that the library makes
        let found = Builder::default().with_scopes([SCOPE]).build_access_token_credentials();
        let found = found.map_err(|error| ObjectsError::Credentials {
            what: what.to_owned(),
            cause: error.into(),
        })?;
        Ok(Self(found))
    }
}

#[async_trait]
impl CredentialProvider for OfEnvironment {
    type Credential = GcpCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<GcpCredential>> {
        let token = self.0.access_token().await.map_err(|error| {
            object_store::Error::Unauthenticated { path: "Google".into(), source: error.into() }
        })?;
        Ok(Arc::new(GcpCredential { bearer: token.token }))
    }
}
