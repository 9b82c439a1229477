//! The time series of sites, of one source: read page by page, made whole, and no longer than fits.

use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt as _;

use super::coverage::Coverages;
use super::features::Features;
use super::standing::Standing;
use super::values::{Interval, Quantities, Span};
use crate::columnar::Row;
use crate::domain::Stay;
use crate::domain::tables::WEATHER_OBSERVATIONS as OBSERVATIONS;
use crate::serve::answer::format::Format;
use crate::serve::answer::memory::Memory;
use crate::serve::answer::problem::Problem;
use crate::serve::answer::public::Base;
use crate::serve::answer::query::Content;
use crate::serve::answer::reader::Reader;
use crate::serve::answer::values::Source;
use crate::store::{Rows, SiteRow};

/// Rows of a page.
const PAGE: u32 = 500;

/// The longest answer: a coverage is no stream, since each range has all times. Each site is a question to the store.
const MAX_SITES: usize = 1000;
const MAX_ROWS: usize = 10_000;
const MAX_BYTES: usize = 4 << 20;

/// What is likely to be long waits until few others are being made.
const LONG_DAYS: i64 = 7;

/// What of the observations is asked for.
pub(super) struct Selected {
    pub(super) span: Span,
    quantities: Quantities,
    source: String,
}

impl Selected {
    /// Fills time and source, and gives what is selected.
    pub(super) fn fill(
        reader: &Reader,
        datetime: &mut Option<Interval>,
        source: &mut Option<Source>,
        quantities: Quantities,
    ) -> Result<Self, Problem> {
        let span = Span::fill(datetime, reader.now())?;
        Ok(Self { span, quantities, source: reader.source(source) })
    }

    /// Of so many sites.
    fn is_long(&self, sites: usize) -> bool {
        let sites = i32::try_from(sites).unwrap_or(i32::MAX);
        (self.span.to - self.span.from) * sites > TimeDelta::days(LONG_DAYS)
    }
}

/// How the time series is written.
#[derive(Clone, Copy)]
pub(super) struct Written<'a> {
    pub(super) base: &'a Base,
    pub(super) format: Format,
    /// Whether it may be of several sites: then it is a collection also of one.
    pub(super) are_several: bool,
}

/// The text that rows become.
enum Text<'a> {
    Coverages(Coverages<'a>),
    Features(Features<'a>),
}

impl<'a> Text<'a> {
    fn begin(quantities: &'a Quantities, Written { base, format, .. }: Written<'a>) -> Self {
        match format {
            Format::GeoJson => Self::Features(Features::begin(base, quantities)),
            _ => Self::Coverages(Coverages::begin(base, quantities)),
        }
    }

    /// The rows that come now are of this site.
    fn site(&mut self, site: &SiteRow) {
        match self {
            Self::Coverages(coverages) => coverages.site(site),
            Self::Features(features) => features.site(site),
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

    fn end(self, are_several: bool) -> std::io::Result<Vec<u8>> {
        match self {
            Self::Coverages(coverages) => coverages.end(are_several),
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
    /// The time series of these sites while they stood in these places, or nothing.
    pub(super) async fn series(
        self,
        standing: &[Standing<'_>],
        selected: &Selected,
        written: Written<'_>,
    ) -> Result<Content, Problem> {
        if standing.len() > MAX_SITES {
            return Err(too_much());
        }
        let is_long = selected.is_long(standing.len());
        let _room = if is_long { Some(self.memory.build().await?) } else { None };
        let mut text = Text::begin(&selected.quantities, written);
        for one in standing {
            self.refuse_more_before(one.site, selected).await?;
            text.site(one.site);
            self.site(one, selected, is_long, &mut text).await?;
        }
        if text.rows() == 0 {
            return Ok(Content::Nothing);
        }
        let text = text.end(written.are_several);
        Ok(Content::Whole(text.map_err(|error| Problem::unwritable(&error))?))
    }

    async fn site(
        self,
        Standing { site, stays }: &Standing<'_>,
        selected: &Selected,
        is_long: bool,
        text: &mut Text<'_>,
    ) -> Result<(), Problem> {
        for stay in stays {
            let span = (selected.span.from, selected.span.to);
            let Some((from, to)) = stay.within(span) else { continue };
            let mut next = Some(from);
            while let Some(from) = next.filter(|from| *from < to) {
                let rows = rows(site, selected, from, to, PAGE);
                next = self.page(rows, is_long, stay, text).await?;
                if text.rows() > MAX_ROWS || text.bytes() > MAX_BYTES {
                    return Err(too_much());
                }
            }
        }
        Ok(())
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
        let (mut last, mut count) = (None, 0);
        while let Some(batch) = batches.try_next().await? {
            for row in Row::all(&OBSERVATIONS, &batch) {
                text.row(row, stay).map_err(|error| Problem::unwritable(&error))?;
            }
            last = Row::last(&OBSERVATIONS, &batch).and_then(|row| row.time("observation_time"));
            count += batch.num_rows();
        }
        let is_full = count >= PAGE as usize;
        Ok(last.filter(|_| is_full).map(|last| last + TimeDelta::seconds(1)))
    }

    /// Everything up to a time is asked for: a part of it would look like all.
    async fn refuse_more_before(self, site: &SiteRow, selected: &Selected) -> Result<(), Problem> {
        if !selected.span.is_open {
            return Ok(());
        }
        let archived =
            self.reader.store.has_archived(&OBSERVATIONS, (&site.site_id, &selected.source));
        if archived.await? {
            return Err(selected.span.too_long());
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
        .allowed("1000 sites, 10000 observations and 4 MiB: a shorter datetime, a smaller area, or fewer of parameter-name")
}
