//! A sites file in each of its forms, as its user has it, and what comes of them in the store.

use std::fs::File;

use crate::support::databases::{TestDatabase, with_mysql, with_sqlite};
use crate::support::program::{Program, SimulatorProcess, repository_path};
use weather_data_product::domain::sites_file::{self, Form};

const FORMS: [&str; 4] = ["json", "csv", "yaml", "toml"];

/// Every row of the table of sites, after each form of the examples was taken in.
async fn tables(database: &TestDatabase) -> Vec<Vec<String>> {
    let now = "2026-11-30T08:00:00Z".parse().unwrap();
    let row = "select concat_ws('|', site_id, name, latitude, longitude, timezone, country, elevation_m, \
               interval_minutes, active_from, active_until, tags) from sites order by site_id";
    let mut tables = Vec::new();
    for ending in FORMS {
        let path = repository_path(&format!("config/examples/sites.{ending}"));
        let file = File::open(&path).unwrap();
        let sites = sites_file::read(Form::of(&path).unwrap(), file).unwrap();
        database.execute("delete from sites").await;
        database.store.take_in_sites(&sites, now).await.unwrap();
        tables.push(database.lines(row).await);
    }
    tables
}

#[tokio::test]
async fn every_form_makes_the_same_table_of_sites() {
    let are_equal = async |database: &TestDatabase| {
        let tables = tables(database).await;
        assert_eq!(tables[0].len(), 6);
        assert!(tables[0].iter().any(|row| row.contains("東京・渋谷")), "{:?}", tables[0]);
        assert!(tables.iter().all(|table| *table == tables[0]), "{tables:#?}");
    };
    with_sqlite(are_equal).await;
    with_mysql(are_equal).await;
}

#[test]
fn the_examples_are_collected_in_every_form() {
    let simulator = SimulatorProcess::start(&[]);
    for ending in FORMS {
        let file = repository_path(&format!("config/examples/sites.{ending}"));
        let program = simulator.client("").env("SITES_FILE", &file.display().to_string());
        let checked = program.run(&["sites", "check"]).expect(0);
        assert!(checked.stderr.contains("6 sites, no fault"), "{}", checked.stderr);
        let etl = program.run(&["etl", "--log-format", "json"]).expect(0);
        assert_eq!(etl.run_summary()["collected"], 6, "{}", etl.stderr);
    }
}

#[test]
fn every_fault_of_every_form_is_named_with_file_line_key_and_what_is_expected() {
    let csv = "site_id,name,latitude,longitude,timezone\r\nMAD,Madrid,91,-3.68,Europe/madrid\r\n";
    let yaml = "sites:\n  - site_id: MAD\n    name: Madrid\n    latitude: 91\n    longitude: -3.68\n    timezone: Europe/madrid\n";
    let toml = "[[sites]]\nsite_id = \"MAD\"\nname = \"Madrid\"\nlatitude = 91\nlongitude = -3.68\ntimezone = \"Europe/madrid\"\n";
    for (file, text, lines) in [
        ("sites.csv", csv, [2, 2, 2]),
        ("sites.yaml", yaml, [2, 4, 6]),
        ("sites.yml", yaml, [2, 4, 6]),
        ("sites.toml", toml, [2, 4, 6]),
    ] {
        let program = Program::new().file(file, text).env("SITES_FILE", file);
        for command in [&["sites", "check"][..], &["sites", "list"], &["etl"]] {
            let ran = program.run(&[command, &["--log-format", "pretty"]].concat()).expect(2);
            for part in [
                &format!("sites file {file}: 3 faults"),
                &format!("line {}: site_id: \"MAD\" is no site id: expected 1 to 64", lines[0]),
                &format!("line {}: latitude: 91 is out of range: expected -90 to 90", lines[1]),
                &format!(
                    "line {}: timezone: \"Europe/madrid\" is no time zone: did you mean Europe/Madrid?",
                    lines[2]
                ),
            ] {
                assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
            }
        }
        let left: Vec<_> = std::fs::read_dir(program.folder.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "nothing is written: {left:?}");
    }
}

#[test]
fn a_file_of_no_form_is_named_with_the_forms_that_there_are() {
    let program = Program::new().file("sites.xlsx", "PK").file("sites", r#"{"sites": []}"#);
    let ran = program.run(&["sites", "check", "sites.xlsx", "--log-format", "pretty"]).expect(2);
    for part in [
        "sites.xlsx: .xlsx is no form of a sites file",
        ".json, .csv, .yaml, .yml, .toml",
        "saved as CSV in UTF-8",
    ] {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
    }
    let ran = program.run(&["sites", "check", "sites", "--log-format", "pretty"]).expect(2);
    assert!(ran.stderr.contains("sites: is empty"), "without an ending it is JSON: {}", ran.stderr);
}
