//! The sites file: JSON that people write by hand, taken in whole or not at all.
//!
//! A person who mends a file wants to know every fault at once. So reading goes on after a
//! fault and collects them: where it is, which field, what is wrong and what is expected. Only
//! JSON that cannot be read ends it early. `config/sites.schema.json` says the same rules to
//! editors, except those that look at several sites or know the time zones; a test keeps the
//! two in step.

mod entry;
mod fault;
mod json;
mod object;
mod rules;
#[cfg(test)]
mod schema_test;

use std::collections::HashMap;

use super::site::Site;
pub use fault::{Fault, SitesFileFaults};
use fault::{Place, Wrong};
use json::Json;
use object::Object;

/// The keys of the file itself; `$schema` is for editors.
const FILE_KEYS: &[&str] = &["$schema", "sites"];

/// The sites of a sites file, in its order.
///
/// # Errors
///
/// Every fault of the file at once; the caller adds the file's name.
pub fn parse(text: &str) -> Result<Vec<Site>, SitesFileFaults> {
    // Some editors on Windows begin a file with a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let json = json::parse(text).map_err(|error| SitesFileFaults(vec![Fault::of_json(&error)]))?;
    let mut faults = Vec::new();
    let sites = read_file(&json, &mut faults);
    if faults.is_empty() { Ok(sites) } else { Err(SitesFileFaults(faults)) }
}

fn read_file(json: &Json, faults: &mut Vec<Fault>) -> Vec<Site> {
    let Json::Object(fields) = json else {
        let expected = r#"expected an object: {"sites": [...]}"#;
        faults.push(Wrong::kind(json, "object", expected).at(Place::File, None));
        return Vec::new();
    };
    let mut object = Object::read(Place::File, fields, FILE_KEYS, faults);
    object.optional("$schema", rules::schema);
    let Some(entries) = object.required("sites", rules::entries) else { return Vec::new() };
    let (mut sites, mut first_with) = (Vec::new(), HashMap::new());
    for (index, entry) in entries.iter().enumerate() {
        faults.extend(repeated_id(index, entry, &mut first_with));
        sites.extend(entry::read(index, entry, faults));
    }
    sites
}

/// Entries that are faulty otherwise count too, so that mending one does not bring the next
/// fault to light.
fn repeated_id<'a>(
    index: usize,
    entry: &'a Json<'a>,
    first_with: &mut HashMap<&'a str, usize>,
) -> Option<Fault> {
    let site_id = entry::find_site_id(entry)?;
    let first = *first_with.entry(site_id).or_insert(index);
    let wrong = Wrong::new(
        format!("is that of sites[{first}] already"),
        "expected each id once: give one of the two another, or remove it",
    );
    let place = Place::Site { index, site_id: Some(site_id) };
    (first != index).then(|| wrong.at(place, Some("site_id")))
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

    proptest! {
        #[test]
        fn no_json_panics(entries in prop::collection::vec(any_json(), 0..4), whole in any_json()) {
            for text in [whole.to_string(), json!({"sites": entries}).to_string()] {
                if let Err(faults) = parse(&text) {
                    prop_assert_eq!(faults.to_string().lines().count(), faults.iter().count() + 1);
                }
            }
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
