//! One site: every value, and 48 hours.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::now::Now;
use super::row::{sky, tone, wind};
use super::spark::{Hour, Scale};
use super::{HOURS_OF_ONE, age};
use crate::cli::output::{self, Column, Line};
use crate::domain::values::{Cell, VALUES, Value};
use crate::domain::{Dimension, Units};
use crate::store::SiteRow;

const COLUMNS: [Column; 2] = [Column::text(""), Column::words("")];

/// What is known of the site now.
pub(super) fn show(
    site: &SiteRow,
    now: &Now,
    units: Units,
    time: DateTime<Utc>,
) -> anyhow::Result<()> {
    let mut text = tone(now).paint(&headline(site, now, units)) + "\n";
    let lines = values(now, units).into_iter().map(Line::from);
    text.push_str(&output::table(&COLUMNS, lines, output::stdout_width()));
    text.push_str(&line(now, units));
    text.push_str(&format!("{}\n", observed(site, now, time)));
    output::painted(&text)
}

/// `Madrid, El Retiro (mad-retiro): 11.9 °C, light rain, wind ↗ 14 km/h`.
fn headline(site: &SiteRow, now: &Now, units: Units) -> String {
    let temperature = now.values.temperature_c;
    let temperature = temperature.map(|value| units.of(Dimension::Temperature).show(value));
    let wind = now.values.wind_speed_ms.map(|_| format!("wind {}", wind(now, units)));
    let parts = [temperature, Some(sky(now)), wind].into_iter().flatten();
    let parts = parts.collect::<Vec<_>>().join(", ");
    output::printable_lines(&format!("{} ({}): {parts}", site.name, site.site_id))
}

/// Each value that the source gave, with its name for people.
fn values(now: &Now, units: Units) -> Vec<Vec<String>> {
    let cells = VALUES.iter().zip(now.values.cells());
    let named = cells.filter_map(|(value, cell)| {
        let quantity = value.quantity?;
        let shown = in_units(value, cell, units)?;
        Some(vec![quantity.label.to_owned(), shown])
    });
    let source = now.source.clone().map(|source| vec!["Source".to_owned(), source]);
    named.chain(source).collect()
}

fn in_units(value: &Value, cell: Cell<'_>, units: Units) -> Option<String> {
    let unit = value.quantity.map_or("", |quantity| quantity.unit.code);
    match cell {
        Cell::Real(Some(number)) => Some(match Dimension::of_column(value.name) {
            Some(dimension) => units.of(dimension).show(number),
            None => format!("{number} {}", symbol(unit)).trim_end().to_owned(),
        }),
        Cell::Integer(Some(number)) => Some(format!("{number} {}", symbol(unit))),
        _ => None,
    }
}

/// A unit that nobody chooses, as people write it.
fn symbol(code: &str) -> &str {
    match code {
        "deg" => "°",
        "1" => "",
        code => code,
    }
}

/// `48 h  ▂▂▃▄…  8.1 °C to 14.2 °C`.
fn line(now: &Now, units: Units) -> String {
    let scale = Scale::of(now.temperatures.iter());
    let drawn = scale.draw(now.hours());
    let unit = units.of(Dimension::Temperature);
    let words = match scale.is_known() {
        true => format!("{} to {}", unit.show(scale.low), unit.show(scale.high)),
        false => "no temperature".to_owned(),
    };
    let missing = now.hours().filter(|hour| *hour == Hour::Missing).count();
    let missing = if missing > 0 { format!(", {missing} h missing") } else { String::new() };
    format!("{drawn}\n{HOURS_OF_ONE} h: {words}{missing}\n")
}

/// When it was observed, by the clock of the place.
fn observed(site: &SiteRow, now: &Now, time: DateTime<Utc>) -> String {
    let Some((observed, age)) = now.observation_time.zip(age(now)) else {
        return "never observed".into();
    };
    let timezone: Tz = site.timezone.parse().unwrap_or(Tz::UTC);
    let local = observed.with_timezone(&timezone);
    let is_today = local.date_naive() == time.with_timezone(&timezone).date_naive();
    let local = local.format(if is_today { "%H:%M" } else { "%F %H:%M" });
    format!("observed {age} ago, at {local} ({timezone})")
}
