//! Which slots are missing that a history may fill.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Days as DayCount, DurationRound as _, NaiveDate, TimeDelta, Utc};

use super::parts::Heal;
use crate::domain::{Days, Gap, Life, Locality, Month, Reason, Site, SiteId};
use crate::job::reason;
use crate::source::History;
use crate::source::history::{Missing, Reach};
use crate::store::StoreError;
use crate::views::gaps::{self, Selection};

/// A missing slot.
#[derive(Debug, Clone)]
pub(super) struct Wanted<'a> {
    /// As it was in that hour: where it stood then.
    pub(super) site: &'a Site,
    /// Which of its stays that is; `None`: it has never moved.
    pub(super) stay: Option<usize>,
    pub(super) slot_time: DateTime<Utc>,
    /// Its hour, which a history is asked for.
    pub(super) hour: DateTime<Utc>,
    /// Which of the histories may have it, or why none has.
    pub(super) history: Result<usize, Missing>,
    /// True when it was given up as unfillable from these histories.
    pub(super) is_settled: bool,
    /// True when it is of a month that is being archived or has left the store: it cannot be written.
    pub(super) is_archived: bool,
}

/// The missing slots of each site and hour.
pub(super) type SlotsOfHours = HashMap<(SiteId, DateTime<Utc>), Vec<DateTime<Utc>>>;

/// The sites that are healed.
pub(super) struct Places<'a> {
    sites: HashMap<SiteId, &'a Site>,
    lives: Vec<Life>,
    /// Of those that have moved: from when on the site was like this, in order.
    stays: HashMap<SiteId, Vec<(DateTime<Utc>, Site)>>,
    /// The months whose slots cannot be written.
    closed: Vec<Month>,
}

impl<'a> Places<'a> {
    /// Those of the file that are this task's and in the store.
    pub(super) async fn read(parts: Heal<'_>, sites: &'a [Site]) -> Result<Self, StoreError> {
        let job = parts.job;
        let own = sites.iter().filter(|site| job.shard.contains(&site.site_id));
        let sites: HashMap<_, _> = own.map(|site| (site.site_id.clone(), site)).collect();
        let mut lives = job.reads.list_lives().await?;
        lives.retain(|life| sites.contains_key(&life.site_id));
        let stays = lives.iter().filter_map(|life| {
            let site = sites.get(&life.site_id)?;
            let stays = life.spans.stays(&Locality::of(site));
            let places = stays.iter().map(|stay| (stay.from, stay.locality.place(site)));
            (stays.len() > 1).then(|| (life.site_id.clone(), places.collect()))
        });
        let stays = stays.collect();
        let closed = job.reads.list_closed_months().await?;
        Ok(Self { sites, lives, stays, closed })
    }

    /// What is missing on `days`.
    pub(super) async fn survey(&self, parts: Heal<'_>, days: Days) -> Result<Survey, StoreError> {
        let job = parts.job;
        let survey = async || {
            let mut survey = Survey::default();
            self.each(parts, &self.lives, days, |wanted| survey.count(&wanted)).await?;
            Ok(survey)
        };
        job.retry_stream(survey).await
    }

    /// Every missing slot of `days`.
    pub(super) async fn list<'p>(
        &'p self,
        parts: Heal<'_>,
        days: Days,
    ) -> Result<Vec<Wanted<'p>>, StoreError> {
        self.list_of(parts, &self.lives, days).await
    }

    /// The slots of these sites that are missing from one hour to another.
    pub(super) async fn still_missing(
        &self,
        parts: Heal<'_>,
        site_ids: &BTreeSet<&SiteId>,
        hours: (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<SlotsOfHours, StoreError> {
        let is_asked = |life: &&Life| site_ids.contains(&life.site_id);
        let lives: Vec<Life> = self.lives.iter().filter(is_asked).cloned().collect();
        let days = Days { from: Some(hours.0.date_naive()), to: Some(hours.1.date_naive()) };
        let mut slots = SlotsOfHours::new();
        for wanted in self.list_of(parts, &lives, days).await? {
            let key = (wanted.site.site_id.clone(), wanted.hour);
            slots.entry(key).or_default().push(wanted.slot_time);
        }
        Ok(slots)
    }

    async fn list_of<'p>(
        &'p self,
        parts: Heal<'_>,
        lives: &[Life],
        days: Days,
    ) -> Result<Vec<Wanted<'p>>, StoreError> {
        let list = async || {
            let mut list = Vec::new();
            let fillable =
                |wanted: Wanted<'p>| list.extend(Some(wanted).filter(|w| !w.is_archived));
            self.each(parts, lives, days, fillable).await?;
            Ok(list)
        };
        parts.job.retry_stream(list).await
    }

    /// The site as it was in that hour, and which of its stays that is.
    fn site_at<'p>(&'p self, site: &'p Site, hour: DateTime<Utc>) -> (&'p Site, Option<usize>) {
        let Some(stays) = self.stays.get(&site.site_id) else { return (site, None) };
        let stay = stays.iter().rposition(|(from, _)| *from <= hour);
        (stay.map_or(site, |stay| &stays[stay].1), stay)
    }

    /// The slots whose time is over and that are not settled, or are to be asked for again. The others
    /// are the collection's.
    async fn each<'p>(
        &'p self,
        parts: Heal<'_>,
        lives: &[Life],
        days: Days,
        mut each: impl FnMut(Wanted<'p>),
    ) -> Result<(), StoreError> {
        let now = parts.job.clock.now();
        let selection = Selection { source: Some(parts.source), days, now };
        let of_gap = |gap: gaps::SiteGap| {
            let is_settled = is_settled(&gap.gap, parts.history_name());
            let site = SiteId::parse(&gap.site_id).and_then(|id| self.sites.get(&id).copied());
            let Some(site) = site.filter(|_| parts.again || !is_settled) else {
                return Ok(());
            };
            for slot_time in slots(&gap.gap).filter(|time| *time + gap.gap.interval.span() <= now) {
                let hour = slot_time.duration_trunc(TimeDelta::hours(1)).unwrap_or(slot_time);
                let history = find_history(parts.histories, hour, now);
                if history.is_ok() || !is_settled {
                    let (site, stay) = self.site_at(site, hour);
                    let is_archived = self.closed.contains(&Month::of(slot_time.date_naive()));
                    each(Wanted { site, stay, slot_time, hour, history, is_settled, is_archived });
                }
            }
            Ok(())
        };
        gaps::list(parts.job.reads, lives, selection, of_gap).await.map(|_| ())
    }
}

fn is_settled(gap: &Gap, source: &str) -> bool {
    matches!(&gap.reason, Reason::Unfillable(why) if why.starts_with(&reason(source, "")))
}

fn slots(gap: &Gap) -> impl Iterator<Item = DateTime<Utc>> {
    let (last, step) = (gap.last_slot, gap.interval.span());
    std::iter::successors(Some(gap.first_slot), move |slot| Some(*slot + step))
        .take_while(move |slot| *slot <= last)
}

/// The first history that may have the hour, else when one will have it, else why none has it.
fn find_history(
    histories: &[Box<dyn History>],
    hour: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<usize, Missing> {
    let mut missing = Missing::Silent;
    let mut known_from = DateTime::<Utc>::MAX_UTC;
    for (number, history) in histories.iter().enumerate() {
        match history.reach().check(hour, now) {
            Ok(()) => return Ok(number),
            Err(Missing::TooRecent { known_from: from }) => known_from = known_from.min(from),
            Err(other) if number == 0 => missing = other,
            Err(_) => {}
        }
    }
    let is_later = known_from < DateTime::<Utc>::MAX_UTC;
    Err(if is_later { Missing::TooRecent { known_from } } else { missing })
}

/// What is missing, day by day.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// Slots that are filled or found to be unfillable now.
    pub(super) slots: u64,
    /// Those of them that were given up before.
    pub(super) again: u64,
    /// Slots of months that are being archived or have left the store: they stay missing.
    pub(super) archived: u64,
    /// Slots that a history has later.
    pub(super) later: u64,
    /// From when on it has the first of them.
    pub(super) known_from: Option<DateTime<Utc>>,
    /// The days that each history is asked for; those of the first are also those of slots that no
    /// history has.
    days: BTreeMap<usize, BTreeSet<NaiveDate>>,
}

/// Days whose calls are planned together.
#[derive(Debug, Clone, Copy)]
pub(super) struct HistorySpan {
    pub(super) history: usize,
    pub(super) days: Days,
}

impl Survey {
    fn count(&mut self, wanted: &Wanted<'_>) {
        if wanted.is_archived {
            self.archived += 1;
        } else if let Err(Missing::TooRecent { known_from }) = &wanted.history {
            self.later += 1;
            self.known_from = Some(self.known_from.map_or(*known_from, |t| t.min(*known_from)));
        } else {
            self.slots += 1;
            self.again += u64::from(wanted.is_settled);
            let history = wanted.history.as_ref().copied().unwrap_or_default();
            self.days.entry(history).or_default().insert(wanted.hour.date_naive());
        }
    }

    /// The newest days of one history, as many as whole calls cover.
    pub(super) fn take_span(&mut self, parts: Heal<'_>) -> Option<HistorySpan> {
        let newest =
            |(history, days): (&usize, &BTreeSet<NaiveDate>)| Some((*days.last()?, *history));
        let (last, history) = self.days.iter().filter_map(newest).max()?;
        let before = DayCount::new(days_per_span(&parts.histories[history].reach()) - 1);
        let first = last.checked_sub_days(before).unwrap_or(last);
        self.days.get_mut(&history)?.split_off(&first);
        Some(HistorySpan { history, days: Days { from: Some(first), to: Some(last) } })
    }
}

/// The fewest days that whole calls cover: 14 by calls of 14 days, 5 by calls of 20 hours, 1 by calls
/// of an hour. So midnight cuts no call short but the last one of a span.
fn days_per_span(reach: &Reach) -> u64 {
    let hours = reach.hours_per_call.max(1);
    let divides_both = |n: &u32| 24 % n == 0 && hours.is_multiple_of(*n);
    let greatest = (1..=24).rev().find(divides_both).unwrap_or(1);
    u64::from(hours / greatest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_as_many_days_as_whole_calls_cover() {
        for (hours_per_call, days) in [(1, 1), (20, 5), (24, 1), (14 * 24, 14), (18, 3), (0, 1)] {
            let reach = Reach {
                since: DateTime::UNIX_EPOCH,
                lag: TimeDelta::zero(),
                oldest: None,
                sites_per_call: 1,
                hours_per_call,
                by_day: false,
            };
            assert_eq!(days_per_span(&reach), days, "{hours_per_call}");
        }
    }
}
