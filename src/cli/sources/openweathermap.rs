//! What the commands know of OpenWeatherMap.

use super::{Built, Check, SourceEntry, nowhere};
use crate::domain::ErrorKind;
use crate::domain::forecast::Product;
use crate::simulator;
use crate::source::History;
use crate::source::openweathermap::{NAME, OpenWeatherMap};

pub(super) const ENTRY: SourceEntry = SourceEntry {
    name: NAME,
    passes: |settings| settings.openweather.check().map(drop),
    build: |settings| {
        let settings = &settings.openweather;
        let source = settings.build()?;
        let calls_per_minute = settings.limits.calls_per_minute();
        Ok(Built {
            histories: vec![settings.openweather_one_call.history(&source)],
            source: Box::new(source),
            live_calls_per_minute: calls_per_minute,
            calls_per_minute,
        })
    },
    forecaster: |settings, product| {
        let source = settings.openweather.build()?;
        Ok(match product {
            Product::OwmOneCall1h => Box::new(source.forecast_hours()),
            _ => Box::new(source.forecast_3h()),
        })
    },
    reread: |answers| {
        let source = OpenWeatherMap::new(answers, &nowhere(), "".into());
        let histories: Vec<Box<dyn History>> =
            vec![Box::new(source.one_call_4()), Box::new(source.one_call_3())];
        (Box::new(source), histories)
    },
    budget: |settings| settings.openweather.budget(),
    key_hint: "get a key at https://home.openweathermap.org/api_keys (free) and put it into the environment \
               or .env; SOURCES=open-meteo needs none (free for non-commercial use only); `weather demo` \
               runs without one",
    check: Check { name: "API key", set: "set", remedy, terms: |_| None },
    simulated: simulator::OPENWEATHERMAP,
};

/// What to do about an answer, a 401 by its likely cause.
fn remedy(kind: ErrorKind, message: &str) -> &'static str {
    match kind {
        ErrorKind::Unauthorized if message.contains("subscription") => {
            "the key is good, but its plan lacks this product: subscribe to it, or set OPENWEATHER_BASE_URL to the host of your plan"
        }
        ErrorKind::Unauthorized => {
            "check the key for typing errors; a new one works within 2 hours of sign-up; a paid plan has a host of its own (OPENWEATHER_BASE_URL). If other sites are collected, the key is good: the place, or this machine, is refused"
        }
        ErrorKind::RateLimited => {
            "the account is blocked for a while: wait, then lower OPENWEATHER_CALLS_PER_MINUTE"
        }
        ErrorKind::Timeout | ErrorKind::Connection => {
            "check that this machine reaches OPENWEATHER_BASE_URL, by a proxy if it needs one (HTTPS_PROXY)"
        }
        ErrorKind::ServerError => "the service has trouble of its own: try again later",
        ErrorKind::BadRequest | ErrorKind::NotFound => {
            "check the coordinates of the first site, and OPENWEATHER_BASE_URL"
        }
        ErrorKind::Malformed | ErrorKind::OutOfRange => {
            "check that OPENWEATHER_BASE_URL is the API and not a page or a proxy, and this machine's clock where a time is out of range"
        }
    }
}
