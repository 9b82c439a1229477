//! From when to when slots of a site are expected.

use chrono::{Days, Utc};
use chrono_tz::Tz;
use weather_data_product::domain::{ErrorKind, Interval, Site};

use super::days::starts_on;
use super::{assert_same, date, lines, synced};
use crate::support::samples::{SOURCE, failed, hour, site, time};

/// A site, what is done to it, and the local days on which slots are expected, with their number.
#[derive(Clone, Copy)]
struct Case {
    timezone: Tz,
    interval_minutes: u32,
    active_from: Option<&'static str>,
    active_until: Option<&'static str>,
    /// A slot that failed.
    tried: Option<&'static str>,
    deactivated_at: Option<&'static str>,
    days: &'static [(&'static str, u32)],
}

/// When the sites are taken in: 07:30 on the clocks of Madrid.
const TAKEN_IN: &str = "2025-01-15T06:30:00Z";

/// A site of a day, from 23:00 UTC to 23:00.
const OF_A_DAY: Case = Case {
    timezone: Tz::Europe__Madrid,
    interval_minutes: 60,
    active_from: Some("2025-01-15"),
    active_until: Some("2025-01-15"),
    tried: Some("2025-01-15T12:00:00Z"),
    deactivated_at: None,
    days: &[("2025-01-15", 24)],
};

const CASES: &[(&str, Case)] = &[
    ("a day", OF_A_DAY),
    ("half hours", Case { interval_minutes: 30, days: &[("2025-01-15", 48)], ..OF_A_DAY }),
    ("three hours", Case { interval_minutes: 180, days: &[("2025-01-15", 8)], ..OF_A_DAY }),
    ("one a day", Case { interval_minutes: 1440, days: &[("2025-01-15", 1)], ..OF_A_DAY }),
    ("before UTC", Case { timezone: Tz::Pacific__Kiritimati, ..OF_A_DAY }),
    ("after UTC", Case { timezone: Tz::Pacific__Pago_Pago, ..OF_A_DAY }),
    ("by a quarter", Case { timezone: Tz::Asia__Kathmandu, ..OF_A_DAY }),
    (
        "two days",
        Case {
            active_until: Some("2025-01-16"),
            days: &[("2025-01-15", 24), ("2025-01-16", 24)],
            ..OF_A_DAY
        },
    ),
    (
        "no first day: from when it was taken in",
        Case { active_from: None, days: &[("2025-01-15", 16)], ..OF_A_DAY },
    ),
    (
        "no first day, tried earlier: from that slot",
        Case {
            active_from: None,
            tried: Some("2025-01-15T04:00:00Z"),
            days: &[("2025-01-15", 19)],
            ..OF_A_DAY
        },
    ),
    ("tried before its first day", Case { tried: Some("2025-01-13T12:00:00Z"), ..OF_A_DAY }),
    ("never tried", Case { tried: None, ..OF_A_DAY }),
    (
        "never tried, no first day",
        Case { active_from: None, tried: None, days: &[("2025-01-15", 16)], ..OF_A_DAY },
    ),
    (
        "deactivated within a slot, which had begun",
        Case {
            active_until: None,
            deactivated_at: Some("2025-01-15T12:30:00Z"),
            days: &[("2025-01-15", 14)],
            ..OF_A_DAY
        },
    ),
    (
        "deactivated as a slot begins",
        Case {
            active_until: None,
            deactivated_at: Some("2025-01-15T12:00:00Z"),
            days: &[("2025-01-15", 13)],
            ..OF_A_DAY
        },
    ),
    (
        "deactivated after its last day",
        Case { deactivated_at: Some("2025-01-17T12:00:00Z"), ..OF_A_DAY },
    ),
    (
        "not begun",
        Case { active_from: Some("2999-01-01"), active_until: None, days: &[], ..OF_A_DAY },
    ),
];

impl Case {
    fn site(&self, number: u16) -> Site {
        Site {
            timezone: self.timezone,
            interval: Interval::parse(self.interval_minutes).unwrap(),
            active_from: self.active_from.map(date),
            active_until: self.active_until.map(date),
            ..site(number)
        }
    }
}

#[tokio::test]
async fn slots_are_expected_from_the_beginning_to_the_end_of_a_sites_life() {
    let cases = || (0..).zip(CASES.iter().map(|(_, case)| case));
    // At each of these times the file holds the sites that are not gone by then.
    let mut times: Vec<_> = cases().filter_map(|(_, case)| case.deactivated_at).collect();
    times.push(TAKEN_IN);
    times.sort_unstable();
    let file = |now: &str| {
        let is_there = |case: &Case| case.deactivated_at.is_none_or(|end| now < end);
        let sites = cases().filter(|(_, case)| is_there(case));
        (time(now), sites.map(|(number, case)| case.site(number)).collect())
    };
    let files: Vec<_> = times.into_iter().map(file).collect();
    let tried = cases()
        .filter_map(|(number, case)| Some(failed(number, time(case.tried?), ErrorKind::Timeout)));
    let warehouse = synced(&files, &tried.collect::<Vec<_>>()).await;

    let line = |(number, case): (u16, &'static Case)| {
        let (id, source) = (site(number).site_id, case.tried.map_or("-", |_| SOURCE));
        case.days.iter().map(move |(day, slots)| format!("{id}|{source}|{day}|{slots}"))
    };
    let expected: Vec<_> = cases().flat_map(line).collect();
    let days = "select site_id, source, local_date, slots_expected from {d}.observations_daily";
    assert_same(&lines(&warehouse, days).await, &expected);
    let holes =
        "select site_id, source, local_date, count(*) from {d}.missing_hours group by 1, 2, 3";
    assert_same(&lines(&warehouse, holes).await, &expected);
}

#[tokio::test]
async fn slots_are_expected_up_to_now_and_a_day_without_any_has_no_weather() {
    let timezone = Tz::Asia__Kathmandu;
    let today = || Utc::now().with_timezone(&timezone).date_naive();
    let first = today() - Days::new(2);
    let begun = || {
        let starts = starts_on(timezone, 30, first..=today());
        starts.into_iter().filter(|start| *start <= Utc::now()).count()
    };
    let site = |number, active_until| Site {
        timezone,
        interval: Interval::parse(30).unwrap(),
        active_from: Some(first),
        active_until,
        ..site(number)
    };
    let sites = vec![site(0, None), site(1, Some(first + Days::new(9)))];
    let warehouse = synced(&[(hour(), sites)], &[]).await;
    let at_least = begun();
    let days = "select sum(slots_expected) from {d}.observations_daily group by site_id";
    let holes = "select count(*) from {d}.missing_hours group by site_id";
    let found = [lines(&warehouse, days).await, lines(&warehouse, holes).await].concat();
    let slots = at_least..=begun();
    assert_eq!(found.len(), 4);
    for count in found {
        assert!(slots.contains(&count.parse().unwrap()), "{count} is not {slots:?}");
    }
    let yesterday = format!(
        "select slots_present, slots_expected, coverage_pct, temperature_mean_c, rain_sum_mm \
        from {{d}}.observations_daily where site_id = 'site-00000' and local_date = '{}'",
        first + Days::new(1)
    );
    assert_eq!(lines(&warehouse, &yesterday).await, ["0|48|0|-|-"]);
}
