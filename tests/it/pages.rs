//! The pages that are made from the code are those in `docs/`.

use std::path::{Path, PathBuf};

use weather_data_product::domain::tables::TABLES;

use crate::support::program::{Program, repository_file, repository_path};

/// Compares every file that `weather pages` writes with the one of the repository; how many they are.
fn compare(arguments: &[&str], folder: &str, remedy: &str) -> usize {
    let program = Program::new();
    program.run(&[&["pages"], arguments, &["."]].concat()).expect(0);
    let made = files(program.folder.path());
    for path in &made {
        let name = path.strip_prefix(program.folder.path()).unwrap().display();
        let is_same =
            std::fs::read_to_string(path).unwrap() == repository_file(&format!("{folder}/{name}"));
        assert!(is_same, "{folder}/{name} is out of date: {remedy}");
    }
    made.len()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn every_page_that_is_made_from_the_code_is_what_the_code_says() {
    assert_eq!(compare(&[], "docs", "cargo run -- pages docs"), 3);
}

#[test]
fn every_file_of_a_kit_that_is_made_from_the_code_is_what_the_code_says() {
    let made = compare(&["--kits"], "kits", "cargo run -- pages --kits kits");
    let views = std::fs::read_dir(repository_path("kits/looker/views")).unwrap().count();
    assert_eq!(made, views + 1, "a view that is no more has a file");
}

#[test]
fn every_setting_and_every_column_has_its_row() {
    let page = repository_file("docs/CONFIGURATION.md");
    let sample = repository_file(".env.sample");
    let named = sample.lines().filter_map(|line| Some(line.strip_prefix('#')?.split_once('=')?.0));
    let is_name = |name: &&str| name.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    let variables: Vec<&str> = named.filter(is_name).collect();
    assert!(variables.len() > 25, "{variables:?}");
    for variable in variables {
        assert!(page.contains(&format!("| `{variable}` |")), "{variable}");
    }
    let page = repository_file("docs/TABLES.md");
    for column in TABLES.iter().flat_map(|table| table.columns) {
        assert!(page.contains(&format!("\n| `{}` | ", column.name)), "{}", column.name);
    }
}
