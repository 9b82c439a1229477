//! What Cloud Run tells a job's task by its environment
//! (<https://cloud.google.com/run/docs/container-contract#jobs-env-vars>).

use clap::Args;

use super::error::UsageError;
use crate::domain::Shard;
use crate::store::RunHost;

/// The task that we are, if we are one.
#[derive(Debug, Clone, Args)]
pub(super) struct CloudRun {
    #[arg(long, env = "CLOUD_RUN_JOB", hide = true, global = true)]
    cloud_run_job: Option<String>,
    #[arg(long, env = "CLOUD_RUN_EXECUTION", hide = true, global = true)]
    cloud_run_execution: Option<String>,
    #[arg(long, env = "CLOUD_RUN_TASK_INDEX", hide = true, global = true, default_value_t = 0)]
    cloud_run_task_index: u32,
    #[arg(long, env = "CLOUD_RUN_TASK_COUNT", hide = true, global = true, default_value_t = 1)]
    cloud_run_task_count: u32,
}

impl CloudRun {
    /// True on Cloud Run.
    pub(super) fn is_here(&self) -> bool {
        self.cloud_run_job.is_some()
    }

    /// This task's part of the sites.
    pub(super) fn shard(&self) -> Result<Shard, UsageError> {
        let (index, count) = (self.cloud_run_task_index, self.cloud_run_task_count);
        Shard::parse(index, count).ok_or_else(|| {
            UsageError::new(format!("CLOUD_RUN_TASK_INDEX {index} of CLOUD_RUN_TASK_COUNT {count}"))
                .hint("the index counts from 0 and is below the count; Cloud Run sets both")
        })
    }

    /// Who we are, for the audit trail.
    pub(super) fn host(&self) -> RunHost {
        RunHost {
            host: gethostname::gethostname().to_string_lossy().into_owned(),
            execution: self.cloud_run_execution.clone(),
            task: self.is_here().then(|| self.cloud_run_task_index.to_string()),
        }
    }
}
