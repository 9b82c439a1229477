//! `/`: every site at a glance.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};

use super::recent::{Recent, SPAN, Seen};
use super::{Frame, whole, words};
use crate::serve::answer::format::Format;
use crate::serve::answer::parameters::Query;
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::{Answering, EndpointQuery, Until};
use crate::serve::answer::reader::Reader;
use crate::serve::page::spark::Spark;
use crate::views::freshness::{Counts, SiteStatus};

mod order;

use order::{Head, Order, OverviewQuery};

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview {
    frame: Frame,
    headline: String,
    now: DateTime<Utc>,
    order: Order,
    heads: Vec<Head>,
    counts: Counts,
    rows: Vec<Row>,
    has_sources: bool,
    is_new: bool,
}

/// A site and source.
struct Row {
    site: SiteStatus,
    is_known: bool,
    age: String,
    temperature_c: Option<f64>,
    spark: Spark,
    success_pct: Option<f64>,
    error: String,
}

pub(super) async fn show(
    Query(query): Query<OverviewQuery>,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
    State(recent): State<Arc<Recent>>,
) -> Result<Response, Problem> {
    let (until, order) = (Until::Minute(reader.now()), Order::of(&query));
    let query = EndpointQuery::new(&answering, "page", &query, Format::Html, until).await?;
    let make = async { whole(&Overview::of(&recent.read(&answering, &reader).await?, order)) };
    query.answer(&headers, make).await
}

impl Overview {
    fn of(seen: &Seen, order: Order) -> Self {
        let sites = &seen.status.sites;
        let mut rows: Vec<_> = sites
            .iter()
            .filter(|site| order.is_meant(site))
            .map(|site| Row::of(site, seen))
            .collect();
        order.sort(&mut rows);
        Self {
            frame: Frame::of("overview"),
            headline: seen.status.headline(None),
            now: seen.now,
            heads: order.heads(),
            order,
            counts: seen.status.counts(),
            has_sources: sites.iter().any(|site| site.source != sites[0].source),
            is_new: sites.is_empty(),
            rows,
        }
    }
}

impl Row {
    fn of(site: &SiteStatus, seen: &Seen) -> Self {
        let key = (site.site_id.clone(), site.source.clone());
        let slots = seen.temperatures.get(&key).map(Vec::as_slice).unwrap_or_default();
        let share = |tried: i64| {
            #[expect(clippy::cast_precision_loss, reason = "slots of a day")]
            let share = site.slots_collected_24h as f64 / tried as f64;
            share * 100.0
        };
        Self {
            is_known: site.last_observation_time.is_some(),
            age: site
                .age_s
                .map_or_else(|| "never".into(), |age| words::age(TimeDelta::seconds(age))),
            temperature_c: slots.last().and_then(|(_, value)| *value),
            spark: Spark::of(
                slots,
                site.expected(seen.now - SPAN, seen.now),
                site.interval_minutes,
                seen.now,
            ),
            success_pct: (site.slots_tried_24h > 0).then(|| share(site.slots_tried_24h)),
            error: error(site),
            site: site.clone(),
        }
    }
}

/// The last error of a site that is failing.
fn error(site: &SiteStatus) -> String {
    let Some(kind) = &site.error_kind else { return String::new() };
    let status = site.http_status.filter(|status| *status != 200);
    let status = status.map(|status| format!(" ({status})")).unwrap_or_default();
    format!("{}{status}", words::error(kind))
}
