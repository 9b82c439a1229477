//! Numbers that JSON has no form for.
//!
//! Where a model gives no number, the service has been seen to write `nan` and `-nan` into its JSON,
//! outside any text, which no parser of JSON takes: one such value would cost the whole answer. They
//! are read as null, as what is not known.

use std::borrow::Cow;

/// `body` with null for each bare `nan`, `inf` and `infinity`, in any case and with any sign. What
/// stands in a text stays as it is.
pub(super) fn with_nulls(body: &[u8]) -> Cow<'_, [u8]> {
    let mut written = Vec::new();
    let (mut at, mut copied) = (0, 0);
    while at < body.len() {
        let length = match body[at] {
            b'"' => text_length(&body[at..]),
            _ => word_length(&body[at..]),
        };
        if is_no_number(&body[at..at + length]) {
            written.extend_from_slice(&body[copied..at]);
            written.extend_from_slice(b"null");
            copied = at + length;
        }
        at += length.max(1);
    }
    if copied == 0 {
        return Cow::Borrowed(body);
    }
    written.extend_from_slice(&body[copied..]);
    Cow::Owned(written)
}

/// The length of the text that `rest` begins with, quotes included; all of it where none ends it.
fn text_length(rest: &[u8]) -> usize {
    let mut is_escaped = true; // the opening quote ends nothing
    for (at, byte) in rest.iter().enumerate() {
        if is_escaped {
            is_escaped = false;
        } else if *byte == b'"' {
            return at + 1;
        } else {
            is_escaped = *byte == b'\\';
        }
    }
    rest.len()
}

/// The length of the number or name that `rest` begins with; 0 where it begins with neither.
fn word_length(rest: &[u8]) -> usize {
    let is_of_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-._".contains(byte);
    rest.iter().take_while(|byte| is_of_word(byte)).count()
}

fn is_no_number(word: &[u8]) -> bool {
    let name = word.strip_prefix(b"-").or_else(|| word.strip_prefix(b"+")).unwrap_or(word);
    [&b"nan"[..], b"inf", b"infinity"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    use super::*;

    fn read(body: &str) -> String {
        String::from_utf8(with_nulls(body.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn what_is_no_number_is_null_outside_a_text_and_stays_within_one() {
        for word in ["nan", "-nan", "NaN", "inf", "-inf", "+Inf", "Infinity", "-Infinity"] {
            assert_eq!(read(&format!("[1,{word}]")), "[1,null]");
            assert_eq!(read(&format!("{{\"a\": {word} ,\"b\":2}}")), "{\"a\": null ,\"b\":2}");
            assert_eq!(read(word), "null");
            let text = format!("[\"{word}\", \"a \\\" ,{word},\", \"\\\\\"]");
            assert_eq!(read(&text), text);
        }
    }

    #[test]
    fn other_words_and_numbers_stay_as_they_are() {
        for text in ["[nano,-12.5e-7,banana,true,null,1nan,nan1,-]", "{\"nan\":1", "\"nan", ""] {
            assert_eq!(read(text), text);
        }
        assert_eq!(read("[\"°\",nan,inf"), "[\"°\",null,null");
    }

    proptest! {
        #[test]
        fn whatever_comes_is_left_as_it_is_unless_it_holds_such_a_word(body: Vec<u8>) {
            let read = with_nulls(&body);
            prop_assert!(read.windows(4).any(|part| part == b"null") || *read == body);
        }

        #[test]
        fn what_is_json_stays_so(texts: Vec<String>, numbers: Vec<i64>) {
            let json = serde_json::json!({"texts": texts, "numbers": numbers}).to_string();
            prop_assert_eq!(with_nulls(json.as_bytes()), json.as_bytes());
        }
    }
}
