//! The demo's lake.

use std::path::Path;

use anyhow::Context as _;
use tokio_util::sync::CancellationToken;

use crate::objects::ObjectsUrl;
use crate::sink::{LakeSettings, SinkError};
use crate::store::{Reads, Store};
use crate::sync::{self, Rebasing, Stop, Sync};

/// What was written to the lake.
#[derive(Default)]
pub(super) struct Mirrored {
    pub(super) rows: u64,
    pub(super) commits: u64,
}

/// Mirrors the store into the lake, as `weather sync` does.
pub(super) async fn mirror(
    folder: &Path,
    (store, reads): (&dyn Store, &Reads),
    shutdown: &CancellationToken,
) -> anyhow::Result<Mirrored> {
    let url = Some(ObjectsUrl::Folder(folder.into()));
    let settings = LakeSettings { lake_url: url, lake_endpoint: None };
    let lake = settings.open()?.context("no lake")?;
    let before = versions(&lake).await?;
    let report = sync::run(Sync {
        reads,
        store,
        sink: &lake,
        chunk_rows: 100_000,
        group_rows: 1_000_000,
        rebase: Rebasing::No,
        lease: crate::store::settings::LEASE,
        shutdown,
    })
    .await;
    let rows = report.rows();
    match report.stop {
        None | Some(Stop::Interrupted) => {}
        Some(Stop::Failed(error)) => return Err(error.context("the lake")),
        Some(stop) => return Err(anyhow::Error::from(stop).context("the lake")),
    }
    Ok(Mirrored { rows, commits: versions(&lake).await? - before })
}

/// How many commits there are, of all tables.
async fn versions(lake: &crate::sink::lake::Lake) -> Result<u64, SinkError> {
    let tables = lake.status().await?;
    Ok(tables.iter().map(|table| u64::try_from(table.version + 1).unwrap_or_default()).sum())
}
