//! What was meant by a name that is none.

/// As many names as are worth showing.
const MAX_NAMES: usize = 3;

/// The names that are most like `text`, the likest first; none if all are quite another.
pub(super) fn similar<'a>(text: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let text = text.to_lowercase();
    let far = (text.chars().count() / 3).clamp(1, 3);
    let mut found: Vec<(usize, &str)> = Vec::new();
    for name in names {
        let is_part = text.chars().count() > 1 && name.to_lowercase().contains(&text);
        let distance = distance(&text, &name.to_lowercase());
        if is_part || distance <= far {
            found.push((distance, name));
        }
    }
    found.sort_unstable();
    found.into_iter().take(MAX_NAMES).map(|(_, name)| name).collect()
}

/// `did you mean a, b or c?`
pub(super) fn did_you_mean(names: &[&str]) -> Option<String> {
    let (last, before) = names.split_last()?;
    let before = before.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let or = if before.is_empty() { "" } else { " or " };
    Some(format!("did you mean {before}{or}`{last}`?"))
}

/// Characters to change, add or leave out (Levenshtein); names longer than ids are not looked at.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (number, letter) in one.chars().take(64).enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], number + 1);
        for (place, found) in other.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *found);
            diagonal = row[place + 1];
            row[place + 1] = changed.min(diagonal + 1).min(row[place] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const SITES: [&str; 4] = ["lon-city", "mad-retiro", "mad-barajas", "nyc-central-park"];

    #[test]
    fn a_slip_is_seen_and_a_part_of_a_name_is_enough() {
        assert_eq!(similar("lon-ctiy", SITES), ["lon-city"]);
        assert_eq!(similar("MAD", SITES), ["mad-retiro", "mad-barajas"]);
        assert_eq!(similar("nope", SITES), Vec::<&str>::new());
        assert_eq!(similar("", SITES), Vec::<&str>::new());
        assert_eq!(
            did_you_mean(&similar("mad", SITES)).unwrap(),
            "did you mean `mad-retiro` or `mad-barajas`?"
        );
        assert_eq!(did_you_mean(&[]), None);
    }

    #[test]
    fn the_distance_is_the_number_of_changes() {
        for (one, other, changes) in
            [("", "", 0), ("abc", "", 3), ("kitten", "sitting", 3), ("madrid", "madird", 2)]
        {
            assert_eq!(distance(one, other), changes);
        }
    }
}
