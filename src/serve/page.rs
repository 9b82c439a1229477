//! The live page: what the store holds, for people.
//!
//! It is rendered here and whole without a script; the script only fetches it anew when a run has ended.
//! Nothing is inline, so that the policy can forbid what may be smuggled into a name.

use askama::Template;
use axum::Router;
use axum::routing::get;

use super::App;
use super::answer::problem::Problem;
use super::answer::query::Content;
use crate::farmhash::fingerprint64;

mod assets;
mod chart;
mod local;
mod overview;
mod present;
mod recent;
mod runs;
mod site;
mod spark;
mod words;

pub(super) use present::present;
pub(super) use recent::Recent;

/// The paths of the page.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(overview::show))
        .route("/runs", get(runs::show))
        .route("/sites/{site_id}", get(site::show))
        .route("/assets/{name}", get(assets::show))
}

/// Changes when the form of a page does.
pub(super) fn form() -> u64 {
    let templates = [
        include_str!("../../templates/base.html"),
        include_str!("../../templates/overview.html"),
        include_str!("../../templates/problem.html"),
        include_str!("../../templates/runs.html"),
        include_str!("../../templates/site.html"),
    ];
    fingerprint64([templates.concat(), assets::paths().concat()].concat().as_bytes())
}

/// What stands around every page.
struct Frame {
    /// The part of the page that the menu marks.
    section: &'static str,
    style: &'static str,
    script: &'static str,
    icon: &'static str,
    /// In so many seconds a browser without a script asks again.
    retry_s: Option<u16>,
}

impl Frame {
    fn of(section: &'static str) -> Self {
        let [style, script, icon] = assets::paths();
        Self { section, style, script, icon, retry_s: None }
    }
}

/// A page, rendered.
fn whole(page: &impl Template) -> Result<Content, Problem> {
    let text = page.render().map_err(|error| Problem::unwritable(&error))?;
    Ok(Content::Whole(text.into_bytes()))
}
