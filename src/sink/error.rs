//! What can go wrong with the sink, by what to do next.

use crate::retry::Transient;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// An error of the sink.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The settings cannot be used.
    #[error("{0}")]
    Settings(String),
    /// No credentials, or they are refused.
    #[error("no usable credentials for BigQuery")]
    Credentials(#[source] Cause),
    /// A permission is missing.
    #[error("{on}: the sink refused access")]
    AccessDenied {
        /// The role that holds the permission.
        role: &'static str,
        /// On what it is missing.
        on: String,
        /// The sink's words.
        #[source]
        cause: Cause,
    },
    /// Project, dataset or table is not there.
    #[error("{what} is not there")]
    NotFound {
        /// What.
        what: String,
        /// The sink's words.
        #[source]
        cause: Cause,
    },
    /// No connection, no answer, or too busy: may pass.
    #[error("{what}: the sink cannot be reached or is busy")]
    Unavailable {
        /// What was asked.
        what: String,
        /// Why.
        #[source]
        cause: Cause,
    },
    /// Another writer was faster; nothing was written.
    #[error("{table}: another sync or repair wrote first")]
    Fenced {
        /// The table.
        table: &'static str,
    },
    /// A repair would take rows away that the store does not have.
    #[error("{table}: the sink has rows that the store does not have")]
    WouldDelete {
        /// The table.
        table: &'static str,
    },
    /// The rows are not taken.
    #[error("{what}: the sink refused it")]
    Rejected {
        /// What was sent.
        what: String,
        /// The sink's words.
        #[source]
        cause: Cause,
    },
    /// A table is not as we made it.
    #[error("{table}: {problem}")]
    Altered {
        /// The table.
        table: String,
        /// What is different.
        problem: String,
        /// How to mend it.
        remedy: String,
    },
}

impl SinkError {
    /// Its kind, as the log names it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Settings(_) => "settings",
            Self::Credentials(_) => "sink_credentials",
            Self::AccessDenied { .. } => "sink_access_denied",
            Self::NotFound { .. } => "sink_not_found",
            Self::Unavailable { .. } => "sink_unavailable",
            Self::Fenced { .. } => "sink_fenced",
            Self::WouldDelete { .. } => "sink_would_delete",
            Self::Rejected { .. } => "sink_rejected",
            Self::Altered { .. } => "sink_altered",
        }
    }

    /// What the operator can do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Settings(_) => {
                "set BIGQUERY_PROJECT and BIGQUERY_DATASET, and BIGQUERY_LOCATION to where the dataset is".into()
            }
            Self::Credentials(_) => {
                "on a laptop: `gcloud auth application-default login`; on Cloud Run: a service account for the job".into()
            }
            Self::AccessDenied { role, on, .. } => {
                format!("give the account that runs this {role} on {on}")
            }
            Self::NotFound { .. } => {
                "check BIGQUERY_PROJECT and BIGQUERY_DATASET; `weather sync` makes datasets and tables where it may".into()
            }
            Self::Unavailable { .. } => {
                "nothing is lost: the next start goes on from the position that the sink holds".into()
            }
            Self::Fenced { .. } => "start again: it goes on from where the other one got".into(),
            Self::WouldDelete { .. } => {
                "if the store is right, `weather repair --allow-delete` removes them".into()
            }
            Self::Rejected { .. } => "nothing of it was written; the cause says why".into(),
            Self::Altered { remedy, .. } => remedy.clone(),
        }
    }
}

impl Transient for SinkError {
    fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}
