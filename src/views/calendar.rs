//! What is missing, by site and local day: [`gaps`] counted into days, so that a month of many
//! sites is seen at once, and one day of one site in full.
//!
//! The interval that is under way and was not called for yet is neither expected nor missing: it is not late.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};

use super::gaps::{self, ExpectedSource};
use super::{Place, around};
use crate::domain::{Expected, Folding, Gap, Life, Missing, Reason};
use crate::store::{FailedSlot, Reads, StoppedRun, StoreError};

/// Sites that are read at once.
const AT_ONCE: usize = 2;

/// The longest interval: a slot that was under way may have begun so long before.
const LONGEST: TimeDelta = TimeDelta::days(1);

/// A local day of a site, of all sources together or of one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cell {
    /// Slots that are expected.
    pub expected: u32,
    /// Those that are missing, by reason.
    pub missing: BTreeMap<Reason, u32>,
}

impl Cell {
    /// How many slots are missing.
    #[must_use]
    pub fn missing(&self) -> u32 {
        self.missing.values().sum()
    }

    fn count(&mut self, missing: Option<Missing>) {
        self.expected += 1;
        if let Some(missing) = missing {
            *self.missing.entry(missing.reason).or_default() += 1;
        }
    }
}

/// The days of a site on which something is expected.
pub type Cells = BTreeMap<NaiveDate, Cell>;

/// The local days from one to another, both included, of each of these sites, in their order.
///
/// # Errors
/// When the store fails.
pub async fn read(
    reads: &Reads,
    lives: &[Life],
    days: (NaiveDate, NaiveDate),
    now: DateTime<Utc>,
) -> Result<Vec<Cells>, StoreError> {
    let stops = stops(reads, days, now).await?;
    let rows = lives.iter().map(|life| of_site(reads, life, days, (&stops, now)));
    stream::iter(rows.collect::<Vec<_>>()).buffered(AT_ONCE).try_collect().await
}

async fn of_site(
    reads: &Reads,
    life: &Life,
    days: (NaiveDate, NaiveDate),
    (stops, now): (&[StoppedRun], DateTime<Utc>),
) -> Result<Cells, StoreError> {
    let mut cells = Cells::new();
    for asked in asked(reads, life, None).await? {
        let each = |slot: Expected, missing: Option<Missing>| {
            let day = life.local_day(slot.slot_time);
            if (days.0..=days.1).contains(&day) && !is_not_due(slot, missing.as_ref(), now) {
                cells.entry(day).or_default().count(missing);
            }
        };
        gaps::each_slot(reads, life, &asked, stops, times(days, now), each).await?;
    }
    Ok(cells)
}

/// The sources that were asked for a site; a site that none was asked for has days all the same.
async fn asked(
    reads: &Reads,
    life: &Life,
    source: Option<&str>,
) -> Result<Vec<ExpectedSource>, StoreError> {
    let asked = reads.list_asked_sources(life.site_id.as_str()).await?;
    let mut asked: Vec<_> = asked.into_iter().map(ExpectedSource::from).collect();
    if asked.is_empty() {
        asked.push(ExpectedSource { source: None, first_slot: None });
    }
    asked.retain(|asked| source.is_none_or(|source| asked.source.as_deref() == Some(source)));
    Ok(asked)
}

/// Whether nobody can have collected the slot yet.
fn is_not_due(slot: Expected, missing: Option<&Missing>, now: DateTime<Utc>) -> bool {
    let is_untried = missing.is_some_and(|missing| missing.reason == Reason::NeverTried);
    is_untried && slot.slot_time + slot.interval.span() > now
}

/// From when to when slots of these local days begin, up to now.
fn times(days: (NaiveDate, NaiveDate), now: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
    let (from, after) = around(days);
    // Nothing is expected before.
    (from.max(DateTime::UNIX_EPOCH), now.min(after - TimeDelta::seconds(1)))
}

async fn stops(
    reads: &Reads,
    days: (NaiveDate, NaiveDate),
    now: DateTime<Utc>,
) -> Result<Vec<StoppedRun>, StoreError> {
    let (from, to) = times(days, now);
    reads.list_stopped_runs((from, (to + LONGEST).min(now))).await
}

/// What is missing of a local day of a site and source, and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayOfSource {
    /// The source; `None`: none was ever asked.
    pub source: Option<String>,
    /// What it comes to.
    pub cell: Cell,
    /// Missing slots that follow one another for one reason, in order.
    pub gaps: Vec<Hole>,
    /// The days (UTC) that the local day touches: what `weather heal` is given.
    pub utc_days: (NaiveDate, NaiveDate),
}

/// A gap, and the runs that are behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hole {
    /// The gap.
    pub gap: Gap,
    /// Numbers of the runs that called for it last, or stopped before it, in order.
    pub runs: BTreeSet<i64>,
}

/// A local day of a site, a source after the other.
///
/// # Errors
/// When the store fails.
pub async fn day(
    reads: &Reads,
    place: &Place,
    day: NaiveDate,
    source: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Vec<DayOfSource>, StoreError> {
    let life = &place.life;
    let stops = stops(reads, (day, day), now).await?;
    let mut sources = Vec::new();
    for asked in asked(reads, life, source).await? {
        sources.push(day_of_source(reads, life, asked, (day, now), &stops).await?);
    }
    Ok(sources)
}

async fn day_of_source(
    reads: &Reads,
    life: &Life,
    asked: ExpectedSource,
    (day, now): (NaiveDate, DateTime<Utc>),
    stops: &[StoppedRun],
) -> Result<DayOfSource, StoreError> {
    let times = times((day, day), now);
    let (mut cell, mut folding, mut gaps) = (Cell::default(), Folding::default(), Vec::new());
    let each = |slot: Expected, missing: Option<Missing>| {
        if life.local_day(slot.slot_time) == day && !is_not_due(slot, missing.as_ref(), now) {
            cell.count(missing.clone());
            gaps.extend(missing.and_then(|missing| folding.push(missing)));
        }
    };
    gaps::each_slot(reads, life, &asked, stops, times, each).await?;
    gaps.extend(folding.finish());
    let site_and_source = (life.site_id.as_str(), asked.source.as_deref().unwrap_or_default());
    let tried = reads.list_failed_slots(site_and_source, times).await?;
    let gaps = gaps.into_iter().map(|gap| {
        let runs = runs_of(&gap, life, &asked, (&tried, stops));
        Hole { gap, runs }
    });
    let (gaps, utc_days) = (gaps.collect(), utc_days(life, day));
    Ok(DayOfSource { source: asked.source, cell, gaps, utc_days })
}

/// The runs that called for the slots of a gap, or stopped when they were due.
fn runs_of(
    gap: &Gap,
    life: &Life,
    asked: &ExpectedSource,
    (tried, stops): (&[FailedSlot], &[StoppedRun]),
) -> BTreeSet<i64> {
    let is_in = |time: &DateTime<Utc>| (gap.first_slot..=gap.last_slot).contains(time);
    if gap.reason != Reason::Paused {
        let own = tried.iter().filter(|slot| is_in(&slot.slot_time));
        return own.map(|slot| slot.run_seq).collect();
    }
    let own = stops.iter().filter(|run| {
        let is_of_source = asked.source.as_deref().is_none_or(|source| run.source == source);
        is_of_source
            && life.slot_at(asked.first_slot, run.started_at).is_some_and(|slot| is_in(&slot))
    });
    own.map(|run| run.run_seq).collect()
}

/// The first and the last day (UTC) of which the local day of a site has a moment.
#[must_use]
pub fn utc_days(life: &Life, day: NaiveDate) -> (NaiveDate, NaiveDate) {
    let (from, after) = around((day, day));
    let quarters = (0..).map(|number| from + TimeDelta::minutes(15 * number));
    let of_day = quarters.take_while(|time| *time < after);
    let mut of_day =
        of_day.filter(|time| life.local_day(*time) == day).map(|time| time.date_naive());
    let first = of_day.next().unwrap_or(day);
    (first, of_day.last().unwrap_or(first))
}

/// So many days up to this one, both included.
#[must_use]
pub fn days_up_to(last: NaiveDate, count: u64) -> (NaiveDate, NaiveDate) {
    (last.checked_sub_days(Days::new(count.saturating_sub(1))).unwrap_or(last), last)
}
