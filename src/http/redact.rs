//! Blanks the key in what a server says: it may echo what it was sent.

use secrecy::{ExposeSecret, SecretString};

/// So many characters at the end of a text are a part of the key, if they begin as it does.
pub const LEAST_PART_CHARS: usize = 4;

/// Keys shorter than this are no secrets, but may be words of the weather.
const SHORTEST_SECRET_CHARS: usize = 16;

/// Whether the key is long enough to be one.
#[must_use]
pub fn is_secret(key: &SecretString) -> bool {
    key.expose_secret().chars().count() >= SHORTEST_SECRET_CHARS
}

/// `text` without the key, plain, encoded as in an address, or escaped as in JSON. A text may end
/// within the key, since it was cut on its way: so many of its characters are a part of it.
#[must_use]
pub fn redact(key: &SecretString, text: &str, least_part: usize) -> String {
    let key = key.expose_secret();
    if key.is_empty() {
        return text.to_owned();
    }
    let mut redacted = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some(behind) = strip_key(rest, key, least_part) {
            redacted.push_str("[key]");
            rest = behind;
        } else {
            redacted.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    redacted
}

/// What stands behind the key, if `text` begins with it, or is no more than a beginning of it.
fn strip_key<'a>(text: &'a str, key: &str, least_part: usize) -> Option<&'a str> {
    let mut rest = text;
    for (stripped, c) in key.chars().enumerate() {
        match strip_char(rest, c) {
            Some(behind) => rest = behind,
            None if stripped >= least_part && is_part_of_char(rest, c) => return Some(""),
            None => return None,
        }
    }
    Some(rest)
}

/// True when `text` ends before it says `c`.
fn is_part_of_char(text: &str, c: char) -> bool {
    let text = text.to_ascii_lowercase();
    percent(c).starts_with(&text) || escaped(c).starts_with(&text)
}

fn percent(c: char) -> String {
    c.to_string().bytes().map(|byte| format!("%{byte:02x}")).collect()
}

fn escaped(c: char) -> String {
    format!("\\u{:04x}", u32::from(c))
}

/// What stands behind `c`, if `text` begins with it in any of its forms.
fn strip_char(text: &str, c: char) -> Option<&str> {
    match text.chars().next()? {
        first if first == c => text.strip_prefix(c),
        '\\' => strip_in_any_case(text, &escaped(c)).or_else(|| text[1..].strip_prefix(c)),
        '%' => strip_in_any_case(text, &percent(c)),
        '+' if c == ' ' => text.strip_prefix('+'),
        _ => None,
    }
}

fn strip_in_any_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}
