//! Files as people write them.

use super::*;

const MADRID: &str = "[[sites]]
site_id = \"mad-retiro\"
name = \"Madrid\"
latitude = 40.41
longitude = -3.68
timezone = \"Europe/Madrid\"
";

fn faults(text: &str) -> Vec<String> {
    read(text).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn a_site_is_a_table() {
    let text = format!(
        "# our sites\n{MADRID}active_from = 2026-01-01\nelevation_m = 667\ntags = [\n  \"office\",\n  \"shop\",\n]\n"
    );
    let sites = read(&text).unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!((sites[0].elevation_m, sites[0].tags.len()), (Some(667.0), 2));
    assert_eq!(sites[0].active_from.map(|day| day.to_string()), Some("2026-01-01".into()));
}

#[test]
fn every_fault_of_a_file_is_named_at_once_by_the_line_of_its_key() {
    let text = format!(
        "version = 1\n{MADRID}lat = 1\n\n{}",
        MADRID.replace("40.41", "91").replace("Europe/Madrid", "Mars/Base")
    );
    assert_eq!(
        faults(&text),
        [
            "line 1: version: is no key of the file: expected $schema or sites",
            "line 8 (mad-retiro): lat: is no key of a site: did you mean latitude?",
            "line 11 (mad-retiro): site_id: is that of line 3 already: expected each id once: give one of the two another, or remove it",
            "line 13 (mad-retiro): latitude: 91 is out of range: expected -90 to 90 degrees north",
            "line 15 (mad-retiro): timezone: \"Mars/Base\" is no time zone: expected an IANA name, such as Europe/Madrid",
        ]
    );
}

#[test]
fn toml_of_another_shape_says_what_shape_is_meant() {
    for (text, fault) in [
        ("", "the file: sites: is missing"),
        ("[sites]\nmad = 1\n", "line 1: sites: an object is no list: expected a list of sites"),
        (
            "[sites.mad]\nname = \"Madrid\"\n",
            "sites: an object is no list: expected a list of sites",
        ),
        ("[mad-retiro]\nname = \"Madrid\"\n", "line 1: mad-retiro: is no key of the file"),
        ("sites = [1]\n", "sites[0]: 1 is no object"),
    ] {
        let found = faults(text);
        assert!(found.iter().any(|found| found.contains(fault)), "{text}: {found:?}");
    }
}

#[test]
fn every_place_that_is_no_toml_is_named_at_once() {
    let found = faults("[[sites]]\nname = Madrid\nlatitude = \nname = \"x\"\n");
    assert!(found.len() > 1, "{found:?}");
    assert!(
        found
            .iter()
            .all(|fault| fault.starts_with("line ") && fault.contains("expected TOML: [[sites]]")),
        "{found:?}"
    );
    let twice = faults(&format!("{MADRID}name = \"Madrid\"\n"));
    assert!(twice.len() == 1 && twice[0].starts_with("line 7"), "{twice:?}");
    assert!(!faults(&"[".repeat(100_000)).is_empty());
    assert!(!faults(&format!("a = {}", "[".repeat(100_000))).is_empty());
}

#[test]
fn numbers_of_every_base_are_numbers_and_those_that_are_none_are_refused() {
    let read_with = |latitude: &str| read(&MADRID.replace("40.41", latitude));
    assert_eq!(read_with("0x10").unwrap()[0].coordinates.latitude(), 16.0);
    assert_eq!(read_with("1_0").unwrap()[0].coordinates.latitude(), 10.0);
    for written in ["nan", "inf", "99999999999999999999", "\"40.41\"", "2026-01-01"] {
        assert!(read_with(written).is_err(), "{written}");
    }
}
