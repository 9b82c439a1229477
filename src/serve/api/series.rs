//! Series: observations, hours or days of a site, or of all sites one after the other.
//!
//! A series is read in parts, each by statements of its own along a key, so that a client that takes its
//! answer slowly holds no connection to the store, and no more memory than a part. That of all sites is the
//! series of each site, in the order of their ids.

use std::collections::VecDeque;
use std::future::Future;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::cursor::{Cursor, SiteCursor};
use crate::serve::answer::form::Form;
use crate::serve::answer::format::Format;
use crate::serve::answer::memory::Memory;
use crate::serve::answer::pages::{self, Paging, Parts, Written};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::Content;
use crate::serve::answer::reader::Reader;
use crate::serve::answer::rows::Row;
use crate::serve::answer::selection::{Listed, Selection};
use crate::serve::answer::values::{Fields, Limit};
use crate::store::{SiteRow, StoreError};

/// A row of a series: the next page may begin after it.
pub(super) trait Placed {
    /// Its site.
    fn site_id(&self) -> &str;

    /// Its source and time.
    fn cursor(&self) -> Cursor;
}

/// The series of a site, by source and time.
pub(super) trait OfSite: Parts<Row: Placed> + Sized {
    /// What is asked of each site.
    type Asked: Send + Sync + 'static;

    /// Begins, after a row if one is named.
    fn open(
        reader: &Reader,
        site: SiteRow,
        asked: &Self::Asked,
        after: Option<&Cursor>,
    ) -> impl Future<Output = Result<Self, StoreError>> + Send;
}

/// The series of several sites, one after the other.
struct OfSites<S: OfSite> {
    reader: Reader,
    asked: S::Asked,
    /// The sites that are left.
    sites: VecDeque<String>,
    after: Option<SiteCursor>,
    current: Option<S>,
}

impl<S: OfSite> OfSites<S> {
    /// The next site's, if there is another site.
    async fn open_next(&mut self) -> Result<bool, StoreError> {
        let Some(site_id) = self.sites.pop_front() else { return Ok(false) };
        let after = self.after.take().filter(|after| after.site_id.as_str() == site_id);
        let after = after.as_ref().map(|after| &after.cursor);
        if let Some(site) = self.reader.store.find_site(&site_id).await? {
            self.current = Some(S::open(&self.reader, site, &self.asked, after).await?);
        }
        Ok(true)
    }
}

impl<S: OfSite> Parts for OfSites<S> {
    type Row = S::Row;

    const LIST: &str = S::LIST;

    async fn part(&mut self) -> Result<Option<Vec<S::Row>>, StoreError> {
        if let Some(current) = &mut self.current {
            if let Some(rows) = current.part().await? {
                return Ok(Some(rows));
            }
            self.current = None;
        }
        Ok(self.open_next().await?.then(Vec::new))
    }
}

/// Rows of a JSON page if no other number is asked for, and at most.
const DEFAULT_LIMIT: RowLimit = Limit::of(1000);
pub(super) type RowLimit = Limit<10_000>;

/// So many rows at most; of JSON, which comes in pages, there is always a number.
pub(super) fn fill_limit(limit: &mut Option<RowLimit>, form: Form) {
    if form.format == Format::Json {
        limit.get_or_insert(DEFAULT_LIMIT);
    }
}

/// Which part of the series of all sites.
#[derive(Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct BulkPage {
    /// So many at most; JSON has 1000 a page if it is missing.
    #[param(inline)]
    pub(super) limit: Option<RowLimit>,
    /// `next_cursor` of the page before, with the same other parameters.
    #[param(inline)]
    pub(super) cursor: Option<SiteCursor>,
}

/// What is asked of all sites.
pub(super) struct Bulk<S: OfSite> {
    pub(super) selection: Selection,
    pub(super) asked: S::Asked,
    pub(super) fields: Fields<<S::Row as Row>::Columns>,
    pub(super) page: BulkPage,
    pub(super) form: Form,
}

impl<S: OfSite> Bulk<S> {
    /// A page as JSON, else a stream: of those there are few at once.
    pub(super) async fn content(self, reader: Reader, memory: &Memory) -> Result<Content, Problem> {
        let Self { selection, asked, fields, page, form } = self;
        let (limit, after) = (page.limit.map(Limit::get), page.cursor);
        let reserved = match form.format {
            Format::Json => memory.stream()?,
            _ => memory.bulk().await?,
        };
        let sites = selection.sites(&reader, Listed::InFile).await?;
        let are_several = sites.len() > 1;
        let is_left =
            |id: &String| after.as_ref().is_none_or(|after| id.as_str() >= after.site_id.as_str());
        let sites = sites.into_iter().map(|site| site.site_id).filter(is_left).collect();
        // Of many sites each would read every file of the lake: such an answer is of the store alone.
        let reader = if are_several { reader.without_lake() } else { reader };
        let parts = OfSites::<S> { reader, asked, sites, after, current: None };
        let paging = Paging { limit, cursor: |row: &S::Row| SiteCursor::after(row) };
        let written = Written::new(parts, form, &fields, Some(paging))?;
        pages::content(memory, written, Some(reserved)).await
    }
}

/// The days that the name of a file says: the first and the last of these times, up to now.
pub(super) fn days_of(
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    now: DateTime<Utc>,
) -> (String, String) {
    let last = (to - TimeDelta::seconds(1)).min(now).max(from);
    (from.date_naive().to_string(), last.date_naive().to_string())
}
