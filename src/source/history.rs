//! History: what a source says of hours that are past.
//!
//! A trait of its own beside [`Source`](super::Source): a source without history does not
//! implement it. What one call covers differs widely (one site and hour, or many sites and days),
//! so a source says what it reaches ([`Reach`]), [`plan`] turns the site-hours that are wanted into
//! the fewest calls, and [`History::recall`] makes one of them. For each site-hour of a call there
//! is an observation or the reason why the source has none.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};

use super::{Fault, SourceError};
use crate::domain::{ErrorKind, Observation, Site, SiteId};
use crate::http::Params;

/// A source that knows the past.
#[async_trait]
pub trait History: Send + Sync {
    /// The value of the `source` column: that of the [`Source`](super::Source) of the same
    /// service. A row keeps its true source, whichever source's slot it fills.
    fn source_name(&self) -> &'static str;

    /// Under which name a pause of its account is written down, at most 32 characters: not the
    /// source's own where its calls have a limit of their own, so that a pause delays no live slot.
    fn pause_name(&self) -> &'static str;

    /// True when `error` says that the account lacks the subscription, and not that the key is wrong.
    fn lacks_subscription(&self, error: &SourceError) -> bool;

    /// How many calls may be in flight at once, whatever number is set: at least 1.
    fn calls_at_once(&self) -> usize {
        usize::MAX
    }

    /// What one call covers, and which hours there are.
    fn reach(&self) -> Reach;

    /// How many calls the account is charged for `call`, at least 1.
    fn charge(&self, call: &HistoryCall<'_>) -> u32;

    /// The hours that a call with these parameters of `endpoint` asked for, the first and the last; `None`:
    /// such a call is not this history's.
    fn hours_of(&self, endpoint: &str, params: &Params) -> Option<(DateTime<Utc>, DateTime<Utc>)>;

    /// Makes the call, once. The answer has every site-hour of `call`, once, by site in the order asked and by
    /// hour from the earliest on.
    ///
    /// # Errors
    /// When the call as a whole gives nothing; by its kind as for
    /// [`Source::observe`](super::Source::observe). It settles no slot, whatever its kind: a
    /// `bad_request` for several sites says nothing of each of them, and any other is the call's.
    /// Neither message nor cause holds the key.
    async fn recall(&self, call: &HistoryCall<'_>) -> Result<Vec<Recalled>, SourceError>;
}

/// What a call of a history covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// The first hour that it has.
    pub since: DateTime<Utc>,
    /// How old an hour has to be for the history to have it.
    pub lag: TimeDelta,
    /// How old an hour may be at most; `None`: any since the first.
    pub oldest: Option<TimeDelta>,
    /// Sites of a call at most, at least 1.
    pub sites_per_call: usize,
    /// Hours of a call at most, one after the other, at least 1.
    pub hours_per_call: u32,
    /// True when it is asked for whole UTC days: `hours_per_call` are days then.
    pub by_day: bool,
}

impl Reach {
    /// Whether there is a point in asking for `hour` at `now`.
    ///
    /// # Errors
    /// The reason why not; no call is needed to know it.
    pub fn check(&self, hour: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), Missing> {
        let known_from = hour + self.lag;
        let since = self.oldest.map_or(self.since, |oldest| self.since.max(now - oldest));
        if hour < since {
            Err(Missing::BeforeHistory { since })
        } else if now < known_from {
            Err(Missing::TooRecent { known_from })
        } else {
            Ok(())
        }
    }

    /// The first hour of the longest span that ends with `last`.
    fn first_hour(&self, last: DateTime<Utc>) -> DateTime<Utc> {
        let length = TimeDelta::hours(i64::from(self.hours_per_call.max(1)));
        let end = if self.by_day { day(last) + TimeDelta::days(1) } else { last + HOUR };
        end - length
    }
}

const HOUR: TimeDelta = TimeDelta::hours(1);

fn day(time: DateTime<Utc>) -> DateTime<Utc> {
    time.duration_trunc(TimeDelta::days(1)).unwrap_or(time)
}

/// A call of a history: its sites and hours, from `first` to `last`, both whole hours.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryCall<'a> {
    /// The sites, each once.
    pub sites: Vec<&'a Site>,
    /// The first hour.
    pub first: DateTime<Utc>,
    /// The last hour.
    pub last: DateTime<Utc>,
}

impl HistoryCall<'_> {
    /// The hours, from the earliest on.
    pub fn hours(&self) -> impl Iterator<Item = DateTime<Utc>> + use<> {
        let last = self.last;
        std::iter::successors(Some(self.first), |hour| Some(*hour + HOUR))
            .take_while(move |hour| *hour <= last)
    }

    /// The same of every site-hour.
    #[must_use]
    pub fn all(&self, missing: &Missing) -> Vec<Recalled> {
        let of_site = |site_id: &SiteId| {
            let (site_id, missing) = (site_id.clone(), missing.clone());
            self.hours().map(move |hour| Recalled {
                site_id: site_id.clone(),
                hour,
                found: Err(missing.clone()),
            })
        };
        self.sites.iter().flat_map(|site| of_site(&site.site_id)).collect()
    }

    /// How many UTC days it touches.
    #[must_use]
    pub fn days(&self) -> u32 {
        u32::try_from((day(self.last) - day(self.first)).num_days() + 1).unwrap_or(u32::MAX)
    }
}

/// The calls for the site-hours `wanted`, in the order to make them: newest first. In time no plan
/// needs fewer spans; the sites of a span are shared out by the number that one call takes.
///
/// Hours between two wanted ones may be part of a call: they cost nothing there.
#[must_use]
pub fn plan<'a>(reach: &Reach, wanted: &[(&'a Site, DateTime<Utc>)]) -> Vec<HistoryCall<'a>> {
    let mut hours: BTreeMap<DateTime<Utc>, BTreeMap<&SiteId, &'a Site>> = BTreeMap::new();
    for (site, hour) in wanted {
        hours.entry(*hour).or_default().insert(&site.site_id, site);
    }
    let mut calls = Vec::new();
    while let Some((last, _)) = hours.last_key_value() {
        let span = hours.split_off(&reach.first_hour(*last));
        let mut spans_of_sites: BTreeMap<&SiteId, (&'a Site, DateTime<Utc>, DateTime<Utc>)> =
            BTreeMap::new();
        for (hour, sites) in &span {
            for (site_id, site) in sites {
                spans_of_sites
                    .entry(site_id)
                    .and_modify(|(_, _, last)| *last = *hour)
                    .or_insert((site, *hour, *hour));
            }
        }
        let sites: Vec<_> = spans_of_sites.into_values().collect();
        calls.extend(sites.chunks(reach.sites_per_call.max(1)).filter_map(|chunk| {
            let first = chunk.iter().map(|(_, first, _)| *first).min()?;
            let last = chunk.iter().map(|(_, _, last)| *last).max()?;
            Some(HistoryCall {
                sites: chunk.iter().map(|(site, _, _)| *site).collect(),
                first,
                last,
            })
        }));
    }
    calls
}

/// What a history says of one site and hour.
#[derive(Debug, Clone, PartialEq)]
pub struct Recalled {
    /// The site that was asked for.
    pub site_id: SiteId,
    /// The hour that was asked for.
    pub hour: DateTime<Utc>,
    /// The observation, whose time lies within the hour, or why there is none.
    pub found: Result<Observation, Missing>,
}

/// A model's history is filled in day by day; an hour that has no value may get one within this.
const STILL_FILLED_IN: TimeDelta = TimeDelta::days(10);

/// Why a history has no observation of a site-hour.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    /// The hour is before the first one of the history.
    #[error("the history begins at {since}")]
    BeforeHistory {
        /// The first hour.
        since: DateTime<Utc>,
    },
    /// The history has the hour later.
    #[error("known from {known_from} on")]
    TooRecent {
        /// When to ask again.
        known_from: DateTime<Utc>,
    },
    /// The source answered for the hour and has no value.
    #[error("the source has no value for this hour")]
    Silent,
    /// The source does not know the place or the time, in its own words.
    #[error("{0}")]
    Refused(String),
    /// A value is out of its physical range.
    #[error("{0}")]
    OutOfRange(Fault),
    /// What was said cannot be read, is in another unit or of another time: it says nothing of this
    /// hour. The call has failed for it, and another may go well.
    #[error("{0}")]
    Unreadable(Fault),
}

impl Missing {
    /// Why what was said of an hour is no observation.
    pub(super) fn of(fault: Fault) -> Self {
        match fault.kind {
            ErrorKind::OutOfRange => Self::OutOfRange(fault),
            _ => Self::Unreadable(fault),
        }
    }

    /// True when asking again would bring the same for an hour of this age: the site-hour is
    /// unfillable.
    #[must_use]
    pub fn is_final(&self, age: TimeDelta) -> bool {
        match self {
            Self::TooRecent { .. } | Self::Unreadable(_) => false,
            Self::Silent => age > STILL_FILLED_IN,
            Self::BeforeHistory { .. } | Self::Refused(_) | Self::OutOfRange(_) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Coordinates, Interval};

    fn site(name: &str) -> Site {
        Site {
            site_id: SiteId::parse(name).unwrap(),
            name: name.into(),
            coordinates: Coordinates::parse(1.0, 2.0).unwrap(),
            timezone: chrono_tz::Tz::UTC,
            country: None,
            elevation_m: None,
            interval: Interval::HOUR,
            active_from: None,
            active_until: None,
            tags: Vec::new(),
        }
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn reach(sites_per_call: usize, hours_per_call: u32) -> Reach {
        Reach {
            since: at("1979-01-01T00:00:00Z"),
            lag: TimeDelta::hours(48),
            oldest: None,
            sites_per_call,
            hours_per_call,
            by_day: hours_per_call.is_multiple_of(24),
        }
    }

    fn in_words(calls: &[HistoryCall<'_>]) -> Vec<String> {
        let words = |call: &HistoryCall<'_>| {
            let sites: Vec<&str> = call.sites.iter().map(|site| site.site_id.as_str()).collect();
            let (first, last) = (call.first.format("%dT%H"), call.last.format("%dT%H"));
            format!("{} {first} to {last}", sites.join("+"))
        };
        calls.iter().map(words).collect()
    }

    #[test]
    fn a_source_of_one_site_and_hour_per_call_is_asked_once_for_each_newest_first() {
        let (a, b) = (site("a"), site("b"));
        let (one, two) = (at("2026-11-01T01:00:00Z"), at("2026-11-02T05:00:00Z"));
        let calls = plan(&reach(1, 1), &[(&a, one), (&b, two), (&a, two), (&a, one)]);
        assert_eq!(in_words(&calls), ["a 02T05 to 02T05", "b 02T05 to 02T05", "a 01T01 to 01T01"]);
    }

    #[test]
    fn a_source_of_days_is_asked_for_whole_days_and_no_longer_than_needed() {
        let (a, b, c) = (site("a"), site("b"), site("c"));
        let wanted = [
            (&a, at("2026-11-05T07:00:00Z")),
            (&b, at("2026-11-04T23:00:00Z")),
            (&c, at("2026-11-04T00:00:00Z")),
            (&a, at("2026-11-03T23:00:00Z")),
        ];
        let calls = plan(&reach(2, 48), &wanted);
        assert_eq!(
            in_words(&calls),
            ["a+b 04T23 to 05T07", "c 04T00 to 04T00", "a 03T23 to 03T23"]
        );
        assert_eq!(calls[0].days(), 2);
        assert_eq!(calls[0].hours().count(), 9);
    }

    #[test]
    fn a_year_of_twenty_sites_takes_as_many_calls_as_its_days_need() {
        let sites: Vec<Site> = (0..20).map(|n| site(&format!("s{n}"))).collect();
        let start = at("2025-01-01T00:00:00Z");
        let wanted: Vec<_> = sites
            .iter()
            .flat_map(|site| (0..8760).map(move |hour| (site, start + TimeDelta::hours(hour))))
            .collect();
        assert_eq!(plan(&reach(100, 14 * 24), &wanted).len(), 27); // 365 days by 14
        assert_eq!(plan(&reach(1, 1), &wanted).len(), 20 * 8760);
    }

    #[test]
    fn what_no_call_can_bring_is_known_before_the_call() {
        let reach = reach(1, 1);
        let now = at("2026-11-25T08:00:00Z");
        let missing = |hour| reach.check(at(hour), now).unwrap_err();
        assert!(missing("1978-12-31T23:00:00Z").is_final(TimeDelta::days(1)));
        let known_from = at("2026-11-25T09:00:00Z");
        assert_eq!(missing("2026-11-23T09:00:00Z"), Missing::TooRecent { known_from });
        assert!(!missing("2026-11-23T09:00:00Z").is_final(TimeDelta::days(2)));
        assert_eq!(reach.check(at("2026-11-23T08:00:00Z"), now), Ok(()));
        let recent = Reach { oldest: Some(TimeDelta::days(3)), ..reach };
        assert_eq!(recent.check(at("2026-11-22T08:00:00Z"), now), Ok(()));
        let since = at("2026-11-22T08:00:00Z");
        let missing = recent.check(at("2026-11-22T07:00:00Z"), now);
        assert_eq!(missing, Err(Missing::BeforeHistory { since }));
    }

    #[test]
    fn an_hour_without_a_value_may_get_one_while_it_is_young() {
        assert!(!Missing::Silent.is_final(TimeDelta::days(10)));
        assert!(Missing::Silent.is_final(TimeDelta::days(11)));
        assert!(Missing::Refused("no".into()).is_final(TimeDelta::zero()));
    }

    #[test]
    fn only_what_the_source_lacks_and_a_value_that_cannot_be_settle_an_hour() {
        let fault = |kind| Missing::of(Fault { kind, message: "x".into() });
        assert!(fault(ErrorKind::OutOfRange).is_final(TimeDelta::zero()));
        assert!(!fault(ErrorKind::Malformed).is_final(TimeDelta::days(9999)));
    }
}
