//! A batch of calls: one run.

use std::collections::BTreeSet;

use tokio::sync::mpsc;

use super::account::Account;
use super::call::Caller;
use super::parts::Heal;
use super::report::{Report, RunReport};
use super::wanted::{Places, SlotsOfHours};
use crate::domain::{SiteId, SlotResult, run};
use crate::job::Stop;
use crate::job::keep::Keeper;
use crate::job::load::Loader;
use crate::job::lock::{self, Lock};
use crate::source::history::HistoryCall;
use crate::store::{Holder, Run, StoreError};

/// Calls that are made in one run, and slots that are known to be unfillable.
pub(super) struct Batch<'a> {
    history: usize,
    calls: Vec<HistoryCall<'a>>,
    unfillable: Vec<SlotResult>,
}

/// What became of a batch.
pub(super) enum Batched {
    Done,
    /// Another heal is at it.
    Held(Holder),
    /// The heal comes to its end; gate or report say why.
    Stopped,
}

impl<'a> Batch<'a> {
    pub(super) fn of(history: usize, unfillable: Vec<SlotResult>) -> Self {
        Self { history, calls: Vec::new(), unfillable }
    }

    pub(super) fn push(&mut self, call: HistoryCall<'a>) {
        self.calls.push(call);
    }

    pub(super) fn calls(&self) -> usize {
        self.calls.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty() && self.unfillable.is_empty()
    }

    /// Opens a run, fills what is still missing, closes the run.
    pub(super) async fn heal(
        self,
        parts: Heal<'_>,
        places: &Places<'_>,
        account: &Account<'_>,
        report: &mut Report,
    ) -> Batched {
        let gate = &account.gate;
        let run = match lock::take(parts.job, run::HEAL, parts.source).await {
            Ok(Lock::Taken(run)) => run,
            Ok(Lock::Held(holder)) => return Batched::Held(holder),
            Ok(Lock::Interrupted) => {
                gate.stop(Stop::Interrupted);
                return Batched::Stopped;
            }
            Err(error) => {
                gate.stop(Stop::Store(error));
                return Batched::Stopped;
            }
        };
        let mut own = RunReport::default();
        if let Err(error) = self.fill(parts, places, &run, account, &mut own).await {
            gate.stop(error);
        }
        let (outcome, stopped) = own.outcome(gate.stopped());
        let closed = parts.job.close(&run, outcome, &own.counts(), stopped).await;
        report.add(own);
        if let Err(error) = closed {
            gate.stop(Stop::Store(error));
        }
        if gate.stopped().is_some() { Batched::Stopped } else { Batched::Done }
    }

    async fn fill(
        self,
        parts: Heal<'_>,
        places: &Places<'_>,
        run: &Run,
        account: &Account<'_>,
        report: &mut RunReport,
    ) -> Result<(), Stop> {
        let missing = self.still_missing(parts, places).await?;
        account.gate.respect_pauses(parts.job, &parts.pauses()).await?;
        let batch_rows = parts.batch_rows();
        let (sender, receiver) = mpsc::channel(batch_rows);
        let keeper = Keeper::new(parts.job, run, (parts.history_name(), parts.source));
        let asks = (&keeper, self.history, &missing);
        let caller = Caller::new(parts, account, asks, sender);
        let loader = Loader {
            job: parts.job,
            run,
            gate: &account.gate,
            pauses: &parts.pauses(),
            keeper: &keeper,
            batch_rows,
            loaded: &mut |result| {
                report.count(result);
                parts.progress.done(result);
            },
        };
        let (loaded, made) =
            tokio::join!(loader.load(receiver), caller.make(self.calls, self.unfillable));
        report.take(made, keeper.missed());
        loaded
    }

    /// What another heal has filled meanwhile is not asked for again: the run is open, so that none
    /// is at it now.
    async fn still_missing(
        &self,
        parts: Heal<'_>,
        places: &Places<'_>,
    ) -> Result<SlotsOfHours, StoreError> {
        let first = self.calls.iter().map(|call| call.first).min();
        let last = self.calls.iter().map(|call| call.last).max();
        let Some(hours) = first.zip(last) else { return Ok(SlotsOfHours::new()) };
        let site_ids: BTreeSet<&SiteId> =
            self.calls.iter().flat_map(|call| &call.sites).map(|site| &site.site_id).collect();
        places.still_missing(parts, &site_ids, hours).await
    }
}
