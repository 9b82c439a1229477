//! `/calls`: the calls of each account, as bars: used, reserved and left, and what the sites will need.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::view::{Asked, View};
use super::{Frame, whole};
use crate::domain::Site;
use crate::serve::answer::format::Format;
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::{Answering, EndpointQuery, Until};
use crate::serve::answer::reader::Reader;
use crate::store::SiteRow;
use crate::views::quota::{self, Quota};

#[derive(Template)]
#[template(path = "calls.html")]
struct Calls {
    frame: Frame,
    t: View,
    accounts: Vec<Account>,
}

/// An account of a source.
struct Account {
    source: &'static str,
    /// What its key is known by.
    account: String,
    /// The window that matters, and whether its calls suffice.
    headline: String,
    is_enough: bool,
    windows: Vec<Window>,
}

/// A window of a limit, as a bar.
struct Window {
    title: String,
    words: String,
    /// Class, where it begins, and its width, in a hundred of the cap.
    parts: Vec<(&'static str, f64, f64)>,
    /// Where what is needed ends.
    needed: Option<f64>,
    is_enough: bool,
}

/// What the page can be asked with: nothing of its own.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallsQuery {}

pub(super) async fn show(
    asked: Asked<CallsQuery>,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Result<Response, Problem> {
    let Asked { query: _, view, here } = asked;
    let (now, key) = (reader.now(), &view);
    let until = Until::Minute(now);
    let endpoint = EndpointQuery::new(&answering, "page-calls", &key, Format::Html, until).await?;
    let frame = Frame::of(&answering.public, "calls", &here);
    let make = async { whole(&read(&reader, (frame, view), now).await?) };
    endpoint.answer(&headers, make).await
}

async fn read(
    reader: &Reader,
    (frame, t): (Frame, View),
    now: DateTime<Utc>,
) -> Result<Calls, Problem> {
    let sites = sites(reader).await?;
    let mut accounts = Vec::new();
    for (source, budget) in &*reader.budgets {
        for budget in quota::counted(&reader.store, budget.clone(), now).await? {
            let quotas = quota::read(&reader.store, source, &budget, &sites, now).await?;
            let is_used = quotas.iter().any(|quota| quota.used + quota.reserved > 0);
            // A source that is not in use has nothing to say.
            if is_used || accounts.is_empty() {
                accounts.push(Account::of(source, budget.account, &quotas, &t));
            }
        }
    }
    Ok(Calls { frame, t, accounts })
}

/// The sites that calls are made for, as the last start took them in.
async fn sites(reader: &Reader) -> Result<Vec<Site>, Problem> {
    let mut rows = reader.store.list_sites().await?;
    rows.retain(|row| row.deactivated_at.is_none());
    Ok(rows.iter().map(SiteRow::site).collect::<Result<_, _>>()?)
}

impl Account {
    fn of(source: &'static str, account: String, quotas: &[Quota], view: &View) -> Self {
        let tightest = quota::tightest(quotas);
        let headline = tightest
            .map_or_else(|| view.say("calls-no-limit").to_string(), |quota| words(quota, view));
        let is_enough = tightest.is_none_or(|quota| quota.left > 0 && quota.spare() >= 0);
        let windows = quotas.iter().map(|quota| Window::of(quota, view)).collect();
        Self { source, account, headline, is_enough, windows }
    }
}

impl Window {
    fn of(quota: &Quota, view: &View) -> Self {
        let share = |calls: u64| (real(calls) * 100.0 / real(quota.cap.max(1))).min(100.0);
        let (used, taken) = (share(quota.used), share(quota.used + quota.reserved));
        let parts = [("used", 0.0, used), ("reserved", used, taken - used)];
        let needed = quota.needed.map(|needed| share(quota.used + quota.reserved + needed));
        let period = view.say(&format!("calls-{}", quota.window)).to_string();
        Self {
            title: format!("{}, {period}", quota.scope),
            words: words(quota, view),
            parts: parts.into_iter().filter(|(.., width)| *width > 0.0).collect(),
            needed,
            is_enough: quota.left > 0 && quota.spare() >= 0,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "calls of a month")]
fn real(calls: u64) -> f64 {
    calls as f64
}

/// Used, reserved, left, needed and when it begins anew.
fn words(quota: &Quota, view: &View) -> String {
    let said = view
        .say(if quota.needed.is_some() { "calls-words-needed" } else { "calls-words" })
        .with("used", quota.used)
        .with("reserved", quota.reserved)
        .with("left", quota.left)
        .with("cap", quota.cap)
        .with("needed", quota.needed.unwrap_or_default())
        .with("end", view.language().moment(quota.end, view.zone(Tz::UTC)));
    said.to_string()
}
