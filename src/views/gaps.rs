//! Which slots are missing, and why.
//!
//! What is expected of a site ([`Life`]) is held against the ledger, one site and source after the
//! other: the ledger is streamed, and missing slots become gaps as they come, so that no more is
//! held than the gaps of one site.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use futures::TryStreamExt as _;
use serde::Serialize;

use crate::domain::{Days, ErrorKind, Expected, Folding, Gap, Life, Missing, Reason};
use crate::store::{AskedSource, LedgerSlot, Reads, StoppedRun, StoreError};

const OUT_OF_RANGE: &str = ErrorKind::OutOfRange.as_str();

/// Which gaps are meant.
#[derive(Debug, Clone, Copy)]
pub struct Selection<'a> {
    /// Only this source, whether it was ever asked or not; else those that were.
    pub source: Option<&'a str>,
    /// Only slots that start on these days (UTC).
    pub days: Days,
    /// The present: no slot is expected after it.
    pub now: DateTime<Utc>,
}

impl Selection<'_> {
    /// From when to when slots are looked at, both included.
    fn times(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        let midnight = |day: chrono::NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
        let from = self.days.from.map_or(DateTime::UNIX_EPOCH, midnight);
        let after = self.days.to.and_then(|day| day.succ_opt()).map(midnight);
        let last = after.map(|after| after - TimeDelta::seconds(1));
        (from, last.map_or(self.now, |last| last.min(self.now)))
    }
}

/// A gap, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteGap {
    /// The site.
    pub site_id: String,
    /// The source; `None`: none was ever asked.
    pub source: Option<String>,
    /// The gap.
    pub gap: Gap,
}

/// A gap as a row of a report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GapRow {
    /// The site.
    pub site_id: String,
    /// The source; `None`: none was ever asked.
    pub source: Option<String>,
    /// Start of the first missing slot.
    pub first_slot: DateTime<Utc>,
    /// Start of the last.
    pub last_slot: DateTime<Utc>,
    /// Their length.
    pub interval_minutes: u32,
    /// How many.
    pub slots: u64,
    /// `never_tried`, `paused`, `failed`, `quarantined` or `unfillable`.
    pub reason: &'static str,
    /// What kind of error, if they failed.
    pub error_kind: Option<String>,
    /// What the ledger says of the last, if anything.
    pub error_message: Option<String>,
}

impl From<SiteGap> for GapRow {
    fn from(SiteGap { site_id, source, gap }: SiteGap) -> Self {
        let reason = gap.reason.status();
        let error_kind = match gap.reason {
            Reason::Failed(kind) => Some(kind),
            Reason::Quarantined => Some(ErrorKind::OutOfRange.to_string()),
            _ => None,
        };
        Self {
            site_id,
            source,
            first_slot: gap.first_slot,
            last_slot: gap.last_slot,
            interval_minutes: gap.interval.minutes(),
            slots: gap.slots,
            reason,
            error_kind,
            error_message: gap.message,
        }
    }
}

/// What all gaps come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Missing slots.
    pub slots: u64,
    /// Sites that have any.
    pub sites: u64,
    /// The first of them.
    pub oldest: Option<DateTime<Utc>>,
    /// Missing slots by reason, in a word.
    pub by_reason: BTreeMap<String, u64>,
}

impl Summary {
    /// Counts a gap; not its site, which may have several.
    pub fn count(&mut self, gap: &Gap) {
        self.slots += gap.slots;
        self.oldest = Some(self.oldest.map_or(gap.first_slot, |oldest| oldest.min(gap.first_slot)));
        *self.by_reason.entry(gap.reason.word().to_owned()).or_default() += gap.slots;
    }
}

/// Passes every gap of these sites to `each`, in the order of sites, sources and time, and returns what
/// they come to.
///
/// # Errors
/// When the store fails, or `each` does.
pub async fn list<E: From<StoreError>>(
    reads: &Reads,
    lives: &[Life],
    selection: Selection<'_>,
    mut each: impl FnMut(SiteGap) -> Result<(), E>,
) -> Result<Summary, E> {
    let mut summary = Summary::default();
    let stops = stops(reads, selection).await?;
    for life in lives {
        let before = summary.slots;
        for asked in sources(reads, life, selection).await? {
            for gap in of_source(reads, life, &asked, &stops, selection).await? {
                summary.count(&gap);
                let (site_id, source) = (life.site_id.to_string(), asked.source.clone());
                each(SiteGap { site_id, source, gap })?;
            }
        }
        summary.sites += u64::from(summary.slots > before);
    }
    Ok(summary)
}

/// A source that slots are expected of, and its first slot in the ledger.
#[derive(Debug, Clone)]
pub struct ExpectedSource {
    /// The source; `None`: none was ever asked.
    pub source: Option<String>,
    /// Its first slot.
    pub first_slot: Option<DateTime<Utc>>,
}

impl From<AskedSource> for ExpectedSource {
    fn from(asked: AskedSource) -> Self {
        Self { source: Some(asked.source), first_slot: Some(asked.first_slot) }
    }
}

/// A site that no source was asked for has a gap all the same.
async fn sources(
    reads: &Reads,
    life: &Life,
    selection: Selection<'_>,
) -> Result<Vec<ExpectedSource>, StoreError> {
    let mut asked = reads.list_asked_sources(life.site_id.as_str()).await?;
    asked.retain(|asked| selection.source.is_none_or(|source| source == asked.source));
    if asked.is_empty() {
        return Ok(vec![ExpectedSource {
            source: selection.source.map(str::to_owned),
            first_slot: None,
        }]);
    }
    Ok(asked.into_iter().map(ExpectedSource::from).collect())
}

/// The runs that found the account blocked or the key refused. A slot that was under way then may
/// have begun a day before the first that is looked at, the longest interval.
async fn stops(reads: &Reads, selection: Selection<'_>) -> Result<Vec<StoppedRun>, StoreError> {
    let (from, to) = selection.times();
    reads.list_stopped_runs((from, (to + TimeDelta::days(1)).min(selection.now))).await
}

/// The gaps of one site and source.
async fn of_source(
    reads: &Reads,
    life: &Life,
    asked: &ExpectedSource,
    stops: &[StoppedRun],
    selection: Selection<'_>,
) -> Result<Vec<Gap>, StoreError> {
    let (mut folding, mut gaps) = (Folding::default(), Vec::new());
    let each = |_, missing: Option<Missing>| {
        if let Some(missing) = missing {
            gaps.extend(folding.push(missing));
        }
    };
    each_slot(reads, life, asked, stops, selection.times(), each).await?;
    gaps.extend(folding.finish());
    Ok(gaps)
}

/// Passes every slot that is expected of a site and source from one time to another, both included, to
/// `each`, in order, with why it is missing, if it is.
pub(crate) async fn each_slot(
    reads: &Reads,
    life: &Life,
    asked: &ExpectedSource,
    stops: &[StoppedRun],
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    mut each: impl FnMut(Expected, Option<Missing>),
) -> Result<(), StoreError> {
    let paused = paused(life, asked, stops);
    let site_and_source = (life.site_id.as_str(), asked.source.as_deref().unwrap_or_default());
    let mut ledger = reads.read_ledger(site_and_source, (from, to));
    let mut row: Option<LedgerSlot> = ledger.try_next().await?;
    for slot in life.slots(asked.first_slot, from, to) {
        // What is in the ledger and not expected was called for under other rules.
        while row.as_ref().is_some_and(|row| row.slot_time < slot.slot_time) {
            row = ledger.try_next().await?;
        }
        let own = row.as_ref().filter(|row| row.slot_time == slot.slot_time);
        each(slot, missing(slot, own, &paused));
    }
    Ok(())
}

/// The slots that were under way when the source wanted no more calls.
pub(crate) fn paused(
    life: &Life,
    asked: &ExpectedSource,
    stops: &[StoppedRun],
) -> BTreeSet<DateTime<Utc>> {
    let is_of_source =
        |run: &&StoppedRun| asked.source.as_deref().is_none_or(|source| run.source == source);
    let slots = stops.iter().filter(is_of_source);
    slots.filter_map(|run| life.slot_at(asked.first_slot, run.started_at)).collect()
}

/// Why a slot has no observation, if it has none.
pub(crate) fn missing(
    slot: Expected,
    row: Option<&LedgerSlot>,
    paused: &BTreeSet<DateTime<Utc>>,
) -> Option<Missing> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let reason = match row {
        None if paused.contains(&slot.slot_time) => Reason::Paused,
        None => Reason::NeverTried,
        Some(row) => match row.status.as_str() {
            "collected" => return None,
            "unfillable" => Reason::Unfillable(text(&row.error_message)),
            _ if row.error_kind.as_deref() == Some(OUT_OF_RANGE) => Reason::Quarantined,
            _ => Reason::Failed(text(&row.error_kind)),
        },
    };
    Some(Missing { slot, reason, message: row.and_then(|row| row.error_message.clone()) })
}
