//! The time series of a site and source: read page by page, made whole, and no longer than fits.

use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt as _;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::coverage::Coverages;
use super::features::Features;
use super::links::Base;
use super::values::{Crs, DataForm, Interval, Names, Quantities, Span};
use crate::columnar::Row;
use crate::domain::Stay;
use crate::domain::tables::WEATHER_OBSERVATIONS as OBSERVATIONS;
use crate::serve::answer::format::Format;
use crate::serve::answer::memory::Memory;
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::Content;
use crate::serve::answer::reader::Reader;
use crate::serve::answer::values::Source;
use crate::store::{Rows, SiteRow};

/// Rows of a page.
const PAGE: u32 = 500;

/// The longest answer: a coverage is no stream, since each range has all times.
const MAX_ROWS: usize = 10_000;
const MAX_BYTES: usize = 4 << 20;

/// What is likely to be long waits until few others are being made.
const LONG_DAYS: i64 = 7;

/// What the time series of a site can be asked with.
#[derive(Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct SeriesQuery {
    /// A time, a day, or an interval of them, with `..` for an open end; 366 days at most; the last 24 hours
    /// if it is missing.
    #[param(example = "2026-11-25T00:00:00Z/..")]
    pub(super) datetime: Option<Interval>,
    /// Only these quantities, by commas.
    #[serde(rename = "parameter-name")]
    #[param(inline, style = Form, explode = false)]
    pub(super) parameter_name: Option<Names>,
    /// The same, as OWSLib writes it.
    #[param(inline, style = Form, explode = false)]
    pub(super) parameter_names: Option<Names>,
    /// The source; the first in use if it is missing.
    #[param(inline, example = "openweathermap")]
    pub(super) source: Option<Source>,
    /// The coordinate reference system: there is one.
    pub(super) crs: Option<Crs>,
    /// The form; CoverageJSON if it is missing. It outweighs Accept.
    #[param(inline)]
    pub(super) f: Option<DataForm>,
}

impl SeriesQuery {
    /// Fills time and source, and gives what is selected.
    pub(super) fn fill(&mut self, reader: &Reader) -> Result<Selected, Problem> {
        Ok(Selected {
            span: Span::fill(&mut self.datetime, reader.now())?,
            quantities: Quantities::of([
                self.parameter_name.as_ref(),
                self.parameter_names.as_ref(),
            ]),
            source: reader.source(&mut self.source),
        })
    }
}

/// What of the observations is asked for.
pub(super) struct Selected {
    pub(super) span: Span,
    quantities: Quantities,
    source: String,
}

impl Selected {
    fn is_long(&self) -> bool {
        self.span.to - self.span.from > TimeDelta::days(LONG_DAYS)
    }
}

/// How the time series is written.
#[derive(Clone, Copy)]
pub(super) struct Written<'a> {
    pub(super) base: &'a Base,
    pub(super) format: Format,
}

/// The text that rows become.
enum Text<'a> {
    Coverages(Coverages<'a>),
    Features(Features<'a>),
}

impl<'a> Text<'a> {
    fn begin(site: &SiteRow, quantities: &'a Quantities, written: Written<'_>) -> Self {
        let Written { base, format } = written;
        match format {
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

/// Reads time series, and has room for so many.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) reader: &'a Reader,
    pub(super) memory: &'a Memory,
}

impl Reading<'_> {
    /// The time series while the site stood in these places, which are in order, or nothing.
    pub(super) async fn series(
        self,
        site: &SiteRow,
        stays: &[Stay],
        selected: &Selected,
        written: Written<'_>,
    ) -> Result<Content, Problem> {
        self.refuse_more_before(site, selected).await?;
        let _room = if selected.is_long() { Some(self.memory.build().await?) } else { None };
        let mut text = Text::begin(site, &selected.quantities, written);
        for stay in stays {
            let span = (selected.span.from, selected.span.to);
            let Some((from, to)) = stay.within(span) else { continue };
            let mut next = Some(from);
            while let Some(from) = next.filter(|from| *from < to) {
                let rows = rows(site, selected, from, to, PAGE);
                next = self.page(rows, selected.is_long(), stay, &mut text).await?;
                if text.rows() > MAX_ROWS || text.bytes() > MAX_BYTES {
                    return Err(too_much());
                }
            }
        }
        if text.rows() == 0 {
            return Ok(Content::Nothing);
        }
        Ok(Content::Whole(text.end().map_err(|error| Problem::unwritable(&error))?))
    }

    /// Writes a page, and says from when on there may be more.
    async fn page(
        self,
        rows: Rows,
        is_long: bool,
        stay: &Stay,
        text: &mut Text<'_>,
    ) -> Result<Option<DateTime<Utc>>, Problem> {
        let _turn = match is_long {
            true => self.memory.turns().acquire_owned().await.ok(),
            false => None,
        };
        let mut batches = self.reader.store.read_rows(&OBSERVATIONS, &rows);
        let Some(batch) = batches.try_next().await? else {
            return Ok(None);
        };
        for row in Row::all(&OBSERVATIONS, &batch) {
            text.row(row, stay).map_err(|error| Problem::unwritable(&error))?;
        }
        let last = Row::last(&OBSERVATIONS, &batch).and_then(|row| row.time("observation_time"));
        let is_full = batch.num_rows() >= PAGE as usize;
        Ok(last.filter(|_| is_full).map(|last| last + TimeDelta::seconds(1)))
    }

    /// Everything up to a time is asked for: a part of it would look like all.
    async fn refuse_more_before(self, site: &SiteRow, selected: &Selected) -> Result<(), Problem> {
        if !selected.span.is_open {
            return Ok(());
        }
        let before = rows(site, selected, DateTime::UNIX_EPOCH, selected.span.from, 1);
        match self.reader.store.read_rows(&OBSERVATIONS, &before).try_next().await? {
            None => Ok(()),
            Some(_) => Err(selected.span.too_long()),
        }
    }
}

fn rows(
    site: &SiteRow,
    selected: &Selected,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    limit: u32,
) -> Rows {
    let (site_id, source) = (site.site_id.clone(), selected.source.clone());
    Rows::Series { site_id, source, from, to, limit }
}

fn too_much() -> Problem {
    Problem::of(StatusCode::PAYLOAD_TOO_LARGE)
        .detail("the answer would be too long")
        .allowed("10000 observations and 4 MiB: a shorter datetime, or fewer of parameter-name")
}
