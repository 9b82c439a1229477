//! Files as people write them.

use super::*;

const MADRID: &str = "  - site_id: mad-retiro
    name: Madrid
    latitude: 40.41
    longitude: -3.68
    timezone: Europe/Madrid
";

fn faults(text: &str) -> Vec<String> {
    read(text).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn a_site_is_an_entry_of_the_list() {
    let text = format!(
        "# our sites\nsites:\n{MADRID}    country: NO\n    tags: [office, two words]\n    active_from: 2026-01-01\n    active_until: ~\n"
    );
    let sites = read(&text).unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(sites[0].country.as_deref(), Some("NO"), "no is no boolean");
    assert_eq!(
        (sites[0].tags.len(), sites[0].active_from.map(|day| day.to_string())),
        (2, Some("2026-01-01".into()))
    );
}

#[test]
fn every_fault_of_a_file_is_named_at_once_by_the_line_of_its_key() {
    let text = format!(
        "version: 1\nsites:\n{MADRID}    lat: 1\n    latitude: 91\n{MADRID}    timezone: Europe/Madrid\n  - 7\n"
    );
    assert_eq!(
        faults(&text),
        [
            "line 1: version: is no key of the file: expected $schema or sites",
            "line 8 (mad-retiro): lat: is no key of a site: did you mean latitude?",
            "line 9 (mad-retiro): latitude: is there twice: expected each key once",
            "line 10 (mad-retiro): site_id: is that of line 3 already: expected each id once: give one of the two another, or remove it",
            "line 15 (mad-retiro): timezone: is there twice: expected each key once",
            "sites[2]: 7 is no object: expected a site: {\"site_id\": \"…\", \"name\": \"…\", …}",
        ]
    );
}

#[test]
fn an_alias_and_another_document_are_faults_beside_the_others() {
    let text = "sites:\n  - &first\n    site_id: MAD\n    name: Madrid\n    latitude: 40.41\n    longitude: -3.68\n    timezone: Europe/Madrid\n  - *first\n---\nsites: []\n";
    let found = faults(text);
    assert!(found.iter().any(|fault| fault == "line 8: an alias stands for a value: expected the value itself: a sites file has no anchors"), "{found:#?}");
    assert!(
        found
            .iter()
            .any(|fault| fault.starts_with("line 10: another document begins: expected one")),
        "{found:#?}"
    );
    assert!(
        found.iter().any(|fault| fault.starts_with("line 3: site_id: \"MAD\" is no site id")),
        "{found:#?}"
    );
    let merged =
        "base: &base\n  timezone: Europe/Madrid\nsites:\n  - <<: *base\n    site_id: mad\n";
    let found = faults(merged);
    assert!(
        found.iter().any(|fault| fault.starts_with("line 4: an alias stands for a value")),
        "{found:#?}"
    );
    assert!(
        found.iter().any(|fault| fault.starts_with("line 4 (mad): <<: is no key of a site")),
        "{found:#?}"
    );
}

#[test]
fn a_bomb_of_aliases_ends_in_a_fault() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        let below = vec![format!("*a{}", level - 1); 9].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{below}]\n"));
    }
    assert!(!faults(&text).is_empty());
    assert!(!faults(&"[".repeat(100_000)).is_empty());
    assert!(!faults(&"- ".repeat(100_000)).is_empty());
}

#[test]
fn text_that_is_no_yaml_is_said_by_line_and_column() {
    let found = faults("sites:\n  - name: \"Madrid\n");
    assert_eq!(found.len(), 1);
    assert!(
        found[0].starts_with("line ") && found[0].contains("expected YAML: `sites:`"),
        "{found:?}"
    );
    let found = faults("sites:\n  - name: Madrid\n   latitude: 1\n");
    assert!(found[0].starts_with("line 3, column "), "{found:?}");
    assert!(!found[0][8..].contains("line 3"), "said once: {found:?}");
}

#[test]
fn a_file_without_sites_says_so() {
    for text in ["", "# nothing\n", "---\n", "sites:\n", "sites: []\n", "- site_id: mad\n", "text"]
    {
        let found = faults(text);
        let is_of_the_file =
            found[0].starts_with("the file: ") || found[0].starts_with("line 1: sites: ");
        assert!(is_of_the_file && found.len() == 1, "{text:?}: {found:?}");
    }
}

#[test]
fn a_number_that_is_none_is_refused_by_its_rule() {
    for (written, fault) in [
        (".nan", "latitude: \".nan\" is no number"),
        ("1_0", "latitude: \"1_0\" is no number"),
        ("012", "latitude: \"012\" is no number"),
        ("\"40.41\"", "latitude: \"40.41\" is no number"),
        ("1e400", "latitude: "),
        (
            "170141183460469231731687303715884105727",
            "latitude: 1.7014118346046923e38 is out of range",
        ),
    ] {
        let found = faults(&format!("sites:\n{}", MADRID.replace("40.41", written)));
        assert!(found.len() == 1 && found[0].contains(fault), "{written}: {found:?}");
    }
}
