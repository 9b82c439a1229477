//! The attempts of one call, with a scripted source behind the gate.

use std::collections::VecDeque;
use std::future::{Future, ready};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use weather_data_product::clock::{Clock as _, SteppedClock};
use weather_data_product::domain::{ErrorKind, Shard, ValueKind};
use weather_data_product::job::attempt::{Attempted, Attempts, Call, Unanswered};
use weather_data_product::job::gate::{Charge, Gate};
use weather_data_product::job::keep::{About, Keeper};
use weather_data_product::job::{Job, JobSettings, Stop};
use weather_data_product::source::SourceError;
use weather_data_product::store::{Run, RunHost};

use crate::support::databases::{TestDatabase, on_both_databases};
use crate::support::samples::{LONG_LEASE, hour};

on_both_databases!(
    what_may_pass_is_attempted_again_and_what_may_not_is_final_at_once,
    a_call_that_is_not_due_or_has_no_claim_is_not_sent,
    a_refusal_without_a_success_between_stops_the_job_at_the_fifth,
    a_blocked_account_rests_under_its_own_name_for_every_task,
);

/// Answers with these, one after the other; the last one again and again.
struct Script {
    answers: Mutex<VecDeque<Result<u32, SourceError>>>,
    sent: Mutex<Vec<u32>>,
    claims: AtomicU32,
    is_due: bool,
}

impl Script {
    fn of(answers: impl IntoIterator<Item = Result<u32, SourceError>>) -> Self {
        Self {
            answers: Mutex::new(answers.into_iter().collect()),
            sent: Mutex::default(),
            claims: AtomicU32::new(u32::MAX),
            is_due: true,
        }
    }

    fn sent(&self) -> Vec<u32> {
        self.sent.lock().unwrap().clone()
    }
}

impl Call for Script {
    type Answer = u32;

    fn charge(&self) -> Charge {
        Charge::Live
    }

    fn claim(&self) -> bool {
        self.claims
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
            .is_ok()
    }

    fn is_due(&self) -> bool {
        self.is_due
    }

    fn note_sent(&self, attempt: u32) {
        self.sent.lock().unwrap().push(attempt);
    }

    fn about(&self) -> About<'_> {
        About { site_ids: Vec::new(), slot_time: None, kind: ValueKind::Live }
    }

    fn send(&self) -> impl Future<Output = Result<u32, SourceError>> {
        let mut answers = self.answers.lock().unwrap();
        let next = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        ready(next.unwrap())
    }

    fn pause_name(&self) -> &'static str {
        "scripted:own"
    }
}

fn error(kind: ErrorKind) -> SourceError {
    SourceError { kind, message: kind.to_string(), http_status: Some(599), retry_after: None }
}

/// A job of `database` whose clock waits for nobody.
async fn with_job(database: &TestDatabase, test: impl AsyncFnOnce(Attempts<'_>, &SteppedClock)) {
    let (clock, host, shutdown) =
        (SteppedClock::new(hour()), RunHost::default(), CancellationToken::new());
    let gate = Gate::new(&clock, "scripted", 0.0);
    let job = Job {
        store: &*database.store,
        reads: &database.reads,
        clock: &clock,
        shard: Shard::WHOLE,
        lease: LONG_LEASE,
        host: &host,
        shutdown: &shutdown,
        vault: None,
    };
    let run = Run { run_seq: 1, run_id: Uuid::now_v7() };
    let keeper = Keeper::new(job, &run, ("scripted", "scripted"));
    let policy = JobSettings::default().call_retry();
    test(Attempts { job, gate: &gate, policy, keeper: &keeper }, &clock).await;
}

/// Of the error that is told, and how many attempts were sent.
fn failed(attempted: Attempted<u32>) -> (ErrorKind, u32) {
    match attempted.answer {
        Err(Unanswered::Failed(error)) => (error.kind, attempted.effort.attempts),
        other => panic!("{other:?}"),
    }
}

async fn what_may_pass_is_attempted_again_and_what_may_not_is_final_at_once(
    database: &TestDatabase,
) {
    with_job(database, async |attempts, clock| {
        let passing =
            Script::of([Err(error(ErrorKind::ServerError)), Err(error(ErrorKind::Timeout)), Ok(7)]);
        let attempted = attempts.until_answered(&passing).await;
        assert_eq!((attempted.answer.unwrap(), attempted.effort.attempts), (7, 3));
        assert_eq!(passing.sent(), [1, 2, 3]);
        assert!(clock.now() - hour() >= TimeDelta::milliseconds(1500), "it has waited between");

        let lasting = Script::of([Err(error(ErrorKind::Connection))]);
        assert_eq!(failed(attempts.until_answered(&lasting).await), (ErrorKind::Connection, 4));
        for kind in [ErrorKind::BadRequest, ErrorKind::NotFound, ErrorKind::OutOfRange] {
            let script = Script::of([Err(error(kind)), Ok(7)]);
            assert_eq!(failed(attempts.until_answered(&script).await), (kind, 1));
        }
    })
    .await;
}

async fn a_call_that_is_not_due_or_has_no_claim_is_not_sent(database: &TestDatabase) {
    with_job(database, async |attempts, _| {
        let late = Script { is_due: false, ..Script::of([Ok(7)]) };
        let attempted = attempts.until_answered(&late).await;
        assert!(matches!(attempted.answer, Err(Unanswered::NotSent(None))), "{attempted:?}");
        assert_eq!((late.sent().len(), attempts.gate.passed_slots()), (0, 1));

        let claims = AtomicU32::new(2);
        let short = Script { claims, ..Script::of([Err(error(ErrorKind::Timeout))]) };
        let attempted = attempts.until_answered(&short).await;
        let Err(Unanswered::NotSent(Some(before))) = attempted.answer else {
            panic!("{attempted:?}");
        };
        assert_eq!((before.kind, short.sent()), (ErrorKind::Timeout, vec![1, 2]));

        attempts.gate.stop(Stop::Interrupted);
        let stopped = Script::of([Ok(7)]);
        let attempted = attempts.until_answered(&stopped).await;
        assert!(matches!(attempted.answer, Err(Unanswered::NotSent(None))), "{attempted:?}");
        assert!(stopped.sent().is_empty());
    })
    .await;
}

async fn a_refusal_without_a_success_between_stops_the_job_at_the_fifth(database: &TestDatabase) {
    with_job(database, async |attempts, _| {
        let refused = || Script::of([Err(error(ErrorKind::Unauthorized)), Ok(7)]);
        for _ in 0..4 {
            let attempted = attempts.until_answered(&refused()).await;
            assert_eq!(failed(attempted), (ErrorKind::Unauthorized, 1));
        }
        attempts.until_answered(&Script::of([Ok(7)])).await.answer.unwrap();
        for refusals in 1..=5 {
            assert!(attempts.gate.stopped().is_none(), "{refusals}");
            failed(attempts.until_answered(&refused()).await);
        }
        assert!(attempts.gate.stopped().is_some());
    })
    .await;
}

async fn a_blocked_account_rests_under_its_own_name_for_every_task(database: &TestDatabase) {
    with_job(database, async |attempts, clock| {
        let short = SourceError {
            retry_after: Some(Duration::from_secs(20)),
            ..error(ErrorKind::RateLimited)
        };
        let script = Script::of([Err(short), Ok(7)]);
        let attempted = attempts.until_answered(&script).await;
        assert_eq!((attempted.answer.unwrap(), attempted.effort.attempts), (7, 2));
        assert!(clock.now() - hour() >= TimeDelta::seconds(20), "it has waited the rest out");
        let paused = async |name| database.store.paused_until(name).await.unwrap();
        assert_eq!(paused("scripted:own").await, Some(hour() + TimeDelta::seconds(20)));
        assert_eq!(paused("scripted").await, None);

        let long = Script::of([Err(error(ErrorKind::RateLimited)), Ok(7)]);
        let attempted = attempts.until_answered(&long).await;
        assert_eq!(failed(attempted), (ErrorKind::RateLimited, 1));
        let (_, reason) = attempts.gate.stopped().unwrap();
        assert!(reason.message.contains("blocked the account"), "{reason:?}");
    })
    .await;
}
