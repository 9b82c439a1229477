//! Sites as a sites file: a line for each, so that people can go on with it by hand.

use chrono::NaiveDate;
use serde::Serialize;

use crate::domain::site::{Interval, Site};

/// A site as people write it: what is as by default is left out.
#[derive(Serialize)]
struct Entry<'a> {
    site_id: &'a str,
    name: &'a str,
    latitude: f64,
    longitude: f64,
    timezone: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    elevation_m: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval_minutes: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    active_from: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    active_until: Option<NaiveDate>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    tags: &'a [String],
}

impl<'a> Entry<'a> {
    fn of(site: &'a Site) -> Self {
        let Site { site_id, name, coordinates, timezone, country, elevation_m, .. } = site;
        let Site { interval, active_from, active_until, tags, .. } = site;
        Self {
            site_id: site_id.as_str(),
            name,
            latitude: coordinates.latitude(),
            longitude: coordinates.longitude(),
            timezone: timezone.name(),
            country: country.as_deref(),
            elevation_m: *elevation_m,
            interval_minutes: (*interval != Interval::HOUR).then(|| interval.minutes()),
            active_from: *active_from,
            active_until: *active_until,
            tags,
        }
    }
}

/// The text of a sites file with these sites, as JSON.
///
/// # Errors
/// None: every value of a site has a form in JSON.
pub fn write(sites: &[Site]) -> serde_json::Result<String> {
    let lines: Vec<String> = sites
        .iter()
        .map(|site| serde_json::to_string(&Entry::of(site)))
        .collect::<Result<_, _>>()?;
    Ok(format!("{{\n  \"sites\": [\n    {}\n  ]\n}}\n", lines.join(",\n    ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sites_file::parse;

    #[test]
    fn what_is_written_is_read_as_the_same_sites_a_line_each() {
        let sample = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/config/sites_sample.json"));
        let sites = parse(sample).unwrap();
        let written = write(&sites).unwrap();
        assert_eq!(parse(&written).unwrap(), sites);
        assert_eq!(written.lines().count(), sites.len() + 4);
        assert!(!written.contains("null") && !written.contains("[]"));
    }
}
