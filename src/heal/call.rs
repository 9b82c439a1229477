//! The calls of a batch, and what each brings.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::StreamExt as _;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::Heal;
use super::account::Account;
use super::calls::{fit, halves};
use super::report::{Failure, Made};
use super::wanted::{SlotsOfHours, reason};
use crate::clock::Clock as _;
use crate::domain::{ErrorKind, Site, SiteId, Slot, SlotOutcome, SlotResult, ValueKind};
use crate::job::Stop;
use crate::retry::{RetryPolicy, Transient, retry};
use crate::source::history::{Ask, Missing, Recalled};
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
    policy: RetryPolicy,
    made: Mutex<Made>,
}

/// Why one attempt brought nothing.
enum Missed {
    /// The heal is coming to its end, or has no call left.
    NotCalled,
    Failed {
        error: SourceError,
        again: bool,
    },
}

impl Transient for Missed {
    fn is_transient(&self) -> bool {
        matches!(self, Self::Failed { again: true, .. })
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            // The gate keeps everyone waiting for an account's pause.
            Self::Failed { error, .. }
                if error.kind != ErrorKind::RateLimited || error.is_crowded() =>
            {
                error.retry_after
            }
            _ => None,
        }
    }

    fn is_crowded(&self) -> bool {
        matches!(self, Self::Failed { error, .. } if error.is_crowded())
    }
}

/// The attempts of one call.
struct Tries {
    attempts: u32,
    /// Of these, answered by no more than that too many calls are in flight.
    crowded: u32,
    first_call: Instant,
}

impl<'a> Caller<'a> {
    pub(super) fn new(
        parts: Heal<'a>,
        account: &'a Account<'a>,
        (history, missing): (usize, &'a SlotsOfHours),
        results: mpsc::Sender<SlotResult>,
    ) -> Self {
        let policy = parts.settings.call_retry();
        let history = &*parts.histories[history];
        Self { parts, account, history, missing, results, policy, made: Mutex::default() }
    }

    /// Makes the calls, at most so many at once as there are workers; results go to the loader as
    /// they come.
    pub(super) async fn call(self, asks: Vec<Ask<'_>>, unfillable: Vec<SlotResult>) -> Made {
        for result in unfillable {
            self.send(result).await;
        }
        let mut calls = futures::stream::iter(asks)
            .map(|ask| async {
                if let Some(ask) = self.still_wanted(ask) {
                    self.fill(ask).await;
                }
            })
            .buffer_unordered(self.calls_at_once());
        tokio::select! {
            biased; // a signal that is there already is heeded before the first call
            () = self.account.gate.grace_is_over(self.parts.job.shutdown) => {}
            () = async { while calls.next().await.is_some() {} } => {}
        }
        drop(calls);
        self.made.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// As many as there are workers, and as the source takes.
    fn calls_at_once(&self) -> usize {
        (self.parts.settings.max_workers as usize).min(self.history.calls_at_once())
    }

    /// Asks, and by halves where a call for several sites brings nothing: one of them may be at fault,
    /// or all of them too much for one answer. True when every site was answered for.
    async fn fill(&self, ask: Ask<'_>) -> bool {
        if let Some(halves) = halves(&ask).filter(|_| self.is_too_large(&ask)) {
            return self.fill_both(halves).await;
        }
        let Some(ask) = fit(self.history, ask, self.account.max_calls.left()) else {
            self.account.max_calls.note_short();
            return false;
        };
        let mut tries = Tries { attempts: 0, crowded: 0, first_call: Instant::now() };
        let asked =
            retry(&self.account.gate, self.policy, async || self.ask(&ask, &mut tries).await);
        match asked.await {
            Ok(recalled) => self.take(ask, recalled, &tries).await,
            Err(Missed::NotCalled) => false,
            Err(Missed::Failed { error, .. }) => {
                let Some(both) = halves(&ask).filter(|_| self.is_worth_halving(&error)) else {
                    self.fail(&ask, self.slots_of(&ask), error);
                    return false;
                };
                let are_answered = self.fill_both(both).await;
                if are_answered && error.is_transient() {
                    // Nothing is wrong with any of them: together they were too many.
                    self.account.note_too_many(ask.sites.len());
                }
                are_answered
            }
        }
    }

    async fn fill_both(&self, [one, other]: [Ask<'_>; 2]) -> bool {
        let is_one_answered = Box::pin(self.fill(one)).await;
        Box::pin(self.fill(other)).await && is_one_answered
    }

    /// Whether another call for fewer sites may go well: one of them is at fault, or together they are
    /// too much for one answer. What concerns the account is the same for any number of them, and who
    /// asks for a long rest gets it.
    fn is_worth_halving(&self, error: &SourceError) -> bool {
        let is_rest = error.retry_after.is_some_and(|rest| rest > self.policy.longest_wait);
        let is_sites_own = matches!(error.kind, ErrorKind::BadRequest | ErrorKind::NotFound);
        (is_sites_own || error.is_transient()) && !error.is_crowded() && !is_rest
    }

    fn is_too_large(&self, ask: &Ask<'_>) -> bool {
        let charge = u64::from(self.history.charge(ask));
        charge > self.account.gate.most_at_once() || ask.sites.len() > self.account.most_sites()
    }

    /// Hands on what was recalled. Sites of which something cannot be read are asked for once more, by
    /// themselves; where that is all of them, what can be read is taken, and the rest has failed.
    async fn take(&self, ask: Ask<'_>, recalled: Vec<Recalled>, tries: &Tries) -> bool {
        let is_unreadable = |each: &&Recalled| self.unreadable(each).is_some();
        let faulty: BTreeSet<SiteId> =
            recalled.iter().filter(is_unreadable).map(|each| each.site_id.clone()).collect();
        if faulty.len() < ask.sites.len() {
            let is_good = |each: &Recalled| !faulty.contains(&each.site_id);
            self.tell(recalled.into_iter().filter(is_good).collect(), tries).await;
            let is_faulty = |site: &&Site| faulty.contains(&site.site_id);
            let sites: Vec<_> = ask.sites.iter().copied().filter(is_faulty).collect();
            return sites.is_empty() || Box::pin(self.fill(Ask { sites, ..ask })).await;
        }
        let failed = recalled.iter().filter(is_unreadable);
        let slots = failed.map(|each| self.slots(&each.site_id, each.hour).len()).sum();
        let fault = recalled.iter().find_map(|each| self.unreadable(each)).cloned();
        self.tell(recalled, tries).await;
        if let Some(fault) = fault {
            self.fail(&ask, slots, unreadable(fault));
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
    fn slots_of(&self, ask: &Ask<'_>) -> usize {
        let of_site = |site: &&Site| -> usize {
            ask.hours().map(|hour| self.slots(&site.site_id, hour).len()).sum()
        };
        ask.sites.iter().map(of_site).sum()
    }

    /// The missing slots of a site's hour.
    fn slots(&self, site_id: &SiteId, hour: DateTime<Utc>) -> &'a [DateTime<Utc>] {
        self.missing.get(&(site_id.clone(), hour)).map_or(&[], Vec::as_slice)
    }

    fn is_missing(&self, site_id: &SiteId, hour: DateTime<Utc>) -> bool {
        !self.slots(site_id, hour).is_empty()
    }

    /// The sites and hours of `ask` that are still missing.
    fn still_wanted<'b>(&self, mut ask: Ask<'b>) -> Option<Ask<'b>> {
        let hours: Vec<_> = ask.hours().collect();
        ask.sites.retain(|site| hours.iter().any(|hour| self.is_missing(&site.site_id, *hour)));
        let is_wanted =
            |hour: &&_| ask.sites.iter().any(|site| self.is_missing(&site.site_id, **hour));
        let (first, last) = (*hours.iter().find(is_wanted)?, *hours.iter().rev().find(is_wanted)?);
        Some(Ask { first, last, ..ask })
    }

    async fn ask(&self, ask: &Ask<'_>, tries: &mut Tries) -> Result<Vec<Recalled>, Missed> {
        let charge = self.history.charge(ask);
        if !self.account.max_calls.spend(charge) {
            return Err(Missed::NotCalled);
        }
        self.account.gate.pass(charge).await.map_err(|_| Missed::NotCalled)?;
        if tries.attempts == 0 {
            tries.first_call = Instant::now();
        }
        tries.attempts += 1;
        self.made().count(charge, tries.attempts);
        match self.history.recall(ask).await {
            Ok(recalled) => match self.unreadable_all(&recalled) {
                Some(fault) => Err(Missed::Failed { error: unreadable(fault), again: true }),
                None => {
                    self.account.note_answer();
                    self.account.gate.note_success();
                    Ok(recalled)
                }
            },
            Err(error) => {
                tries.crowded += u32::from(error.is_crowded());
                let again = self.heed(&error, tries.attempts - tries.crowded).await;
                Err(Missed::Failed { error, again })
            }
        }
    }

    /// Draws the consequences of an error for the account; true if it is worth another try.
    async fn heed(&self, error: &SourceError, attempts: u32) -> bool {
        let (source, message) = (self.history.source_name(), error.message.clone());
        match error.kind {
            ErrorKind::Unauthorized if self.history.lacks_subscription(error) => {
                self.account.gate.stop(Stop::NotSubscribed { source, message });
                false
            }
            ErrorKind::Unauthorized => {
                self.account.gate.note_refusal(&message);
                false
            }
            ErrorKind::RateLimited if !error.is_crowded() => {
                let is_last = attempts >= self.policy.max_attempts;
                let name = self.history.pause_name();
                self.account.gate.rest(self.parts.job, name, error.retry_after, is_last).await
            }
            _ => error.is_transient(),
        }
    }

    /// Newest hour first, all sites of it, so that of a call that is loaded in part a later one
    /// asks for no day that is there.
    async fn tell(&self, mut recalled: Vec<Recalled>, tries: &Tries) {
        let latency_ms = u32::try_from(tries.first_call.elapsed().as_millis()).unwrap_or(u32::MAX);
        self.made().latencies_ms.push(latency_ms);
        recalled.sort_by_key(|each| Reverse(each.hour));
        for each in recalled {
            let Some(outcome) = self.outcome(&each) else { continue };
            for slot_time in self.slots(&each.site_id, each.hour) {
                self.send(SlotResult {
                    slot: Slot { site_id: each.site_id.clone(), slot_time: *slot_time },
                    source: self.parts.source,
                    attempts: tries.attempts,
                    http_status: Some(200),
                    latency_ms,
                    value_kind: ValueKind::Backfill,
                    outcome: outcome.clone(),
                })
                .await;
            }
        }
    }

    /// What becomes of a slot; `None`: it stays as it is, since the source may know more later.
    fn outcome(&self, recalled: &Recalled) -> Option<SlotOutcome> {
        let age: TimeDelta = self.account.gate.now() - recalled.hour;
        match &recalled.found {
            Ok(observation) => Some(SlotOutcome::Collected(Box::new(observation.clone()))),
            Err(missing) if missing.is_final(age) => {
                let why = reason(self.history.source_name(), &missing.to_string());
                Some(SlotOutcome::unfillable(&why))
            }
            Err(_) => None,
        }
    }

    /// The call has failed for so many slots: they stay as they are.
    fn fail(&self, ask: &Ask<'_>, slots: usize, error: SourceError) {
        let source = self.parts.history_name();
        let message = error.message.clone();
        let failure = Failure { first: ask.first, last: ask.last, slots, error };
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

/// The error of an answer that came and cannot be read.
fn unreadable(Fault { kind, message }: Fault) -> SourceError {
    SourceError { kind, message, http_status: Some(200), retry_after: None }
}
