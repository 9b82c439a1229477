//! Whether objects may be written, asked without writing one.

use object_store::{Error, PutMode, PutPayload, UpdateVersion};

use super::{Objects, ObjectsError, Right, error};

/// What is asked for; nobody ever writes it.
const PROBE: &str = "probe";

impl Objects {
    /// Passes who may write objects: asks to replace a version that there never was of an object that is not
    /// there. Who may write is told that it is not there, anybody else is refused. Of a folder nothing is asked.
    ///
    /// # Errors
    /// [`ObjectsError::Denied`] when the right is missing.
    pub async fn check_put(&self) -> Result<(), ObjectsError> {
        let location = self.location(PROBE)?;
        let of_none = UpdateVersion { e_tag: Some("\"none\"".into()), version: Some("1".into()) };
        let asked = self.retried(Right::Create, PROBE, async || {
            let mode = PutMode::Update(of_none.clone());
            match self.store.put_opts(&location, PutPayload::new(), mode.into()).await {
                Err(Error::Precondition { .. } | Error::NotImplemented { .. }) => Ok(()),
                Err(error @ Error::NotFound { .. }) if !error::has_no_bucket(&error) => Ok(()),
                asked => asked.map(drop),
            }
        });
        asked.await
    }
}
