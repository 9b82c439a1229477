//! The attempts of one call: through the gate, out, and what its answer means for the account.
//!
//! A job says by a [`Call`] what is called and for what. Everything else is the same for all of them and
//! stands here, once: an attempt passes the gate, is counted and sent; what comes of it is noted at the
//! gate (a success, a refusal, a rest of the account), since it holds for all calls of the job; then
//! another attempt is made, or the call is at its end.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

use super::gate::{Charge, Gate};
use super::keep::{About, Keeper};
use super::{Job, Stop};
use crate::domain::{ErrorKind, RawRef};
use crate::retry::{RetryPolicy, Transient, retry};
use crate::source::SourceError;

/// A call of a source.
pub trait Call {
    /// What a good answer holds.
    type Answer;

    /// What it is charged.
    fn charge(&self) -> Charge;

    /// Takes, before an attempt waits at the gate, what it needs beside a permit; false where that is
    /// not to be had, and no attempt is made any more.
    fn claim(&self) -> bool {
        true
    }

    /// Whether the first attempt is still worth making, now that it has passed the gate.
    fn is_due(&self) -> bool {
        true
    }

    /// An attempt is sent: the first, or the so-many-th.
    fn note_sent(&self, attempt: u32);

    /// What its answers are kept as.
    fn about(&self) -> About<'_>;

    /// Makes one attempt.
    ///
    /// # Errors
    /// By its kind as for [`Source::observe`](crate::source::Source::observe).
    fn send(&self) -> impl Future<Output = Result<Self::Answer, SourceError>>;

    /// Under which name a rest of its account is written down for the other tasks.
    fn pause_name(&self) -> &'static str;

    /// Why the job stops at once for this refusal; `None` where it takes several of them.
    fn stop_for(&self, _refusal: &SourceError) -> Option<Stop> {
        None
    }
}

/// How a job attempts its calls.
#[derive(Clone, Copy)]
pub struct Attempts<'a> {
    /// Whose calls they are.
    pub job: Job<'a>,
    /// What every attempt passes.
    pub gate: &'a Gate<'a>,
    /// How often and how fast to try again.
    pub policy: RetryPolicy,
    /// What keeps the answers.
    pub keeper: &'a Keeper<'a>,
}

/// A call at its end.
#[derive(Debug)]
pub struct Attempted<T> {
    /// The answer, or why there is none.
    pub answer: Result<T, Unanswered>,
    /// What it took.
    pub effort: Effort,
    /// Where the answer of the last attempt is kept; `None`: it is not.
    pub raw_ref: Option<RawRef>,
}

/// What a call took.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// Attempts that were sent.
    pub attempts: u32,
    /// Milliseconds from the first attempt to the final answer; the waits between attempts are included,
    /// those at the gate are not.
    pub latency_ms: u32,
}

/// Why a call has no answer.
#[derive(Debug)]
pub enum Unanswered {
    /// The last attempt failed, and no other is worth making.
    Failed(SourceError),
    /// No attempt was made any more: the job comes to its end, the call was not due any more, or had no
    /// claim. With the error of the attempt before, if there was one.
    NotSent(Option<SourceError>),
}

impl Attempts<'_> {
    /// Attempts `call` until it is answered, fails for good, or no attempt is left.
    pub async fn until_answered<C: Call>(self, call: &C) -> Attempted<C::Answer> {
        let mut tries = Tries::default();
        let attempt = async || self.attempt(call, &mut tries).await;
        let answer = retry(self.gate, self.policy, attempt).await;
        let (effort, raw_ref) = (tries.effort(), tries.raw_ref.take());
        let answer = answer.map_err(|missed| tries.unanswered(&missed));
        Attempted { answer, effort, raw_ref }
    }

    async fn attempt<C: Call>(self, call: &C, tries: &mut Tries) -> Result<C::Answer, Missed> {
        if !call.claim() {
            return Err(Missed::NotSent);
        }
        let waiting = Instant::now();
        let passed = self.gate.pass(call.charge()).await.map_err(|_| Missed::NotSent)?;
        if tries.attempts > 0 {
            tries.waited += waiting.elapsed();
        } else if !call.is_due() {
            self.gate.give_back(passed).await;
            self.gate.count_passed_slot();
            return Err(Missed::NotSent);
        }
        tries.attempts += 1;
        tries.first_sent.get_or_insert_with(Instant::now);
        call.note_sent(tries.attempts);
        let (sent, raw_ref) = self.keeper.around(&call.about(), tries.attempts, call.send()).await;
        tries.raw_ref = raw_ref;
        match sent {
            Ok(answer) => {
                self.gate.note_success();
                Ok(answer)
            }
            Err(error) => Err(self.note_error(call, error, tries).await),
        }
    }

    /// Draws the consequences of an error for the account, and says whether another attempt is worth
    /// making.
    async fn note_error<C: Call>(self, call: &C, error: SourceError, tries: &mut Tries) -> Missed {
        let is_crowded = error.is_crowded();
        tries.crowded += u32::from(is_crowded);
        let is_account_blocked = error.kind == ErrorKind::RateLimited && !is_crowded;
        let again = match error.kind {
            ErrorKind::Unauthorized => {
                match call.stop_for(&error) {
                    Some(stop) => self.gate.stop(stop),
                    None => self.gate.note_refusal(&error.message),
                }
                false
            }
            ErrorKind::RateLimited if is_account_blocked => {
                let is_last = tries.attempts - tries.crowded >= self.policy.max_attempts;
                self.gate.rest(self.job, call.pause_name(), error.retry_after, is_last).await
            }
            _ => error.is_transient(),
        };
        // The gate keeps every call waiting for an account's rest.
        let retry_after = error.retry_after.filter(|_| !is_account_blocked);
        tries.last_error = Some(error);
        Missed::Failed { again, is_crowded, retry_after }
    }
}

/// Why one attempt brought nothing.
enum Missed {
    NotSent,
    /// The source said why.
    Failed {
        again: bool,
        is_crowded: bool,
        retry_after: Option<Duration>,
    },
}

impl Transient for Missed {
    fn is_transient(&self) -> bool {
        matches!(self, Self::Failed { again: true, .. })
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Failed { retry_after, .. } => *retry_after,
            Self::NotSent => None,
        }
    }

    fn is_crowded(&self) -> bool {
        matches!(self, Self::Failed { is_crowded: true, .. })
    }
}

/// The attempts so far.
#[derive(Default)]
struct Tries {
    attempts: u32,
    /// Of these, answered by no more than that too many calls are in flight.
    crowded: u32,
    first_sent: Option<Instant>,
    /// At the gate, since the first.
    waited: Duration,
    last_error: Option<SourceError>,
    raw_ref: Option<RawRef>,
}

impl Tries {
    fn effort(&self) -> Effort {
        let latency = self.first_sent.map_or(Duration::ZERO, |first_sent| first_sent.elapsed());
        let latency_ms = latency.saturating_sub(self.waited).as_millis();
        let latency_ms = u32::try_from(latency_ms).unwrap_or(u32::MAX);
        Effort { attempts: self.attempts, latency_ms }
    }

    fn unanswered(self, missed: &Missed) -> Unanswered {
        match (missed, self.last_error) {
            (Missed::Failed { .. }, Some(error)) => Unanswered::Failed(error),
            (_, last_error) => Unanswered::NotSent(last_error),
        }
    }
}
