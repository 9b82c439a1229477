//! What a list of sites costs: calls, share of a plan, minutes per run; and what it can't have.
//!
//! One observation is one call. Counted are the slots the sites expect; what goes wrong adds
//! to it (up to `MAX_ATTEMPTS` calls for a slot, and another run's try), so that a list that
//! fills its plan to the brim is too long.

mod plan;
mod schedule;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeZone, Utc};

use super::site::{Interval, Site};
pub use plan::{PLANS, Plan};
pub use schedule::START_MINUTES;
pub use schedule::expected_calls;
use schedule::{minutes_left, slots_per_day, unmet};

/// Days of the longest month: a plan's limit has to do for that one too.
pub const DAYS_PER_MONTH: u64 = 31;

/// What a list of sites costs at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Cost {
    /// Sites whose life has begun and is not over: those that are called, and one run's most.
    pub sites_active: u64,
    /// Sites whose life is yet to begin. They cost nothing yet.
    pub sites_upcoming: u64,
    /// Sites whose life is over.
    pub sites_ended: u64,
    /// Calls per hour, as the mean over a day.
    pub calls_per_hour: f64,
    /// Calls per day.
    pub calls_per_day: u64,
    /// Calls in a month of [`DAYS_PER_MONTH`] days.
    pub calls_per_month: u64,
    /// Minutes the longest run takes, the first after midnight UTC, when every site is due;
    /// `None` without a limit: then it depends on the answers' speed.
    pub minutes_per_run: Option<f64>,
    /// The limit it was computed with; 0: none.
    calls_per_minute: f64,
    /// Active and upcoming sites by interval.
    intervals: BTreeMap<Interval, u64>,
    /// Intervals of active sites: what a run now has to keep up with.
    active_intervals: BTreeSet<Interval>,
}

impl Cost {
    /// The cost of these sites at `now`, with calls limited to so many per minute (0: no limit).
    #[must_use]
    pub fn of(sites: &[Site], now: DateTime<Utc>, calls_per_minute: f64) -> Self {
        let lives: Vec<_> = sites.iter().map(|site| (Life::of(site, now), site.interval)).collect();
        let count = |life| lives.iter().filter(|(each, _)| *each == life).count() as u64;
        let active = || {
            lives.iter().filter(|(life, _)| *life == Life::Active).map(|(_, interval)| *interval)
        };
        let calls_per_day = active().map(|interval| u64::from(slots_per_day(interval))).sum();
        let sites_active = count(Life::Active);
        Self {
            sites_active,
            sites_upcoming: count(Life::Upcoming),
            sites_ended: count(Life::Ended),
            calls_per_hour: calls_per_day as f64 / 24.0,
            calls_per_day,
            calls_per_month: calls_per_day * DAYS_PER_MONTH,
            minutes_per_run: (calls_per_minute > 0.0)
                .then(|| sites_active as f64 / calls_per_minute),
            calls_per_minute,
            active_intervals: active().collect(),
            intervals: count_intervals(&lives),
        }
    }

    /// Share of the plan's calls per month, in percent.
    #[must_use]
    pub fn plan_share_pct(&self, plan: &Plan) -> f64 {
        100.0 * self.calls_per_month as f64 / plan.calls_per_month as f64
    }

    /// The smallest plan that these sites fit into: its month has their calls, and a run at its pace
    /// is over before their slots are. `None`: they need more than the largest one.
    #[must_use]
    pub fn find_plan(&self) -> Option<&'static Plan> {
        let left = self.active_intervals.iter().filter_map(|each| minutes_left(*each)).min();
        PLANS.iter().find(|plan| {
            let takes = self.sites_active as f64 / f64::from(plan.calls_per_minute);
            self.calls_per_month <= plan.calls_per_month
                && left.is_none_or(|left| takes <= f64::from(left))
        })
    }

    /// What these sites can't have of the schedule, the limit and the plan, a sentence each.
    #[must_use]
    pub fn warnings(&self, plan: &Plan) -> Vec<String> {
        let unmet = self.intervals.iter().filter_map(|(interval, sites)| unmet(*interval, *sites));
        unmet
            .chain(self.too_long_a_run())
            .chain(self.too_fast_for(plan))
            .chain(self.too_many_for(plan))
            .collect()
    }

    fn too_long_a_run(&self) -> Option<String> {
        let (takes, limit) = (self.minutes_per_run?, self.calls_per_minute);
        let left_by_interval =
            self.active_intervals.iter().filter_map(|each| Some((minutes_left(*each)?, *each)));
        let (left, interval) = left_by_interval.min()?;
        if takes > f64::from(left) {
            let interval = interval.minutes();
            return Some(format!(
                "a run takes up to {takes:.1} minutes at {limit} calls per minute, but slots of \
                 {interval} minutes may be over {left} minutes after it starts, and what it has \
                 not called by then stays empty: allow more calls, or observe less often"
            ));
        }
        let until_next = START_MINUTES[1] - START_MINUTES[0];
        (takes > f64::from(until_next)).then(|| {
            format!(
                "a run takes up to {takes:.1} minutes at {limit} calls per minute, but the next \
                 starts after {until_next} and finds it at work: failed slots get no second \
                 chance within the hour"
            )
        })
    }

    fn too_fast_for(&self, plan: &Plan) -> Option<String> {
        (self.calls_per_minute > f64::from(plan.calls_per_minute)).then(|| {
            format!(
                "{} calls per minute are more than the {} plan allows, {}: the source would \
                 block the account",
                self.calls_per_minute, plan.name, plan.calls_per_minute
            )
        })
    }

    fn too_many_for(&self, plan: &Plan) -> Option<String> {
        (self.calls_per_month > plan.calls_per_month).then(|| {
            format!(
                "{DAYS_PER_MONTH} days take {} calls, {:.1} % of what the {} plan allows, {}: \
                 take a larger plan, fewer sites or longer intervals",
                self.calls_per_month,
                self.plan_share_pct(plan),
                plan.name,
                plan.calls_per_month
            )
        })
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Life {
    Upcoming,
    Active,
    Ended,
}

impl Life {
    fn of(site: &Site, now: DateTime<Utc>) -> Self {
        if site.is_active_at(now) {
            return Self::Active;
        }
        let local_day = site.timezone.from_utc_datetime(&now.naive_utc()).date_naive();
        match site.active_from {
            Some(first) if local_day < first => Self::Upcoming,
            _ => Self::Ended,
        }
    }
}

/// How many sites have each interval, upcoming ones too: they will need the schedule.
fn count_intervals(lives: &[(Life, Interval)]) -> BTreeMap<Interval, u64> {
    let mut intervals = BTreeMap::new();
    for (_, interval) in lives.iter().filter(|(life, _)| *life != Life::Ended) {
        *intervals.entry(*interval).or_insert(0) += 1;
    }
    intervals
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{coordinates::Coordinates, site::SiteId};

    fn site(minutes: u32) -> Site {
        Site {
            site_id: SiteId::parse("akl-viaduct").unwrap(),
            name: "Auckland".into(),
            coordinates: Coordinates::parse(-36.84, 174.76).unwrap(),
            timezone: chrono_tz::Tz::Pacific__Auckland,
            country: None,
            elevation_m: None,
            interval: Interval::parse(minutes).unwrap(),
            active_from: None,
            active_until: None,
            tags: Vec::new(),
        }
    }

    fn cost(sites: &[Site], calls_per_minute: f64) -> Cost {
        Cost::of(sites, "2026-11-15T12:00:00Z".parse().unwrap(), calls_per_minute)
    }

    fn warnings(count: usize, minutes: u32, calls_per_minute: f64) -> Vec<String> {
        cost(&vec![site(minutes); count], calls_per_minute).warnings(&PLANS[0])
    }

    #[test]
    fn a_list_costs_a_call_for_each_slot() {
        let cost = cost(&[site(60), site(30), site(180)], 60.0);
        assert_eq!((cost.calls_per_day, cost.calls_per_month), (80, 2480));
        assert!((cost.calls_per_hour - 80.0 / 24.0).abs() < 1e-9);
        assert_eq!(cost.minutes_per_run, Some(0.05));
        assert!((cost.plan_share_pct(&PLANS[0]) - 0.248).abs() < 1e-9);
        assert!(cost.warnings(&PLANS[0]).is_empty());
    }

    #[test]
    fn a_list_without_sites_costs_nothing_and_no_limit_takes_no_known_time() {
        assert_eq!(cost(&[], 60.0).minutes_per_run, Some(0.0));
        assert_eq!(cost(&[site(60)], 0.0).minutes_per_run, None);
        assert!(warnings(0, 60, 60.0).is_empty());
    }

    #[test]
    fn a_site_is_paid_for_during_its_life_only() {
        // 12:00 UTC on the 15th is the 16th in Auckland.
        let day = |day| chrono::NaiveDate::from_ymd_opt(2026, 11, day);
        let ended = Site { active_until: day(15), ..site(10) };
        let upcoming = Site { active_from: day(17), ..site(60) };
        let active = Site { active_from: day(16), active_until: day(16), ..site(60) };
        let cost = cost(&[ended, upcoming, active], 60.0);
        assert_eq!((cost.sites_active, cost.sites_upcoming, cost.sites_ended), (1, 1, 1));
        assert_eq!(cost.calls_per_day, 24);
        assert!(cost.warnings(&PLANS[0]).is_empty());
    }

    #[test]
    fn an_interval_with_slots_no_start_falls_into_is_warned_of_before_its_life_begins() {
        let upcoming =
            Site { active_from: chrono::NaiveDate::from_ymd_opt(2027, 1, 1), ..site(10) };
        assert_eq!(
            cost(&[upcoming], 60.0).warnings(&PLANS[0]),
            [
                "interval_minutes 10 (sites: 1): 96 of 144 slots a day stay empty, since runs start at \
              minutes 7 and 37 only: use 30 or more, or start runs more often"
            ]
        );
    }

    #[test]
    fn a_run_is_to_end_before_its_slots_do() {
        assert!(warnings(23 * 60, 30, 60.0).iter().all(|warning| !warning.contains("a run takes")));
        let long = warnings(53 * 60 + 1, 60, 60.0);
        assert!(long[0].contains("slots of 60 minutes may be over 53 minutes after"), "{long:?}");
    }

    #[test]
    fn a_run_that_the_next_start_finds_at_work_is_warned_of() {
        let long = warnings(31 * 60, 180, 60.0);
        assert!(long[0].starts_with("a run takes up to 31.0 minutes at 60 calls"), "{long:?}");
        assert!(warnings(30 * 60, 180, 60.0).is_empty());
    }

    #[test]
    fn the_smallest_plan_is_found_that_has_the_calls_and_the_pace() {
        let plan = |count, minutes| {
            cost(&vec![site(minutes); count], 0.0).find_plan().map(|plan| plan.name)
        };
        assert_eq!((plan(0, 60), plan(1344, 60)), (Some("free"), Some("free")));
        assert_eq!(plan(1345, 60), Some("startup"), "by the month");
        assert_eq!(plan(53 * 60 + 1, 180), Some("free"), "every three hours there is time");
        assert_eq!(plan(8 * 60, 32), Some("startup"), "by the pace: 3 minutes are left");
        assert_eq!(plan(500_000, 10), None);
    }

    #[test]
    fn more_calls_than_the_plan_allows_are_warned_of() {
        assert!(warnings(1344, 60, 60.0).is_empty());
        let many = warnings(1345, 60, 60.0);
        assert!(many[0].starts_with("31 days take 1000680 calls, 100.1 % of what"), "{many:?}");
        let fast = warnings(1, 60, 600.0);
        assert!(fast[0].starts_with("600 calls per minute are more than the free"), "{fast:?}");
    }
}
