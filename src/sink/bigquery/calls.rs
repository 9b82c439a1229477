//! Calls: how they are sent, and the time they may take. What comes is read as JSON, field by field:
//! a type or a field that we do not know is none of our business.

use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use url::Url;

use super::BigQuery;
use super::jobs::Looks;
use super::refusal::{Refusal, first_line};
use crate::http;
use crate::sink::{Obstacle, SinkError};

/// How long is waited for BigQuery. Tests take shorter times.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// For the answer to a call.
    pub call: Duration,
    /// For the answer to an upload.
    pub upload: Duration,
    /// For the end of a job.
    pub job: Duration,
    /// Between two log lines that say what is waited for.
    pub report_every: Duration,
    /// Between two looks at a job, at first; twice as long each time, up to `longest_wait`.
    pub first_wait: Duration,
    /// Between two looks at a job, at most.
    pub longest_wait: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            call: Duration::from_secs(30),
            upload: Duration::from_secs(600),
            job: Duration::from_secs(3600),
            report_every: Duration::from_secs(60),
            first_wait: Duration::from_millis(50),
            longest_wait: Duration::from_secs(2),
        }
    }
}

/// A page of results is 10 MB at most, before it is written as JSON.
const ANSWER_BYTES: usize = 32 << 20;

/// No internal list has so many, nor are results that are not there yet looked at so often.
const MAX_PAGES: u32 = 10_000;

const GOOGLE: &str = "https://bigquery.googleapis.com/bigquery/v2";

pub(super) fn http(of: &Url) -> Result<reqwest::Client, SinkError> {
    let longest = Bounds::default().upload;
    http::client(&[of], longest).map_err(|error| unavailable("the client", http::describe(error)))
}

/// Google's address, or an emulator's.
pub(super) fn base_url(emulator: Option<&Url>) -> String {
    emulator.map_or(GOOGLE, Url::as_str).trim_end_matches('/').to_owned()
}

/// Where load jobs with media are sent
/// (<https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/insert>).
pub(super) fn upload_url(base_url: &str, project: &str) -> Result<Url, SinkError> {
    let wrong = |_| SinkError::Settings("BIGQUERY_BASE_URL: no address of a service".to_owned());
    let mut url = Url::parse(base_url).map_err(wrong)?;
    url.set_path(&format!("/upload{}/projects/{project}/jobs", url.path()));
    url.set_query(Some("uploadType=multipart"));
    Ok(url)
}

pub(super) fn unavailable(
    what: &str,
    cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> SinkError {
    SinkError::Unavailable { what: what.into(), cause: cause.into() }
}

/// The answer about `what` has not what it should have.
pub(super) fn unreadable(what: &str, problem: impl Into<String>) -> SinkError {
    let (obstacle, cause) = (Obstacle::Unreadable, problem.into().into());
    SinkError::Blocked { what: what.into(), obstacle, cause }
}

impl BigQuery {
    /// Makes a call: its answer, or its refusal, which the caller may know how to take.
    ///
    /// # Errors
    /// What may pass, and what keeps the call from being made.
    pub(super) async fn rest(
        &self,
        what: &str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Result<Value, Refusal>, SinkError> {
        let url = self.url(path);
        self.send(what, self.bounds.call, || {
            let request = self.http.request(method.clone(), &url);
            match body {
                None => request,
                Some(body) => request
                    .header("Content-Type", "application/json")
                    .body(serde_json::to_vec(body).unwrap_or_default()),
            }
        })
        .await
    }

    /// What is found there; `None` if nothing is.
    pub(super) async fn find(&self, what: &str, path: &str) -> Result<Option<Value>, SinkError> {
        match self.rest(what, Method::GET, path, None).await? {
            Ok(found) => Ok(Some(found)),
            Err(refusal) if refusal.is(404) => Ok(None),
            Err(refusal) => Err(self.refused(what, refusal)),
        }
    }

    /// The `items` of all pages of a list: a page may be empty, and another one follow.
    ///
    /// # Errors
    /// Also when they are fewer than the answer says that there are.
    pub(super) async fn list(
        &self,
        what: &str,
        path: &str,
        items: &str,
    ) -> Result<Result<Vec<Value>, Refusal>, SinkError> {
        let (mut all, mut token) = (Vec::new(), None);
        let mut looks = Looks::new(self, what, path);
        for _ in 0..MAX_PAGES {
            let page = match self.page(what, path, token.as_deref()).await? {
                Ok(page) => page,
                Err(refusal) => return Ok(Err(refusal)),
            };
            // Only results of a query say so: they are not there yet.
            if page["jobComplete"] == false {
                looks.wait("RUNNING").await?;
                continue;
            }
            all.extend(page[items].as_array().into_iter().flatten().cloned());
            let next = ["nextPageToken", "pageToken"].iter().find_map(|name| page[name].as_str());
            match next.filter(|next| !next.is_empty()) {
                None => return whole(what, all, &page).map(Ok),
                Some(next) if token.as_deref() == Some(next) => {
                    return Err(unavailable(what, "the answer names the same page again"));
                }
                Some(next) => token = Some(next.to_owned()),
            }
        }
        Err(unavailable(what, "the answer has no last page"))
    }

    fn url(&self, path: &str) -> String {
        format!("{}/projects/{}/{path}", self.base_url, self.names.project)
    }

    async fn page(
        &self,
        what: &str,
        path: &str,
        token: Option<&str>,
    ) -> Result<Result<Value, Refusal>, SinkError> {
        let url = self.url(path);
        let page = token.map(|token| ("pageToken", token));
        self.send(what, self.bounds.call, || self.http.get(&url).query(page.as_slice())).await
    }

    /// Sends what `request` makes. A token that is refused may have ended before its time: it is
    /// renewed, once.
    pub(super) async fn send(
        &self,
        what: &str,
        longest: Duration,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<Result<Value, Refusal>, SinkError> {
        match self.send_once(what, longest, request()).await? {
            Err(refusal) if refusal.is(401) => {
                tracing::info!("a token was refused: it is renewed");
                self.credentials.renew()?;
                self.send_once(what, longest, request()).await
            }
            answer => Ok(answer),
        }
    }

    async fn send_once(
        &self,
        what: &str,
        longest: Duration,
        request: RequestBuilder,
    ) -> Result<Result<Value, Refusal>, SinkError> {
        let token = tokio::time::timeout(self.bounds.call, self.credentials.token()).await;
        let token = token.map_err(|_| silent("a token", self.bounds.call))??;
        let request = request.timeout(longest).bearer_auth(token);
        let failed = |error: reqwest::Error| match error.is_timeout() {
            true => silent(what, longest),
            false => unavailable(what, http::describe(error)),
        };
        let answer = async {
            let response = request.send().await?;
            let status = response.status();
            Ok((status, http::body(response, ANSWER_BYTES).await?))
        };
        let (status, answer) = self.saying_what(what, answer).await.map_err(failed)?;
        if status.as_u16() == 204 {
            return Ok(Ok(Value::Null));
        }
        if status.is_success() {
            let unread = |error| unavailable(what, format!("{error}: {}", first_line(&answer)));
            return serde_json::from_slice(&answer).map(Ok).map_err(unread);
        }
        let refusal = Refusal::parse(status.as_u16(), &answer);
        if refusal.may_pass() {
            return Err(unavailable(what, refusal.message));
        }
        Ok(Err(refusal))
    }

    /// Waits for `answer`, and says from time to time that it does.
    async fn saying_what<T>(&self, what: &str, answer: impl Future<Output = T>) -> T {
        let started = Instant::now();
        let mut answer = std::pin::pin!(answer);
        loop {
            match tokio::time::timeout(self.bounds.report_every, &mut answer).await {
                Ok(answer) => return answer,
                Err(_) => {
                    let waited_s = started.elapsed().as_secs();
                    tracing::info!(waited_s, "{what}: waiting for an answer");
                }
            }
        }
    }
}

/// No answer came in time.
fn silent(what: &str, longest: Duration) -> SinkError {
    let problem = format!("no answer in {} s", longest.as_secs_f32());
    tracing::info!("{what}: {problem}");
    unavailable(what, problem)
}

/// All items, if they are as many as the last page says that there are.
fn whole(what: &str, items: Vec<Value>, last_page: &Value) -> Result<Vec<Value>, SinkError> {
    let total = last_page["totalRows"].as_str().and_then(|total| total.parse::<usize>().ok());
    match total.filter(|total| items.len() < *total) {
        None => Ok(items),
        Some(total) => Err(unavailable(what, format!("{} of {total} rows came", items.len()))),
    }
}
