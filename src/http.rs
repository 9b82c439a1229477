//! The one way out: HTTP clients that have limits and leak no secret.
//!
//! The sources call out by the port [`Fetch`]. The sink makes its requests by [`client`] itself: it sends
//! bodies, signs each request, and bounds each by a time of its own.

mod address;
mod client;
mod fetch;
pub mod recorder;
pub mod redact;

pub use address::{is_private, parse_base_url};
pub use client::{body, choose_cryptography, client, describe};
pub use fetch::{Fetch, FetchError, HttpFetch, Request, Response};
pub use recorder::{Exchange, Params, Recorder, recorded};
pub use reqwest::{Error as ClientError, StatusCode};
