//! An endpoint query: what is asked, in which form, and of which state of the store; and the way from there to
//! an answer: the cache, the entity tag, and the headers that go with them.

use std::future::Future;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::cache::{Answers, Key};
use super::form::Form;
use super::memory::Memory;
use super::problem::Problem;
use super::public::PublicUrl;
use super::versions::Versions;
use crate::farmhash::fingerprint64;
use crate::store::RunVersion;

/// The longest answer that is kept.
const KEPT_BYTES: usize = 1 << 20;

/// A client may keep an answer, but has to ask whether it is still right.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("private, no-cache");

/// nginx collects answers before it passes them on, unless they say that they want it not
/// (<https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering>).
pub(crate) const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
pub(crate) const UNBUFFERED: HeaderValue = HeaderValue::from_static("no");

/// What answers are made with.
pub(crate) struct Answering {
    pub(crate) versions: Versions,
    pub(crate) answers: Answers,
    pub(crate) memory: Memory,
    /// Changes when the form of the answers does, so that no client takes an old one for right.
    pub(crate) form: String,
    /// What links begin with: instances that share their answers may be reached by different addresses.
    pub(crate) public: PublicUrl,
}

/// What an answer is made of.
pub(crate) enum Content {
    /// All of it.
    Whole(Vec<u8>),
    /// A stream.
    Stream(Body),
    /// There is nothing that was asked for, where that is no error.
    Nothing,
}

impl Content {
    /// All of an answer, as JSON.
    pub(crate) fn json(answer: &impl Serialize) -> Result<Self, Problem> {
        Ok(Self::Whole(json(answer)?))
    }
}

/// As JSON.
pub(crate) fn json(answer: &impl Serialize) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(answer).map_err(|error| Problem::unwritable(&error))
}

/// What ends an answer, beside the next run.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Until {
    /// Nothing else.
    Run,
    /// The minute that it depends on.
    Minute(DateTime<Utc>),
    /// The hour, since it is of what is newest: an observation of a time to come counts when that time has
    /// come, which need not be waited for by the minute.
    Hour(DateTime<Utc>),
}

impl Until {
    /// The state of the store, and of what else the answer depends on.
    fn version(self, state: &RunVersion) -> String {
        match self {
            Self::Run => state.to_string(),
            Self::Minute(now) => format!("{state}-m{}", now.timestamp().div_euclid(60)),
            Self::Hour(now) => format!("{state}-h{}", now.timestamp().div_euclid(3600)),
        }
    }
}

/// A query of an endpoint, of the present state of the store.
pub(crate) struct EndpointQuery<'a> {
    answering: &'a Answering,
    key: Key,
    tag: String,
    state: Arc<RunVersion>,
    file_name: Option<String>,
}

impl<'a> EndpointQuery<'a> {
    /// The query that `parameters` are of: everything that the answer depends on, defaults filled.
    pub(crate) async fn new(
        answering: &'a Answering,
        endpoint: &str,
        parameters: &impl Serialize,
        form: impl Into<Form>,
        until: Until,
    ) -> Result<Self, Problem> {
        let Form { format, .. } = form.into();
        let state = answering.versions.current().await?;
        let parameters = serde_json::to_string(parameters);
        let parameters = parameters.map_err(|error| Problem::unwritable(&error))?;
        let root = answering.public.path();
        let (query, version) = (format!("{root}{endpoint} {parameters}"), until.version(&state));
        let text = format!("{} {query} {}", answering.form, format.media_type());
        let tag = format!("\"{:016x}-{version}\"", fingerprint64(text.as_bytes()));
        Ok(Self { answering, key: Key { query, format, version }, tag, state, file_name: None })
    }

    /// The same, of which the answer is a file with a name, where it is one.
    pub(crate) fn named(self, file_name: Option<String>) -> Self {
        Self { file_name, ..self }
    }

    /// The answer: none if the client has it, else the one that is kept, else what `make` makes.
    pub(crate) async fn answer(
        self,
        headers: &HeaderMap,
        make: impl Future<Output = Result<Content, Problem>>,
    ) -> Result<Response, Problem> {
        if has_it(headers, &self.tag) {
            return Ok(self.headed(StatusCode::NOT_MODIFIED.into_response()));
        }
        if let Some(kept) = self.answering.answers.find(&self.key).await {
            return Ok(self.headed(Body::from(kept).into_response()));
        }
        match make.await? {
            Content::Stream(body) => {
                let mut response = self.weak().headed(body.into_response());
                response.headers_mut().insert(BUFFERING, UNBUFFERED);
                Ok(response)
            }
            Content::Whole(bytes) => self.whole(bytes.into()).await,
            Content::Nothing => self.nothing().await,
        }
    }

    /// A run may commit while a stream goes on.
    fn weak(self) -> Self {
        Self { tag: format!("W/{}", self.tag), ..self }
    }

    /// What a run committed while the answer was being made may be in it in part: such an answer is
    /// of no state, and is not kept.
    async fn whole(self, bytes: Bytes) -> Result<Response, Problem> {
        let Answering { versions, answers, memory, .. } = self.answering;
        let is_of_state = versions.current().await? == self.state;
        if is_of_state && bytes.len() <= KEPT_BYTES {
            answers.keep(self.key.clone(), bytes.clone()).await;
        }
        let mut response = self.headed(Body::from(memory.hold(bytes)?).into_response());
        if !is_of_state {
            response.headers_mut().remove(header::ETAG);
        }
        Ok(response)
    }

    /// Not kept: it is read as fast as it is found.
    async fn nothing(self) -> Result<Response, Problem> {
        let mut response = self.headed(StatusCode::NO_CONTENT.into_response());
        response.headers_mut().remove(header::CONTENT_TYPE);
        if self.answering.versions.current().await? != self.state {
            response.headers_mut().remove(header::ETAG);
        }
        Ok(response)
    }

    fn headed(&self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        if let Ok(tag) = HeaderValue::from_str(&self.tag) {
            headers.insert(header::ETAG, tag);
        }
        let media_type = HeaderValue::from_static(self.key.format.media_type());
        headers.insert(header::CONTENT_TYPE, media_type);
        headers.insert(header::CACHE_CONTROL, ASK_AGAIN);
        headers.append(header::VARY, HeaderValue::from_static("accept"));
        if let Some(disposition) = self.file_name.as_deref().and_then(attachment) {
            headers.insert(header::CONTENT_DISPOSITION, disposition);
        }
        response
    }
}

/// A file with this name, which is made of ids and days.
fn attachment(file_name: &str) -> Option<HeaderValue> {
    HeaderValue::try_from(format!("attachment; filename=\"{file_name}\"")).ok()
}

impl Answering {
    /// An answer that depends on the moment, and is not kept.
    pub(crate) fn momentary(
        &self,
        content: Content,
        form: Form,
        file_name: Option<&str>,
    ) -> Result<Response, Problem> {
        let mut response = match content {
            Content::Whole(bytes) => Body::from(self.memory.hold(bytes.into())?).into_response(),
            Content::Stream(body) => ([(BUFFERING, UNBUFFERED)], body).into_response(),
            Content::Nothing => StatusCode::NO_CONTENT.into_response(),
        };
        let media_type = HeaderValue::from_static(form.format.media_type());
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, media_type);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.append(header::VARY, HeaderValue::from_static("accept"));
        if let Some(disposition) = file_name.and_then(attachment) {
            headers.insert(header::CONTENT_DISPOSITION, disposition);
        }
        Ok(response)
    }
}

/// Whether `If-None-Match` names the tag; by weak comparison, as it has to be
/// ([RFC 9110, 13.1.2](https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2)). `*` names none: whether
/// there is an answer at all is known only when it has been made.
fn has_it(headers: &HeaderMap, tag: &str) -> bool {
    let values = headers.get_all(header::IF_NONE_MATCH).iter();
    let mut tags = values.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
    tags.any(|given| {
        let given = given.trim();
        given.strip_prefix("W/").unwrap_or(given) == tag
    })
}
