//! What can go wrong within a table of the lake, before it is an error of the sink.

use arrow_schema::ArrowError;
use parquet::errors::ParquetError;

use super::file::is_damage;
use crate::domain::tables::Table;
use crate::objects::ObjectsError;
use crate::sink::SinkError;

/// How a table that is not as this program made it is mended.
pub(super) const REMEDY: &str = "move the table's folder away, or take back what was done to it; `weather sync` makes a table that is gone anew and fills it";

/// How a data file that is gone or cut is mended.
const REPAIR: &str = "`weather repair --sink lake` writes the day anew from the store; or take the file from the bucket's versions";

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error(transparent)]
    Objects(#[from] ObjectsError),
    #[error(transparent)]
    Parquet(#[from] ParquetError),
    #[error("{0}")]
    Malformed(String),
    /// A data file is gone, cut, or another one's.
    #[error("the data file {path} is not as it was written: {cause}")]
    Damaged { path: String, cause: String },
    /// A data file was written and does not hold what was meant.
    #[error("the data file {path} was written and has {} rows, not {}", counts.0, counts.1)]
    NotWritten { path: String, counts: (u64, u64) },
    /// The log is not one of ours.
    #[error("{0}")]
    Log(String),
    /// What is to be written has a key twice, or other rows than was said.
    #[error("{0}")]
    NotStaged(String),
    /// Another writer was faster.
    #[error("another writer was faster")]
    Fenced,
    /// A key would go.
    #[error("a key would go")]
    WouldDelete,
}

impl From<ArrowError> for Fault {
    fn from(error: ArrowError) -> Self {
        Self::Parquet(error.into())
    }
}

impl Fault {
    /// The same, where it is about what is in a data file.
    pub(super) fn of_file(self, path: &str) -> Self {
        let path = path.to_owned();
        match self {
            Self::Objects(error) if is_damage(&error) => {
                Self::Damaged { path, cause: error.to_string() }
            }
            Self::Objects(ObjectsError::Refused { cause, .. }) => {
                Self::Damaged { path, cause: cause.to_string() }
            }
            Self::Parquet(error) => Self::Damaged { path, cause: error.to_string() },
            Self::Malformed(cause) => Self::Damaged { path, cause },
            fault => fault,
        }
    }

    /// As the sink says it.
    pub(super) fn of_table(self, table: &'static Table) -> SinkError {
        let altered = |problem: String, remedy: &str| SinkError::Altered {
            table: table.name.into(),
            problem,
            remedy: remedy.into(),
        };
        match self {
            Self::Objects(error) => error.into(),
            Self::Fenced => SinkError::Fenced,
            Self::WouldDelete => SinkError::WouldDelete { table: table.name },
            Self::NotStaged(words) => SinkError::NotStaged { cause: words.into() },
            fault @ Self::Damaged { .. } => altered(fault.to_string(), REPAIR),
            fault @ (Self::NotWritten { .. } | Self::Parquet(_)) => {
                SinkError::Rejected { what: table.name.into(), cause: Box::new(fault) }
            }
            Self::Log(problem) | Self::Malformed(problem) => altered(problem, REMEDY),
        }
    }
}
