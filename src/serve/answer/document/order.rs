//! The order of the forms of an answer. JSON has none, but programs that make clients of a document take the first form
//! that they know, which has to be the one that is given without `Accept`.

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::{Map, Value};

/// What is given without `Accept`, where it is offered.
const FIRST: [&str; 2] = ["application/json", "application/prs.coverage+json"];

/// A value whose members of these names come first.
pub(super) struct Ordered<'a>(pub(super) &'a Value);

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Array(items) => serializer.collect_seq(items.iter().map(Ordered)),
            Value::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, member) in ordered(members) {
                    map.serialize_entry(name, &Ordered(member))?;
                }
                map.end()
            }
            other => other.serialize(serializer),
        }
    }
}

fn ordered(members: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    let first = FIRST.iter().filter_map(|name| members.get_key_value(*name));
    first.chain(members.iter().filter(|(name, _)| !FIRST.contains(&name.as_str())))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_comes_first_and_nothing_is_lost() {
        let content =
            json!({"content": [{"application/geo+json": 1, "application/json": 2, "b": 3}]});
        let text = serde_json::to_string(&Ordered(&content)).unwrap();
        let expected = r#"{"content":[{"application/json":2,"application/geo+json":1,"b":3}]}"#;
        assert_eq!(text, expected);
    }
}
