//! The document that describes the API (OpenAPI 3.1), as it is served.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;

/// The document, as JSON.
#[derive(Clone)]
pub(crate) struct Document(pub(crate) Bytes);

impl Document {
    pub(crate) fn response(self, media_type: &'static str) -> Response {
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
            (header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=60")),
        ];
        (headers, self.0).into_response()
    }
}
