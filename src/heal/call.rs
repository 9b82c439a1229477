//! The calls of a batch, and what each brings.

use std::cmp::Reverse;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use futures::StreamExt as _;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::Heal;
use super::account::Account;
use super::calls::fit;
use super::report::{Failure, Made};
use super::wanted::{SlotsOfHours, reason};
use crate::clock::Clock as _;
use crate::domain::{ErrorKind, Slot, SlotOutcome, SlotResult, ValueKind};
use crate::job::Stop;
use crate::retry::{RetryPolicy, Transient, retry};
use crate::source::history::{Ask, Missing, Recalled};
use crate::source::{History, SourceError};

/// So many calls that fail one after the other end the heal: the source is in trouble.
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
            .map(|ask| self.fill(ask))
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

    /// Asks, by halves where a call for several sites is refused: one of them is at fault.
    async fn fill(&self, ask: Ask<'_>) {
        let mut asks: Vec<Ask<'_>> = self.still_wanted(ask).into_iter().collect();
        while let Some(ask) = asks.pop() {
            let is_too_large =
                u64::from(self.history.charge(&ask)) > self.account.gate.most_at_once();
            if let Some(halves) = halves(&ask).filter(|_| is_too_large) {
                asks.extend(halves);
                continue;
            }
            let Some(ask) = fit(self.history, ask, self.account.max_calls.left()) else {
                self.account.max_calls.note_short();
                return;
            };
            let mut tries = Tries { attempts: 0, crowded: 0, first_call: Instant::now() };
            let asked =
                retry(&self.account.gate, self.policy, async || self.ask(&ask, &mut tries).await);
            match asked.await {
                Ok(recalled) => self.tell(recalled, &tries).await,
                Err(Missed::NotCalled) => return,
                Err(Missed::Failed { error, .. }) if !is_sites_own(&error) => {
                    self.fail(&ask, error);
                }
                Err(Missed::Failed { error, .. }) => match halves(&ask) {
                    Some(halves) => asks.extend(halves),
                    None => self.tell(refused(&ask, &error), &tries).await,
                },
            }
        }
    }

    /// The sites and hours of `ask` that are still missing.
    fn still_wanted<'b>(&self, mut ask: Ask<'b>) -> Option<Ask<'b>> {
        let hours: Vec<_> = ask.hours().collect();
        let is_missing = |site_id: &crate::domain::SiteId, hour| {
            self.missing.contains_key(&(site_id.clone(), hour))
        };
        ask.sites.retain(|site| hours.iter().any(|hour| is_missing(&site.site_id, *hour)));
        let is_wanted = |hour: &&_| ask.sites.iter().any(|site| is_missing(&site.site_id, **hour));
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
            Ok(recalled) => {
                self.account.note_answer();
                self.account.gate.note_success();
                Ok(recalled)
            }
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
            let slots = self.missing.get(&(each.site_id.clone(), each.hour));
            for slot_time in slots.into_iter().flatten() {
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

    fn fail(&self, ask: &Ask<'_>, error: SourceError) {
        let hours: Vec<_> = ask.hours().collect();
        let sites = ask.sites.iter().map(|site| &site.site_id);
        let keys = sites.flat_map(|id| hours.iter().map(move |hour| (id.clone(), *hour)));
        let slots = keys.filter_map(|key| self.missing.get(&key)).map(Vec::len).sum();
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

/// Whether it is the fault of a site that was asked for, and not the service's or the account's.
fn is_sites_own(error: &SourceError) -> bool {
    matches!(error.kind, ErrorKind::BadRequest | ErrorKind::NotFound)
}

fn refused(ask: &Ask<'_>, error: &SourceError) -> Vec<Recalled> {
    let missing = Missing::Refused(error.message.clone());
    let of_site = |site_id: &crate::domain::SiteId| {
        let site_id = site_id.clone();
        let missing = missing.clone();
        ask.hours().map(move |hour| Recalled {
            site_id: site_id.clone(),
            hour,
            found: Err(missing.clone()),
        })
    };
    ask.sites.iter().flat_map(|site| of_site(&site.site_id)).collect()
}

/// The same for half of the sites each; `None` when there is only one.
fn halves<'a>(ask: &Ask<'a>) -> Option<[Ask<'a>; 2]> {
    let (one, other) = ask.sites.split_at(ask.sites.len() / 2);
    let half = |sites: &[&'a crate::domain::Site]| Ask { sites: sites.to_vec(), ..ask.clone() };
    (!one.is_empty()).then(|| [half(one), half(other)])
}
