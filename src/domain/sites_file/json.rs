//! JSON as it is written. `serde_json::Value` silently keeps the last of two equal keys; here
//! both are kept, so that the fault is found, and texts are borrowed where they can be.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::domain::text::quoted;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Json<'a> {
    Null,
    Bool(bool),
    Number(f64),
    Text(Cow<'a, str>),
    List(Vec<Json<'a>>),
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

/// The JSON document; nesting is bounded by `serde_json`, so that no text exhausts the stack.
pub(super) fn parse(text: &str) -> serde_json::Result<Json<'_>> {
    serde_json::from_str(text)
}

/// Short, for a fault.
impl fmt::Display for Json<'_> {
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

impl<'de> Deserialize<'de> for Json<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

/// A key, borrowed unless it is written with escapes.
#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json<'de>, E> {
        Ok(Json::Number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json<'de>, E> {
        Ok(Json::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json<'de>, E> {
        Ok(Json::Number(value))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json<'de>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json<'de>, A::Error> {
        let mut fields = Vec::new();
        while let Some((Key(key), value)) = access.next_entry()? {
            fields.push((key, value));
        }
        // Many sites with few fields each: room left over would be half of the memory.
        fields.shrink_to_fit();
        Ok(Json::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_of_two_equal_keys_are_kept() {
        let Json::Object(fields) = parse(r#"{"a": 1, "\u0061": [true, null]}"#).unwrap() else {
            panic!("no object");
        };
        assert_eq!(fields[0], ("a".into(), Json::Number(1.0)));
        assert_eq!(fields[1], ("a".into(), Json::List(vec![Json::Bool(true), Json::Null])));
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
