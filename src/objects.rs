//! Objects under a URL: a folder, a bucket of S3 or a bucket of Google Cloud Storage.
//!
//! An object appears whole or not at all. [`Objects::put_new`] writes one that is not there yet: of
//! several writers one wins, which is all that a log of commits needs. A writer that is answered
//! [`Exists`](ObjectsError::Exists) or [`Unavailable`](ObjectsError::Unavailable) knows nothing of what
//! became of the put, and looks: the first try may have been carried out though its answer was lost.
//!
//! Passing errors are repeated here and nowhere above. Every implementation passes the contract suite
//! (`tests/it/objects.rs`).

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::TryStreamExt as _;
use object_store::memory::InMemory;
use object_store::multipart::MultipartStore;
use object_store::path::Path;
use object_store::{GetOptions, ObjectMeta, ObjectStore, ObjectStoreExt as _, PutMode, PutPayload};

use crate::clock::SystemClock;
use crate::retry::{RetryPolicy, retry};

mod credentials;
mod error;
mod leftovers;
mod open;
mod right;
mod upload;
mod url;

pub use error::{ObjectsError, Right};
pub use leftovers::Leftover;
pub use upload::Upload;
pub use url::ObjectsUrl;

/// How passing troubles are met: a minute in all.
const RETRY: RetryPolicy = RetryPolicy {
    max_attempts: 7,
    first_wait: Duration::from_millis(250),
    longest_wait: Duration::from_secs(20),
};

/// Objects under a URL. A path is relative to it, with `/` between its parts.
#[derive(Clone)]
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    /// Uploads in parts, where a part can be sent again; a folder needs none.
    parts: Option<Arc<dyn MultipartStore>>,
    root: Path,
    /// Where that is on this machine, if it is.
    folder: Option<PathBuf>,
    /// The URL, as people name it.
    name: String,
}

impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Objects({})", self.name)
    }
}

/// An object that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its path.
    pub path: String,
    /// How long it is.
    pub bytes: u64,
    /// When it was written, by the clock of the storage.
    pub modified_at: DateTime<Utc>,
}

impl Objects {
    /// Nothing but memory, which is empty.
    #[must_use]
    pub fn in_memory() -> Self {
        let memory = Arc::new(InMemory::new());
        let (root, name) = (Path::default(), "memory:".into());
        Self { parts: Some(memory.clone()), store: memory, root, folder: None, name }
    }

    /// The same behind something else, such as what counts or breaks.
    #[must_use]
    pub fn behind(self, layer: impl FnOnce(Arc<dyn ObjectStore>) -> Arc<dyn ObjectStore>) -> Self {
        Self { store: layer(self.store), ..self }
    }

    /// The URL, as people name it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Those below a folder.
    #[must_use]
    pub fn below(&self, folder: &str) -> Self {
        let root = folder.split('/').fold(self.root.clone(), Path::join);
        let own = self.folder.as_ref().map(|own| own.join(folder));
        Self { root, folder: own, name: format!("{}/{folder}", self.name), ..self.clone() }
    }

    /// Writes an object that is not there yet.
    ///
    /// # Errors
    /// [`ObjectsError::Exists`] when there is one, which may be this one, of a try whose answer was lost.
    pub async fn put_new(&self, path: &str, body: impl Into<Bytes>) -> Result<(), ObjectsError> {
        match self.put_by(PutMode::Create, Right::Create, path, body.into()).await {
            // A bucket may refuse an account that may create and not replace, in the place of saying so.
            Err(error @ ObjectsError::Denied { .. }) => match self.find(path).await {
                Ok(Some(_)) => Err(ObjectsError::Exists { path: self.full(path) }),
                Ok(None) | Err(_) => Err(error),
            },
            written => written,
        }
    }

    /// Writes an object whose path says what it holds: one that is there already is this one.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn put_once(&self, path: &str, body: impl Into<Bytes>) -> Result<(), ObjectsError> {
        match self.put_new(path, body).await {
            Err(ObjectsError::Exists { .. }) => Ok(()),
            written => written,
        }
    }

    /// Writes an object, in the place of what is there.
    ///
    /// # Errors
    /// When it cannot be written; then what was there is there.
    pub async fn put(&self, path: &str, body: impl Into<Bytes>) -> Result<(), ObjectsError> {
        self.put_by(PutMode::Overwrite, Right::Put, path, body.into()).await
    }

    async fn put_by(
        &self,
        mode: PutMode,
        right: Right,
        path: &str,
        body: Bytes,
    ) -> Result<(), ObjectsError> {
        let location = self.location(path)?;
        self.retried(right, path, async || {
            let body = PutPayload::from_bytes(body.clone());
            self.store.put_opts(&location, body, mode.clone().into()).await.map(drop)
        })
        .await
    }

    /// Begins an object that is written piece by piece; it is there once it is finished.
    ///
    /// # Errors
    /// When the path cannot be one.
    pub fn upload(&self, path: &str) -> Result<Upload, ObjectsError> {
        Ok(Upload::new(self.clone(), path.to_owned(), self.location(path)?))
    }

    /// The bytes of an object.
    ///
    /// # Errors
    /// [`ObjectsError::Missing`] when it is not there, [`ObjectsError::TooLarge`] when it is longer than
    /// `max_bytes`.
    pub async fn get(&self, path: &str, max_bytes: u64) -> Result<Bytes, ObjectsError> {
        let location = self.location(path)?;
        let found = self.retried(Right::Get, path, async || {
            let found = self.store.get_opts(&location, GetOptions::new()).await?;
            if found.meta.size > max_bytes {
                return Ok(Err(found.meta.size));
            }
            found.bytes().await.map(Ok)
        });
        found.await?.map_err(|bytes| ObjectsError::TooLarge { path: self.full(path), bytes })
    }

    /// Some bytes of an object.
    ///
    /// # Errors
    /// As [`get`](Self::get), and when it is shorter than that.
    pub async fn get_range(&self, path: &str, range: Range<u64>) -> Result<Bytes, ObjectsError> {
        let location = self.location(path)?;
        let length = range.end - range.start;
        let found = self.retried(Right::Get, path, async || {
            self.store.get_range(&location, range.clone()).await
        });
        let found = found.await?;
        if found.len() as u64 == length {
            return Ok(found);
        }
        Err(ObjectsError::Cut { path: self.full(path) })
    }

    /// An object, if it is there.
    ///
    /// # Errors
    /// When it cannot be asked for.
    pub async fn find(&self, path: &str) -> Result<Option<Object>, ObjectsError> {
        let location = self.location(path)?;
        let found = self.retried(Right::Get, path, async || self.store.head(&location).await);
        match found.await {
            Ok(meta) => Ok(self.object(&meta)),
            Err(ObjectsError::Missing { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The objects in a folder and below it whose paths come after one, in the order of their paths; a
    /// folder that is not there has none.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub async fn list_after(
        &self,
        folder: &str,
        after: Option<&str>,
    ) -> Result<Vec<Object>, ObjectsError> {
        let prefix = if folder.is_empty() { self.root.clone() } else { self.location(folder)? };
        let offset = after.map(|path| self.location(path)).transpose()?;
        let found: Vec<ObjectMeta> = self
            .retried(Right::List, folder, async || match &offset {
                Some(offset) => {
                    self.store.list_with_offset(Some(&prefix), offset).try_collect().await
                }
                None => self.store.list(Some(&prefix)).try_collect().await,
            })
            .await?;
        let mut found: Vec<_> = found.iter().filter_map(|meta| self.object(meta)).collect();
        found.retain(|object| after.is_none_or(|after| *object.path > *after));
        found.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }

    /// Deletes an object; one that is not there is no error.
    ///
    /// # Errors
    /// When it cannot be deleted.
    pub async fn delete(&self, path: &str) -> Result<(), ObjectsError> {
        let location = self.location(path)?;
        let deleted =
            self.retried(Right::Delete, path, async || self.store.delete(&location).await);
        match deleted.await {
            Err(ObjectsError::Missing { .. }) => Ok(()),
            deleted => deleted,
        }
    }

    /// Carries out an operation, and repeats it while its error may pass.
    async fn retried<T>(
        &self,
        right: Right,
        path: &str,
        operation: impl AsyncFn() -> object_store::Result<T>,
    ) -> Result<T, ObjectsError> {
        let what = self.full(path);
        retry(&SystemClock, RETRY, async || {
            operation().await.map_err(|error| error::judge(error, right, &what))
        })
        .await
    }

    fn location(&self, path: &str) -> Result<Path, ObjectsError> {
        let parsed = Path::parse(path).map_err(|cause| ObjectsError::Refused {
            what: self.full(path),
            cause: cause.into(),
        })?;
        Ok(self.root.parts().chain(parsed.parts()).collect())
    }

    fn full(&self, path: &str) -> String {
        format!("{}/{path}", self.name)
    }

    fn object(&self, meta: &ObjectMeta) -> Option<Object> {
        let path = meta.location.prefix_match(&self.root)?;
        let path = path.map(|part| part.as_ref().to_owned()).collect::<Vec<_>>().join("/");
        Some(Object { path, bytes: meta.size, modified_at: meta.last_modified })
    }
}
