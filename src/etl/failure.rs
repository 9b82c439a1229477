//! Slots that failed: a line of the log each, and the faults that they share.

use crate::domain::{ErrorKind, SlotResult};
use crate::store::Run;

/// Where the log has the line of each slot; a report that groups them has no use for it.
pub const LOG_TARGET: &str = module_path!();

/// Different faults that a report keeps; all failed slots are in the ledger.
const MAX_FAULTS: usize = 50;

/// What went wrong, in the same words, for so many sites.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What kind of error.
    pub kind: ErrorKind,
    /// What happened.
    pub message: String,
    /// How many sites it happened to.
    pub sites: u64,
    /// The first of them, by its id.
    pub first: String,
}

/// The faults of a run.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    faults: Vec<Fault>,
}

impl Faults {
    /// One failed slot more.
    pub(super) fn count(&mut self, site_id: &str, kind: ErrorKind, message: &str) {
        let is_it = |fault: &Fault| fault.kind == kind && fault.message == message;
        if let Some(fault) = self.faults.iter_mut().find(|fault| is_it(fault)) {
            fault.sites += 1;
            if site_id < fault.first.as_str() {
                site_id.clone_into(&mut fault.first);
            }
        } else if self.faults.len() < MAX_FAULTS {
            let (message, first) = (message.to_owned(), site_id.to_owned());
            self.faults.push(Fault { kind, message, sites: 1, first });
        }
    }

    /// The fault that was met first.
    #[must_use]
    pub fn first(&self) -> Option<&Fault> {
        self.faults.first()
    }

    /// Each fault, that of the most sites first.
    #[must_use]
    pub fn by_sites(&self) -> Vec<&Fault> {
        let mut faults: Vec<&Fault> = self.faults.iter().collect();
        faults.sort_by_key(|fault| std::cmp::Reverse(fault.sites));
        faults
    }
}

/// The line of a slot that failed.
pub(super) fn log(run: &Run, result: &SlotResult) {
    if let Some((kind, message)) = result.outcome.failure() {
        tracing::warn!(
            labels.run_id = %run.run_id,
            site_id = result.slot.site_id.as_str(),
            source = result.source,
            error_kind = kind.as_str(),
            http_status = result.http_status,
            attempt = result.attempts,
            duration_ms = result.latency_ms,
            "site not collected: {message}"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_in_the_same_words_is_one_fault_with_its_first_site() {
        let mut faults = Faults::default();
        for site_id in ["tyo", "lon-city", "mad"] {
            faults.count(site_id, ErrorKind::Connection, "connection refused");
        }
        faults.count("ams", ErrorKind::NotFound, "city not found");
        let found = faults.by_sites();
        let lines = found.iter().map(|fault| (fault.kind, fault.sites, fault.first.as_str()));
        assert_eq!(
            lines.collect::<Vec<_>>(),
            [(ErrorKind::Connection, 3, "lon-city"), (ErrorKind::NotFound, 1, "ams")]
        );
        for number in 0..1000 {
            faults.count("a", ErrorKind::Malformed, &number.to_string());
        }
        assert_eq!(faults.by_sites().len(), MAX_FAULTS);
    }
}
