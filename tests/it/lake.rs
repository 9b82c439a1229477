//! The lake: its contract in each place, its log when it is broken, and whole syncs.

mod contract;
mod log;
mod sync;
mod under_fire;
mod views;

use std::sync::Arc;

use chrono::TimeDelta;
use weather_data_product::clock::SteppedClock;
use weather_data_product::domain::tables::Table;
use weather_data_product::objects::{Objects, ObjectsUrl};
use weather_data_product::sink::lake::Lake;
use weather_data_product::sink::{
    Chunk, Group, Holds, Owner, Part, RollUp, Sink as _, SinkError, Staging, State,
};

use crate::support::chunks::{Sample, chunk, sample};
use crate::support::gcs::{BUCKET as GCS_BUCKET, Gcs};
use crate::support::lake::LakeReader;
use crate::support::object_faults::{Faults, Faulty, proxy};
use crate::support::s3::{BUCKET as S3_BUCKET, S3};
use crate::support::samples::hour;

const STORE_ID: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";
const OTHER_STORE_ID: &str = "7c9e6679-7425-40de-944b-e07fc1f90ae7";

/// A lake that nobody else uses, what goes wrong before it, and another reader of it.
struct Place {
    lake: Lake,
    faults: Arc<Faults>,
    reader: LakeReader,
    objects: Objects,
}

impl Place {
    fn of(objects: Objects, faults: Arc<Faults>) -> Self {
        let lake = Lake::new(objects.clone(), clock());
        Self { lake, faults, reader: LakeReader::of(objects.clone()), objects }
    }

    fn in_folder(folder: &std::path::Path) -> Self {
        let faults = Arc::<Faults>::default();
        let layer = faults.clone();
        let objects = Objects::open(&ObjectsUrl::Folder(folder.into()), None).unwrap();
        Self::of(objects.behind(|inner| Arc::new(Faulty { inner, faults: layer })), faults)
    }

    fn in_gcs() -> Self {
        let faults = Arc::<Faults>::default();
        let endpoint = proxy(Gcs::start().url(), faults.clone());
        let url = format!("gs://{GCS_BUCKET}/lake").parse().unwrap();
        Self::of(Objects::open(&url, Some(&endpoint)).unwrap(), faults)
    }

    fn in_s3(s3: &S3, prefix: &str) -> Self {
        let faults = Arc::<Faults>::default();
        let endpoint = proxy(&s3.url(), faults.clone());
        let url = format!("s3://{S3_BUCKET}/{prefix}").parse().unwrap();
        Self::of(Objects::open(&url, Some(&endpoint)).unwrap(), faults)
    }

    /// Another process's view of the same lake.
    fn another(&self) -> Lake {
        Lake::new(self.objects.clone(), clock())
    }

    /// The sites and values of the rows of a table.
    async fn values(&self, table: &Table) -> Vec<String> {
        let of = |row: &Vec<String>, name: &str| {
            let cell = row.iter().find_map(|cell| cell.strip_prefix(&format!("{name}: ")));
            cell.unwrap_or_default().to_owned()
        };
        let rows = self.reader.rows(table.name).await;
        let mut values: Vec<_> = rows
            .iter()
            .map(|row| format!("{} {}", of(row, "site_id"), of(row, "run_seq")))
            .collect();
        values.sort();
        values
    }

    async fn files(&self, table: &Table) -> Vec<String> {
        self.reader.table(table.name).await.files.into_keys().collect()
    }
}

/// Three days after the rows of the tests: their days are over.
fn clock() -> Arc<SteppedClock> {
    Arc::new(SteppedClock::new(hour() + TimeDelta::days(3)))
}

async fn stage(lake: &Lake, chunk: &Chunk) -> Staging {
    let owner = Owner { store_id: STORE_ID, epoch: 0 };
    let staging = lake.new_staging(chunk.table, &owner, Holds::RowsInOrder);
    lake.append(&staging, chunk).await.unwrap();
    staging
}

async fn state(lake: &Lake) -> State {
    lake.find_state(STORE_ID).await.unwrap().expect("a state")
}

/// Writes a chunk for the state that was read before.
async fn write_for(lake: &Lake, chunk: &Chunk, mut state: State) -> Result<(), SinkError> {
    state.tables.insert(chunk.table.name.into(), chunk.progress.clone());
    let (table, staging, days) = (chunk.table, stage(lake, chunk).await, chunk.days.clone());
    let part = Part { table, staging, rows: chunk.rows, days, fills: false };
    let group = Group { parts: vec![part], state, roll_up: RollUp::Nothing };
    lake.write(STORE_ID, &group).await
}

async fn write(lake: &Lake, chunk: &Chunk) -> Result<(), SinkError> {
    write_for(lake, chunk, state(lake).await).await
}

/// A lake with its tables, in which this store stands before its first row.
async fn begun(place: &Place) {
    place.lake.prepare().await.unwrap();
    place.lake.create_state(STORE_ID).await.unwrap();
}
