//! An object of the file by its known keys; what is wrong with keys and values becomes faults.

use super::entry::SITE_KEYS;
use super::fault::{Fault, Place, Wrong};
use super::json::{Field, Json};

pub(super) struct Object<'a, 'f> {
    place: Place<'a>,
    fields: Vec<&'a Field>,
    excused: &'a [&'a str],
    faults: &'f mut Vec<Fault>,
}

impl<'a, 'f> Object<'a, 'f> {
    /// Takes the fields of an object apart; a key that is unknown or there twice is a fault.
    pub(super) fn read(
        place: Place<'a>,
        fields: &'a [Field],
        known: &[&str],
        faults: &'f mut Vec<Fault>,
    ) -> Self {
        let mut first: Vec<&Field> = Vec::with_capacity(known.len());
        for field in fields {
            let (key, place) = (field.key.as_str(), place.at_line(field.line));
            if !known.contains(&key) {
                faults.push(unknown(place, key, known).at(place, Some(key)));
            } else if first.iter().any(|earlier| earlier.key == key) {
                let wrong = Wrong::new("is there twice", "expected each key once");
                faults.push(wrong.at(place, Some(key)));
            } else {
                first.push(field);
            }
        }
        Self { place, fields: first, excused: &[], faults }
    }

    /// The same, in which these keys may be missing: it is said elsewhere that they are.
    pub(super) fn excusing(self, excused: &'a [&'a str]) -> Self {
        Self { excused, ..self }
    }

    /// The value of a key that must be there; `None` comes with a fault.
    pub(super) fn required<T>(
        &mut self,
        key: &str,
        rule: impl Fn(&'a Json) -> Result<T, Wrong>,
    ) -> Option<T> {
        let missing = || Wrong::new("is missing", format!("add {key:?}"));
        let found = self.find(key);
        if found.is_none() && self.excused.contains(&key) {
            return None;
        }
        self.keep(key, found.map(|field| &field.value).ok_or_else(missing).and_then(rule))
    }

    /// The value of a key that may be left out or null.
    pub(super) fn optional<T>(
        &mut self,
        key: &str,
        rule: impl Fn(&'a Json) -> Result<T, Wrong>,
    ) -> Option<T> {
        let value = &self.find(key)?.value;
        if *value == Json::Null { None } else { self.keep(key, rule(value)) }
    }

    /// Adds a fault of this object.
    pub(super) fn fault(&mut self, key: &str, wrong: Wrong) {
        let line = self.find(key).and_then(|field| field.line);
        self.faults.push(wrong.at(self.place.at_line(line), Some(key)));
    }

    /// Faults so far, of this object and those before it.
    pub(super) fn fault_count(&self) -> usize {
        self.faults.len()
    }

    fn find(&self, key: &str) -> Option<&'a Field> {
        self.fields.iter().find(|field| field.key == key).copied()
    }

    fn keep<T>(&mut self, key: &str, result: Result<T, Wrong>) -> Option<T> {
        result.map_err(|wrong| self.fault(key, wrong)).ok()
    }
}

fn unknown(place: Place, key: &str, known: &[&str]) -> Wrong {
    match place {
        Place::File { .. } => no_key("the file", key, known, "expected $schema or sites"),
        Place::Site { .. } => no_key_of_a_site(key),
    }
}

/// A key, or the head of a column, that no site has.
pub(super) fn no_key_of_a_site(key: &str) -> Wrong {
    no_key("a site", key, SITE_KEYS, "remove it; what is free text fits in name or tags")
}

fn no_key(owner: &str, key: &str, known: &[&str], expected: &str) -> Wrong {
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
