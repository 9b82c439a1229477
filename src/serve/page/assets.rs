//! Style, scripts and pictures of the page: part of the program, and named by what is in them, so that a
//! browser may keep them for ever.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};

use crate::farmhash::fingerprint64;
use crate::serve::answer::problem::Problem;

/// A file, and where it is.
struct Asset {
    name: &'static str,
    path: String,
    media_type: &'static str,
    text: &'static str,
}

impl Asset {
    fn of(&(name, media_type, text): &File) -> Self {
        let path = format!("/assets/{:016x}-{name}", fingerprint64(text.as_bytes()));
        Self { name, path, media_type, text }
    }
}

/// Name, media type and content.
type File = (&'static str, &'static str, &'static str);

const CSS: &str = "text/css";
const JS: &str = "text/javascript";
const SVG: &str = "image/svg+xml";

/// Every file that a page may name.
const FILES: &[File] = &[
    ("page.css", CSS, include_str!("../../../assets/page.css")),
    ("idiomorph.min.js", JS, include_str!("../../../assets/idiomorph.min.js")),
    ("uPlot.min.css", CSS, include_str!("../../../assets/uPlot.min.css")),
    ("uPlot.iife.min.js", JS, include_str!("../../../assets/uPlot.iife.min.js")),
    ("site.js", JS, include_str!("../../../assets/site.js")),
    ("page.js", JS, include_str!("../../../assets/page.js")),
    ("land-110m.svg", SVG, include_str!("../../../assets/land-110m.svg")),
    ("land-50m.svg", SVG, include_str!("../../../assets/land-50m.svg")),
    ("icon.svg", SVG, include_str!("../../../assets/icon.svg")),
];

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| FILES.iter().map(Asset::of).collect());

/// Where the file of this name is; a test looks whether a page names one that is none.
pub(super) fn path(name: &str) -> &'static str {
    ASSETS.iter().find(|asset| asset.name == name).map_or("", |asset| &asset.path)
}

/// Where they all are.
pub(super) fn paths() -> String {
    ASSETS.iter().map(|asset| asset.path.as_str()).collect()
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
