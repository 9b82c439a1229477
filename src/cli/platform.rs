//! Where the program runs, and what follows from it.
//!
//! A platform says by its environment where we are: Cloud Run for the tasks of a job
//! (<https://cloud.google.com/run/docs/container-contract#jobs-env-vars>) and for a service
//! (<https://cloud.google.com/run/docs/container-contract#services-env-vars>). What differs from place to
//! place is decided here and nowhere else: our part of the sites, the name in the audit trail, whether a
//! file outlives the program, and who reads the log. Another platform is another [`Place`].

use clap::Args;

use super::error::UsageError;
use crate::domain::Shard;
use crate::objects::ObjectsUrl;
use crate::sink::LakeSettings;
use crate::store::{RunHost, StoreSettings};
use crate::vault::VaultSettings;

/// What the platform has set.
#[derive(Debug, Clone, Args)]
pub(super) struct Platform {
    #[arg(long, env = "CLOUD_RUN_JOB", hide = true, global = true)]
    cloud_run_job: Option<String>,
    #[arg(long, env = "CLOUD_RUN_EXECUTION", hide = true, global = true)]
    cloud_run_execution: Option<String>,
    #[arg(long, env = "CLOUD_RUN_TASK_INDEX", hide = true, global = true, default_value_t = 0)]
    cloud_run_task_index: u32,
    #[arg(long, env = "CLOUD_RUN_TASK_COUNT", hide = true, global = true, default_value_t = 1)]
    cloud_run_task_count: u32,
    #[arg(long, env = "CLOUD_RUN_TASK_ATTEMPT", hide = true, global = true, default_value_t = 0)]
    cloud_run_task_attempt: u32,
    #[arg(long, env = "K_SERVICE", hide = true, global = true)]
    k_service: Option<String>,
}

/// Where a program may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A task of a job on Cloud Run.
    CloudRunJob,
    /// An instance of a service on Cloud Run.
    CloudRunService,
    /// A machine of one's own.
    Elsewhere,
}

impl Place {
    const fn of(is_job: bool, is_service: bool) -> Self {
        match (is_job, is_service) {
            (true, _) => Self::CloudRunJob,
            (false, true) => Self::CloudRunService,
            (false, false) => Self::Elsewhere,
        }
    }

    /// True where the log goes to a machine, whatever stderr is.
    const fn has_machine_log(self) -> bool {
        !matches!(self, Self::Elsewhere)
    }

    /// True where a file is still there at the next start.
    const fn has_lasting_disk(self) -> bool {
        matches!(self, Self::Elsewhere)
    }
}

impl Platform {
    fn place(&self) -> Place {
        let is_set = |name: &Option<String>| name.as_ref().is_some_and(|name| !name.is_empty());
        Place::of(is_set(&self.cloud_run_job), is_set(&self.k_service))
    }

    /// True where the log goes to a machine, whatever stderr is.
    pub(super) fn has_machine_log(&self) -> bool {
        self.place().has_machine_log()
    }

    /// True where a file is still there at the next start.
    pub(super) fn has_lasting_disk(&self) -> bool {
        self.place().has_lasting_disk()
    }

    /// True where the platform checks who sends a request before the program gets it, unless it is set not
    /// to.
    pub(super) fn checks_callers(&self) -> bool {
        self.place() == Place::CloudRunService
    }

    /// True where the platform starts a task again that has failed: nobody has asked for it anew.
    pub(super) fn is_another_try(&self) -> bool {
        self.place() == Place::CloudRunJob && self.cloud_run_task_attempt > 0
    }

    /// This task's part of the sites.
    pub(super) fn shard(&self) -> Result<Shard, UsageError> {
        let (index, count) = (self.cloud_run_task_index, self.cloud_run_task_count);
        Shard::parse(index, count).ok_or_else(|| {
            UsageError::new(format!("CLOUD_RUN_TASK_INDEX {index} of CLOUD_RUN_TASK_COUNT {count}"))
                .hint("the index counts from 0 and is below the count; Cloud Run sets both")
        })
    }

    /// The machine and the task, for the audit trail.
    pub(super) fn host(&self) -> RunHost {
        let is_task = self.place() == Place::CloudRunJob;
        RunHost {
            host: gethostname::gethostname().to_string_lossy().into_owned(),
            execution: self.cloud_run_execution.clone(),
            task: is_task.then(|| self.cloud_run_task_index.to_string()),
        }
    }

    /// Refuses a lake in a folder, where the disk does not last.
    pub(super) fn check_lake(&self, lake: &LakeSettings) -> Result<(), UsageError> {
        let is_folder = lake.lake_url.as_ref().is_some_and(ObjectsUrl::is_folder);
        if self.has_lasting_disk() || !is_folder {
            return Ok(());
        }
        Err(UsageError::new(
            "LAKE_URL is a folder: what is written to it on Cloud Run is forgotten with its task",
        )
        .hint("set LAKE_URL=gs://bucket/prefix or s3://bucket/prefix"))
    }

    /// Refuses a store that is a file, where the disk does not last.
    pub(super) fn check_store(&self, store: &StoreSettings) -> Result<(), UsageError> {
        if self.has_lasting_disk() || !store.is_file() {
            return Ok(());
        }
        Err(UsageError::new(
            "DATABASE_URL is not set to a MySQL server: a file on Cloud Run is forgotten with its task",
        )
        .hint("set DATABASE_URL=mysql://user:password@host/database, from a secret"))
    }

    /// Refuses a vault that is a folder, where the disk does not last, and what is none.
    pub(super) fn check_vault(&self, vault: &VaultSettings) -> Result<(), UsageError> {
        const FORMS: &str = "VAULT_URL=s3://bucket/prefix or gs://bucket/prefix";
        let url = vault.url().map_err(UsageError::new)?;
        if self.has_lasting_disk() || !url.is_some_and(|url| url.is_folder()) {
            return Ok(());
        }
        Err(UsageError::new(
            "VAULT_URL is a folder: a file on Cloud Run is forgotten with its task",
        )
        .hint(format!("set {FORMS}")))
    }
}

/// The same as [`Platform::has_machine_log`], before the settings are known.
#[expect(clippy::disallowed_methods, reason = "needed to say in which form settings are wrong")]
pub(super) fn has_machine_log_early() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    Place::of(is_set("CLOUD_RUN_JOB"), is_set("K_SERVICE")).has_machine_log()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platform(job: Option<&str>, service: Option<&str>) -> Platform {
        Platform {
            cloud_run_job: job.map(str::to_owned),
            cloud_run_execution: Some("weather-x1".into()),
            cloud_run_task_index: 3,
            cloud_run_task_attempt: 0,
            cloud_run_task_count: 8,
            k_service: service.map(str::to_owned),
        }
    }

    #[test]
    fn only_a_machine_of_ones_own_keeps_a_file_and_may_have_a_reader_at_its_terminal() {
        for (job, service, is_own) in [
            (None, None, true),
            (Some(""), Some(""), true),
            (Some("weather"), None, false),
            (None, Some("weather"), false),
        ] {
            let platform = platform(job, service);
            assert_eq!(platform.has_lasting_disk(), is_own, "{platform:?}");
            assert_eq!(platform.has_machine_log(), !is_own, "{platform:?}");
            let file = StoreSettings::at("sqlite://weather.db");
            assert_eq!(platform.check_store(&file).is_ok(), is_own, "{platform:?}");
            assert!(platform.check_store(&StoreSettings::at("mysql://u:p@h/d")).is_ok());
        }
    }

    #[test]
    fn only_a_service_has_its_callers_checked_and_only_a_job_has_tasks() {
        let (job, service) = (platform(Some("weather"), None), platform(None, Some("weather")));
        assert!(service.checks_callers() && !job.checks_callers());
        assert_eq!(job.host().task.as_deref(), Some("3"));
        assert_eq!(service.host().task, None);
        assert_eq!(job.shard().ok(), Shard::parse(3, 8));
    }
}
