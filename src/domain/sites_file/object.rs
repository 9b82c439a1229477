//! An object of the file by its known keys; what is wrong with keys and values becomes faults.

use std::borrow::Cow;

use super::fault::{Fault, Place, Wrong};
use super::json::Json;

pub(super) struct Object<'a, 'f> {
    place: Place<'a>,
    values: Vec<(&'a str, &'a Json<'a>)>,
    faults: &'f mut Vec<Fault>,
}

impl<'a, 'f> Object<'a, 'f> {
    /// Takes the fields of an object apart; a key that is unknown or there twice is a fault.
    pub(super) fn read(
        place: Place<'a>,
        fields: &'a [(Cow<'a, str>, Json<'a>)],
        known: &[&str],
        faults: &'f mut Vec<Fault>,
    ) -> Self {
        let mut values: Vec<(&str, _)> = Vec::with_capacity(known.len());
        for (key, value) in fields {
            if !known.contains(&key.as_ref()) {
                faults.push(unknown(place, key, known).at(place, Some(key)));
            } else if values.iter().any(|(earlier, _)| earlier == key) {
                let wrong = Wrong::new("is there twice", "expected each key once");
                faults.push(wrong.at(place, Some(key)));
            } else {
                values.push((key, value));
            }
        }
        Self { place, values, faults }
    }

    /// The value of a key that must be there; `None` comes with a fault.
    pub(super) fn required<T>(
        &mut self,
        key: &str,
        rule: impl Fn(&'a Json<'a>) -> Result<T, Wrong>,
    ) -> Option<T> {
        let missing = || Wrong::new("is missing", format!("add {key:?}"));
        let result = self.find(key).ok_or_else(missing).and_then(rule);
        self.keep(key, result)
    }

    /// The value of a key that may be left out or null.
    pub(super) fn optional<T>(
        &mut self,
        key: &str,
        rule: impl Fn(&'a Json<'a>) -> Result<T, Wrong>,
    ) -> Option<T> {
        let value = self.find(key).filter(|value| !matches!(value, Json::Null))?;
        self.keep(key, rule(value))
    }

    /// Adds a fault of this object.
    pub(super) fn fault(&mut self, key: &str, wrong: Wrong) {
        self.faults.push(wrong.at(self.place, Some(key)));
    }

    /// Faults so far, of this object and those before it.
    pub(super) fn fault_count(&self) -> usize {
        self.faults.len()
    }

    fn find(&self, key: &str) -> Option<&'a Json<'a>> {
        self.values.iter().find(|(known, _)| *known == key).map(|(_, value)| *value)
    }

    fn keep<T>(&mut self, key: &str, result: Result<T, Wrong>) -> Option<T> {
        result.map_err(|wrong| self.fault(key, wrong)).ok()
    }
}

fn unknown(place: Place, key: &str, known: &[&str]) -> Wrong {
    let (owner, expected) = match place {
        Place::File => ("the file", "expected $schema or sites"),
        Place::Site { .. } => ("a site", "remove it; what is free text fits in name or tags"),
    };
    let remedy = match find_near(key, known) {
        Some(near) => format!("did you mean {near}?"),
        None => expected.to_owned(),
    };
    Wrong::new(format!("is no key of {owner}"), remedy)
}

/// The known key that `key` is probably meant to be: shortened (`lat`), or two letters off.
pub(super) fn find_near<'k>(key: &str, known: &[&'k str]) -> Option<&'k str> {
    // Longer than any key by far: not worth the comparison, which takes the product of lengths.
    if !(3..=24).contains(&key.len()) {
        return None;
    }
    let key = key.to_ascii_lowercase();
    let shortened = known.iter().find(|known| known.starts_with(&key));
    let near = || known.iter().min_by_key(|known| distance(&key, known));
    let near = shortened.or_else(near).copied()?;
    (near.starts_with(&key) || distance(&key, near) <= 2).then_some(near)
}

/// Levenshtein distance in bytes, one row of the matrix at a time.
fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.bytes().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, r) in right.bytes().enumerate() {
            let replaced = diagonal + usize::from(l != r);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_counts_letters_put_in_left_out_and_replaced() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("abc", "abc"), 0);
    }
}
