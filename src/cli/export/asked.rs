//! What is asked for, as the query of the API.

use chrono::{DateTime, SecondsFormat, Utc};
use url::form_urlencoded::Serializer;

use crate::domain::When;

/// The API's parameters as flags; the API reads and refuses them.
#[derive(Debug, clap::Args)]
pub(super) struct Asked {
    /// Only these sites; by commas, or given several times
    #[arg(long = "site", value_name = "ID", value_delimiter = ',')]
    sites: Vec<String>,

    /// Only sites with any of these tags
    #[arg(long = "tag", value_name = "TAG", value_delimiter = ',')]
    tags: Vec<String>,

    /// Only sites in these countries, two letters each
    #[arg(long = "country", value_name = "CODE", value_delimiter = ',')]
    countries: Vec<String>,

    /// Only sites in this box: west,south,east,north in degrees
    #[arg(long, value_name = "BOX", allow_hyphen_values = true)]
    bbox: Option<String>,

    /// true: only sites that are in the sites file; false: those that have left it too
    #[arg(long, value_name = "BOOL")]
    in_file: Option<String>,

    /// Only of this source
    #[arg(long, value_name = "NAME")]
    source: Option<String>,

    /// From this day or time on (UTC; of daily, local days): 2026-11-01, a time of RFC 3339, today, yesterday,
    /// or so long ago (7d, 24h)
    #[arg(long, visible_alias = "since", value_name = "WHEN", allow_hyphen_values = true)]
    from: Option<When>,

    /// Up to this day, which is included, or this time, which is not; in the same forms
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    to: Option<When>,

    /// Only these columns, beside those that identify a row
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    fields: Vec<String>,

    /// Heating degree days are counted from this temperature, degrees Celsius [default: 18]
    #[arg(long, value_name = "C")]
    hdd_base: Option<String>,

    /// Cooling degree days are counted from this temperature, degrees Celsius [default: 18]
    #[arg(long, value_name = "C")]
    cdd_base: Option<String>,

    /// Begin a CSV with the mark by which Excel knows UTF-8
    #[arg(long)]
    bom: bool,
}

impl Asked {
    /// As the query of an endpoint in a form, which goes by times or by days.
    pub(super) fn query(&self, format: &str, goes_by_times: bool, now: DateTime<Utc>) -> String {
        let mut query = Serializer::new(String::new());
        query.append_pair("format", format);
        let lists = [
            ("site", &self.sites),
            ("tag", &self.tags),
            ("country", &self.countries),
            ("fields", &self.fields),
        ];
        for (name, items) in lists {
            if !items.is_empty() {
                query.append_pair(name, &items.join(","));
            }
        }
        let written = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
        let day = |when: When| Some(when.day(now).to_string());
        let (from, to) = match goes_by_times {
            true => (
                self.from.map(|when| written(when.start(now))),
                self.to.and_then(|when| when.end(now)).map(written),
            ),
            false => (self.from.and_then(day), self.to.and_then(day)),
        };
        let singles = [
            ("bbox", &self.bbox),
            ("in_file", &self.in_file),
            ("source", &self.source),
            ("from", &from),
            ("to", &to),
            ("hdd_base", &self.hdd_base),
            ("cdd_base", &self.cdd_base),
        ];
        for (name, value) in singles {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        if self.bom {
            query.append_pair("bom", "true");
        }
        query.finish()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Settings {
        #[command(flatten)]
        asked: Asked,
    }

    fn query(flags: &[&str], goes_by_times: bool) -> String {
        let now = "2026-11-30T07:15:00Z".parse().unwrap();
        let flags = ["x"].iter().chain(flags);
        Settings::try_parse_from(flags).unwrap().asked.query("csv", goes_by_times, now)
    }

    #[test]
    fn flags_are_the_parameters_of_the_api() {
        assert_eq!(query(&[], true), "format=csv");
        let flags = [
            "--site",
            "a,b",
            "--site",
            "c",
            "--tag",
            "cold store",
            "--bbox",
            "-10,35,5,45",
            "--in-file",
            "false",
            "--bom",
        ];
        let expected = "format=csv&site=a%2Cb%2Cc&tag=cold+store&bbox=-10%2C35%2C5%2C45&in_file=false&bom=true";
        assert_eq!(query(&flags, true), expected);
    }

    #[test]
    fn a_day_that_an_export_ends_with_is_in_it_and_a_time_is_not() {
        let of = |flags: &[&str], goes_by_times| {
            let query = query(flags, goes_by_times);
            url::form_urlencoded::parse(query.as_bytes())
                .skip(1)
                .map(|(name, value)| format!("{name}={value}"))
                .collect::<Vec<_>>()
                .join(" ")
        };
        let days = ["--from", "2026-11-01", "--to", "2026-11-30"];
        assert_eq!(of(&days, true), "from=2026-11-01T00:00:00Z to=2026-12-01T00:00:00Z");
        assert_eq!(of(&days, false), "from=2026-11-01 to=2026-11-30");
        assert_eq!(of(&["--to", "2026-11-30T08:00:00Z"], true), "to=2026-11-30T08:00:00Z");
        assert_eq!(of(&["--since", "24h"], true), "from=2026-11-29T07:15:00Z");
        assert_eq!(
            of(&["--from", "7d", "--to", "yesterday"], false),
            "from=2026-11-23 to=2026-11-29"
        );
    }
}
