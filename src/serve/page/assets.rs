//! Style, script and picture of the page: part of the program, and named by what is in them, so that a
//! browser may keep them for ever.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};

use crate::farmhash::fingerprint64;
use crate::serve::answer::problem::Problem;

/// A file, and where it is.
struct Asset {
    path: String,
    media_type: &'static str,
    text: &'static str,
}

impl Asset {
    fn of(name: &str, media_type: &'static str, text: &'static str) -> Self {
        let path = format!("/assets/{:016x}-{name}", fingerprint64(text.as_bytes()));
        Self { path, media_type, text }
    }
}

static ASSETS: LazyLock<[Asset; 3]> = LazyLock::new(|| {
    [
        Asset::of("page.css", "text/css", include_str!("../../../assets/page.css")),
        Asset::of("page.js", "text/javascript", include_str!("../../../assets/page.js")),
        Asset::of("icon.svg", "image/svg+xml", include_str!("../../../assets/icon.svg")),
    ]
});

/// Where style, script and picture are.
pub(super) fn paths() -> [&'static str; 3] {
    ASSETS.each_ref().map(|asset| asset.path.as_str())
}

/// Private, since a cache in between would answer a caller without a token.
const KEPT: HeaderValue = HeaderValue::from_static("private, max-age=31536000, immutable");

pub(super) async fn show(name: Option<Path<String>>) -> Response {
    let name = name.map(|Path(name)| name).unwrap_or_default();
    let is_meant = |asset: &&Asset| asset.path.strip_prefix("/assets/") == Some(name.as_str());
    let Some(asset) = ASSETS.iter().find(is_meant) else {
        return Problem::no_such_path().into_response();
    };
    let media_type = HeaderValue::from_static(asset.media_type);
    let headers = [(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, KEPT)];
    (headers, asset.text).into_response()
}
