//! The values of a site as a table: what the charts show, for people who do not see them.

use chrono_tz::Tz;

use super::marks::{self, Kind, Mark};
use crate::serve::page::local;
use crate::views::Hour;

/// A row: an hour, or what is missing.
pub(super) struct Row {
    pub(super) time: String,
    /// As RFC 3339, for programs.
    pub(super) machine_time: String,
    /// None: it is missing.
    pub(super) hour: Option<Hour>,
    pub(super) wind: String,
    pub(super) note: String,
}

/// The newest first.
pub(super) fn rows(hours: &[Hour], marks: &[Mark], timezone: Tz) -> Vec<Row> {
    let present = hours.iter().map(|hour| (hour.slot_time, Row::of(hour, marks, timezone)));
    let holes = marks.iter().filter(|mark| mark.kind == Kind::Hole);
    let missing = holes.map(|mark| (mark.from, Row::missing(mark)));
    let mut rows: Vec<_> = present.chain(missing).collect();
    rows.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
    rows.into_iter().map(|(_, row)| row).collect()
}

impl Row {
    fn of(hour: &Hour, marks: &[Mark], timezone: Tz) -> Self {
        let frozen = marks.iter().find(|mark| {
            mark.kind == Kind::Frozen && (mark.from..mark.to).contains(&hour.slot_time)
        });
        let healed = marks::is_healed(hour).then(|| format!("healed from {}", hour.value_source));
        let notes = healed.into_iter().chain(frozen.map(|mark| mark.words.clone()));
        Self {
            time: local::time(hour.slot_time, timezone),
            machine_time: hour.slot_time.to_rfc3339(),
            wind: wind(hour),
            note: notes.collect::<Vec<_>>().join("; "),
            hour: Some(hour.clone()),
        }
    }

    fn missing(mark: &Mark) -> Self {
        Self {
            time: mark.time.clone(),
            machine_time: mark.from.to_rfc3339(),
            hour: None,
            wind: String::new(),
            note: mark.words.clone(),
        }
    }
}

const WINDS: [&str; 8] = ["N", "NE", "E", "SE", "S", "SW", "W", "NW"];

/// Speed, gust and where it comes from.
fn wind(hour: &Hour) -> String {
    let Some(speed) = hour.values.wind_speed_ms else { return "–".into() };
    let gust = hour.values.wind_gust_ms.map(|gust| format!(" ({gust:.1})")).unwrap_or_default();
    let point = hour
        .values
        .wind_direction_deg
        .map(|degrees| (degrees * 2 + 45).div_euclid(90).rem_euclid(8));
    let point = point.and_then(|point| WINDS.get(usize::try_from(point).ok()?));
    format!("{speed:.1}{gust}{}", point.map(|point| format!(" {point}")).unwrap_or_default())
}
