//! `observations_latest` and `site_freshness`: how the sites are now.

use chrono::{DateTime, Days, SubsecRound as _, TimeDelta, Timelike as _, Utc};
use chrono_tz::Tz;
use weather_data_product::domain::observation::Values;
use weather_data_product::domain::{ErrorKind, Interval, Site};

use super::{assert_same, lines, synced};
use crate::support::samples::{SOURCE, collected, failed, full_values, observed, site};
use crate::support::warehouse::Warehouse;

/// A site and what is known of it. Times are minutes ago.
#[derive(Clone, Copy)]
struct Case {
    interval_minutes: u32,
    /// Slots, each with its observation, or why it failed.
    slots: &'static [(i64, Result<i64, ErrorKind>)],
    /// The latest observation within 7 days.
    latest: Option<i64>,
    is_fresh: bool,
    /// Of 24 hours: slots tried, slots collected, percent.
    rate: &'static str,
    /// The last failure within 7 days.
    failure: Option<(i64, ErrorKind)>,
}

const DAY: i64 = 24 * 60;

const FRESH: Case = Case {
    interval_minutes: 60,
    slots: &[(10, Ok(20))],
    latest: Some(20),
    is_fresh: true,
    rate: "1|1|100",
    failure: None,
};
const SILENT: Case = Case { is_fresh: false, rate: "0|0|-", ..FRESH };

/// The year 9926, or thereabouts.
const FAR_AHEAD: i64 = -7_900 * 365 * DAY;

const CASES: [Case; 12] = [
    FRESH,
    // Two hours, or two intervals if they are longer; by the observation, not by the slot.
    Case { slots: &[(10, Ok(110))], latest: Some(110), ..FRESH },
    Case { slots: &[(10, Ok(121))], latest: Some(121), is_fresh: false, ..FRESH },
    Case { interval_minutes: 10, slots: &[(110, Ok(110))], latest: Some(110), ..FRESH },
    Case { interval_minutes: 180, slots: &[(350, Ok(350))], latest: Some(350), ..FRESH },
    Case {
        interval_minutes: 180,
        slots: &[(361, Ok(361))],
        latest: Some(361),
        is_fresh: false,
        ..FRESH
    },
    // Of four within a day two failed, last for another reason than before.
    Case {
        slots: &[
            (DAY + 1, Ok(DAY + 1)),
            (DAY - 10, Ok(DAY - 10)),
            (130, Ok(130)),
            (70, Err(ErrorKind::NotFound)),
            (5, Err(ErrorKind::Timeout)),
        ],
        latest: Some(130),
        is_fresh: false,
        rate: "4|2|50",
        failure: Some((5, ErrorKind::Timeout)),
        ..FRESH
    },
    // Dead for less than the 7 days that are looked back, for more, and for ever.
    Case {
        slots: &[(6 * DAY, Ok(6 * DAY)), (5 * DAY, Err(ErrorKind::NotFound))],
        latest: Some(6 * DAY),
        failure: Some((5 * DAY, ErrorKind::NotFound)),
        ..SILENT
    },
    Case {
        slots: &[(8 * DAY, Err(ErrorKind::NotFound)), (7 * DAY + 1, Ok(7 * DAY + 1))],
        latest: None,
        ..SILENT
    },
    Case { slots: &[], latest: None, ..SILENT },
    // A little ahead is newest; what is three hours, three years or an age ahead is not.
    Case { slots: &[(70, Ok(75)), (10, Ok(-12))], latest: Some(-12), rate: "2|2|100", ..FRESH },
    Case {
        slots: &[
            (250, Ok(150)),
            (190, Ok(-180)),
            (130, Ok(-3 * 365 * DAY)),
            (70, Ok(FAR_AHEAD)),
            (10, Ok(-17)),
        ],
        latest: Some(150),
        is_fresh: false,
        rate: "5|5|100",
        ..FRESH
    },
];

fn cases() -> impl Iterator<Item = (u16, &'static Case)> {
    (0..).zip(&CASES)
}

#[tokio::test]
async fn every_active_site_is_listed_with_its_latest_observation_and_how_it_is_collected() {
    let now = Utc::now().trunc_subsecs(0);
    let warehouse = sites_as_of(now).await;
    let moment = |minutes: Option<i64>| {
        let time = minutes.map(|minutes| now - TimeDelta::minutes(minutes));
        time.map_or("-".into(), |time| time.timestamp().to_string())
    };

    let latest = cases().map(|(number, case)| {
        let temperature = case.latest.map_or("-".into(), |minutes| minutes.to_string());
        format!("{}|{}|{temperature}", site(number).site_id, moment(case.latest))
    });
    let sql = "select site_id, unix_seconds(observation_time), temperature_c \
        from {d}.observations_latest";
    assert_same(&lines(&warehouse, sql).await, &latest.collect::<Vec<_>>());

    let freshness = cases().map(|(number, case)| {
        let (Site { site_id, name, timezone, .. }, interval) = (site(number), case.interval_minutes);
        let (latest, failure) = (moment(case.latest), moment(case.failure.map(|(ago, _)| ago)));
        let source = case.latest.map_or("-", |_| SOURCE);
        let reason = case.failure.map_or("-|-".into(), |(_, kind)| format!("{kind}|city not found"));
        let (is_fresh, rate) = (case.is_fresh, case.rate);
        format!(
            "{site_id}|{source}|{name}|{timezone}|{interval}|{latest}|{is_fresh}|{rate}|{failure}|{reason}"
        )
    });
    let sql = "select site_id, source, site_name, timezone, interval_minutes, \
        unix_seconds(last_observation_time), is_fresh, slots_tried_24h, slots_collected_24h, \
        success_rate_24h_pct, unix_seconds(last_failure_time), last_error_kind, \
        last_error_message from {d}.site_freshness";
    assert_same(&lines(&warehouse, sql).await, &freshness.collect::<Vec<_>>());

    for view in ["observations_latest", "site_freshness"] {
        let ages = format!("select coalesce(age_minutes, -1) from {{d}}.{view} order by site_id");
        let ages = lines(&warehouse, &ages).await;
        let passed = (Utc::now() - now).num_minutes() + 1;
        for ((_, case), age) in cases().zip(ages) {
            let expected =
                case.latest.map_or(-1..=-1, |minutes| minutes.max(0)..=(minutes + passed).max(0));
            assert!(expected.contains(&age.parse().unwrap()), "{view}: {age} is not {expected:?}");
        }
    }
}

/// The sites of the cases, and one that has left the file.
async fn sites_as_of(now: DateTime<Utc>) -> Warehouse {
    let ago = |minutes| now - TimeDelta::minutes(minutes);
    let result = |number, (slot, result): (i64, Result<i64, ErrorKind>)| match result {
        Ok(minutes) => {
            let values = Values { temperature_c: Some(minutes as f64), ..Values::default() };
            observed(number, ago(slot), ago(minutes), values)
        }
        Err(kind) => failed(number, ago(slot), kind),
    };
    let slots =
        cases().flat_map(|(number, case)| case.slots.iter().map(move |slot| result(number, *slot)));
    let gone = 99;
    let slots: Vec<_> = slots.chain([collected(gone, ago(20), full_values())]).collect();
    let of_case = |(number, case): (u16, &Case)| {
        let interval = Interval::parse(case.interval_minutes).unwrap();
        Site { interval, ..site(number) }
    };
    let sites: Vec<Site> = cases().map(of_case).collect();
    let before = sites.iter().cloned().chain([site(gone)]).collect();
    synced(&[(ago(60), before), (ago(5), sites)], &slots).await
}

#[tokio::test]
async fn a_site_is_not_called_stale_before_its_first_day_nor_after_its_last() {
    // A zone in which the day does not end while the test runs.
    let is_morning = Utc::now().hour() < 12;
    let timezone = if is_morning { Tz::Asia__Kathmandu } else { Tz::Pacific__Honolulu };
    let today = Utc::now().with_timezone(&timezone).date_naive();
    let [yesterday, tomorrow] = [today - Days::new(1), today + Days::new(1)];
    let lives = [
        (Some(today), Some(today)),
        (None, Some(yesterday)),
        (Some(tomorrow), None),
        (Some(yesterday), Some(tomorrow)),
    ];
    let of_life = |(number, (active_from, active_until))| Site {
        timezone,
        active_from,
        active_until,
        ..site(number)
    };
    let sites = (0..).zip(lives).map(of_life).collect();
    let warehouse = synced(&[(Utc::now(), sites)], &[]).await;
    let found = "select site_id, is_fresh from {d}.site_freshness order by site_id";
    assert_eq!(lines(&warehouse, found).await, ["site-00000|false", "site-00003|false"]);
}

#[tokio::test]
async fn the_latest_observation_has_every_value_and_unreported_rain_stays_unreported() {
    let slot = Utc::now().trunc_subsecs(0) - TimeDelta::minutes(10);
    let slots = [collected(0, slot, full_values()), collected(1, slot, Values::default())];
    let warehouse = synced(&[(slot, vec![site(0), site(1)])], &slots).await;
    let told = slot + TimeDelta::minutes(5);
    let local_time = told.with_timezone(&site(0).timezone).format("%FT%T");
    let columns = "source, site_name, country, timezone, latitude, longitude, \
        unix_seconds(observation_time), local_time, feels_like_c, humidity_pct, pressure_msl_hpa, \
        wind_speed_ms, wind_gust_ms, wind_direction_deg, cloud_cover_pct, visibility_m, \
        rain_1h_mm, snow_1h_mm, condition_group, condition_description";
    let sql = format!("select {columns} from {{d}}.observations_latest order by site_id");
    let expected = [
        (site(0), "-12.5|81.5|1014.25|5.14|9.2|240|75|9000|1.3|0.2|Rain|дождь 🌧"),
        (site(1), "-|-|-|-|-|-|-|-|-|-|-|-"),
    ];
    let expected = expected.map(|(site, values)| {
        let (name, place) = (site.name, site.coordinates);
        let (latitude, longitude) = (place.latitude(), place.longitude());
        let time = told.timestamp();
        format!(
            "openweathermap|{name}|ES|Europe/Madrid|{latitude}|{longitude}|{time}|{local_time}|{values}"
        )
    });
    assert_eq!(lines(&warehouse, &sql).await, expected);

    let sql = "select site_id, temperature_c, st_x(place), st_y(place), \
        st_distance(place, st_geogpoint(longitude, latitude)) from {d}.sites_geo order by site_id";
    let expected = [(site(0), "-9.46"), (site(1), "-")].map(|(site, temperature)| {
        let (id, place) = (site.site_id, site.coordinates);
        format!("{id}|{temperature}|{}|{}|0", place.longitude(), place.latitude())
    });
    assert_eq!(lines(&warehouse, sql).await, expected);
}
