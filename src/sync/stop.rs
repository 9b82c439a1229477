//! Why a sync stopped short.

/// Why a sync stopped short.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// By a signal.
    #[error("interrupted")]
    Interrupted,
    /// There is nothing of this store in the sink.
    #[error("this store was never synced")]
    NeverSynced,
    /// The sink was filled from another store.
    #[error("the sink was synced from store {found}, and this is store {own}")]
    OtherStore {
        /// The one that was synced.
        found: String,
        /// This one.
        own: String,
    },
    /// The store has gone back: it was restored from a backup.
    #[error(
        "the sink has run {run_seq} ({run_id}), and this store does not: it is not the store that was synced, or an older copy of it"
    )]
    RestoredStore {
        /// The run's number.
        run_seq: i64,
        /// The run's id.
        run_id: String,
    },
    /// An error that did not pass.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

impl Stop {
    /// Why a job stopped short that ended so; `None`: it was asked to end before.
    pub(super) fn of(done: Option<anyhow::Result<()>>) -> Option<Self> {
        match done {
            None => Some(Self::Interrupted),
            Some(Err(error)) => Some(error.downcast().unwrap_or_else(Self::Failed)),
            Some(Ok(())) => None,
        }
    }

    /// Its kind, as the log names it; that of a failure is its error's.
    #[must_use]
    pub fn kind(&self) -> Option<&'static str> {
        match self {
            Self::Interrupted => Some("interrupted"),
            Self::NeverSynced => Some("never_synced"),
            Self::OtherStore { .. } => Some("other_store"),
            Self::RestoredStore { .. } => Some("restored_store"),
            Self::Failed(_) => None,
        }
    }

    /// What the operator can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Interrupted => {
                Some("start again: it goes on from the position that the sink holds")
            }
            Self::NeverSynced => Some("`weather sync` sends what the store holds"),
            Self::OtherStore { .. } | Self::RestoredStore { .. } => Some(
                "check DATABASE_URL and BIGQUERY_DATASET; if this store is the right one now (restored, or new), `weather sync --rebase` sends it whole, and `weather verify` shows what only the sink has",
            ),
            Self::Failed(_) => None,
        }
    }
}
