//! What the calls of all sources do alike when they go wrong.

use secrecy::SecretString;
use url::Url;

use super::SourceError;
use super::fault::{cut, is_cut, one_line};
use super::history::{Missing, Recalled};
use crate::domain::ErrorKind;
use crate::domain::observation::Values;
use crate::http::FetchError;
use crate::http::redact::{LEAST_PART_CHARS, is_secret, redact};

/// A call that got no answer, or not all of it. Its message may hold the key.
pub(super) fn broken(error: FetchError) -> SourceError {
    SourceError {
        kind: if error.is_timeout { ErrorKind::Timeout } else { ErrorKind::Connection },
        message: error.message,
        http_status: error.status.map(|status| status.as_u16()),
        retry_after: None,
    }
}

/// What a status means, unless a service says otherwise.
pub(super) fn kind(status: u16) -> ErrorKind {
    match status {
        401..=403 | 407 => ErrorKind::Unauthorized,
        404 | 410 => ErrorKind::NotFound,
        408 => ErrorKind::Timeout,
        429 => ErrorKind::RateLimited,
        400..500 => ErrorKind::BadRequest,
        500.. => ErrorKind::ServerError,
        // A redirect or an answer without a body: a proxy or a page is in the way, not the site.
        _ => ErrorKind::Malformed,
    }
}

/// The address of `path`, whether or not the base came with the path that `path` begins with.
pub(super) fn endpoint(base_url: &Url, known_path: &str, path: &str) -> Url {
    let mut url = base_url.clone();
    let base = url.path().trim_end_matches('/').trim_end_matches(known_path).to_owned();
    url.set_path(&format!("{base}{path}"));
    url
}

/// A message as it is logged and kept: in one line, printable, without the key, and only then cut, as
/// what is cut could leave a part of the key. A server may echo what it was sent.
pub(super) fn message(key: Option<&SecretString>, message: &str) -> String {
    let line = one_line(message);
    let least_part = if is_cut(&line) { 1 } else { LEAST_PART_CHARS };
    match key {
        Some(key) => cut(&redact(key, &line, least_part)),
        None => cut(&line),
    }
}

/// A text as the source wrote it, without the key.
pub(super) fn blanked(key: &SecretString, text: &str) -> String {
    if is_secret(key) { redact(key, text, LEAST_PART_CHARS) } else { text.to_owned() }
}

/// Blanks the key in the texts of an observation, which are kept as the source wrote them.
pub(super) fn blank_values(key: &SecretString, values: &mut Values) {
    if !is_secret(key) {
        return;
    }
    let texts = [&mut values.condition_group, &mut values.condition_description];
    for text in texts.into_iter().flatten() {
        *text = redact(key, text, LEAST_PART_CHARS);
    }
}

/// Blanks the key in all that a history says.
pub(super) fn blank_recalled(key: &SecretString, recalled: &mut Recalled) {
    match &mut recalled.found {
        Ok(observation) => blank_values(key, &mut observation.values),
        Err(Missing::Unreadable(fault) | Missing::OutOfRange(fault)) => {
            fault.message = message(Some(key), &fault.message);
        }
        Err(Missing::Refused(said)) => *said = message(Some(key), said),
        Err(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blanked(key: &str, text: &str) -> String {
        message(Some(&SecretString::from(key)), text)
    }

    #[test]
    fn a_key_that_a_server_echoes_is_blanked_in_whatever_way_it_is_written() {
        for text in [
            "no a+b/c, no",
            "no a%2Bb%2Fc, no",
            "no a%2bb%2fc, no",
            "no %61%2B%62%2F%63, no",
            r"no \u0061\u002b\u0062\u002F\u0063, no",
            r"no a+b\/c, no",
            r"no a\u002Bb%2Fc, no",
            "no a+b\u{0}/\u{1b}c, no",
        ] {
            assert_eq!(blanked("a+b/c", text), "no [key], no", "{text}");
        }
        assert_eq!(blanked("a+b/c", "a+b/d \\u00 %2 \\"), "a+b/d \\u00 %2 \\");
        assert_eq!(blanked("", "nothing to blank"), "nothing to blank");
        assert_eq!(message(None, "one\r\ntwo\t\u{1b}[31m"), "one two [31m");
    }

    #[test]
    fn a_key_at_a_cut_leaves_nothing_of_itself() {
        let key = "z".repeat(32);
        let escaped = r"\u007a".repeat(32);
        let is_clean = |message: &str| !message.contains('z') && !message.contains("u007a");
        for form in [&key, &escaped] {
            for before in 0..300 {
                let text = format!("{}{form} and more", "x".repeat(before));
                let message = blanked(&key, &text);
                assert!(message.chars().count() <= 260 && is_clean(&message), "{message}");
            }
            // Nor where it came cut, in the midst of a character even.
            for end in form.len() / 4..form.len() {
                assert!(is_clean(&blanked(&key, &format!("said {}", &form[..end]))), "{end}");
            }
            // Nor where the text is so long that it is cut before.
            for before in 3_700..4_100 {
                let echo = format!("{form} ").repeat(before / form.len());
                assert!(is_clean(&blanked(&key, &format!("{echo}{form}{form}"))), "{before}");
            }
        }
    }

    #[test]
    fn words_of_the_weather_are_kept_though_a_key_be_one_of_them() {
        let values = |key: &str, words: &str| {
            let mut values =
                Values { condition_description: Some(words.into()), ..Values::default() };
            blank_values(&SecretString::from(key), &mut values);
            values.condition_description.unwrap()
        };
        assert_eq!(values("rain", "light rain"), "light rain");
        assert_eq!(values("0123456789abcdef", "see ?appid=0123456789abcdef"), "see ?appid=[key]");
    }
}
