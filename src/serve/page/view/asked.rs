//! What a page was asked with: its own parameters, and how the reader wants to read it.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::{Given, View};
use crate::serve::answer::parameters::Several as _;
use crate::serve::answer::problem::Problem;

/// The request for a page.
pub(in crate::serve::page) struct Asked<Q> {
    /// Its own parameters.
    pub(in crate::serve::page) query: Q,
    pub(in crate::serve::page) view: View,
    /// Its path and query, for the settings to lead back.
    pub(in crate::serve::page) here: String,
}

impl<S: Sync, Q: DeserializeOwned> FromRequestParts<S> for Asked<Q> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let text = parts.uri.query().unwrap_or_default();
        let (query, given) = <(Q, Given)>::parse(text)?;
        let view = View::of(given, &parts.headers);
        let here = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
        Ok(Self { query, view, here })
    }
}
