//! Replay: reads kept answers anew, by the transform of today.
//!
//! The ledger leads: each slot names the answer of its last attempt. That goes through the same code that a
//! live answer goes through, with [`KeptAnswers`] in the place of what calls out: nothing here holds a
//! client, so that no call can be made. What comes of it is compared with the row that is there; what has
//! changed is written by a run of the kind `replay`, behind the same fence as any other.
//!
//! What explains a value ([`explain`]) and what proves that every name resolves ([`verify`]) read the same
//! way.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::Context as _;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use futures::TryStreamExt as _;

use crate::domain::run::REPLAY;
use crate::domain::{RawRef, SiteId};
use crate::job::Job;
use crate::job::lock::{self, Lock};
use crate::store::KeptSlot;
use crate::vault::{Line, Vault, VaultError};

mod compare;
pub mod explain;
pub mod into;
mod read;
mod report;
pub mod verify;
mod write;

pub use compare::Compared;
pub use read::{KeptAnswers, Made, Reader};
pub use report::{Report, Summary};

use read::Said;
use write::Writer;

/// What a replay works with.
#[derive(Clone, Copy)]
pub struct Replay<'a> {
    /// What opens its runs; its store has the ledger.
    pub job: Job<'a>,
    /// Where the answers are.
    pub vault: &'a Vault,
    /// The sources, made of kept answers.
    pub readers: &'a [Reader],
    /// Only slots of this source.
    pub source: Option<&'a str>,
    /// Only these sites; empty: all.
    pub site_ids: &'a [SiteId],
    /// The first and the last UTC day of the slots.
    pub days: (NaiveDate, NaiveDate),
    /// Whether what has changed is written.
    pub writes: bool,
}

/// Reads the slots of these days anew.
///
/// # Errors
/// When store or vault fail; what is wrong with single objects is in the report.
pub async fn run(parts: Replay<'_>) -> anyhow::Result<Report> {
    let mut report = Report::new(parts.job.clock.now());
    for reader in parts.readers {
        let source = reader.name();
        if parts.source.is_some_and(|wanted| wanted != source) {
            continue;
        }
        let mut writer = None;
        if parts.writes {
            let lock = lock::take(parts.job, REPLAY, source).await.context("cannot open a run")?;
            match lock {
                Lock::Taken(run) => writer = Some(Writer::new(parts.job, run, &mut report)),
                Lock::Held(holder) => {
                    report.held = Some(holder);
                    continue;
                }
                Lock::Interrupted => {
                    report.is_interrupted = true;
                    break;
                }
            }
        }
        let done = replay_source(parts, source, &mut writer, &mut report).await;
        if let Some(writer) = writer {
            writer.close(&mut report, done.is_err()).await?;
        }
        done?;
        if parts.job.shutdown.is_cancelled() {
            report.is_interrupted = true;
            break;
        }
    }
    report.finish(parts.job.clock.now());
    report.log();
    Ok(report)
}

/// Day by day.
async fn replay_source(
    parts: Replay<'_>,
    source: &'static str,
    writer: &mut Option<Writer<'_>>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let (first, last) = parts.days;
    for day in first.iter_days().take_while(|day| *day <= last) {
        if parts.job.shutdown.is_cancelled() {
            return Ok(());
        }
        let mut slots = list(parts, source, day, report).await.context("cannot read the ledger")?;
        let wanted: BTreeSet<RawRef> = slots.keys().cloned().collect();
        let mut written = Ok(());
        let each = async |line: Line| {
            let Some(slots) = slots.remove(&line.raw_ref) else { return };
            replay_line(parts, source, (&line, slots), writer, report).await;
            if let Some(writer) = writer.as_mut().filter(|writer| writer.is_full())
                && written.is_ok()
            {
                written = writer.flush(report).await;
            }
        };
        let faults = parts.vault.find_all(&wanted, each).await?;
        written?;
        report.no_body += slots.values().map(|slots| slots.len() as u64).sum::<u64>();
        report.faults.extend(faults.iter().map(VaultError::to_string));
        if let Some(writer) = writer {
            writer.flush(report).await?;
        }
    }
    Ok(())
}

/// The slots of a day by the names of their answers. Those without are counted.
async fn list(
    parts: Replay<'_>,
    source: &str,
    day: NaiveDate,
    report: &mut Report,
) -> Result<HashMap<RawRef, Vec<KeptSlot>>, crate::store::StoreError> {
    let start = day.and_time(NaiveTime::MIN).and_utc();
    let times = (start, start + TimeDelta::days(1));
    let mut by_name: HashMap<RawRef, Vec<KeptSlot>> = HashMap::new();
    let mut slots = parts.job.reads.read_kept_slots(Some(source), times);
    while let Some(slot) = slots.try_next().await? {
        let is_meant = parts.site_ids.is_empty()
            || parts.site_ids.iter().any(|site_id| site_id.as_str() == slot.site_id);
        if !is_meant {
            continue;
        }
        report.slots += 1;
        match slot.raw_ref.as_deref().and_then(RawRef::parse) {
            _ if slot.is_repeated => report.equal += 1, // a later answer made the row
            Some(raw_ref) => by_name.entry(raw_ref).or_default().push(slot),
            None => report.no_body += 1,
        }
    }
    Ok(by_name)
}

/// What an answer says of each of its slots.
async fn replay_line(
    parts: Replay<'_>,
    source: &'static str,
    (line, slots): (&Line, Vec<KeptSlot>),
    writer: &mut Option<Writer<'_>>,
    report: &mut Report,
) {
    let reader = parts.readers.iter().find(|reader| reader.name() == line.source);
    let said = match reader {
        Some(reader) => reader.read(line).await,
        None => Said::Nothing,
    };
    for slot in slots {
        let Some(outcome) = said.of(&slot.site_id, slot.slot_time) else {
            report.no_body += 1;
            continue;
        };
        let compared = compare::compare(&slot, line, outcome.as_ref());
        report.count(&slot, &compared);
        let (Some(writer), Some(outcome), true) = (writer.as_mut(), outcome, compared.is_written())
        else {
            continue;
        };
        writer.push(source, &slot, line, outcome);
    }
}

/// What is kept of the slots, by hour, as a history answers for them.
type OfHours = BTreeMap<(String, DateTime<Utc>), Option<crate::domain::SlotOutcome>>;
