//! `observations`: what was said of a site over a time.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};

use super::cursor::Cursor;
use super::schema::{Field, Moment, ObservationsPage};
use super::series::{Range, Series};
use super::sites;
use crate::domain::SiteId;
use crate::serve::App;
use crate::serve::answer::format::Format;
use crate::serve::answer::pages;
use crate::serve::answer::parameters::{Parameters, held, written};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::Question;
use crate::serve::answer::refusals::RefusalsOfOne;
use crate::serve::answer::rows::{Fields, Writer};

/// The longest time that is answered for.
const MAX_DAYS: i64 = 366;

/// Rows of a JSON page if no other number is asked for, and at most.
const DEFAULT_LIMIT: u32 = 1000;
const MAX_LIMIT: u32 = 10_000;

const KNOWN: [&str; 6] = ["from", "to", "source", "fields", "limit", "cursor"];

/// Lists what was said of a site over a time.
///
/// By source, then time. JSON comes in pages; lines of JSON and comma-separated values come whole,
/// unless `limit` says how many.
#[utoipa::path(
    get, path = "/api/v1/sites/{site_id}/observations", tag = "observations", operation_id = "listObservations",
    params(
        ("site_id" = String, Path, description = "The site.", pattern = "^[a-z0-9][a-z0-9_-]{0,63}$", example = "mad-retiro"),
        ("from" = Option<Moment>, Query, description = "The first moment, a time (RFC 3339) or a day; 24 hours ago if it is missing (24 hours before `to`, if that is given).", example = "2026-11-25T08:00:00Z"),
        ("to" = Option<Moment>, Query, description = "The first moment that is left out, at most 366 days after `from`; everything there is if it is missing.", example = "2026-11-26"),
        ("source" = Option<String>, Query, description = "Only of this source.", pattern = "^[a-z0-9_-]{1,32}$", example = "openweathermap"),
        ("fields" = Option<Vec<Field>>, Query, description = "Only these columns, by commas, beside site_id, source and observation_time."),
        ("limit" = Option<u32>, Query, description = "So many at most; JSON has 1000 a page if it is missing.", minimum = 1, maximum = 10000),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before, with the same other parameters.", pattern = r"^[a-z0-9_-]{1,32}\.(0|[1-9][0-9]{0,10})$"),
    ),
    responses(
        (status = 200, description = "The observations.", content(
            (ObservationsPage = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"))),
        (status = 304, description = "The client has it."),
        RefusalsOfOne,
    )
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let site_id = sites::site_id(path)?;
    let parameters = Parameters::parse(uri.query(), &KNOWN)?;
    let fields = Fields::parse(parameters.list("fields").as_deref())?;
    let format = Format::negotiate(&headers, Format::ROWS)?;
    let range = range(&parameters, &site_id, format, app.clock.now())?;
    let question = Question::ask(&app, question(&range, &fields), format).await?;
    let make = async {
        let reserved = range.reserve(&app)?;
        sites::find(&app, &site_id).await?;
        let writer = Writer::begin(format, fields);
        pages::content(&app, Series::open(&app, range, writer).await?, reserved).await
    };
    question.answer(&app, &headers, make).await
}

fn question(range: &Range, fields: &Fields) -> String {
    let Range { site_id, from, to, source, after, limit } = range;
    let after = after.as_ref().map(ToString::to_string).unwrap_or_default();
    let parts: [(&str, &dyn std::fmt::Display); 7] = [
        ("site", site_id),
        ("from", from),
        ("to", to),
        ("source", &source.as_deref().unwrap_or_default()),
        ("fields", fields),
        ("limit", &limit.unwrap_or_default()),
        ("cursor", &after),
    ];
    written("observations", &parts)
}

fn range(
    parameters: &Parameters,
    site_id: &SiteId,
    format: Format,
    now: DateTime<Utc>,
) -> Result<Range, Problem> {
    let (from, to) = times(parameters, now)?;
    let limit = parameters.number("limit", 1..=MAX_LIMIT)?;
    let limit = if format == Format::Json { limit.or(Some(DEFAULT_LIMIT)) } else { limit };
    Ok(Range {
        site_id: site_id.to_string(),
        from,
        to,
        source: parameters.source("source")?.map(str::to_owned),
        after: cursor(parameters)?,
        limit,
    })
}

fn cursor(parameters: &Parameters) -> Result<Option<Cursor>, Problem> {
    let parse = |text| {
        Cursor::parse(text).ok_or_else(|| {
            Problem::parameter("cursor", "is none that was given out", "next_cursor of a page")
        })
    };
    parameters.text("cursor").map(parse).transpose()
}

/// From when to when. Without an end it is whatever there is, of at most a year from the start.
pub(super) fn times(
    parameters: &Parameters,
    now: DateTime<Utc>,
) -> Result<(DateTime<Utc>, DateTime<Utc>), Problem> {
    let (from, to) = (parameters.time("from")?, parameters.time("to")?);
    // To the minute, so that who asks again gets the same answer.
    let minute = now.duration_trunc(TimeDelta::minutes(1)).unwrap_or(now);
    let from = from.unwrap_or(to.unwrap_or(minute) - TimeDelta::days(1));
    let longest = TimeDelta::days(MAX_DAYS);
    let to = to.unwrap_or(from + longest);
    if to <= from {
        let allowed = format!("a time after {}", shown(from));
        return Err(Problem::parameter("to", "is not after `from`", allowed));
    }
    if to - from > longest {
        let problem = format!("is more than {MAX_DAYS} days after `from`");
        let allowed = format!("up to {}", shown(from + longest));
        return Err(Problem::parameter("to", problem, allowed));
    }
    Ok((held(from), held(to)))
}

fn shown(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}
