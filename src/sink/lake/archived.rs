//! Rows of days that have left the store, as the lake has them. What is not as it was written is an error here
//! and no day without rows.

use arrow_array::{BooleanArray, RecordBatch};
use arrow_select::filter::filter_record_batch;
use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use sha2::{Digest as _, Sha256};

use super::Lake;
use super::fault::Fault;
use super::log::Log;
use super::snapshot::DataFile;
use super::write::{files_of, open};
use crate::columnar::Row;
use crate::domain::Days;
use crate::domain::tables::Table;
use crate::objects::ObjectsError;
use crate::sink::{ArchivedRows, HashedFile, HashedFiles, SinkError};

/// What is read of a file at once.
const AT_ONCE: u64 = 8 << 20;

#[async_trait(?Send)]
impl ArchivedRows for Lake {
    async fn read_day(
        &self,
        table: &'static Table,
        day: NaiveDate,
        each: &mut dyn FnMut(RecordBatch),
    ) -> Result<(), SinkError> {
        let log = self.log(table)?;
        let read = async {
            let snapshot = log.read_there().await?;
            for file in snapshot.files_of(Some(day)) {
                let reader = open(log, file).await?;
                for group in 0..reader.groups() {
                    reader.read_group(group, None).await?.into_iter().for_each(&mut *each);
                }
            }
            Ok(())
        };
        read.await.map_err(|fault: Fault| fault.of_table(table))
    }

    async fn hash_files(
        &self,
        table: &'static Table,
        days: Days,
    ) -> Result<HashedFiles, SinkError> {
        let log = self.log(table)?;
        let hashed = async {
            let snapshot = log.read_there().await?;
            let mut found = HashedFiles { version: snapshot.version, ..HashedFiles::default() };
            for (day, files) in files_of(&snapshot, &[days]) {
                let Some(day) = day else { continue };
                for file in files {
                    let hashed = hash(log, file).await?;
                    found.days.entry(day).or_default().extend(hashed);
                }
            }
            Ok(found)
        };
        hashed.await.map_err(|fault: Fault| fault.of_table(table))
    }
}

impl Lake {
    /// The rows of a site and source from one time up to another, which is left out and of the same day, in the
    /// order of time.
    ///
    /// # Errors
    /// When a file is not as it was written, or cannot be read.
    pub async fn read_series(
        &self,
        table: &'static Table,
        series: (&str, &str),
        times: (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Vec<RecordBatch>, SinkError> {
        let log = self.log(table)?;
        let read = async {
            let snapshot = log.read_there().await?;
            let mut found = Vec::new();
            for file in snapshot.files_of(Some(times.0.date_naive())) {
                let reader = open(log, file).await?;
                for group in 0..reader.groups() {
                    if !reader.may_hold(group, series.0) {
                        continue;
                    }
                    for batch in reader.read_group(group, None).await? {
                        found.extend(of_series(table, &batch, series, times)?);
                    }
                }
            }
            Ok(found)
        };
        read.await.map_err(|fault: Fault| fault.of_table(table))
    }
}

/// The rows of a batch that are of a series; `None`: it has none.
fn of_series(
    table: &'static Table,
    batch: &RecordBatch,
    (site_id, source): (&str, &str),
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Option<RecordBatch>, Fault> {
    let is_meant = |row: Row<'_>| {
        let time = table.day_of.and_then(|day_of| row.time(day_of));
        row.text("site_id") == Some(site_id)
            && row.text("source") == Some(source)
            && time.is_some_and(|time| from <= time && time < to)
    };
    let meant: BooleanArray = Row::all(table, batch).map(|row| Some(is_meant(row))).collect();
    let found = filter_record_batch(batch, &meant)?;
    Ok((found.num_rows() > 0).then_some(found))
}

/// What is in a file; `None`: it is gone, or longer than its commit says.
async fn hash(log: &Log, file: &DataFile) -> Result<Option<HashedFile>, Fault> {
    let mut sha256 = Sha256::new();
    let mut from = 0;
    while from < file.bytes() {
        let to = file.bytes().min(from + AT_ONCE);
        match log.objects.get_range(file.path(), from..to).await {
            Ok(bytes) => sha256.update(&bytes),
            Err(ObjectsError::Missing { .. } | ObjectsError::Cut { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        from = to;
    }
    let digest = sha256.finalize();
    let sha256 = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Some(HashedFile { path: file.path().to_owned(), bytes: file.bytes(), sha256 }))
}
