//! JSON as it is written. `serde_json::Value` silently keeps the last of two equal keys; here
//! both are kept, so that the fault is found. What is read from a file of another form becomes the
//! same, with the lines where its keys stand.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::domain::text::quoted;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<Field>),
}

/// A key of an object and its value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    pub(super) key: String,
    pub(super) value: Json,
    /// Where the key stands, counted from 1, if the reader of the form knows.
    pub(super) line: Option<u64>,
}

impl Field {
    pub(super) fn new(key: impl Into<String>, value: Json) -> Self {
        Self { key: key.into(), value, line: None }
    }

    pub(super) fn at_line(self, line: u64) -> Self {
        Self { line: Some(line), ..self }
    }
}

impl Json {
    /// Where an object begins, if that is known.
    pub(super) fn line(&self) -> Option<u64> {
        match self {
            Self::Object(fields) => fields.first()?.line,
            _ => None,
        }
    }
}

/// Short, for a fault.
impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            // Debug, since it writes 1e300 and not 300 zeros.
            Self::Number(value) => f.write_str(format!("{value:?}").trim_end_matches(".0")),
            Self::Text(text) => write!(f, "\"{}\"", quoted(text)),
            Self::List(_) => f.write_str("a list"),
            Self::Object(_) => f.write_str("an object"),
        }
    }
}

/// Nesting is bounded by `serde_json`, so that no text exhausts the stack.
impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

/// Takes in whatever comes.
pub(super) struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Number(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut fields = Vec::new();
        while let Some((key, value)) = access.next_entry::<String, Json>()? {
            fields.push(Field::new(key, value));
        }
        Ok(Json::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> serde_json::Result<Json> {
        serde_json::from_str(text)
    }

    #[test]
    fn both_of_two_equal_keys_are_kept() {
        let Json::Object(fields) = parse(r#"{"a": 1, "\u0061": [true, null]}"#).unwrap() else {
            panic!("no object");
        };
        assert_eq!(fields[0], Field::new("a", Json::Number(1.0)));
        assert_eq!(fields[1], Field::new("a", Json::List(vec![Json::Bool(true), Json::Null])));
    }

    #[test]
    fn values_are_shown_short() {
        let show = |text: &str| parse(text).unwrap().to_string();
        assert_eq!(show("91"), "91");
        assert_eq!(show("-0.5"), "-0.5");
        assert_eq!(show("1e300"), "1e300");
        assert_eq!(show("100"), "100");
        assert_eq!(show("\"a\\n\""), "\"a\\n\"");
        assert_eq!(show("[1]"), "a list");
    }
}
