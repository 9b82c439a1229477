//! What stands behind a URL. Nothing is asked of it yet.

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::gcp::{GcpCredential, GoogleCloudStorageBuilder};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ClientOptions, RetryConfig, StaticCredentialProvider};
use url::Url;

use super::credentials::OfEnvironment;
use super::{Objects, ObjectsError, ObjectsUrl};
use crate::http;

/// A request with its body at most. A piece of an upload has some megabytes.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Who calls a stand-in, which asks nobody who he is.
const NOBODY: &str = "stand-in";

impl Objects {
    /// Objects under a URL. With `endpoint` a stand-in is asked in the place of Google or Amazon: by
    /// https, or by plain http on this machine. The credentials of S3 are those of the environment, the
    /// container or the instance; those of Google are the Application Default Credentials, and none are
    /// asked for with a stand-in, nor of S3 where it is on this machine.
    ///
    /// # Errors
    /// [`ObjectsError::Settings`] when that cannot be, [`ObjectsError::Credentials`] when Google's are not
    /// to be found.
    pub fn open(url: &ObjectsUrl, endpoint: Option<&Url>) -> Result<Self, ObjectsError> {
        endpoint.map_or(Ok(()), Self::check_endpoint)?;
        http::choose_cryptography(); // for the client that the library makes
        let name = url.to_string();
        match url {
            ObjectsUrl::Folder(path) => Self::folder(path, name),
            ObjectsUrl::S3 { bucket, prefix } => Self::s3((bucket, prefix), endpoint, name),
            ObjectsUrl::Gcs { bucket, prefix } => Self::gcs((bucket, prefix), endpoint, name),
        }
    }

    /// Passes the address of a stand-in.
    ///
    /// # Errors
    /// [`ObjectsError::Settings`] when what is sent there could be read on the way.
    pub fn check_endpoint(endpoint: &Url) -> Result<(), ObjectsError> {
        if http::is_private(endpoint) {
            return Ok(());
        }
        let text = "an endpoint is called by https, or by http on this machine only";
        Err(ObjectsError::Settings(text.into()))
    }

    /// What is written is on the disk before it is said to be.
    fn folder(path: &std::path::Path, name: String) -> Result<Self, ObjectsError> {
        let is_no_folder = |cause: &dyn std::fmt::Display| {
            ObjectsError::Settings(format!("{name} cannot be a folder: {cause}"))
        };
        let absolute = std::path::absolute(path).map_err(|error| is_no_folder(&error))?;
        let root = Path::from_absolute_path(&absolute).map_err(|error| is_no_folder(&error))?;
        let store = Arc::new(LocalFileSystem::new().with_fsync(true));
        Ok(Self { store, parts: None, root, folder: Some(absolute), name })
    }

    fn s3(
        (bucket, prefix): (&str, &str),
        endpoint: Option<&Url>,
        name: String,
    ) -> Result<Self, ObjectsError> {
        let mut builder = AmazonS3Builder::from_env()
            .with_bucket_name(bucket)
            .with_retry(no_retries())
            .with_client_options(client_options(endpoint));
        if let Some(endpoint) = endpoint {
            builder = builder.with_endpoint(endpoint.as_str().trim_end_matches('/'));
            let has_key = builder.get_config_value(&AmazonS3ConfigKey::AccessKeyId).is_some();
            if endpoint.scheme() == "http" && !has_key {
                builder = builder.with_access_key_id(NOBODY).with_secret_access_key(NOBODY);
            }
        }
        let store = Arc::new(builder.build().map_err(cannot_be(&name))?);
        Ok(Self { parts: Some(store.clone()), store, root: prefix.into(), folder: None, name })
    }

    fn gcs(
        (bucket, prefix): (&str, &str),
        endpoint: Option<&Url>,
        name: String,
    ) -> Result<Self, ObjectsError> {
        let mut builder = GoogleCloudStorageBuilder::new()
            .with_bucket_name(bucket)
            .with_retry(no_retries())
            .with_client_options(client_options(endpoint));
        builder = match endpoint {
            Some(endpoint) => {
                let nobody = GcpCredential { bearer: NOBODY.into() };
                builder
                    .with_base_url(endpoint.as_str().trim_end_matches('/'))
                    .with_credentials(Arc::new(StaticCredentialProvider::new(nobody)))
            }
            None => builder.with_credentials(Arc::new(OfEnvironment::find(&name)?)),
        };
        let store = Arc::new(builder.build().map_err(cannot_be(&name))?);
        Ok(Self { parts: Some(store.clone()), store, root: prefix.into(), folder: None, name })
    }
}

/// We try again ourselves.
fn no_retries() -> RetryConfig {
    RetryConfig { max_retries: 0, ..RetryConfig::default() }
}

/// What is on this machine is called without a proxy.
fn client_options(endpoint: Option<&Url>) -> ClientOptions {
    let options = ClientOptions::new()
        .with_timeout(TIMEOUT)
        .with_allow_http(endpoint.is_some_and(|endpoint| endpoint.scheme() == "http"));
    match endpoint.and_then(Url::host_str) {
        Some(host) => options.with_proxy_excludes(host),
        None => options,
    }
}

fn cannot_be(name: &str) -> impl FnOnce(object_store::Error) -> ObjectsError {
    move |error| ObjectsError::Settings(format!("{name} cannot be opened: {error}"))
}
