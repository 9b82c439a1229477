//! Either sink as whole syncs know it, and what others see in it.

use super::databases::TestDatabase;
use super::gateway::{Asked, Gateway};
use super::lake::LakeReader;
use super::program::Program;
use super::warehouse::{Warehouse, bigquery_url};

/// A sink that a test has for itself.
pub(crate) enum Mirror {
    BigQuery(Warehouse, Gateway),
    Lake(tempfile::TempDir),
}

impl Mirror {
    /// One of each kind.
    pub(crate) fn each() -> [Self; 2] {
        let gateway = Gateway::to(&bigquery_url());
        [Self::BigQuery(Warehouse::new(), gateway), Self::Lake(tempfile::tempdir().unwrap())]
    }

    /// `weather` with the settings to sync that database to here.
    pub(crate) fn client(&self, database: &TestDatabase) -> Program {
        match self {
            Self::BigQuery(warehouse, gateway) => warehouse.client(database, &gateway.url),
            Self::Lake(folder) => Program::new()
                .env("DATABASE_URL", &database.url)
                .env("LAKE_URL", &format!("file:{}", folder.path().display()))
                .env("WEATHER_LEASE_SECONDS", "3600"),
        }
    }

    /// How much was written so far: jobs, or commits.
    pub(crate) async fn writes(&self) -> usize {
        match self {
            Self::BigQuery(_, gateway) => gateway.asked(Asked::is_job).len(),
            Self::Lake(folder) => {
                let reader = LakeReader::of_folder(folder.path());
                let mut commits = 0;
                for table in ["sites", "weather_observations", "collection_slots", "ingestion_runs"]
                {
                    commits += reader.commits(table).await.len();
                }
                commits
            }
        }
    }

    /// It holds what the store holds, every value, every row once.
    pub(crate) async fn assert_equals(&self, database: &TestDatabase) {
        match self {
            Self::BigQuery(warehouse, _) => drop(warehouse.assert_equals(database).await),
            Self::Lake(folder) => {
                LakeReader::of_folder(folder.path()).assert_equals(database).await;
            }
        }
    }

    /// Every row of the store is there, every value, and no key twice; there may be more.
    pub(crate) async fn assert_holds(&self, database: &TestDatabase) {
        match self {
            Self::BigQuery(warehouse, _) => warehouse.assert_holds(database).await,
            Self::Lake(folder) => LakeReader::of_folder(folder.path()).assert_holds(database).await,
        }
    }
}
