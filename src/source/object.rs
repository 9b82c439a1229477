//! A JSON object, and nothing else.
//!
//! serde reads a struct from a list too, field by field in the order of its declaration: `[40, 3]`
//! would be coordinates, `[]` weather that says nothing. So every struct of a payload is read as
//! [`Object`], and what is no object is a fault of its field.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// `T`, read from a JSON object only.
#[derive(Debug, Default)]
pub(super) struct Object<T>(pub(super) T);

impl<T> Deref for Object<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields(PhantomData))
    }
}

struct Fields<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(fields)).map(Object)
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;

    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Outer {
        inner: Option<Object<Inner>>,
        list: Option<Vec<Object<Inner>>>,
    }

    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Inner {
        number: Option<f64>,
    }

    fn read(json: &str) -> Result<Object<Outer>, String> {
        let mut json = serde_json::Deserializer::from_str(json);
        serde_path_to_error::deserialize(&mut json).map_err(|error| error.to_string())
    }

    #[test]
    fn an_object_is_read_and_a_list_is_a_fault_of_its_field() {
        let read_well = read(r#"{"inner": {"number": 7, "other": []}, "list": [{}]}"#).unwrap();
        assert_eq!(read_well.inner.as_ref().and_then(|inner| inner.number), Some(7.0));
        assert_eq!(read_well.list.as_ref().map(Vec::len), Some(1));
        assert!(read(r#"{"inner": null}"#).unwrap().inner.is_none());
        for (json, field) in [
            (r#"{"inner": [7]}"#, "inner: "),
            (r#"{"inner": []}"#, "inner: "),
            (r#"{"list": [{}, [7]]}"#, "list[1]: "),
            ("[[7], []]", ""),
            ("[]", ""),
        ] {
            let error = read(json).err().unwrap();
            let expected = format!("{field}invalid type: sequence, expected an object");
            assert!(error.starts_with(&expected), "{json}: {error}");
        }
    }

    /// The text of every file below a folder.
    fn texts(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let text = |path: PathBuf| match path.is_dir() {
            true => texts(&path),
            false => vec![std::fs::read_to_string(path).unwrap()],
        };
        entries.flat_map(text).collect()
    }

    /// The structs of `text` that serde reads.
    fn read_by_serde(text: &str) -> impl Iterator<Item = &str> {
        let derived = text.split("#[derive(").skip(1);
        derived.filter(|rest| rest.split(')').next().unwrap().contains("Deserialize")).map(|rest| {
            let name = rest.split("struct ").nth(1).unwrap();
            name.split(|c: char| !c.is_alphanumeric()).next().unwrap()
        })
    }

    #[test]
    fn every_struct_of_a_payload_is_read_as_an_object() {
        let texts = texts(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/source"));
        let names: Vec<&str> = texts.iter().flat_map(|text| read_by_serde(text)).collect();
        assert!(names.contains(&"Payload") && names.contains(&"ErrorBody"), "{names:?}");
        for name in names {
            for text in &texts {
                for (at, _) in text.match_indices(&format!("<{name}>")) {
                    let before = &text[..at];
                    assert!(before.ends_with("Object"), "`{name}` is read from a list as well");
                }
            }
        }
    }
}
