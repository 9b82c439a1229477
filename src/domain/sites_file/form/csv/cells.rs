//! A cell as the value that its column is to have.

use super::super::super::json::Json;

/// Keys whose values are numbers.
const NUMBERS: [&str; 4] = ["latitude", "longitude", "elevation_m", "interval_minutes"];

/// What tags stand between; a tag that has one of them in it is written in a JSON list.
const BETWEEN_TAGS: [char; 2] = [';', '|'];

/// The value of a cell; `None` where it is empty. What is no number where one belongs stays a text, which
/// the rule of the key refuses.
pub(super) fn cell(key: &str, text: &str, separator: u8) -> Option<Json> {
    if text.is_empty() {
        return None;
    }
    Some(match key {
        "tags" => tags(text),
        key if NUMBERS.contains(&key) => number(text, separator).unwrap_or_else(|| as_text(text)),
        _ => as_text(text),
    })
}

fn as_text(text: &str) -> Json {
    Json::Text(text.to_owned())
}

/// A number, with a decimal comma where that separates no cells, and perhaps the minus of typeset text.
fn number(text: &str, separator: u8) -> Option<Json> {
    let text = text.replace('\u{2212}', "-");
    let text = if separator == b',' { text } else { text.replacen(',', ".", 1) };
    let is_part = |c: char| c.is_ascii_digit() || ".-+eE".contains(c);
    text.parse().ok().filter(|_| text.chars().all(is_part)).map(Json::Number)
}

/// A JSON list, or texts between separators.
fn tags(text: &str) -> Json {
    if let Some(list) = text.starts_with('[').then(|| serde_json::from_str(text).ok()).flatten() {
        return list;
    }
    let tags = text.split(BETWEEN_TAGS).map(str::trim).filter(|tag| !tag.is_empty());
    Json::List(tags.map(as_text).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_may_have_a_decimal_comma_where_that_separates_nothing() {
        for (text, separator, expected) in [
            ("40.41", b',', Some(40.41)),
            ("40,41", b';', Some(40.41)),
            ("-3,68", b'\t', Some(-3.68)),
            ("\u{2212}3,68", b';', Some(-3.68)),
            ("40,41", b',', None),
            ("1,234,5", b';', None),
            ("1.234,5", b';', None),
            ("NaN", b',', None),
            ("inf", b',', None),
            ("40°", b',', None),
            ("40.41 N", b',', None),
        ] {
            let expected = expected.map_or_else(|| as_text(text), Json::Number);
            assert_eq!(cell("latitude", text, separator), Some(expected), "{text}");
        }
        assert_eq!(cell("latitude", "", b','), None);
        assert_eq!(cell("name", "7", b','), Some(as_text("7")));
    }

    #[test]
    fn tags_stand_between_semicolons_or_bars_or_in_a_json_list() {
        let list = |tags: &[&str]| Some(Json::List(tags.iter().map(|tag| as_text(tag)).collect()));
        let read = |text| cell("tags", text, b',');
        assert_eq!(read("office; two words |port;"), list(&["office", "two words", "port"]));
        assert_eq!(read(r#"["a;b", "c"]"#), list(&["a;b", "c"]));
        assert_eq!(read("[a"), list(&["[a"]));
    }
}
