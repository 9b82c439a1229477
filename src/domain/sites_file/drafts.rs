//! Places that are to become the sites of a file: what is known of each, and what is still missing.
//!
//! A list of places that somebody has, as CSV, is read by the heads of a sites file; other columns are
//! passed over. What it says is held to the same rules, before anything else is done about it.

use std::collections::HashSet;
use std::io::Read;

use super::entries::Entries;
use super::fault::{Fault, Place, SitesFileFaults, Wrong};
use super::form::csv::Table;
use super::json::{Field, Json};
use super::utf8::Utf8;
use super::{SitesFileError, unreadable};
use crate::domain::coordinates::Coordinates;
use crate::domain::site::{Site, SiteId};
use crate::domain::text::quoted;

/// A place that is to become a site.
#[derive(Debug)]
pub struct Draft {
    line: Option<u64>,
    fields: Vec<Field>,
    /// What it is asked for by, if not by name and country.
    query: Option<String>,
}

impl Draft {
    /// A place of which no more is known than its name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let mut draft = Self { line: None, fields: Vec::new(), query: None };
        draft.set("name", Json::Text(name.to_owned()));
        draft
    }

    /// The same place, which is looked up by these words.
    #[must_use]
    pub fn asked_as(self, query: &str) -> Self {
        Self { query: Some(query.to_owned()), ..self }
    }

    /// What it is looked up by: as somebody wrote it, else its name, and its country if that is known.
    #[must_use]
    pub fn query(&self) -> String {
        match (&self.query, self.country()) {
            (Some(query), _) => query.clone(),
            (None, Some(country)) => format!("{},{country}", self.name()),
            (None, None) => self.name().to_owned(),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.text("name").unwrap_or_default()
    }

    /// Its country, if that is known.
    #[must_use]
    pub fn country(&self) -> Option<&str> {
        self.text("country")
    }

    /// Where it is, if that is known.
    #[must_use]
    pub fn coordinates(&self) -> Option<Coordinates> {
        let number = |key| match self.find(key) {
            Some(Json::Number(number)) => Some(*number),
            _ => None,
        };
        Coordinates::parse(number("latitude")?, number("longitude")?)
    }

    /// True when its time zone is not known.
    #[must_use]
    pub fn lacks_zone(&self) -> bool {
        self.find("timezone").is_none()
    }

    /// Says where it is.
    pub fn set_coordinates(&mut self, coordinates: Coordinates) {
        self.set("latitude", Json::Number(coordinates.latitude()));
        self.set("longitude", Json::Number(coordinates.longitude()));
    }

    /// Says in which country it is, if that is not known.
    pub fn set_country(&mut self, country: &str) {
        if self.country().is_none() {
            self.set("country", Json::Text(country.to_owned()));
        }
    }

    /// Says in which time zone it is.
    pub fn set_zone(&mut self, zone: chrono_tz::Tz) {
        self.set("timezone", Json::Text(zone.name().to_owned()));
    }

    /// What is wrong with what was found, or not found, for it.
    #[must_use]
    pub fn fault(&self, problem: impl Into<String>, remedy: impl Into<String>) -> Fault {
        let mut fault = Wrong::new(problem, remedy).at(Place::FILE, None);
        fault.place = match self.line {
            Some(line) => format!("line {line} ({})", quoted(self.name())),
            None => quoted(self.name()),
        };
        fault
    }

    fn text(&self, key: &str) -> Option<&str> {
        match self.find(key)? {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    fn find(&self, key: &str) -> Option<&Json> {
        self.fields.iter().find(|field| field.key == key).map(|field| &field.value)
    }

    fn set(&mut self, key: &str, value: Json) {
        self.fields.push(Field { line: self.line, ..Field::new(key, value) });
    }

    /// Notes what is wrong with it. What may still be filled in may be missing, and these keys.
    fn check(&self, missing: &[&str], entries: &mut Entries) {
        let mut excused = [&["site_id", "timezone"], missing].concat();
        if self.find("latitude").is_none() && self.find("longitude").is_none() {
            excused.extend(["latitude", "longitude"]);
        }
        let entry = Json::Object(self.fields.clone());
        entries.take_excusing(&excused, &entry, self.line);
    }
}

/// Places, in the order of their list.
#[derive(Debug, Default)]
pub struct Drafts {
    /// The places.
    pub places: Vec<Draft>,
    /// The heads of columns that no site has.
    pub passed_over: Vec<String>,
}

impl Drafts {
    /// The places of a list, held to the rules of a sites file as far as they are known.
    ///
    /// # Errors
    /// Every fault of the list at once, or why its text cannot be read.
    pub fn read(file: impl Read) -> Result<Self, SitesFileError> {
        let text = Utf8::of(file).map_err(unreadable)?;
        let one = |fault| SitesFileError::Faults(SitesFileFaults(vec![fault]));
        let mut table = Table::read(text).map_err(unreadable)?.map_err(one)?;
        let mut faults: Vec<Fault> = table.heads.twice().collect();
        let missing = table.heads.missing(&["name"]);
        faults.extend(missing.iter().map(|key| table.heads.no_head(key)));
        let passed_over = table.heads.unknown().map(str::to_owned).collect();
        let (mut places, mut entries) = (Vec::new(), Entries::default());
        while let Some(row) = table.next_row().map_err(unreadable)? {
            match row {
                Ok(row) => {
                    let fields = with_upper_country(row.fields);
                    let draft = Draft { line: Some(row.line), fields, query: None };
                    draft.check(&missing, &mut entries);
                    places.push(draft);
                }
                Err((line, wrong)) => entries.refuse(line, wrong),
            }
        }
        if entries.is_empty() {
            faults.push(super::form::csv::no_sites());
        }
        entries.finish(faults).map_err(SitesFileError::Faults)?;
        Ok(Self { places, passed_over })
    }

    /// Holds places to the rules of a sites file as far as they are known.
    ///
    /// # Errors
    /// Every fault at once.
    pub fn of(places: Vec<Draft>) -> Result<Self, SitesFileFaults> {
        let mut entries = Entries::default();
        places.iter().for_each(|draft| draft.check(&[], &mut entries));
        entries.finish(Vec::new())?;
        Ok(Self { places, passed_over: Vec::new() })
    }

    /// Gives each place that has no id one that is made of its name, other than those before it.
    pub fn give_ids(&mut self) {
        let given = self.places.iter().filter_map(|draft| draft.text("site_id"));
        let mut taken: HashSet<String> = given.map(str::to_owned).collect();
        for draft in self.places.iter_mut().filter(|draft| draft.find("site_id").is_none()) {
            if let Some(id) = SiteId::of_name(draft.name(), |id| taken.contains(id)) {
                draft.set("site_id", Json::Text(id.to_string()));
                taken.insert(id.to_string());
            }
        }
    }

    /// The sites that the places have become.
    ///
    /// # Errors
    /// Every fault at once: also what is still missing.
    pub fn into_sites(self) -> Result<Vec<Site>, SitesFileFaults> {
        let mut entries = Entries::default();
        for Draft { line, fields, .. } in self.places {
            entries.take(&Json::Object(fields), line);
        }
        entries.finish(Vec::new())
    }
}

/// Spreadsheets have `es` as well as `ES`.
fn with_upper_country(mut fields: Vec<Field>) -> Vec<Field> {
    for field in &mut fields {
        if let (Json::Text(country), "country") = (&mut field.value, field.key.as_str()) {
            country.make_ascii_uppercase();
        }
    }
    fields
}

#[cfg(test)]
mod tests;
