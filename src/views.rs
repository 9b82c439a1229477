//! The weather of a site by hours and by local days, with the definitions of the warehouse's views
//! `observations_hourly` and `observations_daily`: a test holds both against each other, value by value.
//!
//! The slots of one site and source come from the store in order, as a stream; no more is held than an
//! hour of them and what the days that are asked for come to. Callers ask for a few days at a time.

use chrono::{DateTime, Days, DurationRound as _, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use futures::TryStreamExt as _;

use crate::domain::Life;
use crate::domain::degree_days::Bases;
use crate::store::{Reads, SiteRow, StoppedRun, StoreError};

pub mod calendar;
mod days;
pub mod freshness;
pub mod gaps;
mod hours;
pub mod quota;
mod rollup;
pub mod skill;

pub use days::Day;
pub use hours::Hour;

use gaps::ExpectedSource;
use hours::OneHour;
use rollup::Rollup;

/// A site, and what decides which slots of it are expected.
#[derive(Debug, Clone)]
pub struct Place {
    /// As the store has it.
    pub site: SiteRow,
    /// Its life.
    pub life: Life,
}

impl Place {
    /// The place of a site.
    ///
    /// # Errors
    /// When its row cannot be read.
    pub fn of(site: SiteRow) -> Result<Self, StoreError> {
        Ok(Self { life: site.life()?, site })
    }

    /// The time zone that the site had at `time`.
    fn timezone_at(&self, time: DateTime<Utc>) -> Tz {
        self.life.timezone_at(time)
    }

    /// The country in which the site stood at `time`.
    fn country_at(&self, time: DateTime<Utc>) -> Option<String> {
        let locality = self.life.spans.locality_at(time);
        locality.map_or(self.site.country.as_ref(), |then| then.country.as_ref()).cloned()
    }

    /// Site and source, as the store asks for them; there are no slots of no source.
    fn and<'a>(&'a self, source: Option<&'a str>) -> (&'a str, &'a str) {
        (&self.site.site_id, source.unwrap_or_default())
    }
}

/// The sources that were asked for a site, or the one named, if it was. A site that no source was
/// ever asked for has days all the same, without a source.
///
/// # Errors
/// When the store fails.
pub async fn sources(
    reads: &Reads,
    place: &Place,
    source: Option<&str>,
) -> Result<Vec<ExpectedSource>, StoreError> {
    let asked = reads.list_asked_sources(&place.site.site_id).await?;
    let mut asked: Vec<_> = asked.into_iter().map(ExpectedSource::from).collect();
    if asked.is_empty() {
        asked.push(ExpectedSource { source: None, first_slot: None });
    }
    asked.retain(|asked| source.is_none_or(|source| asked.source.as_deref() == Some(source)));
    Ok(asked)
}

/// The hours that begin from one time up to another, which is left out, and were collected.
///
/// # Errors
/// When the store fails.
pub async fn hours(
    reads: &Reads,
    place: &Place,
    source: &str,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<Hour>, StoreError> {
    let times = (next_hour(from), next_hour(to));
    let mut slots = reads.read_filled_slots(place.and(Some(source)), times);
    let (mut hour, mut hours) = (OneHour::default(), Vec::new());
    while let Some(slot) = slots.try_next().await? {
        hours.extend(hour.push(slot).and_then(|past| past.observed(place, source)));
    }
    hours.extend(hour.observed(place, source));
    Ok(hours)
}

/// The local days from one to another, both included, on which slots are expected up to `now`; their degree
/// days are counted from `bases`.
///
/// # Errors
/// When the store fails.
pub async fn days(
    reads: &Reads,
    place: &Place,
    asked: &ExpectedSource,
    days: (NaiveDate, NaiveDate),
    (now, bases): (DateTime<Utc>, Bases),
) -> Result<Vec<Day>, StoreError> {
    let (from, to) = around(days);
    let stops = stops(reads, (from, to), now).await?;
    let paused = gaps::paused(&place.life, asked, &stops);
    let last = now.min(to - TimeDelta::seconds(1));
    let expected = place.life.slots(asked.first_slot, from, last);
    let mut rollup = Rollup::new(&place.life, days, expected, paused);
    let site_and_source = place.and(asked.source.as_deref());
    let from = filled_since(reads, site_and_source, (from, to)).await?;
    let mut slots = reads.read_filled_slots(site_and_source, (from, to));
    while let Some(slot) = slots.try_next().await? {
        rollup.push(slot);
    }
    let days = rollup.finish().into_iter();
    Ok(days.map(|(date, tally)| Day::of(place, asked, date, tally, (now, bases))).collect())
}

/// The runs that the source stopped within these times. A slot of a day that was under way then may have
/// begun a day before.
async fn stops(
    reads: &Reads,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    now: DateTime<Utc>,
) -> Result<Vec<StoppedRun>, StoreError> {
    reads.list_stopped_runs((from, (to + TimeDelta::days(1)).min(now))).await
}

/// So far ahead of its slot no observation is: a slot is as long as a day at most, and what fills
/// it is not of the future; a day more for clocks that are wrong.
const AHEAD: TimeDelta = TimeDelta::days(2);

/// From when on slots have to be read to know which observations have had their rain counted before.
async fn filled_since(
    reads: &Reads,
    site_and_source: (&str, &str),
    times: (DateTime<Utc>, DateTime<Utc>),
) -> Result<DateTime<Utc>, StoreError> {
    let oldest = reads.oldest_filled(site_and_source, times).await?;
    // Whole hours, since of the slots in an hour only one has its rain counted.
    let since = oldest.map(|oldest| hour_of(oldest - AHEAD));
    Ok(since.map_or(times.0, |since| since.min(times.0)))
}

/// Times with all of these local days in them: a local day may begin a day before that of UTC, and end
/// a day after it.
fn around((from, to): (NaiveDate, NaiveDate)) -> (DateTime<Utc>, DateTime<Utc>) {
    let midnight = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
    let first = from.checked_sub_days(Days::new(1)).unwrap_or(from);
    let after = to.checked_add_days(Days::new(2)).unwrap_or(to);
    (midnight(first), midnight(after))
}

/// The hour (UTC) that contains `time`.
fn hour_of(time: DateTime<Utc>) -> DateTime<Utc> {
    time.duration_trunc(TimeDelta::hours(1)).unwrap_or(time)
}

/// The first hour that begins from `time` on.
fn next_hour(time: DateTime<Utc>) -> DateTime<Utc> {
    let hour = hour_of(time);
    if hour < time { hour + TimeDelta::hours(1) } else { hour }
}

#[cfg(test)]
mod tests;
