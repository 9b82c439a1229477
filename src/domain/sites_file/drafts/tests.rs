//! Lists of places, and what becomes of them.

use super::*;

fn faults(text: &str) -> Vec<String> {
    match Drafts::read(text.as_bytes()) {
        Err(SitesFileError::Faults(faults)) => faults.iter().map(ToString::to_string).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_list_needs_names_alone_and_its_other_columns_are_passed_over() {
    let drafts =
        Drafts::read("Name;Manager;Lat;Lng\nMadrid;Ana;40,41;-3,68\nOslo;Per;;\n".as_bytes())
            .unwrap();
    assert_eq!(drafts.passed_over, ["Manager"]);
    let found: Vec<_> =
        drafts.places.iter().map(|draft| (draft.name(), draft.coordinates())).collect();
    assert_eq!(found, [("Madrid", Coordinates::parse(40.41, -3.68)), ("Oslo", None)]);
}

#[test]
fn what_a_list_says_is_held_to_the_rules_before_anything_is_looked_up() {
    let found = faults(
        "name,lat,lon,timezone,country,id,lat\nMadrid,40.41,,Mars/Base,es,,\nOslo,x,,,Norway,-1,\n",
    );
    assert_eq!(found.len(), 7, "{found:#?}");
    for part in [
        "line 1: lat: the column \"lat\" is the latitude already",
        "line 2: longitude: is missing",
        "line 2: timezone: \"Mars/Base\" is no time zone",
        "line 3: latitude: \"x\" is no number",
        "line 3: longitude: is missing",
        "line 3: country: \"NORWAY\" is no country code",
        "line 3: site_id: \"-1\" is no site id",
    ] {
        assert!(found.iter().any(|fault| fault.starts_with(part)), "{part}: {found:#?}");
    }
    assert!(faults("lat,lon\n1,2\n")[0].starts_with("line 1: name: is no head: add a column"));
    assert!(faults("name\n")[0].contains("expected at least one site"));
    assert!(faults("")[0].contains("is empty"));
}

#[test]
fn ids_are_made_of_names_and_each_is_given_once() {
    let names =
        ["Madrid, El Retiro", "madrid-el-retiro", "São Tomé", "東京", "Łódź", "", "Zürich", "大阪"];
    let drafts = names.into_iter().map(Draft::named).collect();
    let mut drafts = Drafts { places: drafts, passed_over: Vec::new() };
    drafts.places[6].set("site_id", Json::Text("sao-tome".into()));
    drafts.give_ids();
    let ids: Vec<_> = drafts.places.iter().map(|draft| draft.text("site_id").unwrap()).collect();
    assert_eq!(
        ids,
        [
            "madrid-el-retiro",
            "madrid-el-retiro-2",
            "sao-tome-2",
            "site",
            "lodz",
            "site-2",
            "sao-tome",
            "site-3"
        ]
    );
}

#[test]
fn what_is_filled_in_makes_a_site_and_what_is_still_missing_is_a_fault() {
    let mut drafts = Drafts::of(vec![Draft::named("Madrid"), Draft::named("Oslo")]).unwrap();
    drafts.give_ids();
    drafts.places[0].set_coordinates(Coordinates::parse(40.41, -3.68).unwrap());
    drafts.places[0].set_country("ES");
    drafts.places[0].set_country("FR");
    drafts.places[0].set_zone(chrono_tz::Europe::Madrid);
    let oslo = drafts.places.remove(1);
    assert!(oslo.lacks_zone() && oslo.coordinates().is_none());
    let sites = drafts.into_sites().unwrap();
    assert_eq!((sites[0].site_id.as_str(), sites[0].country.as_deref()), ("madrid", Some("ES")));
    let faults = Drafts { places: vec![oslo], passed_over: Vec::new() }.into_sites().unwrap_err();
    assert_eq!(faults.iter().count(), 3, "{faults}");
    assert_eq!(Drafts::of(vec![Draft::named("=1")]).unwrap_err().iter().count(), 1);
}
