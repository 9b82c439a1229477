//! Heals: fills missing slots from a source's history, newest first, in the fewest calls that the
//! source allows.
//!
//! 1. List the days that have a missing slot which a history may fill. The slots of the present
//!    are the collection's.
//! 2. From the newest day on, take as many days as whole calls cover, list their missing slots and
//!    plan the calls. What no call can bring becomes unfillable, with the reason.
//! 3. Make the calls in batches, **each a run of its own**: opened, which is the lock; what
//!    another heal has filled meanwhile left out; called; loaded; closed. So a heal of a year holds
//!    the sync back no longer than a batch, one that is interrupted goes on where it was, and of
//!    two at once one asks for each slot.
//!
//! What is healed says so: its observations are of the kind `backfill`, and keep their true source.

use anyhow::Context as _;

use crate::domain::{Days, Site};
use crate::job::Stop;
use crate::store::Holder;

mod account;
mod batch;
mod call;
mod calls;
mod parts;
mod report;
mod smaller;
mod summary;
mod wanted;

pub use calls::PlannedCall;
pub use parts::Heal;
pub use report::{Report, SiteReport};
pub use summary::{Figures, Summary};

use account::Account;
use batch::Batched;
use calls::Calls;
use wanted::{Places, Survey};

/// The job's name in the table of runs, where no other is asked for.
pub const KIND: &str = crate::domain::run::HEAL;

/// What became of a start.
#[derive(Debug)]
pub enum Ended {
    /// It came to its end, which the report describes.
    Ran(Box<Report>),
    /// Another heal is at it; the report says what was done before.
    Held(Holder, Box<Report>),
}

/// Fills the missing slots of `sites` on `days` (UTC).
///
/// # Errors
/// When the store fails before the first call; later troubles are in the report.
pub async fn run(parts: Heal<'_>, sites: &[Site], days: Days) -> anyhow::Result<Ended> {
    let places = Places::read(parts, sites).await.context("cannot read the sites")?;
    let survey = places.survey(parts, days).await.context("cannot list what is missing")?;
    let account = Account::new(parts);
    let respected = account.gate.respect_pauses(parts.job, &parts.pauses()).await;
    respected.context("cannot read the pauses")?;
    parts.progress.planned(usize::try_from(survey.slots).unwrap_or(usize::MAX));
    let mut report = Report::new(parts, &survey);
    let healed = heal(parts, &places, survey, &account, &mut report).await;
    account.gate.settle().await;
    let is_spent = account.max_calls.is_spent();
    let is_key_in_doubt = !account.gate.has_succeeded();
    if let Some(stop) = account.gate.into_stop() {
        report.stop_for(stop);
    } else if let Some(stop) = report.only_refusals().filter(|_| is_key_in_doubt) {
        report.stop_for(stop);
    }
    report.finish(parts.job.clock.now(), is_spent);
    report.log();
    Ok(match healed {
        Batched::Held(holder) => Ended::Held(holder, Box::new(report)),
        Batched::Done | Batched::Stopped => Ended::Ran(Box::new(report)),
    })
}

/// Span by span, batch by batch.
async fn heal(
    parts: Heal<'_>,
    places: &Places<'_>,
    mut survey: Survey,
    account: &Account<'_>,
    report: &mut Report,
) -> Batched {
    while let Some(span) = survey.take_span(parts) {
        let calls = match Calls::plan(parts, places, span).await {
            Ok(calls) => calls,
            Err(error) => {
                report.stop_for(Stop::Store(error));
                return Batched::Stopped;
            }
        };
        for batch in calls.into_batches(parts, report.calls == 0) {
            match batch.heal(parts, places, account, report).await {
                Batched::Done if account.max_calls.is_spent() => return Batched::Done,
                Batched::Done => {}
                ended => return ended,
            }
        }
    }
    Batched::Done
}

/// The calls that [`run`] would make, newest first, and the slots that it would find unfillable.
///
/// # Errors
/// When the store fails.
pub async fn plan(
    parts: Heal<'_>,
    sites: &[Site],
    days: Days,
) -> anyhow::Result<(Vec<PlannedCall>, Report)> {
    let places = Places::read(parts, sites).await?;
    let mut survey = places.survey(parts, days).await?;
    let mut report = Report::new(parts, &survey);
    let mut planned = Vec::new();
    while let Some(span) = survey.take_span(parts) {
        let calls = Calls::plan(parts, &places, span).await?;
        report.unfillable += calls.unfillable() as u64;
        planned.extend(calls.describe(parts));
    }
    Ok((planned, report))
}
