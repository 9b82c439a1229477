//! An answer that is made page by page: whole if it is short, else a stream.
//!
//! A page is read by statements of its own, so that a client that takes its answer slowly holds no
//! connection to the store, and no more memory than a page.

use std::future::Future;
use std::io;
use std::sync::Arc;

use arrow_schema::ArrowError;
use axum::body::Body;
use futures::{Stream, StreamExt as _, TryStreamExt as _, future, stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::form::Form;
use super::format::Format;
use super::memory::Memory;
use super::problem::Problem;
use super::query::Content;
use super::rows::{Row, Writer};
use super::values::Fields;
use crate::store::StoreError;

/// How much of an answer is made before it becomes a stream; of one that is likely to be long.
const STREAM_BYTES: usize = 256 << 10;
const FIRST_BYTES: usize = 16 << 10;

/// So many pages of a long answer are made before it becomes a stream, however short they are: a form may be
/// written in large pieces, and there may be many sites without a row.
const FIRST_PAGES: usize = 64;

/// The pages of an answer, written.
pub(crate) trait Pages: Send + 'static {
    /// The next page, which may be empty; `None` when there is none.
    fn page(&mut self) -> impl Future<Output = Result<Option<Vec<u8>>, StoreError>> + Send;
}

/// All of it if it is short, else a stream. `reserved` is the room for a stream, of what is likely to be
/// long: its pages wait for their turn.
pub(crate) async fn content(
    memory: &Memory,
    mut pages: impl Pages,
    reserved: Option<OwnedSemaphorePermit>,
) -> Result<Content, Problem> {
    let (mut text, mut count) = (Vec::new(), 0);
    let turns = reserved.as_ref().map(|_| memory.turns());
    let most = if reserved.is_some() { FIRST_BYTES } else { STREAM_BYTES };
    while let Some(page) = in_turn(&mut pages, turns.as_ref()).await? {
        text.extend(page);
        count += 1;
        if text.len() > most || reserved.is_some() && count >= FIRST_PAGES {
            let permit = reserved.map_or_else(|| memory.stream(), Ok)?;
            let stream = stream(text, pages, memory.turns(), permit);
            return Ok(Content::Stream(Body::from_stream(stream)));
        }
    }
    Ok(Content::Whole(text))
}

async fn in_turn(
    pages: &mut impl Pages,
    turns: Option<&Arc<Semaphore>>,
) -> Result<Option<Vec<u8>>, StoreError> {
    let _turn = match turns {
        Some(turns) => turns.clone().acquire_owned().await.ok(),
        None => None,
    };
    pages.page().await
}

/// An error ends the connection, for the client to see that the answer is cut off.
fn stream(
    begun: Vec<u8>,
    pages: impl Pages,
    turns: Arc<Semaphore>,
    permit: OwnedSemaphorePermit,
) -> impl Stream<Item = io::Result<Vec<u8>>> {
    let state = (pages, turns, permit);
    let rest = stream::try_unfold(state, |(mut pages, turns, permit)| async move {
        let page = in_turn(&mut pages, Some(&turns)).await.map_err(cut_off)?;
        Ok(page.map(|page| (page, (pages, turns, permit))))
    });
    // A chunk without a byte would be the last.
    stream::iter([Ok(begun)]).chain(rest).try_filter(|page| future::ready(!page.is_empty()))
}

/// Logged here, since of a client that is cut off nobody else hears.
fn cut_off(error: StoreError) -> io::Error {
    let _ = Problem::of_store(&error);
    io::Error::other(error)
}

/// What has to be read in parts, a part for a page.
pub(crate) trait Parts: Send + 'static {
    type Row: Row + Send;

    /// What a list of them is called.
    const LIST: &str;

    /// The rows of the next part; `None` when there is none.
    fn part(&mut self) -> impl Future<Output = Result<Option<Vec<Self::Row>>, StoreError>> + Send;
}

/// How rows come in pages that a client asks for one by one.
pub(crate) struct Paging<R> {
    /// So many at most.
    pub(crate) limit: Option<u32>,
    /// What the page after this row begins with.
    pub(crate) cursor: fn(&R) -> String,
}

/// Parts, written.
pub(crate) struct Written<P: Parts> {
    parts: P,
    writer: Writer,
    paging: Option<Paging<P::Row>>,
    /// The cursor after the last row that was written.
    last: Option<String>,
    /// A form without a place for a cursor needs not know whether there is more.
    says_more: bool,
    is_over: bool,
}

/// The fields that rows are written with.
type FieldsOf<P> = Fields<<<P as Parts>::Row as Row>::Columns>;

impl<P: Parts> Written<P> {
    pub(crate) fn new(
        parts: P,
        form: impl Into<Form>,
        fields: &FieldsOf<P>,
        paging: Option<Paging<P::Row>>,
    ) -> Result<Self, Problem> {
        let form = form.into();
        let writer = Writer::begin(form, P::LIST, fields);
        let writer = writer.map_err(|error| Problem::unwritable(&error))?;
        let says_more = form.format == Format::Json;
        Ok(Self { parts, writer, paging, last: None, says_more, is_over: false })
    }

    fn write(&mut self, rows: &[P::Row]) -> io::Result<()> {
        let limit = self.paging.as_ref().and_then(|paging| paging.limit);
        let left = limit.map_or(usize::MAX, |left| left as usize);
        let taken = rows.get(..left).unwrap_or(rows);
        taken.iter().try_for_each(|row| self.writer.row(row))?;
        if let Some(paging) = &mut self.paging {
            self.last = taken.last().map(paging.cursor).or(self.last.take());
            let written = u32::try_from(taken.len()).unwrap_or(u32::MAX);
            paging.limit = limit.map(|left| left.saturating_sub(written));
        }
        let is_full = left == taken.len() && !self.says_more;
        match taken.len() < rows.len() || is_full {
            true => self.end(true),
            false => Ok(()),
        }
    }

    fn end(&mut self, has_more: bool) -> io::Result<()> {
        self.is_over = true;
        match &self.paging {
            Some(_) => {
                let next = self.last.as_deref().filter(|_| has_more);
                self.writer.end_page("next_cursor", next)
            }
            None => self.writer.end(),
        }
    }
}

impl<P: Parts> Pages for Written<P> {
    async fn page(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        if self.is_over {
            return Ok(None);
        }
        let written = match self.parts.part().await? {
            Some(rows) => self.write(&rows),
            None => self.end(false),
        };
        written.map_err(malformed)?;
        Ok(Some(self.writer.take()))
    }
}

fn malformed(error: io::Error) -> StoreError {
    StoreError::Malformed(ArrowError::from_external_error(Box::new(error)))
}
