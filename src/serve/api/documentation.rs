//! The OpenAPI document, and a page to try it on.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use utoipa_swagger_ui::Config;

use crate::serve::answer::document::{Document, Version};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::public::PublicUrl;

/// The page has scripts and styles of this server only. It sets styles on its elements, and draws
/// with images that are in the text.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; \
     form-action 'none'",
);

/// The document.
pub(crate) async fn document(State(document): State<Document>) -> Response {
    document.response(Version::Current, "application/json")
}

/// The same for clients that know OpenAPI 3.0 only.
pub(crate) async fn older(State(document): State<Document>) -> Response {
    document.response(Version::Older, Version::Older.media_type())
}

/// The page, which is beside its scripts.
pub(crate) async fn index(State(public): State<PublicUrl>) -> Response {
    let there = format!("{}/api/v1/docs/", public.path());
    (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, there)]).into_response()
}

/// A file of the page.
pub(crate) async fn page(State(public): State<PublicUrl>, path: Option<Path<String>>) -> Response {
    let path = path.map(|Path(path)| path).unwrap_or_default();
    let document = format!("{}/api/v1/openapi.json", public.path());
    let config = Config::from(document).validator_url("none");
    let Ok(Some(file)) = utoipa_swagger_ui::serve(&path, Arc::new(config)) else {
        return Problem::no_such_path().into_response();
    };
    let media_type = HeaderValue::from_str(&file.content_type);
    let media_type = media_type.unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=3600")),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    (headers, file.bytes.into_owned()).into_response()
}
