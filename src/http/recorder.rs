//! Keeps what came: a [`Fetch`] around another one, which hands every answer to its listener.
//!
//! A source has it around whatever calls out, since it knows the key that no kept answer may hold. It
//! keeps only within [`recorded`]: what `doctor` or a look-up of a place asks is nobody's. The task's own
//! variable carries the answers, so that no source has to hand them on beside what it makes of them.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use reqwest::header::CONTENT_TYPE;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use url::Url;

use super::fetch::{Fetch, FetchError, Request, Response};
use super::redact::{LEAST_PART_CHARS, is_secret, redact};

/// Longest `Content-Type` that is kept.
const MAX_CONTENT_TYPE_CHARS: usize = 100;

tokio::task_local! {
    static TAPE: Tape;
}

/// The answers of one attempt at a call, in order.
#[derive(Clone, Default)]
struct Tape(Arc<Mutex<Vec<Exchange>>>);

/// Makes `call`, and returns beside its result every answer that a [`Recorder`] met on the way.
pub async fn recorded<T>(call: impl Future<Output = T>) -> (T, Vec<Exchange>) {
    let tape = Tape::default();
    let result = TAPE.scope(tape.clone(), call).await;
    let exchanges = std::mem::take(&mut *tape.0.lock().unwrap_or_else(PoisonError::into_inner));
    (result, exchanges)
}

/// A request and what came of it, without the key.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// The path that was called.
    pub endpoint: String,
    /// What was asked for.
    pub params: Params,
    /// Status of the answer; `None`: there was none.
    pub http_status: Option<u16>,
    /// When the answer was made, by the server's clock, if it said so.
    pub date: Option<DateTime<Utc>>,
    /// What the answer says it is.
    pub content_type: Option<String>,
    /// What came.
    pub body: Body,
}

/// What came.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// A body without the key.
    Whole(Bytes),
    /// A text that held the key: it is blanked, the rest is as it came.
    Blanked {
        /// The text, with `[key]` in the place of the key.
        text: String,
        /// SHA-256 of the body as it came, in hexadecimal digits.
        sha256: String,
    },
    /// It held the key, and is no text in which that can be blanked.
    Withheld {
        /// As above.
        sha256: String,
    },
    /// No answer, or not all of it.
    None {
        /// True when the time was over.
        is_timeout: bool,
        /// What happened, without the key.
        message: String,
    },
}

/// What was asked for: every parameter of the sources' calls but the key, which has no field here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the services' own names: see docs/SOURCES.md")]
pub struct Params {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lat: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lon: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub units: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cnt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latitude: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longitude: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minutely_15: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub past_minutely_15: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forecast_minutely_15: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hourly: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature_unit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wind_speed_unit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub precipitation_unit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeformat: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
}

impl Params {
    /// Those of an address; what has no field here is left out.
    #[must_use]
    pub fn of(url: &Url) -> Self {
        let pairs = url.query_pairs().map(|(name, value)| (name.into_owned(), value.into()));
        let object = serde_json::Value::Object(pairs.collect());
        serde_json::from_value(object).unwrap_or_default()
    }
}

/// Keeps what comes of the calls of the one inside.
pub struct Recorder {
    inner: Arc<dyn Fetch>,
    key: Option<SecretString>,
}

impl Recorder {
    /// Around `inner`, whose addresses hold this key.
    #[must_use]
    pub fn around(inner: Arc<dyn Fetch>, key: Option<&SecretString>) -> Arc<dyn Fetch> {
        Arc::new(Self { inner, key: key.cloned() })
    }

    fn exchange(&self, url: &Url, fetched: &Result<Response, FetchError>) -> Exchange {
        let answer = fetched.as_ref().ok();
        let content_type = answer.and_then(|answer| answer.headers.get(CONTENT_TYPE));
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let cut = |text: &str| self.blanked(text).chars().take(MAX_CONTENT_TYPE_CHARS).collect();
        Exchange {
            endpoint: url.path().to_owned(),
            params: Params::of(url),
            http_status: match fetched {
                Ok(answer) => Some(answer.status.as_u16()),
                Err(error) => error.status.map(|status| status.as_u16()),
            },
            date: answer.and_then(Response::date),
            content_type: content_type.map(cut),
            body: match fetched {
                Ok(answer) => self.body(&answer.body),
                Err(error) => Body::None {
                    is_timeout: error.is_timeout,
                    message: self.blanked(&error.message),
                },
            },
        }
    }

    fn body(&self, body: &Bytes) -> Body {
        let Some(key) = self.key.as_ref().filter(|key| is_secret(key)) else {
            return Body::Whole(body.clone());
        };
        let sha256 = || Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect();
        let text = String::from_utf8_lossy(body);
        let blanked = redact(key, &text, LEAST_PART_CHARS);
        match std::str::from_utf8(body) {
            _ if blanked == text => Body::Whole(body.clone()),
            Ok(_) => Body::Blanked { text: blanked, sha256: sha256() },
            Err(_) => Body::Withheld { sha256: sha256() },
        }
    }

    fn blanked(&self, text: &str) -> String {
        match &self.key {
            Some(key) => redact(key, text, LEAST_PART_CHARS),
            None => text.to_owned(),
        }
    }
}

#[async_trait]
impl Fetch for Recorder {
    async fn fetch(&self, request: Request) -> Result<Response, FetchError> {
        let Ok(tape) = TAPE.try_with(Tape::clone) else { return self.inner.fetch(request).await };
        let url = request.url.clone();
        let fetched = self.inner.fetch(request).await;
        let exchange = self.exchange(&url, &fetched);
        tape.0.lock().unwrap_or_else(PoisonError::into_inner).push(exchange);
        fetched
    }
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;
    use reqwest::header::HeaderMap;

    use super::*;

    const KEY: &str = "S3CRETkey+/0123456789abcdef";

    struct Says(Result<&'static [u8], FetchError>);

    #[async_trait]
    impl Fetch for Says {
        async fn fetch(&self, _: Request) -> Result<Response, FetchError> {
            let body = Bytes::from_static(self.0.clone()?);
            Ok(Response { status: StatusCode::OK, headers: HeaderMap::new(), body })
        }
    }

    async fn kept(says: Result<&'static [u8], FetchError>) -> Exchange {
        let recorder = Recorder::around(Arc::new(Says(says)), Some(&KEY.into()));
        let mut url: Url = "https://api.example/data/2.5/weather?lat=1.5&lon=-2".parse().unwrap();
        url.query_pairs_mut().append_pair("appid", KEY).append_pair("apikey", KEY);
        let request = || Request { url: url.clone(), max_bytes: 100 };
        assert!(recorder.fetch(request()).await.is_ok() == recorder.fetch(request()).await.is_ok());
        let (_, mut exchanges) = recorded(recorder.fetch(request())).await;
        assert_eq!(exchanges.len(), 1);
        exchanges.remove(0)
    }

    #[tokio::test]
    async fn an_answer_is_kept_as_it_came_with_what_was_asked_for_and_without_the_key() {
        for body in [&b""[..], b"{}", b"\xff\xfe", "°".as_bytes()] {
            let exchange = kept(Ok(body)).await;
            assert_eq!(exchange.body, Body::Whole(Bytes::from_static(body)));
            assert_eq!(exchange.endpoint, "/data/2.5/weather");
            let params = serde_json::to_string(&exchange.params).unwrap();
            assert_eq!(params, r#"{"lat":"1.5","lon":"-2"}"#);
        }
    }

    #[tokio::test]
    async fn a_body_that_holds_the_key_plain_or_encoded_is_kept_without_it() {
        for body in [
            &b"see ?appid=S3CRETkey+/0123456789abcdef, no"[..],
            b"see ?appid=S3CRETkey%2B%2F0123456789abcdef, no",
            b"see ?appid=S3CRETkey%2b%2f0123456789abcdef, no",
            br"see ?appid=S3CRETkey\u002b\/0123456789abcdef, no",
        ] {
            let Body::Blanked { text, sha256 } = kept(Ok(body)).await.body else { panic!() };
            assert_eq!((text.as_str(), sha256.len()), ("see ?appid=[key], no", 64));
        }
        let binary = kept(Ok(b"\xff S3CRETkey%2B%2F0123456789abcdef")).await.body;
        assert!(matches!(binary, Body::Withheld { .. }), "{binary:?}");
        let message = "no route to S3CRETkey+/0123456789abcdef".to_owned();
        let error = FetchError { is_timeout: true, message, status: None };
        let expected = Body::None { is_timeout: true, message: "no route to [key]".to_owned() };
        assert_eq!(kept(Err(error)).await.body, expected);
    }
}
