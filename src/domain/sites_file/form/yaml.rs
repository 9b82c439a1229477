//! YAML, as people write it by hand: one document, without anchors.
//!
//! By the core schema of YAML 1.2: `NO` is Norway and not false, `012` is a text. An alias would stand for
//! what is elsewhere in the file, and a fault there would have two places; so it is refused.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy, NonFiniteFloatPolicy};
use serde_saphyr::{Options, Spanned};

use super::super::entries::read_tree;
use super::super::fault::{Fault, SitesFileFaults, Wrong};
use super::super::json::{Field, Json, JsonVisitor};
use crate::domain::site::Site;
use crate::domain::text::printable;

/// Nodes and events of a file at most; the bytes of the file bound them too.
const MAX_NODES: usize = 20_000_000;

/// The sites of a text.
pub(in super::super) fn read(text: &str) -> Result<Vec<Site>, SitesFileFaults> {
    let documents: Vec<Spanned<Node>> = serde_saphyr::from_multiple_with_options(text, options())
        .map_err(|error| SitesFileFaults(vec![no_yaml(&error)]))?;
    let mut documents = documents.into_iter();
    let Some(first) = documents.next() else { return read_tree(&Json::Null, Vec::new()) };
    let mut faults: Vec<Fault> = first.value.aliases.iter().map(|line| alias(*line)).collect();
    faults.extend(documents.map(|document| another_document(document.referenced.line())));
    read_tree(&first.value.json, faults)
}

/// Keys that are there twice are the object's fault, and merge keys are unknown ones.
fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_events: MAX_NODES, max_nodes: MAX_NODES },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::AsOrdinary,
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        with_snippet: false,
    }
}

/// The text is no YAML: where, and what is wrong there.
fn no_yaml(error: &serde_saphyr::Error) -> Fault {
    let (mut place, mut problem) = ("the file".to_owned(), printable(&error.to_string()));
    if let Some(location) = error.location() {
        place = format!("line {}, column {}", location.line(), location.column());
        // The error says it too, in one of these forms.
        let at = format!("at {place}");
        problem = problem.replace(&format!(" {at}"), "").replace(&format!("{at}: "), "");
    }
    let remedy =
        "expected YAML: `sites:`, and below it a list of sites, each `- site_id: …`, by two spaces";
    Fault { place, field: None, problem, remedy: remedy.to_owned() }
}

fn alias(line: u64) -> Fault {
    Wrong::new(
        "an alias stands for a value",
        "expected the value itself: a sites file has no anchors",
    )
    .at_line(line)
}

fn another_document(line: u64) -> Fault {
    Wrong::new("another document begins", "expected one: remove the line --- and what is behind it")
        .at_line(line)
}

/// A value, and the lines of the aliases in it.
struct Node {
    json: Json,
    aliases: Vec<u64>,
}

impl Node {
    fn plain(json: Json) -> Self {
        Self { json, aliases: Vec::new() }
    }

    /// The value of a part; its aliases become this one's.
    fn take(&mut self, part: Spanned<Self>) -> Json {
        if part.referenced != part.defined {
            self.aliases.push(part.referenced.line());
        } else {
            self.aliases.extend(part.value.aliases);
        }
        part.value.json
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

/// Takes in whatever comes, with the lines.
struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("YAML")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Node, E> {
        JsonVisitor.visit_unit().map(Node::plain)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Node, E> {
        JsonVisitor.visit_bool(value).map(Node::plain)
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Node, E> {
        JsonVisitor.visit_i64(value).map(Node::plain)
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Node, E> {
        JsonVisitor.visit_u64(value).map(Node::plain)
    }

    fn visit_i128<E: serde::de::Error>(self, value: i128) -> Result<Node, E> {
        JsonVisitor.visit_f64(value as f64).map(Node::plain)
    }

    fn visit_u128<E: serde::de::Error>(self, value: u128) -> Result<Node, E> {
        JsonVisitor.visit_f64(value as f64).map(Node::plain)
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Node, E> {
        JsonVisitor.visit_f64(value).map(Node::plain)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Node, E> {
        JsonVisitor.visit_str(text).map(Node::plain)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut list = Node::plain(Json::Null);
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(list.take(item));
        }
        Ok(Node { json: Json::List(items), ..list })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut object = Node::plain(Json::Null);
        let mut fields = Vec::new();
        while let Some((key, value)) = access.next_entry::<Spanned<String>, Spanned<Node>>()? {
            let line = key.referenced.line();
            fields.push(Field::new(key.value, object.take(value)).at_line(line));
        }
        Ok(Node { json: Json::Object(fields), ..object })
    }
}

#[cfg(test)]
mod tests;
