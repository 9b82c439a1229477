//! What the commands know of Open-Meteo.

use super::{Built, Check, SourceEntry, SourcesSettings, Terms, nowhere};
use crate::domain::ErrorKind;
use crate::simulator;
use crate::source::History;
use crate::source::open_meteo::{NAME, OpenMeteo};

pub(super) const ENTRY: SourceEntry = SourceEntry {
    name: NAME,
    passes: |settings| settings.open_meteo.check().map(drop),
    build: |settings| {
        let timeout = settings.timeout();
        let settings = &settings.open_meteo;
        let source = settings.build(timeout)?;
        Ok(Built {
            histories: vec![Box::new(source.archive()), Box::new(source.recent_hours())],
            source: Box::new(source),
            live_calls_per_minute: settings.live_calls_per_minute(),
            calls_per_minute: settings.open_meteo_calls_per_minute,
        })
    },
    forecaster: |settings, _| {
        let (timeout, settings) = (settings.timeout(), &settings.open_meteo);
        let source = settings.build(timeout)?;
        Ok(Box::new(source.model_forecast(&settings.open_meteo_forecast_model)))
    },
    reread: |answers| {
        let source = OpenMeteo::new(answers, &nowhere(), &nowhere(), None);
        let histories: Vec<Box<dyn History>> =
            vec![Box::new(source.archive()), Box::new(source.recent_hours())];
        (Box::new(source), histories)
    },
    budget: |settings| settings.open_meteo.budget(),
    key_hint: "",
    check: Check { name: "Open-Meteo", set: "no key needed", remedy, terms },
    simulated: simulator::OPEN_METEO,
};

fn terms(settings: &SourcesSettings) -> Option<Terms> {
    let settings = &settings.open_meteo;
    let is_free_host = settings.open_meteo_base_url.host_str() == Some("api.open-meteo.com");
    let (found, remedy) = match (settings.key(), is_free_host) {
        (Some(_), true) => (
            "a commercial key, and the free service's host",
            Some(
                "set OPEN_METEO_BASE_URL=https://customer-api.open-meteo.com and \
                 OPEN_METEO_ARCHIVE_URL=https://customer-archive-api.open-meteo.com",
            ),
        ),
        (Some(_), false) => ("a commercial key is set", None),
        (None, _) => (
            "no key: the free service is for non-commercial use only \
             (https://open-meteo.com/en/terms)",
            None,
        ),
    };
    Some(Terms { check: "Open-Meteo terms", found, remedy })
}

/// What to do about an answer.
fn remedy(kind: ErrorKind, _message: &str) -> &'static str {
    match kind {
        ErrorKind::Unauthorized => {
            "check OPEN_METEO_API_KEY, and that its plan includes this API; the free service needs no key, a commercial one has hosts of its own (OPEN_METEO_BASE_URL, OPEN_METEO_ARCHIVE_URL)"
        }
        ErrorKind::RateLimited => {
            "the limit holds until the minute, the hour or the UTC day turns: wait, then lower OPEN_METEO_CALLS_PER_MINUTE, or MAX_WORKERS where it says that too many calls are made at once"
        }
        ErrorKind::Timeout | ErrorKind::Connection => {
            "check that this machine reaches OPEN_METEO_BASE_URL, by a proxy if it needs one (HTTPS_PROXY)"
        }
        ErrorKind::ServerError => "the service has trouble of its own: try again later",
        ErrorKind::BadRequest | ErrorKind::NotFound => "check the coordinates of the first site",
        ErrorKind::Malformed | ErrorKind::OutOfRange => {
            "check that OPEN_METEO_BASE_URL is the API and not a page or a proxy, and this machine's clock where a time is out of range"
        }
    }
}
