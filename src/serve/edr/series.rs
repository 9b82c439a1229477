//! The time series of a site and source: read page by page, made whole, and no longer than fits.

use axum::http::{HeaderMap, StatusCode, Uri};
use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt as _;

use super::coverage::Coverages;
use super::features::Features;
use super::links::Base;
use super::names::Quantities;
use super::span::Span;
use super::{CRS84, DATA, form};
use crate::columnar::Row;
use crate::domain::Stay;
use crate::domain::tables::WEATHER_OBSERVATIONS as OBSERVATIONS;
use crate::serve::App;
use crate::serve::answer::format::Format;
use crate::serve::answer::pages::unwritable;
use crate::serve::answer::parameters::{Parameters, shown, written};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::{Content, Question};
use crate::store::{Rows, SiteRow};

/// What may be asked of a time series.
pub(super) const KNOWN: [&str; 6] =
    ["datetime", "parameter-name", "parameter_names", "source", "crs", "f"];

/// Rows of a page.
const PAGE: u32 = 500;

/// The longest answer: a coverage is no stream, since each range has all times.
const MAX_ROWS: usize = 10_000;
const MAX_BYTES: usize = 4 << 20;

/// What is likely to be long waits until few others are being made.
const LONG_DAYS: i64 = 7;

/// What is asked for.
pub(super) struct Asked {
    pub(super) span: Span,
    pub(super) base: Base,
    quantities: Quantities,
    source: String,
    format: Format,
}

impl Asked {
    pub(super) fn parse(
        app: &App,
        parameters: &Parameters,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<Self, Problem> {
        check_crs(parameters)?;
        Ok(Self {
            span: Span::asked(parameters, app.clock.now())?,
            base: Base::of(headers, uri),
            quantities: Quantities::asked(parameters)?,
            source: source(app, parameters)?,
            format: form::asked(parameters, headers, DATA)?,
        })
    }

    /// The question, asked of `place` by a query.
    pub(super) async fn question(
        &self,
        app: &App,
        query: &str,
        place: &str,
    ) -> Result<Question, Problem> {
        Question::ask(app, self.written(query, place), self.format).await
    }

    fn is_long(&self) -> bool {
        self.span.to - self.span.from > TimeDelta::days(LONG_DAYS)
    }

    fn written(&self, query: &str, place: &str) -> String {
        let Self { span, base, quantities, source, .. } = self;
        let parts: [(&str, &dyn std::fmt::Display); 7] = [
            ("base", base),
            ("place", &place),
            ("from", &span.from),
            ("to", &span.to),
            ("open", &span.is_open),
            ("names", quantities),
            ("source", source),
        ];
        written(query, &parts)
    }
}

/// The source that is asked for, or else the first in use.
pub(super) fn source(app: &App, parameters: &Parameters) -> Result<String, Problem> {
    let first = app.sources.first().copied().unwrap_or_default();
    Ok(parameters.source("source")?.unwrap_or(first).to_owned())
}

fn check_crs(parameters: &Parameters) -> Result<(), Problem> {
    match parameters.text("crs") {
        None | Some("CRS84" | CRS84) => Ok(()),
        Some(other) => {
            let detail = shown(other, "is no coordinate reference system of this");
            Err(Problem::parameter("crs", detail, format!("CRS84, {CRS84}")))
        }
    }
}

/// The text that rows become.
enum Text<'a> {
    Coverages(Coverages<'a>),
    Features(Features<'a>),
}

impl<'a> Text<'a> {
    fn begin(site: &SiteRow, asked: &'a Asked) -> Self {
        let Asked { base, quantities, .. } = asked;
        match asked.format {
            Format::GeoJson => Self::Features(Features::begin(base, site, quantities)),
            _ => Self::Coverages(Coverages::begin(base, site, quantities)),
        }
    }

    fn row(&mut self, row: Row<'_>, stay: &Stay) -> std::io::Result<()> {
        match self {
            Self::Coverages(coverages) => coverages.row(row, stay),
            Self::Features(features) => features.row(row, stay),
        }
    }

    fn rows(&self) -> usize {
        match self {
            Self::Coverages(coverages) => coverages.rows(),
            Self::Features(features) => features.rows(),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Coverages(coverages) => coverages.bytes(),
            Self::Features(features) => features.bytes(),
        }
    }

    fn end(self) -> std::io::Result<Vec<u8>> {
        match self {
            Self::Coverages(coverages) => coverages.end(),
            Self::Features(features) => features.end(),
        }
    }
}

/// The time series while the site stood in these places, which are in order, or nothing.
pub(super) async fn read(
    app: &App,
    site: &SiteRow,
    stays: &[Stay],
    asked: &Asked,
) -> Result<Content, Problem> {
    refuse_more_before(app, site, asked).await?;
    let _room = if asked.is_long() { Some(app.budget.build().await?) } else { None };
    let mut text = Text::begin(site, asked);
    for stay in stays {
        let Some((from, to)) = stay.within((asked.span.from, asked.span.to)) else { continue };
        let mut next = Some(from);
        while let Some(from) = next.filter(|from| *from < to) {
            next = page(app, rows(site, asked, from, to, PAGE), asked, stay, &mut text).await?;
            if text.rows() > MAX_ROWS || text.bytes() > MAX_BYTES {
                return Err(too_much());
            }
        }
    }
    if text.rows() == 0 {
        return Ok(Content::Nothing);
    }
    Ok(Content::Whole(text.end().map_err(|error| unwritable(&error))?))
}

/// Writes a page, and says from when on there may be more.
async fn page(
    app: &App,
    rows: Rows,
    asked: &Asked,
    stay: &Stay,
    text: &mut Text<'_>,
) -> Result<Option<DateTime<Utc>>, Problem> {
    let _turn = match asked.is_long() {
        true => app.budget.turns().acquire_owned().await.ok(),
        false => None,
    };
    let Some(batch) = app.store.read_rows(&OBSERVATIONS, &rows).try_next().await? else {
        return Ok(None);
    };
    for row in Row::all(&OBSERVATIONS, &batch) {
        text.row(row, stay).map_err(|error| unwritable(&error))?;
    }
    let last = Row::last(&OBSERVATIONS, &batch).and_then(|row| row.time("observation_time"));
    let is_full = batch.num_rows() >= PAGE as usize;
    Ok(last.filter(|_| is_full).map(|last| last + TimeDelta::seconds(1)))
}

fn rows(site: &SiteRow, asked: &Asked, from: DateTime<Utc>, to: DateTime<Utc>, limit: u32) -> Rows {
    Rows::Series { site_id: site.site_id.clone(), source: asked.source.clone(), from, to, limit }
}

/// Who asks for everything up to a time and would get a part is told so.
async fn refuse_more_before(app: &App, site: &SiteRow, asked: &Asked) -> Result<(), Problem> {
    if !asked.span.is_open {
        return Ok(());
    }
    let before = rows(site, asked, DateTime::UNIX_EPOCH, asked.span.from, 1);
    match app.store.read_rows(&OBSERVATIONS, &before).try_next().await? {
        None => Ok(()),
        Some(_) => Err(asked.span.too_long()),
    }
}

fn too_much() -> Problem {
    Problem::of(StatusCode::PAYLOAD_TOO_LARGE)
        .detail("the answer would be too long")
        .allowed("10000 observations and 4 MiB: a shorter datetime, or fewer of parameter-name")
}
