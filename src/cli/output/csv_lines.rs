//! A row as comma-separated values.
//!
//! A text is no formula in a spreadsheet; what has parts is JSON in a text, as in the answers of the API.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::domain::csv_cell::text_cell;

/// The row, after the head if that is still to come.
pub(super) fn csv_lines<R: Serialize>(row: &R, with_head: bool) -> anyhow::Result<String> {
    let Fields(fields) = serde_json::from_str(&serde_json::to_string(row)?)?;
    let mut lines = csv::Writer::from_writer(Vec::new());
    if with_head {
        lines.write_record(fields.iter().map(|(name, _)| name))?;
    }
    lines.write_record(fields.iter().map(|(_, value)| cell(value)))?;
    Ok(String::from_utf8(lines.into_inner()?)?)
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text_cell(text),
        value => value.to_string(),
    }
}

/// The fields of an object in their order, which a map would lose.
struct Fields(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder)
    }
}

struct InOrder;

impl<'de> Visitor<'de> for InOrder {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(Fields(fields))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Serialize)]
    struct Named {
        name: &'static str,
        temperature_c: f64,
        message: Option<&'static str>,
        tags: Vec<&'static str>,
        errors_by_kind: BTreeMap<&'static str, u64>,
    }

    #[test]
    fn a_text_is_no_formula_a_number_stays_one_and_what_has_parts_is_one_cell() {
        let hostile = Named {
            name: "=cmd|'/C calc'!A0",
            temperature_c: -3.5,
            message: Some("\u{1b}[2Ja\nb\0"),
            tags: vec!["coast", "north"],
            errors_by_kind: [("timeout", 2)].into(),
        };
        let empty = Named {
            name: "gro\u{202e}ss, 2",
            temperature_c: 1.0,
            message: None,
            tags: Vec::new(),
            errors_by_kind: BTreeMap::new(),
        };
        let lines = csv_lines(&hostile, true).unwrap() + &csv_lines(&empty, false).unwrap();
        assert_eq!(
            lines,
            "name,temperature_c,message,tags,errors_by_kind\n\
             '=cmd|'/C calc'!A0,-3.5,[2Ja b,\"[\"\"coast\"\",\"\"north\"\"]\",\"{\"\"timeout\"\":2}\"\n\
             \"gross, 2\",1.0,,[],{}\n"
        );
    }
}
