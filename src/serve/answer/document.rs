//! The document that describes the API (OpenAPI 3.1), as it is served, and its twin in OpenAPI 3.0, which is made of
//! it for clients that know no other.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use utoipa::openapi::{OpenApi, Server};

use super::format::quality_of_version;
use super::public::PublicUrl;
use crate::farmhash::fingerprint64;

mod older;
mod order;

use order::Ordered;

/// The document in both versions, as JSON.
#[derive(Clone, Default)]
pub(crate) struct Document {
    current: Bytes,
    older: Bytes,
}

/// A version of OpenAPI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    Current,
    Older,
}

/// The media type of a document; `version` is a parameter of it.
const OPENAPI: &str = "application/vnd.oai.openapi+json";

impl Version {
    /// The media type that says the version.
    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Self::Current => "application/vnd.oai.openapi+json;version=3.1",
            Self::Older => "application/vnd.oai.openapi+json;version=3.0",
        }
    }

    /// The older one only for a client that would rather have it.
    pub(crate) fn negotiate(headers: &HeaderMap) -> Self {
        let quality = |version| quality_of_version(headers, OPENAPI, version);
        if quality("3.0") > quality("3.1") { Self::Older } else { Self::Current }
    }
}

impl Document {
    /// The document of a server that is reached at this address.
    pub(crate) fn of(mut document: OpenApi, public: &PublicUrl) -> serde_json::Result<Self> {
        document.servers = Some(vec![Server::new(public.server())]);
        let document = serde_json::to_value(document)?;
        let current = serde_json::to_vec_pretty(&Ordered(&document))?;
        let older = serde_json::to_vec_pretty(&Ordered(&older::of(document)))?;
        Ok(Self { current: current.into(), older: older.into() })
    }

    /// Changes when the document does.
    pub(crate) fn fingerprint(&self) -> u64 {
        fingerprint64(&self.current)
    }

    pub(crate) fn response(self, version: Version, media_type: &'static str) -> Response {
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
            (header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=60")),
        ];
        let text = match version {
            Version::Current => self.current,
            Version::Older => self.older,
        };
        (headers, text).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_older_version_is_for_those_who_would_rather_have_it() {
        let older = Version::Older.media_type();
        for (accept, version) in [
            (None, Version::Current),
            (Some("*/*"), Version::Current),
            (Some(OPENAPI), Version::Current),
            (Some(Version::Current.media_type()), Version::Current),
            (Some(older), Version::Older),
            (Some("application/vnd.oai.openapi+json; version=\"3.0\", */*;q=0.5"), Version::Older),
            (
                Some(
                    "application/vnd.oai.openapi+json;version=3.0;q=0.5, application/vnd.oai.openapi+json;version=3.1",
                ),
                Version::Current,
            ),
            (Some("application/vnd.oai.openapi+json;version=3.0;q=0"), Version::Current),
            (Some("application/json;version=3.0"), Version::Current),
        ] {
            let headers = accept.map(|accept| (header::ACCEPT, accept.parse().unwrap()));
            let headers = headers.into_iter().collect();
            assert_eq!(Version::negotiate(&headers), version, "{accept:?}");
        }
    }
}
