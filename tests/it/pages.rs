//! The pages that are made from the code are those in `docs/`.

use weather_data_product::domain::tables::TABLES;

use crate::support::program::{Program, repository_file};

#[test]
fn every_page_that_is_made_from_the_code_is_what_the_code_says() {
    let program = Program::new();
    program.run(&["pages", "."]).expect(0);
    let mut made = 0;
    for file in std::fs::read_dir(program.folder.path()).unwrap() {
        let file = file.unwrap();
        let name = file.file_name().into_string().unwrap();
        let is_same = std::fs::read_to_string(file.path()).unwrap()
            == repository_file(&format!("docs/{name}"));
        assert!(is_same, "docs/{name} is out of date: cargo run -- pages docs");
        made += 1;
    }
    assert_eq!(made, 3);
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
