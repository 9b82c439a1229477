//! Is the program alive, and can it answer?

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use crate::serve::answer::problem::Problem;
use crate::serve::answer::reader::Reader;

const JSON: [(header::HeaderName, &str); 2] =
    [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];

/// Alive: it answers.
pub(crate) async fn health() -> Response {
    (JSON, r#"{"status":"ok"}"#).into_response()
}

/// Ready: the store is reachable, and its schema this program's.
pub(crate) async fn ready(State(reader): State<Reader>) -> Result<Response, Problem> {
    reader.store.check_schema().await?;
    Ok((JSON, r#"{"status":"ready"}"#).into_response())
}
