//! `observations_daily` and `missing_hours`, beside a reckoning of their own: slot by slot, with
//! chrono-tz.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use weather_data_product::domain::observation::Values;
use weather_data_product::domain::{ErrorKind, Interval, Observation, Site, SlotResult};

use super::{assert_same, date, lines, synced};
use crate::support::samples::{collected, failed, hour, observed, site, time};

/// Local days on which the clocks go forward and back, and how many half hours they have.
const CHANGES: [(Tz, [(&str, usize); 2]); 12] = [
    (Tz::Europe__Madrid, [("2025-03-30", 46), ("2025-10-26", 50)]),
    (Tz::America__New_York, [("2025-03-09", 46), ("2025-11-02", 50)]),
    (Tz::America__Los_Angeles, [("2025-03-09", 46), ("2025-11-02", 50)]),
    // South of the equator spring comes later in the year.
    (Tz::Australia__Sydney, [("2025-10-05", 46), ("2025-04-06", 50)]),
    // Half hours and quarters from UTC.
    (Tz::America__St_Johns, [("2025-03-09", 46), ("2025-11-02", 50)]),
    (Tz::Pacific__Chatham, [("2025-09-28", 46), ("2025-04-06", 50)]),
    // By half an hour, and by two hours.
    (Tz::Australia__Lord_Howe, [("2025-10-05", 47), ("2025-04-06", 49)]),
    (Tz::Antarctica__Troll, [("2025-03-30", 44), ("2025-10-26", 52)]),
    // At midnight: a day without its first hour, and one that ends twice.
    (Tz::America__Havana, [("2025-03-09", 46), ("2025-11-02", 50)]),
    (Tz::America__Santiago, [("2025-09-07", 46), ("2025-04-05", 50)]),
    (Tz::Africa__Cairo, [("2025-04-25", 46), ("2025-10-30", 50)]),
    (Tz::Asia__Beirut, [("2025-03-30", 46), ("2025-10-25", 50)]),
];

const INTERVALS_MINUTES: [u32; 3] = [30, 60, 180];

#[tokio::test]
async fn days_and_holes_are_those_reckoned_over_both_changes_of_the_clock() {
    for (timezone, changes) in CHANGES {
        for (day, half_hours) in changes {
            let starts = starts_on(timezone, 30, date(day)..=date(day));
            assert_eq!(starts.len(), half_hours, "{timezone} {day}");
        }
    }
    let lives = lives();
    let sites = lives.iter().map(|life| life.site.clone()).collect();
    let tried: Vec<_> = lives.iter().flat_map(Life::tried).cloned().collect();
    let warehouse = synced(&[(hour(), sites)], &tried).await;

    let reduced = REDUCED.map(|(column, ..)| column).join(", ");
    let days = format!(
        "select site_id, local_date, slots_present, slots_expected, coverage_pct, rain_sum_mm, \
        snow_sum_mm, {reduced} from {{d}}.observations_daily"
    );
    let expected: Vec<_> = lives.iter().flat_map(Life::days).collect();
    assert_eq!(expected.len(), lives.len() * 3);
    assert_same(&lines(&warehouse, &days).await, &expected);

    let holes = "select site_id, unix_seconds(slot_time), local_time, local_date, status, \
        error_kind, error_message, site_name, timezone from {d}.missing_hours";
    let expected: Vec<_> = lives.iter().flat_map(Life::holes).collect();
    for reason in ["never_tried|-|-", "failed|timeout|", "failed|not_found|"] {
        assert!(expected.iter().any(|hole| hole.contains(reason)), "{reason}");
    }
    assert_same(&lines(&warehouse, holes).await, &expected);
}

#[tokio::test]
async fn rain_that_was_not_reported_is_0_and_what_else_was_not_is_absent() {
    let noon = time("2025-01-15T12:00:00Z");
    let day = Some(noon.date_naive());
    let sites = vec![Site { active_from: day, active_until: day, ..site(1) }];
    let slots = [collected(1, noon, Values::default())];
    let warehouse = synced(&[(hour(), sites)], &slots).await;
    let columns = "source, local_date, site_name, country, timezone, slots_present, \
        temperature_min_c, temperature_mean_c, wind_gust_max_ms, rain_sum_mm, snow_sum_mm";
    let days = lines(&warehouse, &format!("select {columns} from {{d}}.observations_daily")).await;
    assert_eq!(days, ["openweathermap|2025-01-15|Site 1|ES|Europe/Madrid|1|-|-|-|0|0"]);
}

/// A site that lives for three days, a change of the clock in the middle, and its slots in order.
pub(super) struct Life {
    pub(super) site: Site,
    slots: Vec<Slot>,
}

struct Slot {
    time: DateTime<Utc>,
    day: NaiveDate,
    /// `None`: it was never tried.
    result: Option<SlotResult>,
}

/// At every interval over every change.
pub(super) fn lives() -> Vec<Life> {
    let changes = CHANGES.iter().flat_map(|(zone, days)| days.iter().map(|(day, _)| (*zone, *day)));
    let of_change = |(zone, day)| INTERVALS_MINUTES.map(|minutes| (zone, day, minutes));
    let lives = changes.flat_map(of_change);
    (0..)
        .zip(lives)
        .map(|(number, (zone, day, minutes))| life(number, zone, day, minutes))
        .collect()
}

fn life(number: u16, timezone: Tz, change: &str, minutes: u32) -> Life {
    let change = date(change);
    let [first, last] = [change - Days::new(1), change + Days::new(1)];
    let interval = Interval::parse(minutes).unwrap();
    let (active_from, active_until) = (Some(first), Some(last));
    let slot = |time: DateTime<Utc>| Slot {
        time,
        day: time.with_timezone(&timezone).date_naive(),
        result: result(number, time, minutes),
    };
    let slots = starts_on(timezone, minutes, first..=last).into_iter().map(slot).collect();
    Life { site: Site { timezone, interval, active_from, active_until, ..site(number) }, slots }
}

/// The starts of the intervals on these local days: of all that are near, those whose local time
/// is of such a day.
pub(super) fn starts_on(
    timezone: Tz,
    minutes: u32,
    days: RangeInclusive<NaiveDate>,
) -> Vec<DateTime<Utc>> {
    let midnight = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
    let first = midnight(*days.start()) - TimeDelta::days(1);
    let end = midnight(*days.end()) + TimeDelta::days(2);
    let step = TimeDelta::minutes(minutes.into());
    std::iter::successors(Some(first), |start| Some(*start + step))
        .take_while(|start| *start < end)
        .filter(|start| days.contains(&start.with_timezone(&timezone).date_naive()))
        .collect()
}

/// What became of a slot: of eleven, one was never tried and two failed; of five, one was told
/// nothing newer than the slot before.
fn result(number: u16, time: DateTime<Utc>, minutes: u32) -> Option<SlotResult> {
    let step = TimeDelta::minutes(minutes.into());
    let count = time.timestamp() / step.num_seconds() + i64::from(number);
    let is_stale = count % 5 == 0;
    let (told, told_at) = if is_stale { (count - 1, time - step) } else { (count, time) };
    match count % 11 {
        3 => None,
        5 => Some(failed(number, time, ErrorKind::Timeout)),
        8 => Some(failed(number, time, ErrorKind::NotFound)),
        _ => Some(observed(number, time, told_at - TimeDelta::minutes(10), values(told))),
    }
}

/// Quarters, whose sums are exact; gust, rain and snow are not always reported.
fn values(count: i64) -> Values {
    let quarters = |factor: i64, span: i64| Some(((count * factor) % span) as f64 / 4.0);
    let at_times = |every: i64, value: Option<f64>| value.filter(|_| count % every == 0);
    Values {
        temperature_c: quarters(37, 161).map(|value| value - 20.0),
        humidity_pct: quarters(29, 401),
        pressure_msl_hpa: quarters(13, 160).map(|value| value + 990.0),
        wind_speed_ms: quarters(7, 61),
        wind_gust_ms: at_times(4, quarters(11, 97)),
        cloud_cover_pct: quarters(53, 401),
        rain_1h_mm: at_times(3, quarters(5, 27)),
        snow_1h_mm: at_times(7, quarters(3, 10)),
        ..Values::default()
    }
}

type Reduced = (&'static str, fn(&Values) -> Option<f64>, fn(&[f64]) -> Option<f64>, i32);

/// Columns of a day, each with the value that it is made of, how, and its decimals.
const REDUCED: [Reduced; 9] = [
    ("temperature_min_c", |values| values.temperature_c, lowest, 2),
    ("temperature_mean_c", |values| values.temperature_c, mean, 2),
    ("temperature_max_c", |values| values.temperature_c, highest, 2),
    ("humidity_mean_pct", |values| values.humidity_pct, mean, 1),
    ("pressure_msl_mean_hpa", |values| values.pressure_msl_hpa, mean, 2),
    ("wind_speed_mean_ms", |values| values.wind_speed_ms, mean, 2),
    ("wind_speed_max_ms", |values| values.wind_speed_ms, highest, 2),
    ("wind_gust_max_ms", |values| values.wind_gust_ms, highest, 2),
    ("cloud_cover_mean_pct", |values| values.cloud_cover_pct, mean, 1),
];

fn lowest(values: &[f64]) -> Option<f64> {
    values.iter().copied().reduce(f64::min)
}

fn highest(values: &[f64]) -> Option<f64> {
    values.iter().copied().reduce(f64::max)
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn rounded(value: f64, decimals: i32) -> String {
    let scale = 10_f64.powi(decimals);
    ((value * scale).round() / scale).to_string()
}

impl Slot {
    fn observation(&self) -> Option<&Observation> {
        self.result.as_ref()?.outcome.observation()
    }
}

impl Life {
    pub(super) fn tried(&self) -> impl Iterator<Item = &SlotResult> {
        self.slots.iter().filter_map(|slot| slot.result.as_ref())
    }

    /// A line for each day.
    fn days(&self) -> Vec<String> {
        let mut days = BTreeMap::<NaiveDate, Vec<&Slot>>::new();
        for slot in &self.slots {
            days.entry(slot.day).or_default().push(slot);
        }
        let wet = self.wet_slots();
        days.into_iter().map(|(day, slots)| self.day(day, &slots, &wet)).collect()
    }

    fn day(&self, day: NaiveDate, slots: &[&Slot], wet: &BTreeSet<DateTime<Utc>>) -> String {
        let seen: Vec<&Slot> =
            slots.iter().copied().filter(|slot| slot.observation().is_some()).collect();
        let of = |slot: &&Slot, pick: fn(&Values) -> Option<f64>| pick(&slot.observation()?.values);
        let sum = |pick| {
            let wet = seen.iter().filter(|slot| wet.contains(&slot.time));
            rounded(wet.filter_map(|slot| of(slot, pick)).fold(0.0, |sum, value| sum + value), 2)
        };
        let (present, expected) = (seen.len(), slots.len());
        let coverage = rounded(100.0 * present as f64 / expected as f64, 1);
        let (rain, snow) = (sum(|values| values.rain_1h_mm), sum(|values| values.snow_1h_mm));
        let id = &self.site.site_id;
        let counted = format!("{id}|{day}|{present}|{expected}|{coverage}|{rain}|{snow}");
        let reduced = REDUCED.iter().map(|(_, pick, reduce, decimals)| {
            let values: Vec<f64> = seen.iter().filter_map(|slot| of(slot, *pick)).collect();
            reduce(&values).map_or("-".into(), |value| rounded(value, *decimals))
        });
        std::iter::once(counted).chain(reduced).collect::<Vec<_>>().join("|")
    }

    /// The slots whose rain counts. It is that of an hour: of several slots in an hour the last
    /// one's counts, and an observation told to several hours has rained once, in the first.
    fn wet_slots(&self) -> BTreeSet<DateTime<Utc>> {
        let seen = self.slots.iter().filter_map(|slot| Some((slot.time, slot.observation()?)));
        let last_of_hour: BTreeMap<i64, _> = seen
            .map(|(time, observation)| (time.timestamp() / 3600, (time, observation)))
            .collect();
        let mut told = BTreeSet::new();
        let is_first =
            |(_, observation): &(_, &Observation)| told.insert(observation.observation_time);
        last_of_hour.into_values().filter(is_first).map(|(time, _)| time).collect()
    }

    /// A line for each slot without an observation.
    fn holes(&self) -> Vec<String> {
        let holes = self.slots.iter().filter(|slot| slot.observation().is_none());
        let line = |slot: &Slot| {
            let local_time = slot.time.with_timezone(&self.site.timezone).format("%FT%T");
            let reason = match &slot.result {
                None => "never_tried|-|-".to_owned(),
                Some(result) => {
                    let (kind, message) = result.outcome.failure().unwrap();
                    format!("failed|{kind}|{message}")
                }
            };
            let (time, day) = (slot.time.timestamp(), slot.day);
            let Site { site_id, name, timezone, .. } = &self.site;
            format!("{site_id}|{time}|{local_time}|{day}|{reason}|{name}|{timezone}")
        };
        holes.map(line).collect()
    }
}
