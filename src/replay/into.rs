//! Makes an empty store of what the vault holds: there is no ledger, so the vault leads, run by run in the
//! order in which they asked.
//!
//! Every run whose answers are kept is opened again under its own id, and its answers are loaded by it. Slots
//! that were settled without a call have no answer and are not made; latencies are those of the kept times.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context as _, ensure};
use chrono::{DateTime, DurationRound as _, NaiveDate, TimeDelta, Utc};
use uuid::Uuid;

use super::Reader;
use super::read::Said;
use crate::domain::{
    Days, Outcome, RawRef, RunCounts, Shard, Site, SiteId, Slot, SlotOutcome, SlotResult,
    ValueKind, run,
};
use crate::job::{Job, reason};
use crate::store::{Run, RunEnd, RunHost, RunStart, Start, StoreError};
use crate::vault::{Line, Stored, Vault, VaultError};
use crate::views::gaps::{self, Selection, SiteGap};

mod sites;

pub use sites::sites_of;

/// Rows of a transaction at most.
const BATCH_ROWS: usize = 500;

/// What a store is made with.
#[derive(Clone, Copy)]
pub struct Rebuild<'a> {
    /// The store that is made; it has to be empty.
    pub job: Job<'a>,
    /// Where the answers are.
    pub vault: &'a Vault,
    /// The sources, made of kept answers.
    pub readers: &'a [Reader],
    /// The sites, as the sites file has them, or [`sites_of`].
    pub sites: &'a [Site],
    /// The first and the last UTC day on which was asked; `None`: all.
    pub days: Option<(NaiveDate, NaiveDate)>,
}

/// What was made.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// Runs.
    pub runs: u64,
    /// Answers that were read.
    pub answers: u64,
    /// Slots that were written.
    pub slots: u64,
    /// Of these, those with an observation.
    pub collected: u64,
    /// What is wrong with objects, or with runs.
    pub faults: Vec<String>,
}

/// The answers of a run, in the order in which they were asked for.
type Lines = BTreeMap<(DateTime<Utc>, RawRef), Line>;

/// Makes the store.
///
/// # Errors
/// When it is not empty, or store or vault fail; what is wrong with single objects is in what is returned.
pub async fn rebuild(parts: Rebuild<'_>) -> anyhow::Result<Rebuilt> {
    let reads = parts.job.reads;
    let is_empty = reads.first_day().await?.is_none() && reads.list_runs(1).await?.is_empty();
    ensure!(is_empty, "the store is not empty: a store is made of the vault in an empty one only");
    let mut days: BTreeMap<NaiveDate, Vec<Stored>> = BTreeMap::new();
    for stored in parts.vault.list(None).await? {
        if is_of(parts.days, &stored) {
            days.entry(stored.day).or_default().push(stored);
        }
    }
    let (mut rebuilt, mut pending) = (Rebuilt::default(), HashMap::<String, Lines>::new());
    for (day, objects) in days {
        read_day(parts.vault, objects, &mut pending, &mut rebuilt).await?;
        // A run may go on over midnight: one that asked on this day is made with the next.
        let is_over = |lines: &Lines| {
            lines.last_key_value().is_none_or(|((asked_at, _), _)| asked_at.date_naive() < day)
        };
        let over = pending.extract_if(|_, lines| is_over(lines)).map(|(_, lines)| lines).collect();
        rebuild_runs(parts, over, &mut rebuilt).await?;
        if parts.job.shutdown.is_cancelled() {
            return Ok(rebuilt);
        }
    }
    rebuild_runs(parts, pending.into_values().collect(), &mut rebuilt).await?;
    Ok(rebuilt)
}

fn is_of(days: Option<(NaiveDate, NaiveDate)>, stored: &Stored) -> bool {
    days.is_none_or(|(first, last)| (first..=last).contains(&stored.day))
}

async fn read_day(
    vault: &Vault,
    objects: Vec<Stored>,
    pending: &mut HashMap<String, Lines>,
    rebuilt: &mut Rebuilt,
) -> Result<(), VaultError> {
    for stored in objects {
        let read = async {
            let mut lines = vault.read(&stored.path).await?;
            while let Some(line) = lines.next_line()? {
                let key = (line.asked_at, line.raw_ref.clone());
                pending.entry(line.run_id.clone()).or_default().insert(key, line);
            }
            Ok(())
        };
        match read.await {
            Err(fault @ VaultError::Broken { .. }) => rebuilt.faults.push(fault.to_string()),
            read => read?,
        }
    }
    Ok(())
}

/// One after the other, in the order in which they began to ask.
async fn rebuild_runs(
    parts: Rebuild<'_>,
    mut runs: Vec<Lines>,
    rebuilt: &mut Rebuilt,
) -> anyhow::Result<()> {
    runs.sort_by_key(|lines| lines.keys().next().cloned());
    for lines in runs {
        if parts.job.shutdown.is_cancelled() {
            break;
        }
        rebuild_run(parts, lines, rebuilt).await?;
    }
    Ok(())
}

async fn rebuild_run(
    parts: Rebuild<'_>,
    lines: Lines,
    rebuilt: &mut Rebuilt,
) -> anyhow::Result<()> {
    let Some(first) = lines.values().next().cloned() else { return Ok(()) };
    let own = first.slot_source.as_deref().unwrap_or(&first.source);
    let source = parts.readers.iter().map(Reader::name).find(|name| *name == own);
    let (Some(source), Ok(run_id)) = (source, Uuid::parse_str(&first.run_id)) else {
        rebuilt.faults.push(format!("run {} of {own} is of no source that is known", first.run_id));
        return Ok(());
    };
    parts.job.store.take_in_sites(parts.sites, first.asked_at).await?;
    let run = open(parts.job, (run_id, source), &first).await?;
    let mut results = match first.kind {
        ValueKind::Live => live(parts, source, &lines).await,
        ValueKind::Backfill => past(parts, source, &lines).await?,
    };
    let last = lines.values().map(|line| line.answered_at).max().unwrap_or(first.answered_at);
    let mut counts = RunCounts { calls: lines.len() as u64, ..RunCounts::default() };
    for batch in results.chunks_mut(BATCH_ROWS) {
        batch.sort_by(|a, b| a.slot.site_id.cmp(&b.slot.site_id));
        parts.job.store.load(&run, batch, last).await?;
        let good = batch.iter().filter(|result| result.outcome.observation().is_some()).count();
        counts.collected += good as u64;
        counts.failed +=
            batch.iter().filter(|each| each.outcome.failure().is_some()).count() as u64;
    }
    counts.rows_loaded = counts.collected;
    rebuilt.runs += 1;
    rebuilt.answers += lines.len() as u64;
    rebuilt.slots += results.len() as u64;
    rebuilt.collected += counts.collected;
    let outcome = if counts.failed == 0 { Outcome::Succeeded } else { Outcome::Partial };
    let end = RunEnd { outcome, finished_at: last, counts, stop: None };
    Ok(parts.job.store.close_run(&run, &end).await?)
}

async fn open(
    job: Job<'_>,
    (run_id, source): (Uuid, &'static str),
    first: &Line,
) -> anyhow::Result<Run> {
    let start = RunStart {
        run_id,
        kind: match first.kind {
            ValueKind::Live => run::ETL,
            ValueKind::Backfill => run::HEAL,
        },
        source: Some(source),
        shard: Shard::WHOLE,
        lease: job.lease,
        started_at: first.asked_at,
        host: RunHost { host: job.host.host.clone(), ..RunHost::default() },
    };
    match job.store.start_run(&start).await.context("cannot open a run")? {
        Start::Opened(run) => Ok(run),
        Start::Held(holder) => anyhow::bail!("run {} is at work in this store", holder.run_id),
    }
}

async fn read_by(readers: &[Reader], line: &Line) -> Said {
    match readers.iter().find(|reader| reader.name() == line.source) {
        Some(reader) => reader.read(line).await,
        None => Said::Nothing,
    }
}

fn result(
    (site_id, slot_time, source): (SiteId, DateTime<Utc>, &'static str),
    (line, since): (&Line, DateTime<Utc>),
    outcome: SlotOutcome,
) -> SlotResult {
    let latency = (line.answered_at - since).num_milliseconds();
    SlotResult {
        slot: Slot { site_id, slot_time },
        source,
        attempts: line.attempt,
        http_status: line.http_status,
        latency_ms: u32::try_from(latency).unwrap_or_default(),
        value_kind: line.kind,
        outcome,
        raw_ref: Some(line.raw_ref.clone()),
    }
}

/// The last attempt of each slot by site and time, and when the first was made.
type Attempts<'a> = BTreeMap<(&'a str, DateTime<Utc>), (&'a Line, DateTime<Utc>)>;

/// Of each slot what its last attempt says.
async fn live(parts: Rebuild<'_>, source: &'static str, lines: &Lines) -> Vec<SlotResult> {
    let mut slots = Attempts::new();
    for line in lines.values() {
        let (Some(site_id), Some(slot_time)) = (line.site_ids.first(), line.slot_time) else {
            continue;
        };
        let since = slots.get(&(site_id.as_str(), slot_time)).map_or(line.asked_at, |held| held.1);
        slots.insert((site_id, slot_time), (line, since));
    }
    let mut results = Vec::new();
    for ((site_id, slot_time), (line, since)) in slots {
        let said = read_by(parts.readers, line).await.of(site_id, slot_time).flatten();
        if let (Some(site_id), Some(outcome)) = (SiteId::parse(site_id), said) {
            results.push(result((site_id, slot_time, source), (line, since), outcome));
        }
    }
    results
}

/// Of each slot that was missing when the run began, what was said of its hour.
async fn past(
    parts: Rebuild<'_>,
    source: &'static str,
    lines: &Lines,
) -> anyhow::Result<Vec<SlotResult>> {
    let mut said = Vec::new();
    for line in lines.values() {
        said.push((line, read_by(parts.readers, line).await));
    }
    let Some(asked_at) = lines.keys().next().map(|(asked_at, _)| *asked_at) else {
        return Ok(Vec::new());
    };
    let missing = missing(parts, source, &said, asked_at).await?;
    let mut found: BTreeMap<(SiteId, DateTime<Utc>), SlotResult> = BTreeMap::new();
    for (line, said) in &said {
        let Said::Past(of_hours) = said else { continue };
        for ((site_id, hour), outcome) in of_hours {
            let (Some(site_id), Some(outcome)) = (SiteId::parse(site_id), outcome) else {
                continue;
            };
            let slots = missing.get(&(site_id.clone(), *hour)).into_iter().flatten();
            for (slot_time, given_up) in slots {
                let is_again = given_up.as_deref().is_some_and(|why| {
                    why.starts_with(&reason(&line.source, "")) && outcome.observation().is_none()
                });
                if !is_again {
                    let key = (site_id.clone(), *slot_time);
                    let slot = (site_id.clone(), *slot_time, source);
                    found.insert(key, result(slot, (line, line.asked_at), outcome.clone()));
                }
            }
        }
    }
    Ok(found.into_values().collect())
}

/// The missing slots of each site and hour, each with why it was given up, if it was.
type Missing = HashMap<(SiteId, DateTime<Utc>), Vec<(DateTime<Utc>, Option<String>)>>;

/// What is missing of the hours of these answers at `now`, as a heal lists it.
async fn missing(
    parts: Rebuild<'_>,
    source: &str,
    said: &[(&Line, Said)],
    now: DateTime<Utc>,
) -> Result<Missing, StoreError> {
    let hours = said.iter().filter_map(|(_, said)| match said {
        Said::Past(of_hours) => Some(of_hours.keys()),
        _ => None,
    });
    let keys: Vec<_> = hours.flatten().collect();
    let days = Days {
        from: keys.iter().map(|(_, hour)| hour.date_naive()).min(),
        to: keys.iter().map(|(_, hour)| hour.date_naive()).max(),
    };
    let mut lives = parts.job.reads.list_lives().await?;
    lives.retain(|life| keys.iter().any(|(site_id, _)| *site_id == *life.site_id.as_str()));
    let mut missing = Missing::new();
    let selection = Selection { source: Some(source), days, now };
    gaps::list(parts.job.reads, &lives, selection, |SiteGap { site_id, gap, .. }| {
        let Some(site_id) = SiteId::parse(&site_id) else { return Ok(()) };
        let step = gap.interval.span();
        let given_up = match &gap.reason {
            crate::domain::Reason::Unfillable(why) => Some(why.clone()),
            _ => None,
        };
        let slots = std::iter::successors(Some(gap.first_slot), |slot| Some(*slot + step))
            .take_while(|slot| *slot <= gap.last_slot);
        for slot_time in slots.filter(|slot| *slot + step <= now) {
            let hour = slot_time.duration_trunc(TimeDelta::hours(1)).unwrap_or(slot_time);
            let slots = missing.entry((site_id.clone(), hour)).or_default();
            slots.push((slot_time, given_up.clone()));
        }
        Ok::<(), StoreError>(())
    })
    .await?;
    Ok(missing)
}
