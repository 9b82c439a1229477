//! From OpenAPI 3.1 to 3.0.3. What 3.1 says in the words of JSON Schema, 3.0 says in words of its own
//! (<https://www.openapis.org/blog/2021/02/16/migrating-from-openapi-3-0-to-3-1-0>), or not at all.

use serde_json::{Map, Value, json};

type Object = Map<String, Value>;

/// Members that 3.0 does not know, and that only describe.
const UNKNOWN: [&str; 4] = ["propertyNames", "contentMediaType", "contentEncoding", "$schema"];

/// The document in OpenAPI 3.0.3.
pub(super) fn of(mut document: Value) -> Value {
    document["openapi"] = json!("3.0.3");
    if let Some(license) = document.pointer_mut("/info/license").and_then(Value::as_object_mut) {
        let url = |spdx: &str| format!("https://spdx.org/licenses/{spdx}.html");
        let url = license.remove("identifier").and_then(|name| name.as_str().map(url));
        license.extend(url.map(|url| ("url".to_owned(), url.into())));
    }
    walk(&mut document);
    let schemas = document.pointer("/components/schemas").cloned().unwrap_or_default();
    type_nullable(&mut document, &schemas);
    document
}

/// `nullable` counts only beside a `type`, which a reference has elsewhere.
fn type_nullable(value: &mut Value, schemas: &Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| type_nullable(item, schemas)),
        Value::Object(members) => {
            members.values_mut().for_each(|member| type_nullable(member, schemas));
            let is_nullable = members.get("nullable") == Some(&json!(true));
            let only = members.get("allOf").and_then(|all| all.get(0));
            let kind = only.filter(|_| is_nullable).and_then(|only| kind(only, schemas));
            if let Some(kind) = kind {
                members.insert("type".into(), kind);
            }
        }
        _ => {}
    }
}

/// The type of a schema, or of the one that it refers to, perhaps with a description of its own.
fn kind(schema: &Value, schemas: &Value) -> Option<Value> {
    if let Some(within) = schema.get("allOf").and_then(|all| all.get(0)) {
        return kind(within, schemas);
    }
    let named = schema.get("$ref").and_then(Value::as_str);
    let name = named.and_then(|name| name.strip_prefix("#/components/schemas/"));
    name.map_or(Some(schema), |name| schemas.get(name))?.get("type").cloned()
}

/// Turns what is below first. Examples are values, and stay as they are; the names of properties are no words of a
/// schema.
fn walk(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(walk),
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                match (name.as_str(), member) {
                    ("example" | "examples", _) => {}
                    ("properties", Value::Object(properties)) => {
                        properties.values_mut().for_each(walk);
                    }
                    (_, member) => walk(member),
                }
            }
            turn(members);
        }
        _ => {}
    }
}

fn turn(schema: &mut Object) {
    UNKNOWN.iter().for_each(|name| drop(schema.remove(*name)));
    nullable_type(schema);
    nullable_choice(schema);
    constant(schema);
    examples(schema);
    exclusive(schema, "exclusiveMinimum", "minimum");
    exclusive(schema, "exclusiveMaximum", "maximum");
    items(schema);
    reference(schema);
}

/// `type: [string, null]` is `type: string, nullable: true`.
fn nullable_type(schema: &mut Object) {
    let Some(Value::Array(kinds)) = schema.get("type") else { return };
    let has_null = kinds.contains(&json!("null"));
    let kinds: Vec<_> = kinds.iter().filter(|kind| **kind != json!("null")).cloned().collect();
    match &kinds[..] {
        [only] => {
            schema.insert("type".into(), only.clone());
        }
        _ => {
            schema.remove("type");
            let kinds = kinds.iter().map(|kind| match has_null {
                true => json!({"type": kind, "nullable": true}),
                false => json!({"type": kind}),
            });
            schema.insert("anyOf".into(), kinds.collect());
            return;
        }
    }
    if has_null {
        schema.insert("nullable".into(), json!(true));
    }
}

/// A choice between null and something is that something, nullable.
fn nullable_choice(schema: &mut Object) {
    for choice in ["oneOf", "anyOf"] {
        let Some(Value::Array(choices)) = schema.get_mut(choice) else { continue };
        let before = choices.len();
        choices.retain(|one| one.get("type") != Some(&json!("null")));
        match choices.len() {
            now if now == before => {}
            1 => {
                let only = schema.remove(choice).unwrap_or_default();
                schema.insert("allOf".into(), only);
                schema.insert("nullable".into(), json!(true));
            }
            _ => choices.iter_mut().for_each(|one| one["nullable"] = json!(true)),
        }
    }
}

fn constant(schema: &mut Object) {
    if let Some(value) = schema.remove("const") {
        schema.insert("enum".into(), json!([value]));
    }
}

/// The examples of a schema are a list, of which 3.0 has one; those of a parameter have names, and stay.
fn examples(schema: &mut Object) {
    let Some(Value::Array(examples)) = schema.get("examples") else { return };
    let first = examples.first().cloned();
    schema.remove("examples");
    if let Some(first) = first {
        schema.insert("example".into(), first);
    }
}

fn exclusive(schema: &mut Object, name: &str, bound: &str) {
    let Some(value) = schema.get(name).filter(|value| value.is_number()).cloned() else { return };
    schema.insert(bound.into(), value);
    schema.insert(name.into(), json!(true));
}

/// A list whose items stand each for itself is a list of any of them.
fn items(schema: &mut Object) {
    if let Some(Value::Array(each)) = schema.remove("prefixItems") {
        schema.insert("items".into(), json!({"anyOf": each}));
    }
    if schema.get("items").is_some_and(Value::is_boolean) {
        schema.insert("items".into(), json!({}));
    }
}

/// Beside a reference 3.0 sees nothing.
fn reference(schema: &mut Object) {
    if schema.len() < 2 || !schema.get("$ref").is_some_and(Value::is_string) {
        return;
    }
    if let Some(reference) = schema.remove("$ref") {
        schema.insert("allOf".into(), json!([{"$ref": reference}]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_older_version_says_otherwise_is_said_so() {
        for (current, older) in [
            (json!({"type": ["string", "null"]}), json!({"type": "string", "nullable": true})),
            (
                json!({"type": ["string", "number"]}),
                json!({"anyOf": [{"type": "string"}, {"type": "number"}]}),
            ),
            (
                json!({"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/A"}]}),
                json!({"type": "object", "allOf": [{"$ref": "#/components/schemas/A"}], "nullable": true}),
            ),
            (
                json!({"anyOf": [{"type": "null"}, {"type": "string"}, {"type": "number"}]}),
                json!({"anyOf": [
                    {"type": "string", "nullable": true}, {"type": "number", "nullable": true},
                ]}),
            ),
            (json!({"$ref": "#/a"}), json!({"$ref": "#/a"})),
            (
                json!({"$ref": "#/a", "description": "d"}),
                json!({"allOf": [{"$ref": "#/a"}], "description": "d"}),
            ),
            (
                json!({"oneOf": [
                    {"type": "null"}, {"$ref": "#/components/schemas/A", "description": "d"},
                ]}),
                json!({"type": "object", "nullable": true, "allOf": [
                    {"allOf": [{"$ref": "#/components/schemas/A"}], "description": "d"},
                ]}),
            ),
            (json!({"const": "a"}), json!({"enum": ["a"]})),
            (json!({"examples": ["a", "b"]}), json!({"example": "a"})),
            (json!({"examples": {"a": {"value": 1}}}), json!({"examples": {"a": {"value": 1}}})),
            (
                json!({"exclusiveMinimum": 0, "maximum": 1}),
                json!({"minimum": 0, "exclusiveMinimum": true, "maximum": 1}),
            ),
            (
                json!({"properties": {"type": {"type": ["integer", "null"]}}}),
                json!({"properties": {"type": {"type": "integer", "nullable": true}}}),
            ),
            (
                json!({"properties": {"example": {"type": ["integer", "null"]}}}),
                json!({"properties": {"example": {"type": "integer", "nullable": true}}}),
            ),
            (
                json!({"prefixItems": [{"type": "number"}], "items": false}),
                json!({"items": {"anyOf": [{"type": "number"}]}}),
            ),
            (json!({"type": "object", "propertyNames": {}}), json!({"type": "object"})),
        ] {
            let components = json!({"schemas": {"A": {"type": "object"}}});
            let document = json!({"openapi": "3.1.0", "schema": current, "components": components});
            let expected = json!({"openapi": "3.0.3", "schema": older, "components": components});
            assert_eq!(of(document), expected);
        }
    }
}
