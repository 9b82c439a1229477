//! The body of a good answer: what is said of each place.

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::meta;
use super::request::{Api, Request, day};
use super::variable::Sample;
use crate::simulator::climate;
use crate::simulator::place::Site;

impl Request {
    /// What is said of a place. A list has a `location_id` from the second place on.
    pub(super) fn place(
        &self,
        at: usize,
        site: Site,
        now: DateTime<Utc>,
    ) -> impl FnOnce(u64) -> Value + use<'_> {
        move |seed| {
            let mut place = Map::new();
            // The centre of the grid cell, and not the place asked for.
            place.insert("latitude".into(), json!(cell(site.latitude())));
            place.insert("longitude".into(), json!(cell(site.longitude())));
            place.insert("generationtime_ms".into(), json!(0.25));
            place.insert("utc_offset_seconds".into(), json!(0));
            place.insert("timezone".into(), json!("GMT"));
            place.insert("timezone_abbreviation".into(), json!("GMT"));
            place.insert("elevation".into(), json!(38.0));
            if at > 0 {
                place.insert("location_id".into(), json!(at));
            }
            if !self.current.is_empty() {
                self.insert_current(&mut place, site, quarter(now), seed);
            }
            if !self.quarters.is_empty() {
                self.insert_quarters(&mut place, site, quarter(now), seed);
            }
            if !self.hourly.is_empty() {
                self.insert_hours(&mut place, site, seed);
            }
            Value::Object(place)
        }
    }

    fn insert_current(
        &self,
        place: &mut Map<String, Value>,
        site: Site,
        time: DateTime<Utc>,
        seed: u64,
    ) {
        let sample =
            Sample { weather: climate::weather(site, time, seed), hours: 0.25, has_showers: true };
        let mut units = json!({"time": self.units.time_unit(), "interval": "seconds"});
        let mut values = json!({"time": self.units.time(time), "interval": 900});
        for name in &self.current {
            if let Some((value, unit)) = sample.value(name, self.units) {
                units[name] = json!(if value.is_null() { "undefined" } else { unit });
                values[name] = value;
            }
        }
        place.insert("current_units".into(), units);
        place.insert("current".into(), values);
    }

    /// The hour's amount, evenly over its quarters, as where no model has finer steps.
    fn insert_quarters(
        &self,
        place: &mut Map<String, Value>,
        site: Site,
        now: DateTime<Utc>,
        seed: u64,
    ) {
        let sample =
            Sample { weather: climate::weather(site, now, seed), hours: 0.25, has_showers: true };
        let steps = -self.past_quarters..self.forecast_quarters;
        let times = steps.map(|step| now + TimeDelta::minutes(15 * step));
        self.insert_list(
            place,
            "minutely_15",
            &self.quarters,
            times.map(|time| (time, Some(sample))),
        );
    }

    fn insert_hours(&self, place: &mut Map<String, Value>, site: Site, seed: u64) {
        let (first, last) = self.days;
        let hours = (last - first).num_hours() + 24;
        // What the archive does not have yet is null.
        let known_until = match self.api {
            Api::Forecast => DateTime::<Utc>::MAX_UTC,
            Api::Archive => day(self.now) - TimeDelta::days(2),
        };
        let has_showers = self.api == Api::Forecast;
        let samples = (0..hours).map(|hour| first + TimeDelta::hours(hour)).map(|time| {
            let weather = match self.is_of_model {
                true => meta::served(self.now).weather(site, time, seed),
                false => climate::weather(site, time, seed),
            };
            (time, (time < known_until).then_some(Sample { weather, hours: 1.0, has_showers }))
        });
        self.insert_list(place, "hourly", &self.hourly, samples);
    }

    fn insert_list(
        &self,
        place: &mut Map<String, Value>,
        key: &str,
        names: &[String],
        samples: impl Iterator<Item = (DateTime<Utc>, Option<Sample>)>,
    ) {
        let samples: Vec<_> = samples.collect();
        let times: Vec<Value> = samples.iter().map(|(time, _)| self.units.time(*time)).collect();
        let mut units = json!({"time": self.units.time_unit()});
        let mut lists = json!({ "time": times });
        for name in names {
            let mut shown = "undefined";
            let list: Vec<Value> = samples
                .iter()
                .map(|(_, sample)| match sample.and_then(|sample| sample.value(name, self.units)) {
                    Some((value, unit)) if !value.is_null() => {
                        shown = unit;
                        value
                    }
                    _ => Value::Null,
                })
                .collect();
            units[name] = json!(shown);
            lists[name] = json!(list);
        }
        place.insert(format!("{key}_units"), units);
        place.insert(key.into(), lists);
    }
}

fn quarter(time: DateTime<Utc>) -> DateTime<Utc> {
    time.duration_trunc(TimeDelta::minutes(15)).unwrap_or(time)
}

/// The centre of a cell of a tenth of a degree.
fn cell(degrees: f64) -> f64 {
    (degrees * 10.0).round() / 10.0
}
