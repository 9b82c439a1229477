//! Keeps the floors: imports go down, never up, and only the roof knows an implementation (see
//! docs/ARCHITECTURE.md).

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Ident, ItemMod, Macro, UseTree};

/// Modules of the crate and what each may import, from the roof to the ground.
const MAY_USE: [(&str, &[&str]); 25] = [
    ("main", &["cli"]),
    (
        "cli",
        &[
            "archive",
            "clock",
            "domain",
            "etl",
            "forecast",
            "heal",
            "http",
            "job",
            "objects",
            "replay",
            "retry",
            "serve",
            "simulator",
            "sink",
            "source",
            "status",
            "store",
            "sync",
            "telemetry",
            "vault",
            "views",
        ],
    ),
    ("serve", &["clock", "columnar", "domain", "farmhash", "status", "store", "views"]),
    ("simulator", &["clock", "farmhash"]),
    ("telemetry", &["domain"]),
    ("etl", &["clock", "domain", "job", "retry", "source", "store"]),
    ("forecast", &["clock", "domain", "job", "retry", "source", "store"]),
    ("job", &["clock", "domain", "http", "retry", "source", "store", "vault"]),
    ("archive", &["clock", "columnar", "domain", "sink", "store"]),
    ("replay", &["clock", "domain", "http", "job", "source", "store", "vault", "views"]),
    ("heal", &["clock", "domain", "job", "retry", "source", "store", "views"]),
    ("status", &["domain", "store", "views"]),
    ("views", &["domain", "store"]),
    ("sync", &["clock", "columnar", "domain", "retry", "sink", "store"]),
    ("source", &["domain", "http", "retry"]),
    ("sink", &["clock", "columnar", "domain", "farmhash", "http", "objects", "retry"]),
    ("store", &["columnar", "domain", "retry"]),
    ("vault", &["domain", "http", "objects"]),
    ("objects", &["clock", "http", "retry"]),
    ("http", &["clock", "domain", "retry"]),
    ("retry", &["clock"]),
    ("clock", &[]),
    ("columnar", &["domain"]),
    ("domain", &["farmhash"]),
    ("farmhash", &[]),
];

/// What stands behind a trait: only the roof, where the parts are built, may name it.
const IMPLEMENTATIONS: [[&str; 2]; 6] = [
    ["store", "mysql"],
    ["store", "sqlite"],
    ["source", "open_meteo"],
    ["source", "openweathermap"],
    ["sink", "bigquery"],
    ["sink", "lake"],
];

/// The rooms of `serve` and what each may use of the others; `serve` itself puts them together.
const SERVE_MAY_USE: [(&str, &[&str]); 6] = [
    ("answer", &[]),
    ("door", &["answer"]),
    ("api", &["answer"]),
    ("edr", &["answer"]),
    ("page", &["answer"]),
    ("export", &["answer"]),
];

/// What of `serve` itself its rooms may name: the state that routes are made for.
const SERVE_STATE: &str = "App";

/// Crates that the domain must not know: it is pure.
const NOT_IN_DOMAIN: [&str; 4] = ["tokio", "sqlx", "reqwest", "axum"];

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

/// The module that a file of `src` is: `store/mysql/load.rs` is `store`, `mysql`, `load`.
fn module_of(file: &str) -> Vec<String> {
    let parts = file.trim_end_matches(".rs").split('/').map(str::to_owned);
    parts.filter(|part| part != "lib").collect()
}

/// Every path that a file names, from the crate's root on: `crate::a::b` and what it says by `self` and
/// `super` is `a`, `b`. What begins with another name is left out, but for `outside`.
struct Paths {
    module: Vec<String>,
    named: BTreeSet<Vec<String>>,
    outside: BTreeSet<String>,
}

impl Paths {
    fn of(file: &str, text: &str) -> Self {
        let module = module_of(file);
        let mut paths = Self { module, named: BTreeSet::new(), outside: BTreeSet::new() };
        paths.visit_file(&syn::parse_file(text).unwrap_or_else(|error| panic!("{file}: {error}")));
        paths
    }

    fn add(&mut self, path: &[String]) {
        let Some((first, rest)) = path.split_first() else { return };
        let above = path.iter().take_while(|part| *part == "super").count();
        let absolute = match first.as_str() {
            "crate" => rest.to_vec(),
            "self" => [&self.module, rest].concat(),
            "super" => {
                let kept = self.module.len().saturating_sub(above);
                [&self.module[..kept], &path[above..]].concat()
            }
            _ => {
                self.outside.insert(first.clone());
                return;
            }
        };
        self.named.insert(absolute);
    }

    fn add_tree(&mut self, before: &[String], tree: &UseTree) {
        let with = |name: &Ident| [before, &[name.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.add_tree(&with(&path.ident), &path.tree),
            UseTree::Name(name) => self.add(&with(&name.ident)),
            UseTree::Rename(name) => self.add(&with(&name.ident)),
            UseTree::Glob(_) => self.add(&[before, &["*".to_owned()]].concat()),
            UseTree::Group(group) => {
                group.items.iter().for_each(|item| self.add_tree(before, item));
            }
        }
    }

    /// The arguments of a macro are tokens, in which a path is names with `::` between.
    fn add_tokens(&mut self, tokens: TokenStream) {
        let mut path = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.add(&std::mem::take(&mut path));
                    }
                    path.push(name.to_string());
                    colons = 0;
                }
                TokenTree::Punct(sign) if sign.as_char() == ':' => colons += 1,
                other => {
                    self.add(&std::mem::take(&mut path));
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.add_tokens(group.stream());
                    }
                }
            }
        }
        self.add(&path);
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.add_tree(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let parts: Vec<String> = path.segments.iter().map(|part| part.ident.to_string()).collect();
        self.add(&parts);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.add_tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        self.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.module.pop();
    }
}

/// What a file of `src` imports though it may not.
fn faults(file: &str, text: &str) -> Vec<String> {
    let module = module_of(file);
    let Some(room) = module.first() else { return Vec::new() };
    let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| name == room) else {
        return vec![format!("{file}: `{room}` has no floor yet")];
    };
    let paths = Paths::of(file, text);
    let is_known = |name: &str| MAY_USE.iter().any(|(module, _)| *module == name);
    let upward = paths.named.iter().filter_map(|path| {
        let other = path.first()?;
        let is_allowed = other == room || allowed.contains(&other.as_str()) || !is_known(other);
        (!is_allowed).then(|| format!("{file}: may not use crate::{other}"))
    });
    let behind = paths.named.iter().filter_map(|path| {
        let hidden =
            IMPLEMENTATIONS.iter().find(|hidden| path.starts_with(&hidden.map(str::to_owned)))?;
        let is_roof = ["cli", "main"].contains(&room.as_str());
        (!is_roof && room != hidden[0]).then(|| {
            format!("{file}: names the implementation crate::{}, take its trait", hidden.join("::"))
        })
    });
    let impure = paths
        .outside
        .iter()
        .filter(|name| room == "domain" && NOT_IN_DOMAIN.contains(&name.as_str()));
    let impure = impure.map(|name| format!("{file}: the domain is pure, it may not use {name}"));
    upward.chain(behind).chain(impure).chain(faults_in_serve(file, &paths)).collect()
}

/// What a room of `serve` names of the others though it may not.
fn faults_in_serve(file: &str, paths: &Paths) -> Vec<String> {
    let module = module_of(file);
    let [serve, room, ..] = &module[..] else { return Vec::new() };
    if serve != "serve" {
        return Vec::new();
    }
    let Some((_, allowed)) = SERVE_MAY_USE.iter().find(|(name, _)| name == room) else {
        return vec![format!("{file}: `serve::{room}` has no floor yet")];
    };
    let of_serve = paths.named.iter().filter(|path| path.first() == Some(serve));
    let others = of_serve.filter_map(|path| {
        let other = path.get(1)?.as_str();
        let is_allowed = other == room || other == SERVE_STATE || allowed.contains(&other);
        (!is_allowed).then(|| format!("{file}: may not use crate::serve::{other}"))
    });
    others.collect()
}

#[test]
fn imports_go_down_and_only_the_roof_names_an_implementation() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    for file in rust_files(&source) {
        let inner = file.strip_prefix(&source).unwrap().to_str().unwrap();
        all.extend(faults(inner, &fs::read_to_string(&file).unwrap()));
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn an_import_that_goes_up_is_seen_however_it_is_written() {
    for (file, text, fault) in [
        ("domain/slot.rs", "use crate::{serve, cli};", "may not use crate::serve"),
        ("domain/slot.rs", "use crate::{farmhash, cli};", "may not use crate::cli"),
        ("domain/budget/window.rs", "use super::super::super::store;", "may not use crate::store"),
        ("domain.rs", "use super::{store::Store};", "may not use crate::store"),
        ("domain/slot.rs", "mod tests { use super::super::super::etl; }", "may not use crate::etl"),
        ("retry.rs", "fn f() { crate::job::lock::take(); }", "may not use crate::job"),
        (
            "retry.rs",
            "fn f() -> bool { matches!(x, crate::job::Stop::Key) }",
            "may not use crate::job",
        ),
        ("etl.rs", "use crate::store::mysql;", "names the implementation crate::store::mysql"),
        ("etl.rs", "use crate::store::{self, sqlite::SqliteStore};", "names the implementation"),
        ("serve/api.rs", "use crate::store::sqlite;", "names the implementation"),
        ("domain/slot.rs", "use sqlx::FromRow;", "the domain is pure, it may not use sqlx"),
        ("attic.rs", "", "`attic` has no floor yet"),
        (
            "serve/answer/query.rs",
            "use crate::serve::{App, api::runs};",
            "may not use crate::serve::api",
        ),
        ("serve/answer.rs", "use super::edr;", "may not use crate::serve::edr"),
        ("serve/answer/rows.rs", "use super::super::page;", "may not use crate::serve::page"),
        ("serve/door/guard.rs", "use crate::serve::api;", "may not use crate::serve::api"),
        ("serve/edr/links.rs", "fn f() { crate::serve::api::f(); }", "use crate::serve::api"),
        ("serve/page/site.rs", "use crate::serve::*;", "may not use crate::serve::*"),
        ("serve/attic.rs", "", "`serve::attic` has no floor yet"),
    ] {
        let found = faults(file, text);
        assert!(found.iter().any(|each| each.contains(fault)), "{file}: {text}: {found:?}");
    }
}

#[test]
fn what_an_import_may_name_is_no_fault() {
    for (file, text) in [
        ("etl.rs", "use crate::store::{Store, StoreError};"),
        ("cli/parts.rs", "use crate::store::mysql::MySqlStore;"),
        (
            "store/mysql/load.rs",
            "use super::super::rows; use super::error; use crate::store::mysql;",
        ),
        ("serve/api.rs", "use super::App; use super::answer::problem::Problem;"),
        ("serve.rs", "use api::events; pub use door::access;"),
        ("domain/slot.rs", "// use crate::cli;\nconst TEXT: &str = \"crate::cli\";"),
    ] {
        assert_eq!(faults(file, text), [""; 0], "{file}: {text}");
    }
}

#[test]
fn the_domain_has_no_async_function() {
    let domain = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/domain");
    for file in rust_files(&domain) {
        let text = fs::read_to_string(&file).unwrap();
        assert!(!text.contains("async fn"), "{}", file.display());
    }
}
