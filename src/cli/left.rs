//! The lake as the place where rows are that have left the store: port to port.

use std::sync::Arc;

use arrow_array::RecordBatch;
use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::domain::tables::Table;
use crate::sink::lake::Lake;
use crate::sink::{LakeSettings, SinkError};
use crate::store::{LeftError, LeftRows};

/// A lake that months have left the store for.
struct LeftInLake(Arc<Lake>);

#[async_trait]
impl LeftRows for LeftInLake {
    async fn read_series(
        &self,
        table: &'static Table,
        series: (&str, &str),
        times: (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Vec<RecordBatch>, LeftError> {
        let lake = self.0.clone();
        let (site_id, source) = (series.0.to_owned(), series.1.to_owned());
        let runtime = tokio::runtime::Handle::current();
        // The sink's futures stay on their thread.
        let read = move || runtime.block_on(lake.read_series(table, (&site_id, &source), times));
        Ok(tokio::task::spawn_blocking(read).await??)
    }
}

/// The lake of these settings, if one is set; nothing is asked of it yet.
pub(super) fn of(settings: &LakeSettings) -> Result<Option<Arc<dyn LeftRows>>, SinkError> {
    let lake = settings.open()?;
    Ok(lake.map(|lake| Arc::new(LeftInLake(Arc::new(lake))) as Arc<dyn LeftRows>))
}
