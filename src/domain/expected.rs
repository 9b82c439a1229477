//! Which slots are expected of a site: the ledger says what became of slots, this says which ones
//! there should be.
//!
//! A slot is expected when its start lies in the site's life (`active_from` to `active_until`,
//! local days) and in a **span** ([`Spans`]): a stretch of time in which the site stood in the sites
//! file, at one interval and in one place. Local days are those of the time zone that the site had
//! then. The views of the warehouse compute the same
//! by SQL (`sink/bigquery/views/expected_slots.sql`), and a test compares them.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::days::is_between;
use super::site::{Interval, SiteId};
use super::spans::{Span, Spans};

/// What decides which slots of a site are expected.
#[derive(Debug, Clone, PartialEq)]
pub struct Life {
    /// The site.
    pub site_id: SiteId,
    /// The time zone where it stands now; see [`Life::timezone_at`].
    pub timezone: Tz,
    /// First local day; `None`: it always was.
    pub active_from: Option<NaiveDate>,
    /// Last local day; `None`: it goes on.
    pub active_until: Option<NaiveDate>,
    /// When it was in the sites file, at which interval and where.
    pub spans: Spans,
}

/// A slot that is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// Its start.
    pub slot_time: DateTime<Utc>,
    /// Its length.
    pub interval: Interval,
}

impl Life {
    /// The slots of a source that start from `from` to `to`, both included, in order.
    ///
    /// They begin with `active_from`; without it, with the source's first slot in the ledger, or
    /// when the site was taken in, whichever is earlier. Of a later span the first is the slot
    /// that was under way: the run that takes the site in calls for it.
    pub fn slots(
        &self,
        first_slot: Option<DateTime<Utc>>,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> impl Iterator<Item = Expected> {
        let mut last = None;
        self.stretches(first_slot)
            .enumerate()
            .flat_map(move |(number, span)| {
                let is_first = number == 0;
                let begins = if is_first {
                    ceil(span.from, span.interval)
                } else {
                    span.interval.start_of(span.from)
                };
                let start = begins.max(ceil(from, span.interval));
                let end = span.until.map_or(i64::MAX, ceil_seconds);
                let step = span.interval.seconds().unsigned_abs();
                let starts = (start..end.min(to.timestamp().saturating_add(1)))
                    .step_by(usize::try_from(step).unwrap_or(usize::MAX));
                starts.filter_map(move |start| {
                    let slot_time = DateTime::from_timestamp(start, 0)?;
                    Some(Expected { slot_time, interval: span.interval })
                })
            })
            .filter(|slot| self.is_alive_at(slot.slot_time))
            // The slot under way when the interval changed is of both spans.
            .filter(move |slot| {
                let is_new = last.is_none_or(|last| last < slot.slot_time);
                last = last.max(Some(slot.slot_time));
                is_new
            })
    }

    /// The start of the slot that was under way at `time`.
    #[must_use]
    pub fn slot_at(
        &self,
        first_slot: Option<DateTime<Utc>>,
        time: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let holds = |span: &Span| span.from <= time && span.until.is_none_or(|until| time < until);
        let span = self.stretches(first_slot).find(holds)?;
        DateTime::from_timestamp(span.interval.start_of(time), 0)
    }

    /// The spans, the first from where the life begins.
    fn stretches(&self, first_slot: Option<DateTime<Utc>>) -> impl Iterator<Item = Span> {
        // A day around, since a local day may begin before that of UTC and end after it; what is
        // too much is filtered out by its local day.
        let begins = self.active_from.and_then(|day| day.checked_sub_days(Days::new(1)));
        let begins = begins.map(midnight);
        let ends = self.active_until.and_then(|day| day.checked_add_days(Days::new(2)));
        let ends = ends.map(midnight);
        self.spans.0.iter().enumerate().map(move |(number, span)| Span {
            from: match number {
                0 => begins
                    .unwrap_or_else(|| first_slot.map_or(span.from, |first| first.min(span.from))),
                _ => span.from,
            },
            until: [span.until, ends].into_iter().flatten().min(),
            ..span.clone()
        })
    }

    fn is_alive_at(&self, time: DateTime<Utc>) -> bool {
        is_between(self.timezone_at(time), self.active_from, self.active_until, time)
    }

    /// The time zone that the site had at `time`: it decides the local day.
    #[must_use]
    pub fn timezone_at(&self, time: DateTime<Utc>) -> Tz {
        self.spans.locality_at(time).map_or(self.timezone, |locality| locality.timezone)
    }

    /// The local day of `time`, where the site stood then.
    #[must_use]
    pub fn local_day(&self, time: DateTime<Utc>) -> NaiveDate {
        time.with_timezone(&self.timezone_at(time)).date_naive()
    }

    /// The last local day that has begun at `now`. A site that has moved west may have begun a later
    /// day before.
    #[must_use]
    pub fn last_day(&self, now: DateTime<Utc>) -> NaiveDate {
        let ends = self.spans.0.iter().filter_map(|span| span.until);
        let before = ends.filter(|until| *until <= now).map(|until| until - TimeDelta::seconds(1));
        before.map(|time| self.local_day(time)).fold(self.local_day(now), NaiveDate::max)
    }
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

/// The first whole second from `time` on.
fn ceil_seconds(time: DateTime<Utc>) -> i64 {
    time.timestamp() + i64::from(time.timestamp_subsec_nanos() > 0)
}

/// The first start from `time` on.
fn ceil(time: DateTime<Utc>, interval: Interval) -> i64 {
    let step = interval.seconds();
    (ceil_seconds(time) + step - 1).div_euclid(step) * step
}

#[cfg(test)]
mod tests;
