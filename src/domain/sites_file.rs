//! The sites file: JSON, CSV, YAML or TOML that people write by hand, taken in whole or not at all.
//!
//! A person who mends a file wants to know every fault at once. So reading goes on after a
//! fault and collects them: where it is, which field, what is wrong and what is expected. Only
//! text that cannot be read ends it early. `config/sites.schema.json` says the same rules to
//! editors, except those that look at several sites or know the time zones; a test keeps the
//! two in step.
//!
//! JSON and CSV are read as they come, an entry at a time: a file of many sites takes the memory of its
//! sites, and not that of its text beside them.

mod drafts;
mod entries;
mod entry;
mod fault;
mod form;
mod json;
mod object;
mod rules;
#[cfg(test)]
mod schema_test;
mod stream;
mod utf8;
mod written;

use std::io::{self, BufReader, Read};

use serde_json::Deserializer;

use super::site::Site;
pub use drafts::{Draft, Drafts};
pub use fault::{Fault, SitesFileFaults};
pub use form::Form;
use stream::Unread;
use utf8::{NotUtf8, Utf8};
pub use written::write;

/// Bytes of the file that are read at a time.
const BLOCK_BYTES: usize = 64 * 1024;

/// Why a file gives no sites.
#[derive(Debug, thiserror::Error)]
pub enum SitesFileError {
    /// It cannot be read to its end.
    #[error(transparent)]
    Io(io::Error),
    /// It is no text in UTF-8.
    #[error("not UTF-8 at byte {at}")]
    NotUtf8 {
        /// The first byte that cannot be, counted from 0.
        at: u64,
    },
    /// Every fault of it.
    #[error(transparent)]
    Faults(SitesFileFaults),
}

/// The sites of a sites file, in its order.
///
/// # Errors
///
/// Every fault of the file at once; the caller adds the file's name.
pub fn parse(text: &str) -> Result<Vec<Site>, SitesFileFaults> {
    let text = text.strip_prefix(utf8::BYTE_ORDER_MARK).unwrap_or(text);
    stream::read(Deserializer::from_str(text)).map_err(Unread::faults)
}

/// The sites of a sites file of this form, in its order, read as the file is.
///
/// # Errors
///
/// Every fault of the file at once, or why its text cannot be read.
pub fn read(form: Form, file: impl Read) -> Result<Vec<Site>, SitesFileError> {
    let mut text = Utf8::of(file).map_err(unreadable)?;
    let sites = match form {
        Form::Json => return read_json(text),
        Form::Csv => form::csv::read(&mut text),
        Form::Yaml => form::whole(&mut text, form::yaml::read),
        Form::Toml => form::whole(&mut text, form::toml::read),
    };
    sites.map_err(unreadable)?.map_err(SitesFileError::Faults)
}

fn read_json(mut text: Utf8<impl Read>) -> Result<Vec<Site>, SitesFileError> {
    let blocks = BufReader::with_capacity(BLOCK_BYTES, &mut text);
    match stream::read(Deserializer::from_reader(blocks)) {
        Ok(sites) => Ok(sites),
        Err(Unread::Json(error)) if error.is_io() => Err(unreadable(error.into())),
        Err(Unread::Json(error)) => {
            // What is no text has no fault of its JSON, wherever in the file that shows.
            io::copy(&mut text, &mut io::sink()).map_err(unreadable)?;
            Err(SitesFileError::Faults(Unread::Json(error).faults()))
        }
        Err(unread) => Err(SitesFileError::Faults(unread.faults())),
    }
}

fn unreadable(error: io::Error) -> SitesFileError {
    match error.get_ref().and_then(|reason| reason.downcast_ref()) {
        Some(&NotUtf8 { at }) => SitesFileError::NotUtf8 { at },
        None => SitesFileError::Io(error),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn madrid() -> Value {
        json!({"site_id": "mad-retiro", "name": "Madrid", "latitude": 40.41, "longitude": -3.68,
               "timezone": "Europe/Madrid"})
    }

    fn faults_of(text: &str) -> Vec<String> {
        parse(text).unwrap_err().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_site_needs_only_id_name_coordinates_and_zone() {
        let sites = parse(&json!({"sites": [madrid()]}).to_string()).unwrap();
        assert_eq!(sites[0].site_id.as_str(), "mad-retiro");
        assert_eq!(sites[0].interval.minutes(), 60);
        assert_eq!((sites[0].elevation_m, sites[0].active_from), (None, None));
    }

    #[test]
    fn every_fault_of_a_file_is_told_at_once() {
        let text = r#"{"version": 1, "sites": [
            {"site_id": "mad-retiro", "name": "Madrid", "latitude": 91, "longitude": "-3.68",
             "timezone": "europe/madrid", "lat": 1},
            7,
            {"site_id": "mad-retiro", "name": "", "longitude": 0, "latitude": 0, "latitude": 1,
             "timezone": "Mars/Base", "active_from": "2026-02-30", "interval_minutes": 7}
        ]}"#;
        let found = parse(text).unwrap_err().to_string();
        assert_eq!(
            found,
            r#"12 faults:
  the file: version: is no key of the file: expected $schema or sites
  sites[0] (mad-retiro): lat: is no key of a site: did you mean latitude?
  sites[0] (mad-retiro): latitude: 91 is out of range: expected -90 to 90 degrees north
  sites[0] (mad-retiro): longitude: "-3.68" is no number: expected -180 to 180 degrees east
  sites[0] (mad-retiro): timezone: "europe/madrid" is no time zone: did you mean Europe/Madrid?
  sites[1]: 7 is no object: expected a site: {"site_id": "…", "name": "…", …}
  sites[2] (mad-retiro): site_id: is that of sites[0] already: expected each id once: give one of the two another, or remove it
  sites[2] (mad-retiro): latitude: is there twice: expected each key once
  sites[2] (mad-retiro): name: "" is no name: expected 1 to 200 characters, not only spaces, none of them a control or direction character, the first none of = + - @
  sites[2] (mad-retiro): timezone: "Mars/Base" is no time zone: expected an IANA name, such as Europe/Madrid
  sites[2] (mad-retiro): interval_minutes: 7 is no interval: expected whole minutes, at least 10, that divide a day, such as 10, 15, 30, 60 or 180
  sites[2] (mad-retiro): active_from: "2026-02-30" is no day: expected YYYY-MM-DD, from the year 1000 on"#
        );
    }

    #[test]
    fn text_that_is_no_json_is_told_by_line_and_column() {
        assert_eq!(
            faults_of("{\"sites\": [\n  {\"name\": x}]}"),
            ["line 2, column 12: expected value: expected JSON: names and texts in double \
              quotes, no comments, no comma after the last entry"]
        );
        assert!(faults_of("")[0].contains("expected the rest of it"));
        assert!(faults_of("{\"sites\": [1e999]}")[0].contains("number out of range"));
        assert!(faults_of(&"[".repeat(100_000))[0].contains("recursion limit"));
    }

    #[test]
    fn a_file_that_holds_no_sites_is_a_fault() {
        assert!(faults_of("[]")[0].starts_with("the file: a list is no object: expected an obj"));
        assert!(faults_of("{}")[0].starts_with("the file: sites: is missing"));
        assert!(faults_of(r#"{"sites": []}"#)[0].starts_with("the file: sites: is empty"));
        assert!(faults_of(r#"{"sites": {}}"#)[0].contains("an object is no list"));
        assert!(faults_of(r#"{"sites": null}"#)[0].contains("null is no list"));
    }

    #[test]
    fn a_byte_order_mark_is_no_fault_and_neither_are_two_sites_in_one_place() {
        let mut other = madrid();
        other["site_id"] = "mad-2".into();
        let text = format!("\u{feff}{}", json!({"sites": [madrid(), other]}));
        assert_eq!(parse(&text).unwrap().len(), 2);
    }

    #[test]
    fn the_sample_has_sites_on_every_inhabited_continent() {
        let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/config/sites_sample.json"));
        let sites = parse(text).unwrap_or_else(|faults| panic!("{faults}"));
        assert!(sites.len() >= 20);
        let november = "2026-11-15T12:00:00Z".parse().unwrap();
        assert!(sites.iter().all(|site| site.is_active_at(november)));
        for area in ["Africa/", "America/", "Asia/", "Australia/", "Europe/", "Pacific/"] {
            assert!(sites.iter().any(|site| site.timezone.name().starts_with(area)), "{area}");
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let text = prop_oneof![
            ".{0,8}",
            prop::sample::select(entry::SITE_KEYS).prop_map(str::to_owned),
            Just("sites".to_owned()),
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            text.clone().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 64, 8, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                prop::collection::vec((text.clone(), inner), 0..12)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    prop_compose! {
        fn any_site()(
            site_id in "[a-z0-9][a-z0-9_-]{0,63}", name in "[^\\pC\\pZ\\s=+@-][^\\pC\\p{Zl}\\p{Zp}\\s]{0,199}",
            latitude in -900_000..=900_000, longitude in -1_800_000..=1_800_000,
            zone in prop::sample::select(chrono_tz::TZ_VARIANTS.as_slice()),
            country in prop::option::of("[A-Z]{2}"), elevation_m in prop::option::of(-500..=9000),
            minutes in prop::sample::select(vec![10, 15, 60, 1440]),
            from in prop::option::of("2[0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"),
            tags in prop::collection::vec("[^\\pC\\p{Zl}\\p{Zp}]{1,64}", 0..4),
        ) -> Value {
            json!({"site_id": site_id, "name": name, "timezone": zone.name(), "tags": tags,
                   "latitude": f64::from(latitude) / 1e4, "longitude": f64::from(longitude) / 1e4,
                   "country": country, "elevation_m": elevation_m.map(f64::from),
                   "interval_minutes": minutes, "active_from": from, "active_until": from})
        }
    }

    fn written(site: &Site) -> Value {
        json!({"site_id": site.site_id, "name": site.name, "timezone": site.timezone.name(),
               "latitude": site.coordinates.latitude(), "longitude": site.coordinates.longitude(),
               "country": site.country, "elevation_m": site.elevation_m, "tags": site.tags,
               "interval_minutes": site.interval.minutes(),
               "active_from": site.active_from, "active_until": site.active_until})
    }

    /// A file that gives a few bytes at a time.
    struct Pieces<'a>(&'a [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
            let (piece, rest) = self.0.split_at(self.0.len().min(self.1).min(room.len()));
            room[..piece.len()].copy_from_slice(piece);
            self.0 = rest;
            Ok(piece.len())
        }
    }

    /// JSON with faults of every kind, indented or not, with and without a byte order mark.
    fn any_file() -> impl Strategy<Value = String> {
        let entry = prop_oneof![any_site(), any_json()];
        let fields = prop::collection::vec(
            prop_oneof![
                prop::collection::vec(entry, 0..4)
                    .prop_map(|entries| ("sites".to_owned(), Value::from(entries))),
                (prop::sample::select(vec!["sites", "$schema", "version"]), any_json())
                    .prop_map(|(key, value)| (key.to_owned(), value)),
            ],
            0..3,
        );
        (fields, any::<bool>(), any::<bool>()).prop_map(|(fields, is_marked, is_indented)| {
            let mark = if is_marked { "\u{feff}" } else { "" };
            let fields = fields.iter().map(|(key, value)| match is_indented {
                true => format!("{key:?}: {value:#}"),
                false => format!("{key:?}:{value}"),
            });
            format!("{mark}{{{}}}", fields.collect::<Vec<_>>().join(",\n"))
        })
    }

    #[test]
    fn an_error_of_the_file_is_no_fault_of_its_text() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::ConnectionReset.into())
            }
        }
        for before in ["", "{\"sites\": [", "x"] {
            let error = read(Form::Json, before.as_bytes().chain(Broken)).unwrap_err();
            assert!(matches!(error, SitesFileError::Io(_)), "{before}: {error}");
        }
    }

    /// Sites as each form has them.
    fn in_form(form: Form, sites: &[Value]) -> String {
        match form {
            Form::Json | Form::Yaml => json!({"sites": sites}).to_string(), // which is YAML too
            Form::Csv => sites.iter().fold(entry::SITE_KEYS.join(";"), |text, site| {
                let cells = entry::SITE_KEYS.iter().map(|key| csv_cell(&site[key]));
                text + "\r\n" + &cells.collect::<Vec<_>>().join(";")
            }),
            Form::Toml => sites.iter().fold(String::new(), |text, site| {
                let fields = site.as_object().unwrap().iter().filter(|(_, value)| !value.is_null());
                let lines = fields.map(|(key, value)| format!("{key} = {value}\n"));
                text + "[[sites]]\n" + &lines.collect::<String>()
            }),
        }
    }

    fn csv_cell(value: &Value) -> String {
        match value {
            Value::Null => String::new(),
            Value::String(text) => format!("\"{}\"", text.replace('"', "\"\"")),
            value => format!("\"{}\"", value.to_string().replace('"', "\"\"")),
        }
    }

    #[test]
    fn the_examples_of_all_forms_have_the_same_sites() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/config/examples");
        let read = |ending: &str, form| {
            let file = std::fs::File::open(format!("{folder}/sites.{ending}")).unwrap();
            super::read(form, file).unwrap_or_else(|error| panic!("{ending}: {error}"))
        };
        let expected = read("json", Form::Json);
        assert_eq!(expected.len(), 6);
        for (ending, form) in Form::ENDINGS.into_iter().filter(|(ending, _)| *ending != "yml") {
            assert_eq!(read(ending, form), expected, "{ending}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_a_reader(text in ".{0,200}", marks in r#"[\[\]{}:;,"'&*\-\n\r a-z=#|>]{0,80}"#) {
            for (ending, form) in Form::ENDINGS {
                for text in [&text, &marks] {
                    let read = read(form, text.as_bytes());
                    let Err(SitesFileError::Faults(faults)) = read else { continue };
                    for fault in faults.iter() {
                        prop_assert_eq!(fault.to_string().lines().count(), 1, "{}: {}", ending, fault);
                    }
                }
            }
        }

        #[test]
        fn the_same_sites_are_read_from_every_form(
            mut sites in prop::collection::vec(any_site(), 1..6),
        ) {
            sites.sort_by_key(|site| site["site_id"].to_string());
            sites.dedup_by_key(|site| site["site_id"].to_string());
            // The spaces around a cell are none of its text.
            sites.retain(|site| site["name"].as_str().is_some_and(|name| name.trim() == name));
            prop_assume!(!sites.is_empty());
            let expected = parse(&json!({"sites": sites}).to_string()).unwrap();
            for (ending, form) in Form::ENDINGS {
                let text = in_form(form, &sites);
                let read = read(form, text.as_bytes());
                let read = read.unwrap_or_else(|error| panic!("{ending}: {error}: {text}"));
                prop_assert_eq!(&read, &expected, "{}: {}", ending, text);
            }
        }

        #[test]
        fn no_json_panics(entries in prop::collection::vec(any_json(), 0..4), whole in any_json()) {
            for text in [whole.to_string(), json!({"sites": entries}).to_string()] {
                if let Err(faults) = parse(&text) {
                    prop_assert_eq!(faults.to_string().lines().count(), faults.iter().count() + 1);
                }
            }
        }

        #[test]
        fn a_file_that_comes_in_pieces_is_read_as_the_whole_text(
            text in any_file(), cut in any::<prop::sample::Index>(), piece in 1..9_usize,
        ) {
            for text in [&text[..], &text[..text.floor_char_boundary(cut.index(text.len()))]] {
                let in_pieces = read(Form::Json, Pieces(text.as_bytes(), piece));
                match (parse(text), in_pieces) {
                    (Ok(whole), Ok(in_pieces)) => prop_assert_eq!(whole, in_pieces),
                    (Err(whole), Err(SitesFileError::Faults(in_pieces))) => {
                        prop_assert_eq!(whole, in_pieces);
                    }
                    (whole, in_pieces) => prop_assert!(false, "{whole:?} {in_pieces:?}"),
                }
            }
        }

        #[test]
        fn the_first_byte_that_is_no_utf8_is_named_whatever_stands_before_it(
            bytes in prop::collection::vec(any::<u8>(), 0..256), piece in 1..9_usize,
        ) {
            let whole = std::str::from_utf8(&bytes).map_err(|error| error.valid_up_to());
            let in_pieces = match read(Form::Json, Pieces(&bytes, piece)) {
                Err(SitesFileError::NotUtf8 { at }) => Err(at),
                _ => Ok(()),
            };
            prop_assert_eq!(whole.map(drop).map_err(|at| at as u64), in_pieces);
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..256), cut in 0..200_usize) {
            let _ = parse(&String::from_utf8_lossy(&bytes));
            let text = json!({"sites": [madrid()]}).to_string();
            let _ = parse(text.get(..cut).unwrap_or_default());
        }

        #[test]
        fn valid_sites_come_back_as_they_were_written(
            mut sites in prop::collection::vec(any_site(), 1..8),
        ) {
            sites.sort_by_key(|site| site["site_id"].to_string());
            sites.dedup_by_key(|site| site["site_id"].to_string());
            let parsed = parse(&json!({"sites": sites}).to_string());
            let back: Vec<_> = parsed.unwrap().iter().map(written).collect();
            prop_assert_eq!(back, sites);
        }
    }
}
