//! What a request asks with: one struct for each endpoint, which reads the request, is in the document, and is
//! the cache key. Every parameter is known, given once and within its bounds, or the answer is a problem that
//! names it and says what is allowed.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::problem::Problem;
use super::values::Site;
use crate::domain::SiteId;

mod pairs;

pub(crate) use pairs::{NOT_OF_THIS_PATH, Several, parse};

/// The parameters of a query string.
pub(crate) struct Query<Q>(pub(crate) Q);

impl<S: Sync, Q: DeserializeOwned> FromRequestParts<S> for Query<Q> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parse(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// The parameters of a query string that several structs share.
pub(crate) struct Queries<Q>(pub(crate) Q);

impl<S: Sync, Q: Several> FromRequestParts<S> for Queries<Q> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Q::parse(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// What an endpoint without parameters can be asked with.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

/// The site that a path names.
#[derive(Debug, Deserialize, Serialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct OfSite {
    /// The site.
    #[param(inline, example = "mad-retiro")]
    site_id: Site,
}

/// What else a path names; what cannot be read is at no path.
pub(crate) struct OfPath<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for OfPath<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::from_request_parts(parts, state).await;
        path.map(|Path(named)| Self(named)).map_err(|_| Problem::no_such_path())
    }
}

impl OfSite {
    pub(crate) fn id(&self) -> &SiteId {
        &self.site_id.0
    }
}

impl<S: Send + Sync> FromRequestParts<S> for OfSite {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::from_request_parts(parts, state).await;
        path.map(|Path(of_site)| of_site).map_err(|_| Problem::unknown_site())
    }
}
