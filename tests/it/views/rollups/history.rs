//! What happens to sites and rows, at random, as SQL of the test's own.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::support::kills::Random;

/// On both sides of UTC and of the equator, by half hours and quarters; clocks change at all hours.
const ZONES: [&str; 12] = [
    "Europe/Madrid",
    "America/New_York",
    "America/Los_Angeles",
    "Australia/Sydney",
    "America/St_Johns",
    "Pacific/Chatham",
    "Australia/Lord_Howe",
    "Antarctica/Troll",
    "America/Havana",
    "Pacific/Kiritimati",
    "Africa/Cairo",
    "Pacific/Pago_Pago",
];

const INTERVALS_MINUTES: [i64; 5] = [60, 15, 30, 180, 1440];

const SOURCES: [&str; 2] = ["openweathermap", "open-meteo"];

/// Site, source and time.
type Key = (usize, &'static str, DateTime<Utc>);

/// A site, as its row says.
struct Place {
    zone: &'static str,
    country: Option<&'static str>,
    interval_minutes: i64,
    active_from: Option<NaiveDate>,
    active_until: Option<NaiveDate>,
    spans: Vec<Value>,
    renamed: u32,
}

/// A slot of the ledger: the source and time of its observation; `None`: it failed.
type Slot = Option<(&'static str, DateTime<Utc>)>;

#[derive(Clone, Copy)]
struct Seen {
    value: u64,
    is_live: bool,
}

pub(super) struct History {
    random: Random,
    pub(super) now: DateTime<Utc>,
    places: Vec<Place>,
    slots: BTreeMap<Key, Slot>,
    seen: BTreeMap<Key, Seen>,
    /// What this step has written.
    new_slots: BTreeSet<Key>,
    new_seen: BTreeSet<Key>,
    changed: BTreeSet<usize>,
}

/// What a step has written.
pub(super) struct Written {
    pub(super) statements: Vec<String>,
    /// The days of slots, and those from an observation's to that of its slot.
    pub(super) touched: BTreeSet<NaiveDate>,
    /// The sites whose rules changed.
    pub(super) sites: Vec<String>,
}

fn site_id(site: usize) -> String {
    format!("site-{site:05}")
}

fn stamp(time: DateTime<Utc>) -> String {
    format!("timestamp '{}'", time.format("%F %T+00"))
}

fn text(of: Option<impl std::fmt::Display>) -> String {
    of.map_or("null".into(), |of| format!("'{of}'"))
}

impl History {
    pub(super) fn new(random: Random, now: DateTime<Utc>) -> Self {
        let place = |(site, zone): (usize, &&'static str)| {
            let interval_minutes = INTERVALS_MINUTES[site % INTERVALS_MINUTES.len()];
            let span = span(now - TimeDelta::days(3), interval_minutes, zone, Some("ES"));
            let day = now.date_naive() - Days::new(5);
            Place {
                zone,
                country: Some("ES"),
                interval_minutes,
                active_from: (site % 3 == 0).then_some(day),
                active_until: None,
                spans: vec![span],
                renamed: 0,
            }
        };
        Self {
            random,
            now,
            places: ZONES.iter().enumerate().map(place).collect(),
            slots: BTreeMap::new(),
            seen: BTreeMap::new(),
            new_slots: BTreeSet::new(),
            new_seen: BTreeSet::new(),
            changed: BTreeSet::new(),
        }
    }

    pub(super) fn first_sites(&self) -> String {
        self.insert_sites()
    }

    /// Time passes, and rows are written.
    pub(super) fn step(&mut self) -> Written {
        let hours = [1, 1, 5, 26, 9 * 24][self.below(5)];
        self.now += TimeDelta::hours(hours) + TimeDelta::minutes(7);
        self.new_slots.clear();
        self.new_seen.clear();
        self.changed.clear();
        // The last site is never called for.
        for site in 0..self.places.len() - 1 {
            if self.below(2) == 0 {
                self.collect(site);
            }
            if self.below(3) == 0 {
                self.heal(site);
            }
        }
        for _ in 0..2 {
            self.restate();
            self.fail_again();
            self.change_a_site();
        }
        Written {
            statements: self.statements(),
            touched: self.touched(),
            sites: self.changed.iter().map(|site| site_id(*site)).collect(),
        }
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.random.below(end as u64)).unwrap()
    }

    fn minutes(&mut self, end: i64) -> TimeDelta {
        TimeDelta::minutes(i64::try_from(self.below(usize::try_from(end).unwrap())).unwrap())
    }

    fn slot_at(&self, site: usize, time: DateTime<Utc>) -> DateTime<Utc> {
        let step = self.places[site].interval_minutes * 60;
        DateTime::from_timestamp(time.timestamp() / step * step, 0).unwrap()
    }

    /// The last slots, live: told anew, told what was told before, told something newer, or failed.
    fn collect(&mut self, site: usize) {
        let source = SOURCES[usize::from(self.below(8) == 0)];
        let interval = TimeDelta::minutes(self.places[site].interval_minutes);
        let count = 1 + self.below(6);
        for back in (0..count).rev() {
            let slot = self.slot_at(site, self.now - interval * i32::try_from(back).unwrap());
            let newest = self.latest_before(site, source, slot);
            let told = match (self.below(8), newest) {
                (0, _) => None,
                (1..=3, Some(newest)) => Some(newest),
                (4, _) => Some(slot + self.minutes(self.places[site].interval_minutes)),
                _ => Some(slot - self.minutes(50)),
            };
            self.fill((site, source, slot), told.map(|told| (source, told)), true);
        }
    }

    /// The newest observation that such a slot may still be told.
    fn latest_before(
        &self,
        site: usize,
        source: &'static str,
        slot: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let from = (site, source, slot - TimeDelta::days(29));
        self.seen.range(from..=(site, source, slot)).next_back().map(|((.., time), _)| *time)
    }

    /// Old slots, from a history: of the own source or another, of the slot's time or of one that other
    /// slots have been told.
    fn heal(&mut self, site: usize) {
        let days = [1, 3, 50][self.below(3)];
        for _ in 0..=self.below(3) {
            let back = self.minutes(days * 24 * 60);
            let slot = self.slot_at(site, self.now - back);
            let (source, from) = (SOURCES[0], SOURCES[self.below(2)]);
            let told = match (self.below(3), self.latest_before(site, from, slot)) {
                (0, Some(before)) => before,
                _ => slot,
            };
            self.fill((site, source, slot), Some((from, told)), false);
        }
    }

    fn fill(&mut self, slot: Key, told: Slot, is_live: bool) {
        if let Some((source, time)) = told {
            let seen = (slot.0, source, time);
            let value = self.random.below(1000);
            let is_new = !self.seen.contains_key(&seen);
            // An old value stays, mostly.
            if is_new || value < 100 {
                self.seen.insert(seen, Seen { value, is_live });
                self.new_seen.insert(seen);
            }
        }
        self.slots.insert(slot, told);
        self.new_slots.insert(slot);
    }

    /// The source says something else of a time that it has told before.
    fn restate(&mut self) {
        if self.seen.is_empty() {
            return;
        }
        let (index, value) = (self.below(self.seen.len()), self.random.below(1000));
        let (key, seen) = self.seen.iter_mut().nth(index).unwrap();
        seen.value = value;
        self.new_seen.insert(*key);
    }

    fn fail_again(&mut self) {
        if self.slots.is_empty() {
            return;
        }
        let index = self.below(self.slots.len());
        let key = *self.slots.keys().nth(index).unwrap();
        self.slots.insert(key, None);
        self.new_slots.insert(key);
    }

    fn change_a_site(&mut self) {
        let site = self.below(self.places.len());
        let what = self.below(8);
        let now = self.slot_at(site, self.now);
        let today = self.now.date_naive();
        let (zone, minutes) = (self.below(ZONES.len()), self.below(INTERVALS_MINUTES.len()));
        let days = Days::new(self.random.below(20));
        let place = &mut self.places[site];
        match what {
            0 => place.zone = ZONES[zone],
            1 => place.interval_minutes = INTERVALS_MINUTES[minutes],
            2 => place.country = None,
            3 => place.active_from = Some(today - days),
            4 => place.active_until = Some(today + days),
            // A new name is none of the roll-ups' business.
            5 => {
                place.renamed += 1;
                return;
            }
            6 => place.active_until = None,
            _ => return,
        }
        self.changed.insert(site);
        if what < 2 {
            // Spans in order, none within another.
            place.spans.retain(|span| span["from"].as_str().unwrap() < &*rfc3339(now));
            if let Some(last) = place.spans.last_mut() {
                last["until"] = rfc3339(now).into();
            }
            let Place { interval_minutes, zone, country, .. } = *place;
            place.spans.push(span(now, interval_minutes, zone, country));
        }
    }

    fn touched(&self) -> BTreeSet<NaiveDate> {
        let of_slot = |key: &Key| {
            let day = key.2.date_naive();
            let told = self.slots[key].map_or(day, |(_, time)| time.date_naive());
            (day.min(told), day.max(told))
        };
        let slots = self.new_slots.iter().map(of_slot);
        let seen = self.new_seen.iter().map(|key| (key.2.date_naive(), key.2.date_naive()));
        let days = |(first, last): (NaiveDate, NaiveDate)| {
            first.iter_days().take_while(move |day| *day <= last)
        };
        slots.chain(seen).flat_map(days).collect()
    }

    fn statements(&self) -> Vec<String> {
        let key = |of: &Key| format!("'{}|{}|{}'", site_id(of.0), of.1, of.2.timestamp());
        let gone = |table: &str, time: &str, keys: &BTreeSet<Key>| {
            let keys = keys.iter().map(key).collect::<Vec<_>>().join(", ");
            format!(
                "delete from {{d}}.{table} where concat(site_id, '|', source, '|', cast(unix_seconds({time}) as string)) in ({keys})"
            )
        };
        let mut statements =
            vec!["delete from {d}.sites where true".to_owned(), self.insert_sites()];
        if !self.new_slots.is_empty() {
            statements.push(gone("collection_slots", "slot_time", &self.new_slots));
            statements.push(self.insert_slots());
        }
        if !self.new_seen.is_empty() {
            statements.push(gone("weather_observations", "observation_time", &self.new_seen));
            statements.push(self.insert_seen());
        }
        statements
    }

    fn insert_sites(&self) -> String {
        let row = |(site, place): (usize, &Place)| {
            let id = site_id(site);
            let Place { zone, interval_minutes, renamed, .. } = place;
            let spans = Value::from(place.spans.clone());
            let (from, until) = (text(place.active_from), text(place.active_until));
            let (country, stamp) = (text(place.country), stamp(self.now));
            format!(
                "('{id}', 'Site {renamed}', 40.4, -3.7, '{zone}', {country}, {interval_minutes}, cast({from} as date), cast({until} as date), '[]', '{spans}', {stamp}, {stamp})"
            )
        };
        let rows = self.places.iter().enumerate().map(row).collect::<Vec<_>>().join(",\n");
        format!(
            "insert into {{d}}.sites (site_id, name, latitude, longitude, timezone, country, interval_minutes, active_from, active_until, tags, spans, created_at, updated_at) values {rows}"
        )
    }

    fn insert_slots(&self) -> String {
        let row = |key: &Key| {
            let (id, source, time, now) = (site_id(key.0), key.1, stamp(key.2), stamp(self.now));
            let told = self.slots[key];
            let status = if told.is_some() { "collected" } else { "failed" };
            let kind = text(told.is_none().then_some("timeout"));
            let told_at = told.map_or("cast(null as timestamp)".into(), |(_, time)| stamp(time));
            let other = text(told.map(|(from, _)| from).filter(|from| *from != source));
            format!(
                "('{id}', '{source}', {time}, '{status}', {told_at}, 1, 5, {kind}, 'run', 1, {now}, {other})"
            )
        };
        let rows = self.new_slots.iter().map(row).collect::<Vec<_>>().join(",\n");
        format!(
            "insert into {{d}}.collection_slots (site_id, source, slot_time, status, observation_time, attempts, latency_ms, error_kind, ingestion_run_id, run_seq, updated_at, observation_source) values {rows}"
        )
    }

    fn insert_seen(&self) -> String {
        let row = |key: &Key| {
            let (id, source, time, now) = (site_id(key.0), key.1, stamp(key.2), stamp(self.now));
            let Seen { value, is_live } = self.seen[key];
            let kind = if is_live { "live" } else { "backfill" };
            let hundredths = |part: u64| format!("{:.2}", part as f64 / 100.0);
            let (temperature, wind) = (hundredths(value * 3), hundredths(value * 7 % 4000));
            let rain = match value % 3 {
                0 => "cast(null as float64)".into(),
                _ => hundredths(value % 700),
            };
            format!(
                "('{id}', '{source}', {time}, {temperature}, {wind}, {rain}, 'a | b ~ {value}', 1, 'run', 1, {now}, {now}, '{kind}')"
            )
        };
        let rows = self.new_seen.iter().map(row).collect::<Vec<_>>().join(",\n");
        format!(
            "insert into {{d}}.weather_observations (site_id, source, observation_time, temperature_c, wind_speed_ms, rain_1h_mm, condition_description, row_hash, ingestion_run_id, run_seq, created_at, updated_at, value_kind) values {rows}"
        )
    }
}

fn rfc3339(time: DateTime<Utc>) -> String {
    time.format("%FT%TZ").to_string()
}

fn span(from: DateTime<Utc>, minutes: i64, zone: &str, country: Option<&str>) -> Value {
    json!({
        "from": rfc3339(from),
        "until": null,
        "interval_minutes": minutes,
        "latitude": 40.4,
        "longitude": -3.7,
        "timezone": zone,
        "country": country,
    })
}
