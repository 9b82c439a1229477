//! What can go wrong with the sink, by what to do next.

use super::Fenced;
use crate::objects::ObjectsError;
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
    /// Something is in the way that neither another try nor a role removes.
    #[error("{what}: {obstacle}")]
    Blocked {
        /// What was asked.
        what: String,
        /// What is in the way.
        obstacle: Obstacle,
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
    #[error("another sync or repair wrote first")]
    Fenced,
    /// What is staged is not what was sent; nothing was written.
    #[error("the staged rows are not those that were sent")]
    NotStaged {
        /// The sink's words.
        #[source]
        cause: Cause,
    },
    /// A table that was to be filled has rows; nothing was written.
    #[error("{table}: it has rows already")]
    NotEmpty {
        /// The table.
        table: String,
    },
    /// A repair would take rows away that the store does not have.
    #[error("{table}: the sink has rows that the store does not have")]
    WouldDelete {
        /// The table.
        table: &'static str,
    },
    /// The rows of a load are not taken: one of them is at fault.
    #[error("{what}: the sink refused the rows")]
    InvalidRows {
        /// Where they were sent.
        what: String,
        /// The sink's words.
        #[source]
        cause: Cause,
    },
    /// What was sent is not taken.
    #[error("{what}: the sink refused it")]
    Rejected {
        /// What was sent.
        what: String,
        /// The sink's words.
        #[source]
        cause: Cause,
    },
    /// What the lake's objects answered.
    #[error(transparent)]
    Objects(#[from] ObjectsError),
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

/// What is in the way of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    /// A quota is used up; it refills by itself.
    #[error("a quota of BigQuery is used up")]
    Quota,
    /// The project has no billing account.
    #[error("billing is not enabled for the project")]
    Billing,
    /// VPC Service Controls.
    #[error("VPC Service Controls do not let the request through")]
    Perimeter,
    /// More than BigQuery, or the bound on billed bytes, allows for one statement.
    #[error("the statement takes more than it is allowed")]
    TooLarge,
    /// The project does not use BigQuery yet.
    #[error("the BigQuery API is not enabled in the project")]
    ServiceDisabled,
    /// An answer that is not as BigQuery documents it.
    #[error("the answer is not one of BigQuery's")]
    Unreadable,
    /// A job that does not end.
    #[error("a job does not end")]
    Stuck,
}

impl Obstacle {
    fn kind(self) -> &'static str {
        match self {
            Self::Quota => "sink_quota",
            Self::Billing => "sink_billing",
            Self::Perimeter => "sink_perimeter",
            Self::TooLarge => "sink_too_large",
            Self::ServiceDisabled => "sink_service_disabled",
            Self::Unreadable => "sink_malformed",
            Self::Stuck => "sink_stuck",
        }
    }

    /// What the operator can do, when the sink said `words`.
    fn hint(self, words: &str) -> &'static str {
        match self {
            Self::Quota => refill(words),
            Self::Billing => {
                "link a billing account to the project that BIGQUERY_PROJECT names: the sandbox takes no merge"
            }
            Self::Perimeter => {
                "the perimeter's administrators can allow it: an ingress rule for the account and the network that this runs in, the cause has the request's id"
            }
            Self::TooLarge => {
                "compare fewer days at once (`--days`, `--from`, `--to`); a sync that meets it is an issue for the developers"
            }
            Self::ServiceDisabled => {
                "`gcloud services enable bigquery.googleapis.com` for the project that BIGQUERY_PROJECT names"
            }
            Self::Unreadable => {
                "a proxy or a firewall may have answered in its place: check the way out, HTTPS_PROXY and BIGQUERY_BASE_URL"
            }
            Self::Stuck => {
                "the job was ended, and nothing is lost: look at it in BigQuery's list of jobs (slots, reservation), then start again"
            }
        }
    }
}

/// When a quota refills (<https://cloud.google.com/bigquery/quotas>).
fn refill(words: &str) -> &'static str {
    let words = words.to_lowercase();
    if words.contains("free query bytes") || words.contains("per month") {
        "the free quota of the month refills on its first day; with billing enabled there is none"
    } else if words.contains("queryusageper") || words.contains("custom") {
        "a limit that the project set for itself: it refills at midnight Pacific time (07:00 or 08:00 UTC), or raise it under IAM & Admin, Quotas"
    } else {
        "BigQuery refills daily quotas bit by bit within the day: the next start goes on from the position that the sink holds"
    }
}

impl SinkError {
    /// Its kind, as the log names it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Settings(_) => "settings",
            Self::Credentials(_) => "sink_credentials",
            Self::AccessDenied { .. } => "sink_access_denied",
            Self::Blocked { obstacle, .. } => obstacle.kind(),
            Self::NotFound { .. } => "sink_not_found",
            Self::Unavailable { .. } => "sink_unavailable",
            Self::Fenced => "sink_fenced",
            Self::NotStaged { .. } => "sink_not_staged",
            Self::NotEmpty { .. } => "sink_not_empty",
            Self::WouldDelete { .. } => "sink_would_delete",
            Self::InvalidRows { .. } | Self::Rejected { .. } => "sink_rejected",
            Self::Altered { .. } => "sink_altered",
            Self::Objects(error) => kind_of(error),
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
            Self::Blocked { obstacle, cause, .. } => obstacle.hint(&cause.to_string()).into(),
            Self::NotFound { .. } => {
                "check BIGQUERY_PROJECT and BIGQUERY_DATASET; `weather sync` makes datasets and tables where it may".into()
            }
            Self::Unavailable { .. } => {
                "nothing is lost: the next start goes on from the position that the sink holds".into()
            }
            Self::Fenced | Self::NotStaged { .. } | Self::NotEmpty { .. } => {
                "start again: it goes on from the position that the sink holds".into()
            }
            Self::WouldDelete { .. } => {
                "if the store is right, `weather repair --allow-delete` removes them".into()
            }
            Self::InvalidRows { .. } | Self::Rejected { .. } => {
                "nothing of it was written; the cause says why".into()
            }
            Self::Altered { remedy, .. } => remedy.clone(),
            Self::Objects(error) => hint_of(error).into(),
        }
    }
}

impl Transient for SinkError {
    fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}

impl Fenced for SinkError {
    fn is_fenced(&self) -> bool {
        matches!(self, Self::Fenced)
    }
}

/// The kind of an error of the lake's objects. What may pass was tried again already.
fn kind_of(error: &ObjectsError) -> &'static str {
    match error {
        ObjectsError::Settings(_) => "settings",
        ObjectsError::Credentials { .. } => "sink_credentials",
        ObjectsError::Denied { .. } => "sink_access_denied",
        ObjectsError::NoBucket { .. } => "sink_not_found",
        ObjectsError::Unavailable { .. } => "sink_unavailable",
        ObjectsError::Refused { .. } => "sink_rejected",
        ObjectsError::NoHardLinks { .. }
        | ObjectsError::Missing { .. }
        | ObjectsError::Exists { .. }
        | ObjectsError::TooLarge { .. }
        | ObjectsError::Cut { .. } => "sink_altered",
    }
}

fn hint_of(error: &ObjectsError) -> &'static str {
    match error {
        ObjectsError::Settings(_) => {
            "set LAKE_URL to file:./lake, s3://bucket/prefix or gs://bucket/prefix"
        }
        ObjectsError::Credentials { .. } => {
            "S3: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the role of container or instance; Google: `gcloud auth application-default login`, or a service account"
        }
        ObjectsError::Denied { .. } => {
            "give the account that runs this the rights to write, read and list objects there (deleting only for `weather lake vacuum`)"
        }
        ObjectsError::NoBucket { .. } => {
            "make the bucket, or check LAKE_URL: no bucket is made by this program"
        }
        ObjectsError::NoHardLinks { .. } => {
            "a lake needs a file system with hard links (ext4, XFS, APFS, NTFS), or a bucket: without them two writers could both win"
        }
        ObjectsError::Unavailable { .. } => {
            "nothing is lost: the next start goes on from the position that the lake holds"
        }
        ObjectsError::Refused { .. } => "nothing of it was written; the cause says why",
        ObjectsError::Missing { .. }
        | ObjectsError::Exists { .. }
        | ObjectsError::TooLarge { .. }
        | ObjectsError::Cut { .. } => {
            "somebody has changed the lake by hand: `weather lake status` shows its tables"
        }
    }
}
