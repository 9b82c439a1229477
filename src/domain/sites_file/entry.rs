//! One entry of the file → a site.

use chrono::NaiveDate;

use super::fault::{Fault, Place, Start, Wrong};
use super::json::Json;
use super::object::Object;
use super::rules;
use crate::domain::coordinates::Coordinates;
use crate::domain::site::{Interval, Site, SiteId};

/// Every key a site may have.
pub(super) const SITE_KEYS: &[&str] = &[
    "site_id",
    "name",
    "latitude",
    "longitude",
    "timezone",
    "country",
    "elevation_m",
    "interval_minutes",
    "active_from",
    "active_until",
    "tags",
];

/// The keys that every site has.
pub(super) const NEEDED_KEYS: &[&str] = &["site_id", "name", "latitude", "longitude", "timezone"];

/// The site of the entry; `None` comes with at least one fault, unless one of the `excused` keys is missing.
pub(super) fn read(
    start: Start,
    entry: &Json,
    excused: &[&str],
    faults: &mut Vec<Fault>,
) -> Option<Site> {
    let place = Place::Site { start, site_id: find_site_id(entry) };
    let Json::Object(fields) = entry else {
        let expected = r#"expected a site: {"site_id": "…", "name": "…", …}"#;
        faults.push(Wrong::kind(entry, "object", expected).at(place, None));
        return None;
    };
    let faults_before = faults.len();
    let mut object = Object::read(place, fields, SITE_KEYS, faults).excusing(excused);
    let site = read_site(&mut object);
    site.filter(|_| object.fault_count() == faults_before)
}

/// The entry's id if it is a valid one, to name the entry by.
pub(super) fn find_site_id(entry: &Json) -> Option<&str> {
    let Json::Object(fields) = entry else { return None };
    let Json::Text(text) = &fields.iter().find(|field| field.key == "site_id")?.value else {
        return None;
    };
    SiteId::parse(text).is_some().then_some(text.as_str())
}

/// Reads every field before it gives up: every fault is to be found.
fn read_site(object: &mut Object) -> Option<Site> {
    let site_id = object.required("site_id", rules::site_id);
    let name = object.required("name", rules::name);
    let latitude = object.required("latitude", rules::latitude);
    let longitude = object.required("longitude", rules::longitude);
    let timezone = object.required("timezone", rules::timezone);
    let country = object.optional("country", rules::country);
    let elevation_m = object.optional("elevation_m", rules::elevation_m);
    let interval = object.optional("interval_minutes", rules::interval);
    let (active_from, active_until) = read_life(object);
    let tags = object.optional("tags", rules::tags);
    Some(Site {
        site_id: site_id?,
        name: name?,
        coordinates: Coordinates::parse(latitude?, longitude?)?,
        timezone: timezone?,
        country,
        elevation_m,
        interval: interval.unwrap_or(Interval::HOUR),
        active_from,
        active_until,
        tags: tags.unwrap_or_default(),
    })
}

fn read_life(object: &mut Object) -> (Option<NaiveDate>, Option<NaiveDate>) {
    let from = object.optional("active_from", rules::day);
    let until = object.optional("active_until", rules::day);
    if let (Some(from), Some(until)) = (from, until)
        && until < from
    {
        let problem = format!("{until} is before active_from, {from}");
        object.fault("active_until", Wrong::new(problem, "expected the same day or a later one"));
    }
    (from, until)
}

#[cfg(test)]
mod tests {
    use super::super::object::find_near;
    use super::*;

    fn read_with(field: &str) -> Result<Site, Vec<String>> {
        let text = format!(
            r#"{{"site_id": "mad-retiro", "name": "Madrid", "latitude": 40.41,
                 "longitude": -3.68, "timezone": "Europe/Madrid", {field}}}"#
        );
        let mut faults = Vec::new();
        let start = Start { index: 3, line: None };
        let site = read(start, &serde_json::from_str(&text).unwrap(), &[], &mut faults);
        site.ok_or_else(|| faults.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn null_is_the_same_as_left_out() {
        let nulls = r#""country": null, "elevation_m": null, "interval_minutes": null,
                       "active_from": null, "active_until": null, "tags": null"#;
        let site = read_with(nulls).unwrap();
        assert_eq!((site.interval, site.tags.len()), (Interval::HOUR, 0));
        assert_eq!((site.country, site.active_until), (None, None));
    }

    #[test]
    fn a_site_may_live_for_one_day_but_not_for_less() {
        assert!(read_with(r#""active_from": "2026-01-01", "active_until": "2026-01-01""#).is_ok());
        assert_eq!(
            read_with(r#""active_from": "2026-01-02", "active_until": "2026-01-01""#).unwrap_err(),
            ["sites[3] (mad-retiro): active_until: 2026-01-01 is before active_from, 2026-01-02: \
              expected the same day or a later one"]
        );
    }

    #[test]
    fn a_key_that_is_nearly_right_gets_a_suggestion() {
        for (written, meant) in [
            ("lat", "latitude"),
            ("Longitude", "longitude"),
            ("siteId", "site_id"),
            ("time_zone", "timezone"),
            ("elevation", "elevation_m"),
            ("active_form", "active_from"),
        ] {
            assert_eq!(find_near(written, SITE_KEYS), Some(meant), "{written}");
        }
        for odd in ["", "id", "comment", "ÀÀÀÀ", &"latitude".repeat(1000)] {
            assert_eq!(find_near(odd, SITE_KEYS), None, "{odd}");
        }
    }

    #[test]
    fn a_site_with_an_unknown_key_is_no_site() {
        assert_eq!(
            read_with(r#""comment": "near\nthe lake", "Tags": []"#).unwrap_err(),
            [
                "sites[3] (mad-retiro): comment: is no key of a site: remove it; what is free text \
                 fits in name or tags",
                "sites[3] (mad-retiro): Tags: is no key of a site: did you mean tags?",
            ]
        );
    }
}
