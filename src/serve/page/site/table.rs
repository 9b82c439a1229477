//! The values of a site as tables: what the charts show, for people who do not see them. Of a day all its hours;
//! of more days each by itself, to be opened; of many a row for each.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

use super::marks::{self, Kind, Mark};
use crate::domain::Dimension;
use crate::serve::page::view::View;
use crate::views::{Day, Hour};

/// Hours of a day.
pub(super) struct OfDay {
    pub(super) day: NaiveDate,
    pub(super) name: String,
    /// How many hours there are, and from the lowest to the highest temperature.
    pub(super) words: String,
    pub(super) rows: Vec<Row>,
}

/// A row: an hour, or what is missing.
pub(super) struct Row {
    pub(super) time: String,
    /// As RFC 3339, for programs.
    pub(super) machine_time: String,
    /// None: it is missing.
    pub(super) cells: Option<[String; 7]>,
    pub(super) note: String,
}

/// The newest first; in a day its hours too.
pub(super) fn of_days(hours: &[Hour], all: &[Mark], (view, timezone): (&View, Tz)) -> Vec<OfDay> {
    let rows = rows(hours, all, (view, timezone));
    let day = |time: &DateTime<Utc>| time.with_timezone(&timezone).date_naive();
    let same =
        |one: &(DateTime<Utc>, Row), other: &(DateTime<Utc>, Row)| day(&one.0) == day(&other.0);
    let mut rows = rows.into_iter().peekable();
    let mut days = Vec::new();
    while let Some(first) = rows.next() {
        let date = day(&first.0);
        let mut own = vec![first];
        while let Some(next) = rows.next_if(|next| same(&own[0], next)) {
            own.push(next);
        }
        let words = words(hours.iter().filter(|hour| day(&hour.slot_time) == date), view);
        let rows = own.into_iter().map(|(_, row)| row).collect();
        days.push(OfDay { day: date, name: view.language().day(date), words, rows });
    }
    days
}

/// From the lowest to the highest temperature, and how many hours there are.
fn words<'a>(hours: impl Iterator<Item = &'a Hour> + Clone, view: &View) -> String {
    let count = view.say("site-hours").with("count", hours.clone().count()).to_string();
    let values = hours.filter_map(|hour| hour.values.temperature_c);
    let (low, high) =
        values.fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
    if low > high {
        return count;
    }
    let unit = view.units().of(Dimension::Temperature);
    let low = view.number(unit.of(low), unit.decimals);
    let high = view.quantity(Dimension::Temperature, high);
    format!("{count}, {}", view.say("site-low-high").with("low", low).with("high", high))
}

/// The newest first.
fn rows(hours: &[Hour], all: &[Mark], by: (&View, Tz)) -> Vec<(DateTime<Utc>, Row)> {
    let present = hours.iter().map(|hour| (hour.slot_time, Row::of(hour, all, by)));
    let holes = all.iter().filter(|mark| mark.kind == Kind::Hole);
    let missing = holes.map(|mark| (mark.from, Row::missing(mark)));
    let mut rows: Vec<_> = present.chain(missing).collect();
    rows.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
    rows
}

impl Row {
    fn of(hour: &Hour, all: &[Mark], (view, timezone): (&View, Tz)) -> Self {
        let frozen = all.iter().find(|mark| {
            mark.kind == Kind::Frozen && (mark.from..mark.to).contains(&hour.slot_time)
        });
        let healed = marks::is_healed(hour).then(|| {
            view.say("site-healed-from").with("source", hour.value_source.as_str()).to_string()
        });
        let notes = healed.into_iter().chain(frozen.map(|mark| mark.words.clone()));
        Self {
            time: view.language().clock(hour.slot_time, timezone),
            machine_time: hour.slot_time.to_rfc3339(),
            cells: Some(cells(hour, view)),
            note: notes.collect::<Vec<_>>().join("; "),
        }
    }

    fn missing(mark: &Mark) -> Self {
        Self {
            time: mark.time.clone(),
            machine_time: mark.from.to_rfc3339(),
            cells: None,
            note: mark.words.clone(),
        }
    }
}

/// Temperature, feels like, sky, wind with gusts and where from, rain, humidity, pressure.
fn cells(hour: &Hour, view: &View) -> [String; 7] {
    let values = &hour.values;
    let sky = values.condition_description.as_deref();
    let sky = sky.map(|stored| view.language().condition(values.condition_id, stored));
    [
        number(values.temperature_c, Dimension::Temperature, view),
        number(values.feels_like_c, Dimension::Temperature, view),
        sky.unwrap_or_else(|| NOTHING.into()),
        wind(hour, view),
        number(values.rain_1h_mm, Dimension::Rain, view),
        values.humidity_pct.map_or_else(|| NOTHING.into(), |value| view.number(value, 0)),
        number(values.pressure_msl_hpa, Dimension::Pressure, view),
    ]
}

/// What stands where there is no value.
const NOTHING: &str = "–";

/// A value without its unit, which stands in the head.
pub(super) fn number(value: Option<f64>, dimension: Dimension, view: &View) -> String {
    let unit = view.units().of(dimension);
    value.map_or_else(|| NOTHING.into(), |value| view.number(unit.of(value), unit.decimals))
}

/// Speed, gust and where it comes from.
fn wind(hour: &Hour, view: &View) -> String {
    let Some(speed) = hour.values.wind_speed_ms else { return NOTHING.into() };
    let speed = number(Some(speed), Dimension::Wind, view);
    let gust = hour.values.wind_gust_ms.map(|gust| number(Some(gust), Dimension::Wind, view));
    let gust = gust.map(|gust| format!(" ({gust})")).unwrap_or_default();
    let from = hour.values.wind_direction_deg.map(|degrees| view.language().compass(degrees));
    format!("{speed}{gust}{}", from.map(|from| format!(" {from}")).unwrap_or_default())
}

/// A row of a day.
pub(super) struct DayRow {
    pub(super) day: NaiveDate,
    pub(super) name: String,
    pub(super) temperature: String,
    pub(super) pressure: String,
    pub(super) wind: String,
    pub(super) rain: String,
    pub(super) humidity: String,
    pub(super) degree_days: String,
    pub(super) collected: String,
    /// How many slots are missing, and why.
    pub(super) missing: Vec<String>,
}

impl DayRow {
    pub(super) fn of(day: &Day, view: &View) -> Self {
        let temperatures = [day.temperature_min_c, day.temperature_mean_c, day.temperature_max_c];
        let winds = [day.wind_speed_mean_ms, day.wind_gust_max_ms.or(day.wind_speed_max_ms)];
        let degree_days = [day.heating_degree_days, day.cooling_degree_days];
        let plain = |value: Option<f64>, decimals: usize| {
            value.map_or_else(|| NOTHING.into(), |value| view.number(value, decimals))
        };
        let (missing, temperature) = (day.missing.iter(), view.units().of(Dimension::Temperature));
        Self {
            day: day.local_date,
            name: view.language().day(day.local_date),
            temperature: temperatures
                .map(|value| number(value, Dimension::Temperature, view))
                .join(" / "),
            pressure: number(day.pressure_msl_mean_hpa, Dimension::Pressure, view),
            wind: winds.map(|value| number(value, Dimension::Wind, view)).join(" / "),
            rain: number(day.rain_sum_mm, Dimension::Rain, view),
            humidity: plain(day.humidity_mean_pct, 0),
            degree_days: degree_days
                .map(|value| plain(value.map(|days| temperature.of_difference(days)), 1))
                .join(" / "),
            collected: view
                .say("site-of")
                .with("present", day.slots_present)
                .with("expected", day.slots_expected)
                .to_string(),
            missing: missing
                .map(|(word, slots)| format!("{slots} × {}", view.language().reason_word(word)))
                .collect(),
        }
    }
}
