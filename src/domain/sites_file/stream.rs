//! The file as it is read: its entries become sites one at a time, and no tree of them all is made.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::entries::{Entries, SITES, check_file};
use super::fault::{Fault, SitesFileFaults};
use super::json::{Field, Json, JsonVisitor};
use crate::domain::site::Site;

/// Why there are no sites.
#[derive(Debug)]
pub(super) enum Unread {
    /// The text is no JSON, or ended early.
    Json(serde_json::Error),
    /// It has these faults.
    Faults(SitesFileFaults),
}

impl Unread {
    /// What is wrong, for who mends the file.
    pub(super) fn faults(self) -> SitesFileFaults {
        match self {
            Self::Json(error) => SitesFileFaults(vec![Fault::of_json(&error)]),
            Self::Faults(faults) => faults,
        }
    }
}

/// The sites of the text that `json` reads.
pub(super) fn read<'de, R: serde_json::de::Read<'de>>(
    mut json: serde_json::Deserializer<R>,
) -> Result<Vec<Site>, Unread> {
    let mut entries = Entries::default();
    let file = Level::File(&mut entries).deserialize(&mut json).map_err(Unread::Json)?;
    json.end().map_err(Unread::Json)?;
    entries.finish(check_file(&file)).map_err(Unread::Faults)
}

/// Where in the file a value stands. Its JSON is what comes of it, without the entries, which are
/// taken out as they come: of their list, one of them is left.
enum Level<'e> {
    File(&'e mut Entries),
    Sites(&'e mut Entries),
}

impl<'de> DeserializeSeed<'de> for Level<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        JsonVisitor.expecting(f)
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        JsonVisitor.visit_unit()
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Json, E> {
        JsonVisitor.visit_bool(value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Json, E> {
        JsonVisitor.visit_i64(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Json, E> {
        JsonVisitor.visit_u64(value)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Json, E> {
        JsonVisitor.visit_f64(value)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Json, E> {
        JsonVisitor.visit_str(text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let Self::Sites(entries) = self else { return JsonVisitor.visit_seq(access) };
        let mut left = Vec::new();
        while let Some(entry) = access.next_element()? {
            entries.take(&entry, None);
            if left.is_empty() {
                left.push(entry);
            }
        }
        Ok(Json::List(left))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let Self::File(entries) = self else { return JsonVisitor.visit_map(access) };
        let (mut fields, mut entries) = (Vec::new(), Some(entries));
        while let Some(key) = access.next_key::<String>()? {
            // Of two lists the first counts.
            let value = match entries.take_if(|_| key == SITES) {
                Some(entries) => access.next_value_seed(Level::Sites(entries))?,
                None => access.next_value()?,
            };
            fields.push(Field::new(key, value));
        }
        Ok(Json::Object(fields))
    }
}
