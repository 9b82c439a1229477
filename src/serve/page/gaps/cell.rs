//! `/gaps/{site_id}/{day}`: why a day of a site has holes, which runs are behind them, and what fills them.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::{ErrorKind, Reason};
use crate::serve::answer::format::Format;
use crate::serve::answer::parameters::OfPath;
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::{Answering, EndpointQuery, Until};
use crate::serve::answer::reader::Reader;
use crate::serve::answer::values::{Source, parse_day};
use crate::serve::page::view::{Asked, View};
use crate::serve::page::{Frame, cut, whole};
use crate::views::Place;
use crate::views::calendar::{self, DayOfSource, Hole};

#[derive(Template)]
#[template(path = "cell.html")]
struct CellPage {
    frame: Frame,
    t: View,
    place: Place,
    day: NaiveDate,
    name: String,
    zone: &'static str,
    sources: Vec<OfSource>,
    /// The days before and after it.
    before: Option<NaiveDate>,
    after: Option<NaiveDate>,
}

/// What is missing of a source.
struct OfSource {
    source: Option<String>,
    expected: u32,
    missing: u32,
    holes: Vec<Shown>,
}

/// Slots that are missing for one reason, and what to do about them.
struct Shown {
    time: String,
    slots: u64,
    words: String,
    /// What the source said, if anything.
    own: Option<String>,
    runs: Vec<i64>,
    remedy: &'static str,
    /// The command that fills them, if any can.
    command: Option<String>,
}

/// The site and the day that a path names.
#[derive(Deserialize, Serialize)]
pub(in crate::serve::page) struct OfCell {
    site_id: String,
    day: String,
}

/// What the page can be asked with.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::serve::page) struct CellQuery {
    source: Option<Source>,
}

pub(in crate::serve::page) async fn show(
    OfPath(of): OfPath<OfCell>,
    asked: Asked<CellQuery>,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Result<Response, Problem> {
    let Asked { query, view, here } = asked;
    let (now, key) = (reader.now(), (&of, &query, &view));
    let until = Until::Minute(now);
    let endpoint = EndpointQuery::new(&answering, "page-cell", &key, Format::Html, until).await?;
    let frame = Frame::of(&answering.public, "gaps", &here);
    let make = async {
        let site = reader.store.find_site(&of.site_id).await?.ok_or_else(Problem::unknown_site)?;
        let day = parse_day(&of.day).ok_or_else(Problem::no_such_path)?;
        let source = query.source.as_ref().map(Source::as_str);
        let page = read(&reader, (frame, view), Place::of(site)?, (day, source), now).await?;
        whole(&page)
    };
    endpoint.answer(&headers, make).await
}

async fn read(
    reader: &Reader,
    (frame, t): (Frame, View),
    place: Place,
    (day, source): (NaiveDate, Option<&str>),
    now: DateTime<Utc>,
) -> Result<CellPage, Problem> {
    let sources = calendar::day(&reader.store, &place, day, source, now).await?;
    if sources.is_empty() {
        let asked = reader.store.list_asked_sources(&place.site.site_id).await?;
        let allowed: Vec<_> = asked.into_iter().map(|asked| asked.source).collect();
        return Err(Problem::parameter(
            "source",
            "was never asked for this site",
            allowed.join(", "),
        ));
    }
    let timezone = t.zone(place.life.timezone);
    let of_source = |of: DayOfSource| {
        let shown = of.gaps.iter().map(|hole| {
            let time = (hole.gap.first_slot, hole.gap.last_slot + hole.gap.interval.span());
            let command = command(&place.site.site_id, of.utc_days);
            Shown::of(hole, t.language().between(time, timezone), command, &t)
        });
        OfSource {
            expected: of.cell.expected,
            missing: of.cell.missing(),
            holes: shown.collect(),
            source: of.source,
        }
    };
    let sources = sources.into_iter().map(of_source).collect();
    let today = place.life.local_day(now);
    Ok(CellPage {
        name: t.language().date(day),
        zone: timezone.name(),
        before: day.pred_opt(),
        after: day.succ_opt().filter(|after| *after <= today),
        frame,
        t,
        place,
        day,
        sources,
    })
}

/// What fills a local day: the days of UTC that it touches.
fn command(site_id: &str, (from, to): (NaiveDate, NaiveDate)) -> String {
    format!("weather heal --site {site_id} --from {from} --to {to}")
}

impl Shown {
    fn of(hole: &Hole, time: String, command: String, view: &View) -> Self {
        let remedy = remedy(&hole.gap.reason);
        Self {
            time,
            slots: hole.gap.slots,
            words: view.language().reason(&hole.gap.reason),
            own: hole.gap.message.as_deref().map(cut),
            runs: hole.runs.iter().copied().collect(),
            remedy,
            command: (remedy != "cell-nothing").then_some(command),
        }
    }
}

/// What helps, as the language files name it.
fn remedy(reason: &Reason) -> &'static str {
    let is_of = |kind: &str, of: ErrorKind| kind == of.as_str();
    match reason {
        Reason::Unfillable(_) => "cell-nothing",
        Reason::Failed(kind)
            if is_of(kind, ErrorKind::NotFound) || is_of(kind, ErrorKind::BadRequest) =>
        {
            "cell-correct"
        }
        Reason::Failed(kind) if is_of(kind, ErrorKind::Unauthorized) => "cell-key",
        _ => "cell-heal",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_source_can_fill_has_no_command_and_a_wrong_place_is_corrected_first() {
        let failed = |kind: &str| Reason::Failed(kind.to_owned());
        assert_eq!(remedy(&Reason::Unfillable("too old".into())), "cell-nothing");
        assert_eq!(remedy(&failed("not_found")), "cell-correct");
        assert_eq!(remedy(&failed("bad_request")), "cell-correct");
        assert_eq!(remedy(&failed("unauthorized")), "cell-key");
        for reason in [Reason::NeverTried, Reason::Paused, Reason::Quarantined, failed("timeout")] {
            assert_eq!(remedy(&reason), "cell-heal");
        }
    }
}
