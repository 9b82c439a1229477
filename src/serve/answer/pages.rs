//! An answer that is made page by page: whole if it is short, else a stream.
//!
//! A page is read by statements of its own, so that a client that takes its answer slowly holds no
//! connection to the store, and no more memory than a page.

use std::future::Future;
use std::sync::Arc;

use arrow_schema::ArrowError;
use axum::body::Body;
use futures::{Stream, StreamExt as _, stream};
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::format::Format;
use super::memory::Memory;
use super::problem::Problem;
use super::query::Content;
use super::rows::{Record, Writer};
use crate::store::StoreError;

/// How much of an answer is made before it becomes a stream; of one that is likely to be long.
const STREAM_BYTES: usize = 256 << 10;
const FIRST_BYTES: usize = 16 << 10;

/// The pages of an answer, as text.
pub(crate) trait Pages: Send + 'static {
    /// The next page; `None` when there is none.
    fn page(&mut self) -> impl Future<Output = Result<Option<Vec<u8>>, StoreError>> + Send;
}

/// All of it if it is short, else a stream. `reserved` is the room for a stream, of what is likely to be
/// long: its pages wait for their turn.
pub(crate) async fn content(
    memory: &Memory,
    mut pages: impl Pages,
    reserved: Option<OwnedSemaphorePermit>,
) -> Result<Content, Problem> {
    let mut text = Vec::new();
    let turns = reserved.as_ref().map(|_| memory.turns());
    let most = if reserved.is_some() { FIRST_BYTES } else { STREAM_BYTES };
    while let Some(page) = in_turn(&mut pages, turns.as_ref()).await? {
        text.extend(page);
        if text.len() > most {
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
) -> impl Stream<Item = Result<Vec<u8>, std::io::Error>> {
    let state = (pages, turns, permit);
    let rest = stream::try_unfold(state, |(mut pages, turns, permit)| async move {
        let page = in_turn(&mut pages, Some(&turns)).await.map_err(|error| {
            let _ = Problem::from(error);
            std::io::Error::other("the answer is cut off")
        })?;
        Ok(page.map(|page| (page, (pages, turns, permit))))
    });
    stream::iter([Ok(begun)]).chain(rest)
}

/// What has to be read in parts, a part for a page.
pub(crate) trait Parts: Send + 'static {
    type Row: Serialize + Send;

    /// What a list of them is called.
    const LIST: &str;

    /// Their fields, in order.
    fn fields() -> Vec<&'static str>;

    /// The rows of the next part; `None` when there is none.
    fn part(&mut self) -> impl Future<Output = Result<Option<Vec<Self::Row>>, StoreError>> + Send;
}

/// Parts, written.
pub(crate) struct Written<P> {
    parts: P,
    writer: Writer,
    fields: Vec<&'static str>,
    is_over: bool,
}

impl<P: Parts> Written<P> {
    pub(crate) fn new(parts: P, format: Format) -> Self {
        let fields = P::fields();
        let writer = Writer::begin(format, P::LIST, fields.iter().copied());
        Self { parts, writer, fields, is_over: false }
    }

    fn write(&mut self, rows: &[P::Row]) -> std::io::Result<()> {
        let Self { writer, fields, .. } = self;
        rows.iter().try_for_each(|row| writer.row(&Record { row, fields }))
    }
}

impl<P: Parts> Pages for Written<P> {
    async fn page(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        while !self.is_over {
            match self.parts.part().await? {
                Some(rows) => self.write(&rows).map_err(malformed)?,
                None => {
                    self.writer.end();
                    self.is_over = true;
                }
            }
            let text = self.writer.take();
            if !text.is_empty() {
                return Ok(Some(text));
            }
        }
        Ok(None)
    }
}

pub(crate) fn malformed(error: std::io::Error) -> StoreError {
    StoreError::Malformed(ArrowError::from_external_error(Box::new(error)))
}
