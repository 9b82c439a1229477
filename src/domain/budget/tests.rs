//! Windows, caps and what a block of calls is good for.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::domain::{Coordinates, Interval, SiteId};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn limit(scope: &'static str, window: Window, calls: u64, counts: Counts) -> Limit {
    Limit { scope, window, calls, counts }
}

fn budget() -> Budget {
    Budget {
        account: account(Some("k")),
        live_tenths: 10,
        limits: vec![
            limit("openweathermap", Window::Minute, 60, Counts::All),
            limit("openweathermap", Window::Day, 1000, Counts::Live),
            limit("openweathermap", Window::Month, 20_000, Counts::Live),
            limit("openweathermap:onecall", Window::Day, 500, Counts::History),
        ],
    }
}

fn sites(count: u64) -> Vec<Site> {
    let site = |number| Site {
        site_id: SiteId::parse(&format!("s{number}")).unwrap(),
        name: String::new(),
        coordinates: Coordinates::parse(1.0, 2.0).unwrap(),
        timezone: chrono_tz::Tz::UTC,
        country: None,
        elevation_m: None,
        interval: Interval::HOUR,
        active_from: None,
        active_until: None,
        tags: Vec::new(),
    };
    (0..count).map(site).collect()
}

fn in_words(windows: &[BudgetWindow]) -> Vec<String> {
    let words = |window: &BudgetWindow| {
        let start = window.window_start.format("%m-%dT%H:%M");
        format!("{} {} {start} {}", window.scope, window.window.as_str(), window.cap)
    };
    windows.iter().map(words).collect()
}

#[test]
fn an_account_is_told_by_its_key_and_does_not_tell_it() {
    let fingerprint = account(Some("0123456789abcdef"));
    assert_eq!(fingerprint, "9f9f5111f7b27a78");
    assert_ne!(account(Some("another")), fingerprint);
    assert_eq!(account(None), "no-key");
}

#[test]
fn windows_begin_and_end_by_utc() {
    let time = at("2024-02-29T23:59:59.999999Z");
    for (window, start, end) in [
        (Window::Minute, "2024-02-29T23:59:00Z", "2024-03-01T00:00:00Z"),
        (Window::Day, "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"),
        (Window::Month, "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"),
    ] {
        assert_eq!((window.start(time), window.end(time)), (at(start), at(end)));
        assert_eq!(window.start(at(start)), at(start));
        assert_eq!(Window::parse(window.as_str()), Some(window));
    }
    assert_eq!(Window::Month.end(at("2026-12-31T12:00:00Z")), at("2027-01-01T00:00:00Z"));
}

#[test]
fn two_windows_that_are_counted_at_once_have_two_rows() {
    for window in Window::ALL {
        let mut start = window.start(at("2026-01-01T00:00:00Z"));
        for _ in 0..400 {
            let next = window.end(start);
            assert_ne!(window.lane(start), window.lane(next));
            start = next;
        }
    }
}

#[test]
fn a_call_is_counted_in_every_window_that_it_may_arrive_in() {
    let budget = budget();
    let live = budget.for_live();
    assert_eq!(
        in_words(&live.windows(at("2026-11-30T12:00:56.9Z"))),
        [
            "openweathermap minute 11-30T12:00 60",
            "openweathermap day 11-30T00:00 1000",
            "openweathermap month 11-01T00:00 20000",
        ]
    );
    assert_eq!(
        in_words(&live.windows(at("2026-11-30T23:59:57Z"))),
        [
            "openweathermap minute 11-30T23:59 60",
            "openweathermap minute 12-01T00:00 60",
            "openweathermap day 11-30T00:00 1000",
            "openweathermap day 12-01T00:00 1000",
            "openweathermap month 11-01T00:00 20000",
            "openweathermap month 12-01T00:00 20000",
        ]
    );
}

#[test]
fn reserved_calls_are_good_while_they_can_be_counted_nowhere_else() {
    let budget = budget();
    let live = budget.for_live();
    let windows = live.windows(at("2026-11-30T12:00:30Z"));
    for (time, is_good) in [
        ("2026-11-30T12:00:30Z", true),
        ("2026-11-30T12:00:57.9Z", true),
        ("2026-11-30T12:00:58Z", false),
        ("2026-11-30T12:01:00Z", false),
        ("2026-11-30T11:59:59Z", false),
    ] {
        assert_eq!(live.is_covered(&windows, at(time)), is_good, "{time}");
    }
    let windows = live.windows(at("2026-11-30T12:00:57Z"));
    assert!(live.is_covered(&windows, at("2026-11-30T12:01:57Z")));
}

#[test]
fn healing_gets_what_the_live_slots_to_come_leave() {
    let (budget, sites) = (budget(), sites(10));
    // The slot under way and four to come, ten sites, 1.4 each: 70 of the day's calls, and a tenth
    // more for retries; four days more are 1,344.
    let windows = budget.for_heal(&sites).windows(at("2026-11-26T19:20:00Z"));
    assert_eq!(
        in_words(&windows),
        ["openweathermap minute 11-26T19:20 30", "openweathermap:onecall day 11-26T00:00 500"],
        "one call has a day of its own"
    );
    let shared = Budget {
        live_tenths: 14,
        limits: vec![
            limit("open-meteo", Window::Day, 1000, Counts::All),
            limit("open-meteo", Window::Month, 5000, Counts::All),
        ],
        ..budget
    };
    let windows = shared.for_heal(&sites).windows(at("2026-11-26T19:20:00Z"));
    assert_eq!(
        in_words(&windows),
        [
            format!("open-meteo day 11-26T00:00 {}", 1000 - 70 - 7),
            format!("open-meteo month 11-01T00:00 {}", 5000 - (70 + 4 * 336) - 142),
        ]
    );
}

#[test]
fn healing_gets_nothing_where_the_live_slots_need_all() {
    let (sites, budget) = (sites(100), budget());
    let day = limit("openweathermap", Window::Day, 1000, Counts::All);
    let short = Budget { limits: vec![day], ..budget };
    assert_eq!(short.for_heal(&sites).windows(at("2026-11-26T01:20:00Z"))[0].cap, 0);
    assert_eq!(short.for_live().windows(at("2026-11-26T01:20:00Z"))[0].cap, 1000);
}

#[test]
fn without_limits_nothing_is_reserved() {
    let budget = Budget::unlimited(account(None));
    assert!(budget.for_live().is_unlimited() && budget.for_heal(&[]).is_unlimited());
    let live_only = Budget {
        limits: vec![limit("x", Window::Day, 1, Counts::Live)],
        ..Budget::unlimited(account(None))
    };
    assert!(!live_only.for_live().is_unlimited() && live_only.for_heal(&[]).is_unlimited());
}

/// One of those who share an account, and what it does next: asks for a block, or sends a call of
/// it that arrives so many milliseconds later.
#[derive(Debug, Clone, Copy)]
struct Step {
    wait_ms: i64,
    who: usize,
    reserves: bool,
    late_ms: i64,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let late = 0..=MARGIN.num_milliseconds();
    let step = (0_i64..1500, 0_usize..3, prop::bool::weighted(0.4), late);
    let step =
        step.prop_map(|(wait_ms, who, reserves, late_ms)| Step { wait_ms, who, reserves, late_ms });
    prop::collection::vec(step, 1..300)
}

proptest! {
    /// The store in small, and a source that counts arrivals by windows of its own.
    #[test]
    fn whatever_is_sent_when_no_window_gets_more_calls_than_its_cap(steps in steps()) {
        let caps = [
            limit("x", Window::Minute, 12, Counts::All),
            limit("x", Window::Day, 40, Counts::All),
            limit("x", Window::Month, 70, Counts::All),
        ];
        let budget = Budget { limits: caps.to_vec(), ..budget() };
        let live = budget.for_live();
        let mut now = at("2026-11-30T23:57:30Z");
        let mut blocks: [(Vec<BudgetWindow>, u64); 3] = Default::default();
        let mut reserved = BTreeMap::<_, u64>::new();
        let mut arrived = BTreeMap::<_, u64>::new();
        for Step { wait_ms, who, reserves, late_ms } in steps {
            now += TimeDelta::milliseconds(wait_ms);
            let (windows, left) = &mut blocks[who];
            if reserves {
                for window in windows.iter() {
                    *reserved.entry((window.window, window.window_start)).or_default() -= *left;
                }
                *windows = live.windows(now);
                let of = |window: &BudgetWindow| {
                    reserved.get(&(window.window, window.window_start)).copied().unwrap_or_default()
                };
                *left = windows.iter().map(|window| window.cap - of(window)).min().unwrap().min(3);
                for window in windows.iter() {
                    *reserved.entry((window.window, window.window_start)).or_default() += *left;
                }
            } else if *left > 0 && live.is_covered(windows, now) {
                *left -= 1;
                let arrives = now + TimeDelta::milliseconds(late_ms);
                for limit in caps {
                    let count = arrived.entry((limit.window, limit.window.start(arrives)));
                    let count = count.or_default();
                    *count += 1;
                    prop_assert!(*count <= limit.calls, "{:?} {arrives}", limit.window);
                }
            }
        }
    }
}
