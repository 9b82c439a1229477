//! When the sun rises and sets: good to some minutes, which is enough for an icon.
//!
//! The hour angle at which the sun is at the horizon, without refraction and the equation of time
//! (<https://en.wikipedia.org/wiki/Sunrise_equation>).

use std::f64::consts::TAU;

use chrono::{DateTime, Datelike as _, Duration, DurationRound as _, TimeDelta, Utc};

use super::place::Site;

/// The sun of a place on one local solar day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sun {
    Rises { at: DateTime<Utc>, sets_at: DateTime<Utc> },
    StaysUp,
    StaysDown,
}

impl Sun {
    /// The sun of the local solar day that `time` is in.
    pub(super) fn of(site: Site, time: DateTime<Utc>) -> Self {
        let noon = noon(site, time);
        let horizon = -site.latitude().to_radians().tan() * declination(time).tan();
        if horizon >= 1.0 {
            return Self::StaysDown;
        }
        if horizon <= -1.0 {
            return Self::StaysUp;
        }
        let half_day = seconds(horizon.acos() / TAU * 86_400.0);
        Self::Rises { at: noon - half_day, sets_at: noon + half_day }
    }

    pub(super) fn is_up_at(self, time: DateTime<Utc>) -> bool {
        match self {
            Self::Rises { at, sets_at } => at <= time && time < sets_at,
            Self::StaysUp => true,
            Self::StaysDown => false,
        }
    }
}

/// When the sun is highest on the local solar day that `time` is in.
fn noon(site: Site, time: DateTime<Utc>) -> DateTime<Utc> {
    let ahead = seconds(site.longitude() * 240.0); // 360 degrees in a day
    let local = time + ahead;
    local.duration_trunc(TimeDelta::days(1)).unwrap_or(local) + TimeDelta::hours(12) - ahead
}

/// How far north the sun stands over the equator, in radians.
fn declination(time: DateTime<Utc>) -> f64 {
    let year = TAU * (f64::from(time.ordinal0()) + 10.0) / 365.25;
    -23.44_f64.to_radians() * year.cos()
}

#[expect(clippy::cast_possible_truncation, reason = "at most a day")]
fn seconds(seconds: f64) -> Duration {
    TimeDelta::seconds(seconds.round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sun(latitude_e4: i64, longitude_e4: i64, time: &str) -> Sun {
        Sun::of(Site { latitude_e4, longitude_e4 }, time.parse().unwrap())
    }

    #[test]
    fn madrid_has_nine_hours_of_sun_at_christmas_around_its_own_noon() {
        let time = "2026-12-24T10:00:00Z";
        let Sun::Rises { at, sets_at } = sun(404_000, -37_000, time) else { panic!("no sunrise") };
        let day = sets_at - at;
        assert!((9.0..9.5).contains(&(day.num_minutes() as f64 / 60.0)), "{day}");
        let noon: DateTime<Utc> = "2026-12-24T12:14:48Z".parse().unwrap();
        assert_eq!(at + day / 2, noon);
    }

    #[test]
    fn it_stays_up_at_one_pole_and_down_at_the_other() {
        let time = "2026-06-21T00:00:00Z";
        assert_eq!(sun(850_000, 0, time), Sun::StaysUp);
        assert_eq!(sun(-850_000, 0, time), Sun::StaysDown);
    }

    #[test]
    fn the_day_is_the_one_of_the_place_and_not_of_greenwich() {
        let time: DateTime<Utc> = "2026-03-20T23:00:00Z".parse().unwrap();
        let tokyo = Site { latitude_e4: 357_000, longitude_e4: 1_397_000 };
        assert!(Sun::of(tokyo, time).is_up_at(time), "it is past eight in the morning");
    }
}
