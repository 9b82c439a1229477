//! When it is night at a place: from sunset to sunrise, by the crate `sunrise`.

use chrono::{DateTime, Datelike as _, NaiveDate, TimeDelta, Utc};
use sunrise::{Coordinates, SolarDay, SolarEvent};

/// The nights from one time to another, in order; none of a place that is none.
pub(super) fn nights(
    (latitude, longitude): (f64, f64),
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
    let Some(place) = Coordinates::new(latitude, longitude) else { return Vec::new() };
    let first = from.date_naive() - TimeDelta::days(1);
    let days = first.iter_days().take_while(|day| *day <= to.date_naive() + TimeDelta::days(1));
    let (mut nights, mut dusk) = (Vec::new(), from);
    for (sunrise, sunset) in days.filter_map(|day| daylight(place, day)) {
        push(&mut nights, (dusk, sunrise), (from, to));
        dusk = dusk.max(sunset);
    }
    push(&mut nights, (dusk, to), (from, to));
    nights
}

/// A night, as much of it as lies between two times; one that goes on after the other is the same.
fn push(
    nights: &mut Vec<(DateTime<Utc>, DateTime<Utc>)>,
    (dusk, dawn): (DateTime<Utc>, DateTime<Utc>),
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) {
    let (dusk, dawn) = (dusk.max(from), dawn.min(to));
    if dusk < dawn {
        nights.push((dusk, dawn));
    }
}

/// From sunrise to sunset of a day; all of it where the sun does not set, `None` where it does not rise.
fn daylight(place: Coordinates, day: NaiveDate) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let sun = SolarDay::new(place, day);
    let (sunrise, sunset) =
        (sun.event_time(SolarEvent::Sunrise), sun.event_time(SolarEvent::Sunset));
    if let Some(times) = sunrise.zip(sunset) {
        return Some(times);
    }
    let noon = day.and_hms_opt(12, 0, 0)?.and_utc() - TimeDelta::minutes(minutes_east(place));
    is_summer(place, day).then_some((noon - TimeDelta::hours(12), noon + TimeDelta::hours(12)))
}

/// How much earlier than in Greenwich it is noon: four minutes a degree.
#[expect(clippy::cast_possible_truncation, reason = "720 at most")]
fn minutes_east(place: Coordinates) -> i64 {
    (place.lon() * 4.0).round() as i64
}

/// Between two equinoxes the sun stands over one half of the earth.
fn is_summer(place: Coordinates, day: NaiveDate) -> bool {
    let is_northern_summer = (80..=265).contains(&day.ordinal());
    (place.lat() >= 0.0) == is_northern_summer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(place: (f64, f64), from: &str, to: &str) -> Vec<String> {
        let times = (from.parse().unwrap(), to.parse().unwrap());
        let nights = nights(place, times);
        let written = |time: DateTime<Utc>| time.format("%dT%H").to_string();
        nights.into_iter().map(|(from, to)| format!("{}-{}", written(from), written(to))).collect()
    }

    #[test]
    fn a_night_is_from_sunset_to_sunrise_and_ends_at_the_edges() {
        // Madrid at the end of November: the sun sets at 16:50 and rises at 7:18 UTC.
        let madrid = of((40.4, -3.7), "2026-11-28T00:00:00Z", "2026-11-29T12:00:00Z");
        assert_eq!(madrid, ["28T00-28T07", "28T16-29T07"]);
        // Auckland: sunset at 7:20, sunrise at 16:50 UTC.
        let auckland = of((-36.8, 174.8), "2026-11-28T00:00:00Z", "2026-11-29T00:00:00Z");
        assert_eq!(auckland, ["28T07-28T16"]);
    }

    #[test]
    fn where_the_sun_does_not_rise_it_is_night_and_where_it_does_not_set_it_is_not() {
        let svalbard = (78.2, 15.6);
        let (from, to) = ("2026-12-20T00:00:00Z", "2026-12-21T00:00:00Z");
        assert_eq!(of(svalbard, from, to), ["20T00-21T00"]);
        assert_eq!(of((-78.2, 15.6), from, to), [] as [&str; 0]);
        let (from, to) = ("2026-06-20T00:00:00Z", "2026-06-21T00:00:00Z");
        assert_eq!(of(svalbard, from, to), [] as [&str; 0]);
        assert_eq!(of((-78.2, 15.6), from, to), ["20T00-21T00"]);
    }
}
