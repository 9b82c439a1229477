//! Keeps the floors: imports go down, never up (see docs/ARCHITECTURE.md).

use std::fs;
use std::path::{Path, PathBuf};

/// Modules of the crate and what each may import, from the roof to the ground.
const MAY_USE: [(&str, &[&str]); 21] = [
    ("main", &["cli"]),
    (
        "cli",
        &[
            "clock",
            "domain",
            "etl",
            "gaps",
            "heal",
            "http",
            "job",
            "retry",
            "serve",
            "simulator",
            "sink",
            "source",
            "status",
            "store",
            "sync",
            "telemetry",
        ],
    ),
    ("serve", &["clock", "columnar", "domain", "farmhash", "gaps", "status", "store", "weather"]),
    ("simulator", &["clock", "farmhash"]),
    ("telemetry", &["domain"]),
    ("etl", &["clock", "domain", "job", "retry", "source", "store"]),
    ("job", &["clock", "domain", "retry", "store"]),
    ("gaps", &["domain", "store"]),
    ("heal", &["clock", "domain", "gaps", "job", "retry", "source", "store"]),
    ("status", &["store"]),
    ("weather", &["domain", "gaps", "store"]),
    ("sync", &["clock", "columnar", "domain", "retry", "sink", "store"]),
    ("source", &["domain", "http", "retry"]),
    ("sink", &["clock", "columnar", "domain", "farmhash", "http", "retry"]),
    ("store", &["columnar", "domain", "retry"]),
    ("http", &["clock", "domain", "retry"]),
    ("retry", &["clock"]),
    ("clock", &[]),
    ("columnar", &["domain"]),
    ("domain", &["farmhash"]),
    ("farmhash", &[]),
];

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => rust_files(&path),
            false => vec![path],
        })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

/// `crate::x` in code → x. Comments and strings do not count.
fn imports(text: &str) -> Vec<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| {
        line.split("crate::").skip(1).map(|rest| {
            rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>()
        })
    })
    .filter(|module| !module.is_empty())
    .collect()
}

#[test]
fn imports_go_down() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut faults = Vec::new();
    for file in rust_files(&source) {
        let inner = file.strip_prefix(&source).unwrap();
        let module = inner.components().next().unwrap().as_os_str().to_str().unwrap();
        let module = module.trim_end_matches(".rs");
        if module == "lib" {
            continue;
        }
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == module) else {
            faults.push(format!("{}: `{module}` has no floor yet", inner.display()));
            continue;
        };
        for import in imports(&fs::read_to_string(&file).unwrap()) {
            if import != module && !allowed.contains(&import.as_str()) {
                faults.push(format!("{}: may not use crate::{import}", inner.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_domain_knows_no_runtime_no_database_and_no_network() {
    let domain = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/domain");
    for file in rust_files(&domain) {
        let text = fs::read_to_string(&file).unwrap();
        for crate_name in ["tokio", "sqlx", "reqwest", "axum"] {
            assert!(!text.contains(&format!("{crate_name}::")), "{}: {crate_name}", file.display());
        }
        assert!(!text.contains("async fn"), "{}: async", file.display());
    }
}
