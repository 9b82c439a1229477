//! The calls of a batch, and what each brings.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use futures::StreamExt as _;
use tokio::sync::mpsc;

use super::account::Account;
use super::parts::Heal;
use super::report::{Failure, Made};
use super::smaller::{fit, halves};
use super::wanted::SlotsOfHours;
use crate::clock::Clock as _;
use crate::domain::{ErrorKind, RawRef, Site, SiteId, Slot, SlotResult, ValueKind};
use crate::job::attempt::{Attempted, Attempts, Call, Effort, Unanswered};
use crate::job::gate::Charge;
use crate::job::keep::{About, Keeper};
use crate::job::{Stop, recalled as recalled_outcome};
use crate::retry::Transient as _;
use crate::source::history::{HistoryCall, Missing, Recalled};
use crate::source::{Fault, History, SourceError};

/// So many calls that fail one after the other end the heal: the source is in trouble. One that is
/// made again by halves has not failed yet.
const MAX_FAILURES_IN_A_ROW: u32 = 5;

/// Makes the calls of one batch.
pub(super) struct Caller<'a> {
    parts: Heal<'a>,
    account: &'a Account<'a>,
    history: &'a dyn History,
    missing: &'a SlotsOfHours,
    results: mpsc::Sender<SlotResult>,
    attempts: Attempts<'a>,
    made: Mutex<Made>,
}

impl<'a> Caller<'a> {
    pub(super) fn new(
        parts: Heal<'a>,
        account: &'a Account<'a>,
        (keeper, history, missing): (&'a Keeper<'a>, usize, &'a SlotsOfHours),
        results: mpsc::Sender<SlotResult>,
    ) -> Self {
        let policy = parts.settings.call_retry();
        let attempts = Attempts { job: parts.job, gate: &account.gate, policy, keeper };
        let history = &*parts.histories[history];
        Self { parts, account, history, missing, results, attempts, made: Mutex::default() }
    }

    /// Makes the calls, at most so many at once as there are workers; results go to the loader as
    /// they come.
    pub(super) async fn make(
        self,
        calls: Vec<HistoryCall<'_>>,
        unfillable: Vec<SlotResult>,
    ) -> Made {
        for result in unfillable {
            self.send(result).await;
        }
        let mut made = futures::stream::iter(calls)
            .map(|call| async {
                if let Some(call) = self.still_wanted(call) {
                    self.fill(call).await;
                }
            })
            .buffer_unordered(self.calls_at_once());
        tokio::select! {
            biased; // a signal that is there already is respected before the first call
            () = self.account.gate.grace_is_over(self.parts.job.shutdown) => {}
            () = async { while made.next().await.is_some() {} } => {}
        }
        drop(made);
        self.made.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// As many as there are workers, and as the source takes.
    fn calls_at_once(&self) -> usize {
        (self.parts.settings.max_workers as usize).min(self.history.calls_at_once())
    }

    /// Asks, and by halves where a call for several sites brings nothing: one of them may be at fault,
    /// or all of them too much for one answer. True when every site was answered for.
    async fn fill(&self, call: HistoryCall<'_>) -> bool {
        if let Some(halves) = halves(&call).filter(|_| self.is_too_large(&call)) {
            return self.fill_both(halves).await;
        }
        let Some(call) = fit(self.history, call, self.account.max_calls.left()) else {
            self.account.max_calls.note_short();
            return false;
        };
        let charge = self.history.charge(&call);
        let past = PastCall { caller: self, call: &call, charge };
        let Attempted { answer, effort, raw_ref } = self.attempts.until_answered(&past).await;
        match answer {
            Ok(recalled) => self.take(call, recalled, (effort, raw_ref)).await,
            Err(Unanswered::NotSent(_)) => false,
            Err(Unanswered::Failed(error)) => {
                let Some(both) = halves(&call).filter(|_| self.is_worth_halving(&error)) else {
                    self.fail(&call, self.slots_of(&call), error);
                    return false;
                };
                let are_answered = self.fill_both(both).await;
                if are_answered && error.is_transient() {
                    // Nothing is wrong with any of them: together they were too many.
                    self.account.note_too_many(call.sites.len());
                }
                are_answered
            }
        }
    }

    async fn fill_both(&self, [one, other]: [HistoryCall<'_>; 2]) -> bool {
        let is_one_answered = Box::pin(self.fill(one)).await;
        Box::pin(self.fill(other)).await && is_one_answered
    }

    /// Whether another call for fewer sites may go well: one of them is at fault, or together they are
    /// too much for one answer. What concerns the account is the same for any number of them, and a
    /// long rest that is asked for is kept.
    fn is_worth_halving(&self, error: &SourceError) -> bool {
        let is_rest =
            error.retry_after.is_some_and(|rest| rest > self.attempts.policy.longest_wait);
        let is_sites_own = matches!(error.kind, ErrorKind::BadRequest | ErrorKind::NotFound);
        (is_sites_own || error.is_transient()) && !error.is_crowded() && !is_rest
    }

    fn is_too_large(&self, call: &HistoryCall<'_>) -> bool {
        let charge = u64::from(self.history.charge(call));
        charge > self.account.gate.most_at_once() || call.sites.len() > self.account.most_sites()
    }

    /// Hands on what was recalled. Sites of which something cannot be read are asked for once more, by
    /// themselves; where that is all of them, what can be read is taken, and the rest has failed.
    async fn take(
        &self,
        call: HistoryCall<'_>,
        recalled: Vec<Recalled>,
        came: (Effort, Option<RawRef>),
    ) -> bool {
        let is_unreadable = |each: &&Recalled| self.unreadable(each).is_some();
        let faulty: BTreeSet<SiteId> =
            recalled.iter().filter(is_unreadable).map(|each| each.site_id.clone()).collect();
        if faulty.len() < call.sites.len() {
            let is_good = |each: &Recalled| !faulty.contains(&each.site_id);
            self.hand_on(recalled.into_iter().filter(is_good).collect(), came).await;
            let is_faulty = |site: &&Site| faulty.contains(&site.site_id);
            let sites: Vec<_> = call.sites.iter().copied().filter(is_faulty).collect();
            return sites.is_empty() || Box::pin(self.fill(HistoryCall { sites, ..call })).await;
        }
        let failed = recalled.iter().filter(is_unreadable);
        let slots = failed.map(|each| self.slots(&each.site_id, each.hour).len()).sum();
        let fault = recalled.iter().find_map(|each| self.unreadable(each)).cloned();
        self.hand_on(recalled, came).await;
        if let Some(fault) = fault {
            self.fail(&call, slots, unreadable(fault));
        }
        false
    }

    /// What is wrong with what was said of a missing site-hour, where it cannot be read.
    fn unreadable<'b>(&self, recalled: &'b Recalled) -> Option<&'b Fault> {
        match &recalled.found {
            Err(Missing::Unreadable(fault))
                if self.is_missing(&recalled.site_id, recalled.hour) =>
            {
                Some(fault)
            }
            _ => None,
        }
    }

    /// What is wrong with an answer of which nothing that is missing can be read.
    fn unreadable_all(&self, recalled: &[Recalled]) -> Option<Fault> {
        let is_missing = |each: &&Recalled| self.is_missing(&each.site_id, each.hour);
        let mut faults = recalled.iter().filter(is_missing).map(|each| self.unreadable(each));
        let first = faults.next()??;
        faults.all(|fault| fault.is_some()).then(|| first.clone())
    }

    /// How many missing slots a call is for.
    fn slots_of(&self, call: &HistoryCall<'_>) -> usize {
        let of_site = |site: &&Site| -> usize {
            call.hours().map(|hour| self.slots(&site.site_id, hour).len()).sum()
        };
        call.sites.iter().map(of_site).sum()
    }

    /// The missing slots of a site's hour.
    fn slots(&self, site_id: &SiteId, hour: DateTime<Utc>) -> &'a [DateTime<Utc>] {
        self.missing.get(&(site_id.clone(), hour)).map_or(&[], Vec::as_slice)
    }

    fn is_missing(&self, site_id: &SiteId, hour: DateTime<Utc>) -> bool {
        !self.slots(site_id, hour).is_empty()
    }

    /// The sites and hours of `call` that are still missing.
    fn still_wanted<'b>(&self, mut call: HistoryCall<'b>) -> Option<HistoryCall<'b>> {
        let hours: Vec<_> = call.hours().collect();
        call.sites.retain(|site| hours.iter().any(|hour| self.is_missing(&site.site_id, *hour)));
        let is_wanted =
            |hour: &&_| call.sites.iter().any(|site| self.is_missing(&site.site_id, **hour));
        let (first, last) = (*hours.iter().find(is_wanted)?, *hours.iter().rev().find(is_wanted)?);
        Some(HistoryCall { first, last, ..call })
    }

    /// Newest hour first, all sites of it, so that of a call that is loaded in part a later one
    /// asks for no day that is there.
    async fn hand_on(
        &self,
        mut recalled: Vec<Recalled>,
        (effort, raw_ref): (Effort, Option<RawRef>),
    ) {
        self.made().latencies_ms.push(effort.latency_ms);
        recalled.sort_by_key(|each| Reverse(each.hour));
        for each in recalled {
            let (source, now) = (self.history.source_name(), self.account.gate.now());
            let Some(outcome) = recalled_outcome(source, &each, now) else { continue };
            for slot_time in self.slots(&each.site_id, each.hour) {
                self.send(SlotResult {
                    slot: Slot { site_id: each.site_id.clone(), slot_time: *slot_time },
                    source: self.parts.source,
                    attempts: effort.attempts,
                    http_status: Some(200),
                    latency_ms: effort.latency_ms,
                    value_kind: ValueKind::Backfill,
                    outcome: outcome.clone(),
                    raw_ref: raw_ref.clone(),
                })
                .await;
            }
        }
    }

    /// The call has failed for so many slots: they stay as they are.
    fn fail(&self, call: &HistoryCall<'_>, slots: usize, error: SourceError) {
        let source = self.parts.history_name();
        let message = error.message.clone();
        let failure = Failure { first: call.first, last: call.last, slots, error };
        self.made().failures.push(failure);
        if self.account.note_failure() >= MAX_FAILURES_IN_A_ROW {
            self.account.gate.stop(Stop::SourceFails { source, message });
        }
    }

    async fn send(&self, result: SlotResult) {
        // A loader that has failed says why itself.
        let _ = self.results.send(result).await;
    }

    fn made(&self) -> std::sync::MutexGuard<'_, Made> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call of a history.
struct PastCall<'a> {
    caller: &'a Caller<'a>,
    call: &'a HistoryCall<'a>,
    charge: u32,
}

impl Call for PastCall<'_> {
    type Answer = Vec<Recalled>;

    fn charge(&self) -> Charge {
        Charge::Calls(self.charge)
    }

    fn claim(&self) -> bool {
        self.caller.account.max_calls.spend(self.charge)
    }

    fn note_sent(&self, attempt: u32) {
        self.caller.made().count(self.charge, attempt);
    }

    fn about(&self) -> About<'_> {
        let site_ids = self.call.sites.iter().map(|site| &site.site_id).collect();
        About { site_ids, slot_time: None, kind: ValueKind::Backfill }
    }

    /// An answer of which nothing can be read is none.
    async fn send(&self) -> Result<Vec<Recalled>, SourceError> {
        let recalled = self.caller.history.recall(self.call).await?;
        if let Some(fault) = self.caller.unreadable_all(&recalled) {
            return Err(unreadable(fault));
        }
        self.caller.account.note_answer();
        Ok(recalled)
    }

    fn pause_name(&self) -> &'static str {
        self.caller.history.pause_name()
    }

    fn stop_for(&self, refusal: &SourceError) -> Option<Stop> {
        let history = self.caller.history;
        history.lacks_subscription(refusal).then(|| Stop::NotSubscribed {
            source: history.source_name(),
            message: refusal.message.clone(),
        })
    }
}

/// The error of an answer that came and cannot be read.
fn unreadable(Fault { kind, message }: Fault) -> SourceError {
    SourceError { kind, message, http_status: Some(200), retry_after: None }
}
