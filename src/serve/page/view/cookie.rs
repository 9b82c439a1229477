//! The cookie `view`: how a reader wants pages to be written, and nothing else of the reader.
//!
//! `v=1&units=imperial%2Cwind%3Akn&times=site&lang=es`: a query string, which has no character that a cookie may not
//! have. One that is damaged, of another version or too long is ignored.

use axum::http::{HeaderMap, HeaderValue, header};
use serde::Deserialize;

use super::{Given, Lang, Times, UnitsChoice};
use crate::serve::answer::parameters::parse;

const NAME: &str = "view";
const VERSION: &str = "1";

/// A longer one is none of this page's.
const MAX_BYTES: usize = 200;

/// A year.
const KEPT_S: u32 = 365 * 24 * 3600;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    v: String,
    units: Option<UnitsChoice>,
    times: Option<Times>,
    lang: Option<Lang>,
}

/// What the cookie of a request says.
pub(super) fn read(headers: &HeaderMap) -> Given {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs =
        cookies.flat_map(|text| text.split(';')).filter_map(|pair| pair.split_once('='));
    let own = pairs.find_map(|(name, value)| (name.trim() == NAME).then_some(value.trim()));
    own.and_then(read_value).unwrap_or_default()
}

fn read_value(value: &str) -> Option<Given> {
    let is_short = value.len() <= MAX_BYTES;
    let kept: Kept = is_short.then(|| parse(value).ok()).flatten()?;
    let Kept { v, units, times, lang } = kept;
    (v == VERSION).then_some(Given { units, times, lang })
}

/// The header that keeps a choice, on every path below this one.
pub(in crate::serve::page) fn kept(given: Given, root: &str) -> Option<HeaderValue> {
    let pairs = given.pairs();
    let pairs: String = pairs.iter().map(|(name, value)| format!("&{name}={value}")).collect();
    let (path, value) = (format!("{root}/"), format!("v={VERSION}{pairs}"));
    let text = format!("{NAME}={value}; Path={path}; Max-Age={KEPT_S}; SameSite=Lax; HttpOnly");
    HeaderValue::try_from(text).ok().filter(|_| value.len() <= MAX_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(cookie: &str) -> Vec<(&'static str, String)> {
        let headers = [(header::COOKIE, cookie.parse().unwrap())].into_iter().collect();
        read(&headers).pairs()
    }

    #[test]
    fn what_is_kept_is_read_again() {
        let units = "imperial,wind:kn,rain:mm,temperature:k,pressure:mmhg,visibility:km";
        let longest = Given {
            units: Some(units.to_owned().try_into().unwrap()),
            times: Some("America/Argentina/ComodRivadavia".to_owned().try_into().unwrap()),
            lang: Some("es".to_owned().try_into().unwrap()),
        };
        let header = kept(longest, "/weather").unwrap();
        let header = header.to_str().unwrap();
        assert!(header.ends_with("; Path=/weather/; Max-Age=31536000; SameSite=Lax; HttpOnly"));
        let pair = header.split(';').next().unwrap();
        assert_eq!(given(&format!("other=1; {pair}; more=2")), longest.pairs());
    }

    #[test]
    fn what_is_damaged_of_another_version_or_too_long_is_ignored() {
        let long = format!("view=v=1&lang=es&times={}", "a".repeat(200));
        for bad in [
            "view=",
            "view=v=2&lang=es",
            "view=lang=es",
            "view=v=1&lang=xx",
            "view=v=1&lang=es&lang=en",
            "view=v=1&lang=es&more=1",
            "view=%ff%00",
            "views=v=1&lang=es",
            &long,
        ] {
            assert_eq!(given(bad), [], "{bad}");
        }
        assert_eq!(given("view=v=1&lang=es"), [("lang", "es".to_owned())]);
    }
}
