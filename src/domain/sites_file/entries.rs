//! The file around its entries, and what comes of the entries, one at a time, whatever form the file has.

use std::collections::HashMap;

use super::fault::{Fault, Place, SitesFileFaults, Start, Wrong};
use super::json::Json;
use super::object::Object;
use super::{entry, rules};
use crate::domain::site::Site;

/// The keys of the file itself; `$schema` is for editors.
pub(super) const FILE_KEYS: &[&str] = &["$schema", SITES];

/// The key of the entries.
pub(super) const SITES: &str = "sites";

/// What is wrong with the file around its entries.
pub(super) fn check_file(file: &Json) -> Vec<Fault> {
    let mut faults = Vec::new();
    if let Json::Object(fields) = file {
        let mut object = Object::read(Place::FILE, fields, FILE_KEYS, &mut faults);
        object.optional("$schema", rules::schema);
        object.required(SITES, rules::entries);
    } else {
        let expected = r#"expected an object: {"sites": [...]}"#;
        faults.push(Wrong::kind(file, "object", expected).at(Place::FILE, None));
    }
    faults
}

/// The sites of a file that was read whole, and in which these faults were found before.
pub(super) fn read_tree(file: &Json, mut faults: Vec<Fault>) -> Result<Vec<Site>, SitesFileFaults> {
    faults.extend(check_file(file));
    let mut entries = Entries::default();
    for entry in listed(file) {
        entries.take(entry, entry.line());
    }
    entries.finish(faults)
}

/// The entries of the first list.
fn listed(file: &Json) -> &[Json] {
    let Json::Object(fields) = file else { return &[] };
    match fields.iter().find(|field| field.key == SITES).map(|field| &field.value) {
        Some(Json::List(entries)) => entries,
        _ => &[],
    }
}

/// What has come of the entries so far.
#[derive(Default)]
pub(super) struct Entries {
    sites: Vec<Site>,
    faults: Vec<Fault>,
    first_with: HashMap<Box<str>, Start>,
    count: usize,
}

impl Entries {
    /// Takes in an entry that begins in this line, if that is known.
    pub(super) fn take(&mut self, entry: &Json, line: Option<u64>) {
        self.take_excusing(&[], entry, line);
    }

    /// The same of an entry in which these keys may be missing; then it is no site.
    pub(super) fn take_excusing(&mut self, excused: &[&str], entry: &Json, line: Option<u64>) {
        let start = Start { index: self.count, line };
        self.count += 1;
        self.note_repeated_id(start, entry);
        self.sites.extend(entry::read(start, entry, excused, &mut self.faults));
    }

    /// Takes in what is wrong with an entry that is none.
    pub(super) fn refuse(&mut self, line: u64, wrong: Wrong) {
        self.count += 1;
        self.faults.push(wrong.at_line(line));
    }

    /// The sites, or these faults of the file and those of its entries.
    pub(super) fn finish(mut self, mut faults: Vec<Fault>) -> Result<Vec<Site>, SitesFileFaults> {
        faults.append(&mut self.faults);
        if faults.is_empty() { Ok(self.sites) } else { Err(SitesFileFaults(faults)) }
    }

    /// True when no entry was taken in.
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Entries that are faulty otherwise count too, so that mending one does not bring the next
    /// fault to light.
    fn note_repeated_id(&mut self, start: Start, entry: &Json) {
        let Some(site_id) = entry::find_site_id(entry) else { return };
        let Some(first) = self.first_with.get(site_id) else {
            self.first_with.insert(site_id.into(), start);
            return;
        };
        let wrong = Wrong::new(
            format!("is that of {first} already"),
            "expected each id once: give one of the two another, or remove it",
        );
        let place = Place::Site { start, site_id: Some(site_id) };
        self.faults.push(wrong.at(place, Some("site_id")));
    }
}
