//! An object that is written piece by piece: in one put while it is small, in parts where it is not.

use bytes::Bytes;
use object_store::multipart::PartId;
use object_store::path::Path;
use object_store::{MultipartId, MultipartUpload, ObjectStoreExt as _, PutPayload};

use super::{Objects, ObjectsError, Right};

/// Up to here one put takes it, and a part has as much: the least that S3 allows.
const PART_BYTES: usize = 5 << 20;

/// An object on its way. Dropped before it is finished, it is never there; S3 keeps its parts until a rule
/// of the bucket ends them.
pub struct Upload {
    objects: Objects,
    path: String,
    location: Path,
    buffer: Vec<u8>,
    bytes: u64,
    sent: Sent,
}

enum Sent {
    Nothing,
    /// Each part may be sent again.
    Parts(MultipartId, Vec<PartId>),
    /// Into a file of this machine.
    File(Box<dyn MultipartUpload>),
}

impl Upload {
    pub(super) fn new(objects: Objects, path: String, location: Path) -> Self {
        Self { objects, path, location, buffer: Vec::new(), bytes: 0, sent: Sent::Nothing }
    }

    /// How many bytes were written so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Writes the next bytes.
    ///
    /// # Errors
    /// When a part cannot be sent.
    pub async fn write(&mut self, piece: &[u8]) -> Result<(), ObjectsError> {
        self.bytes += piece.len() as u64;
        self.buffer.extend_from_slice(piece);
        while self.buffer.len() > PART_BYTES {
            let rest = self.buffer.split_off(PART_BYTES);
            let part = std::mem::replace(&mut self.buffer, rest);
            self.send(part.into()).await?;
        }
        Ok(())
    }

    /// Makes the object be there, in the place of what was.
    ///
    /// # Errors
    /// When it cannot be written: then it is not there.
    pub async fn finish(mut self) -> Result<(), ObjectsError> {
        let rest = Bytes::from(std::mem::take(&mut self.buffer));
        if matches!(self.sent, Sent::Nothing) {
            return self.objects.put(&self.path, rest).await;
        }
        self.send(rest).await?;
        let Self { objects, path, location, sent, .. } = &mut self;
        match sent {
            Sent::Nothing => Ok(()),
            Sent::File(file) => once(objects, path, file.complete().await.map(drop)),
            Sent::Parts(id, parts) => {
                let Some(store) = &objects.parts else { return Ok(()) };
                let done = objects.retried(Right::Put, path, async || {
                    store.complete_multipart(location, id, parts.clone()).await.map(drop)
                });
                match done.await {
                    // The upload is gone: a try whose answer was lost has ended it.
                    Err(error @ ObjectsError::Refused { .. }) => {
                        let found = objects.find(path).await?;
                        found.filter(|found| found.bytes == self.bytes).map(drop).ok_or(error)
                    }
                    done => done,
                }
            }
        }
    }

    async fn send(&mut self, part: Bytes) -> Result<(), ObjectsError> {
        if matches!(self.sent, Sent::Nothing) {
            self.sent = self.begin().await?;
        }
        let Self { objects, path, location, sent, .. } = self;
        match sent {
            Sent::Nothing => Ok(()),
            Sent::File(file) => once(objects, path, file.put_part(part.into()).await),
            Sent::Parts(id, parts) => {
                let Some(store) = &objects.parts else { return Ok(()) };
                let index = parts.len();
                let sent = objects.retried(Right::Put, path, async || {
                    let part = PutPayload::from_bytes(part.clone());
                    store.put_part(location, id, index, part).await
                });
                parts.push(sent.await?);
                Ok(())
            }
        }
    }

    async fn begin(&self) -> Result<Sent, ObjectsError> {
        let Self { objects, path, location, .. } = self;
        let Some(store) = &objects.parts else {
            let begun = objects.store.put_multipart(location).await;
            return once(objects, path, begun).map(Sent::File);
        };
        let begun =
            objects.retried(Right::Put, path, async || store.create_multipart(location).await);
        Ok(Sent::Parts(begun.await?, Vec::new()))
    }
}

/// What is done to a file of this machine is not tried again.
fn once<T>(
    objects: &Objects,
    path: &str,
    done: object_store::Result<T>,
) -> Result<T, ObjectsError> {
    done.map_err(|error| super::error::judge(error, Right::Put, &objects.full(path)))
}
