//! The live page: what the store holds, for people.
//!
//! It is rendered here and whole without a script; the script only fetches it anew when a run has ended.
//! Nothing is inline, so that the policy can forbid what may be smuggled into a name. Every text is of a file of
//! `lang`, and every value is written by the reader's `view`.

use askama::Template;
use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use url::form_urlencoded;

use super::App;
use super::answer::format::Format;
use super::answer::problem::Problem;
use super::answer::public::PublicUrl;
use super::answer::query::Content;
use crate::farmhash::fingerprint64;

mod assets;
mod badge;
mod calls;
mod chart;
mod gaps;
mod lang;
mod local;
mod overview;
mod present;
mod recent;
mod runs;
mod settings;
mod site;
mod view;

pub(super) use present::present;
pub(super) use recent::Recent;

/// The paths of the page.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(overview::show))
        .route("/badge/fresh.svg", get(badge::fresh))
        .route("/badge/sites/{name}", get(badge::of_site))
        .route("/calls", get(calls::show))
        .route("/gaps", get(gaps::show))
        .route("/gaps/{site_id}/{day}", get(gaps::cell::show))
        .route("/runs", get(runs::show))
        .route("/runs/{id}", get(runs::one::show))
        .route("/settings", get(settings::show))
        .route("/sites/{site_id}", get(site::show))
        .route("/assets/{name}", get(assets::show))
}

/// Changes when the form of a page does.
pub(super) fn form() -> u64 {
    let templates = [
        include_str!("../../templates/badge.svg"),
        include_str!("../../templates/base.html"),
        include_str!("../../templates/calls.html"),
        include_str!("../../templates/cell.html"),
        include_str!("../../templates/gaps.html"),
        include_str!("../../templates/overview.html"),
        include_str!("../../templates/problem.html"),
        include_str!("../../templates/run.html"),
        include_str!("../../templates/runs.html"),
        include_str!("../../templates/settings.html"),
        include_str!("../../templates/site.html"),
    ];
    fingerprint64([templates.concat(), assets::paths(), lang::texts()].concat().as_bytes())
}

/// A page of the menu: its section, where it is, and the key of its name.
type Entry = (&'static str, &'static str, &'static str);

const MENU: [Entry; 5] = [
    ("overview", "/", "menu-overview"),
    ("gaps", "/gaps", "menu-gaps"),
    ("runs", "/runs", "menu-runs"),
    ("calls", "/calls", "menu-calls"),
    ("api", "/api/v1/docs/", "menu-api"),
];

/// What stands around every page.
struct Frame {
    /// The part of the page that the menu marks.
    section: &'static str,
    /// What every path begins with behind a proxy.
    root: String,
    /// Path and query of the page, to which the settings lead back; empty: to none.
    here: String,
    /// In so many seconds a browser without a script asks again.
    retry_s: Option<u16>,
}

impl Frame {
    fn of(public: &PublicUrl, section: &'static str, here: &str) -> Self {
        let (root, here) = (public.path().to_owned(), here.to_owned());
        Self { section, root, here, retry_s: None }
    }

    fn menu(&self) -> [Entry; 5] {
        MENU
    }

    /// The address of a file of `assets`.
    fn asset(&self, name: &str) -> String {
        format!("{}{}", self.root, assets::path(name))
    }

    /// The parameter by which the settings lead back; the settings themselves lead where they would.
    fn next(&self) -> String {
        if self.here.is_empty() || self.section == "settings" {
            return String::new();
        }
        let here: String = form_urlencoded::byte_serialize(self.here.as_bytes()).collect();
        format!("?next={here}")
    }
}

/// Characters of a source's own text that are shown.
const OWN_CHARS: usize = 200;

/// A text of a source, not all of it if it is long.
fn cut(text: &str) -> String {
    let mut cut: String = text.chars().take(OWN_CHARS).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    cut
}

/// A page, rendered.
fn whole(page: &impl Template) -> Result<Content, Problem> {
    let text = page.render().map_err(|error| Problem::unwritable(&error))?;
    Ok(Content::Whole(text.into_bytes()))
}

/// A page that is kept nowhere, as an answer.
fn answer(page: &impl Template) -> Result<Response, Problem> {
    let text = page.render().map_err(|error| Problem::unwritable(&error))?;
    let media_type = HeaderValue::from_static(Format::Html.media_type());
    let no_store = HeaderValue::from_static("no-store");
    let headers = [(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, no_store)];
    Ok((headers, text).into_response())
}
