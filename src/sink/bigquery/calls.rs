//! Calls: the client, the time they may take, and what their errors mean.

use std::sync::Arc;
use std::time::Duration;

use gcp_bigquery_client::Client;
use gcp_bigquery_client::client_builder::ClientBuilder;
use gcp_bigquery_client::error::BQError;
use reqwest::Method;
use serde_json::Value;
use url::Url;

use super::BigQuery;
use super::auth::Credentials;
use crate::http;
use crate::sink::SinkError;

/// What a call may take: the client has no time-out of its own.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);

/// What an upload may take.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(600);

/// An answer is some kilobytes.
pub(super) const ANSWER_BYTES: usize = 1 << 20;

const GOOGLE: &str = "https://bigquery.googleapis.com/bigquery/v2";

pub(super) async fn client(credentials: &Credentials, base_url: &str) -> Result<Client, SinkError> {
    let mut builder = ClientBuilder::new();
    builder.with_v2_base_url(base_url.to_owned());
    let client = builder.build_from_authenticator(Arc::new(credentials.clone())).await;
    client.map_err(|error| unavailable("the client", error))
}

pub(super) fn http(of: &Url) -> Result<reqwest::Client, SinkError> {
    http::client(&[of], UPLOAD_TIMEOUT)
        .map_err(|error| unavailable("the client", http::describe(error)))
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

/// An answer that is no success: the status, a reason of
/// <https://cloud.google.com/bigquery/docs/error-messages>, and the words.
pub(super) struct Refusal {
    pub(super) status: i64,
    pub(super) reason: String,
    pub(super) message: String,
}

impl Refusal {
    /// From the body of an answer.
    pub(super) fn parse(status: i64, answer: &[u8]) -> Self {
        let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
        let error = &answer["error"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Self {
            status,
            reason: text(&error["errors"][0]["reason"]),
            message: format!("HTTP {status}: {}", text(&error["message"])),
        }
    }

    pub(super) fn is(&self, status: i64) -> bool {
        self.status == status
    }

    fn may_pass(&self) -> bool {
        const PASSING: [&str; 10] = [
            "rateLimitExceeded",
            "jobRateLimitExceeded",
            "backendError",
            "jobBackendError",
            "internalError",
            "jobInternalError",
            "tableUnavailable",
            "timeout",
            // A transaction that lost against another one.
            "aborted",
            "stopped",
        ];
        self.status == 429
            || self.status >= 500
            || PASSING.contains(&self.reason.as_str())
            || self.message.contains("aborted due to concurrent")
    }
}

impl BigQuery {
    /// Makes a call: its refusal, if it is one that the caller knows how to take, else the error.
    pub(super) async fn call<T>(
        &self,
        what: &str,
        call: impl Future<Output = Result<T, BQError>>,
    ) -> Result<Result<T, Refusal>, SinkError> {
        self.credentials.token().await?;
        let answer = tokio::time::timeout(CALL_TIMEOUT, call).await;
        let answer = answer.map_err(|error| unavailable(what, error))?;
        let refusal = match answer {
            Ok(answer) => return Ok(Ok(answer)),
            Err(BQError::ResponseError { error }) => {
                let error = error.error;
                let reason = error.errors.first().and_then(|first| first.get("reason"));
                Refusal {
                    status: error.code,
                    reason: reason.cloned().unwrap_or(error.status),
                    message: error.message,
                }
            }
            Err(error) => return Err(unavailable(what, error)),
        };
        if refusal.may_pass() {
            return Err(unavailable(what, refusal.message));
        }
        Ok(Err(refusal))
    }

    /// A call that the client cannot make: for a view it wants an answer with a schema, which the
    /// emulator leaves out.
    pub(super) async fn rest(
        &self,
        what: &str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Result<Value, Refusal>, SinkError> {
        let url = format!("{}/projects/{}/{path}", self.base_url, self.names.project);
        let mut request = self.http.request(method, url).timeout(CALL_TIMEOUT);
        request = request.bearer_auth(self.credentials.token().await?);
        if let Some(body) = body {
            request = request
                .header("Content-Type", "application/json")
                .body(serde_json::to_vec(body).unwrap_or_default());
        }
        let failed = |error| unavailable(what, http::describe(error));
        let response = request.send().await.map_err(failed)?;
        let status = response.status();
        let answer = http::body(response, ANSWER_BYTES).await.map_err(failed)?;
        if status.is_success() {
            return serde_json::from_slice(&answer)
                .map(Ok)
                .map_err(|error| unavailable(what, error));
        }
        let refusal = Refusal::parse(i64::from(status.as_u16()), &answer);
        if refusal.may_pass() {
            return Err(unavailable(what, refusal.message));
        }
        Ok(Err(refusal))
    }

    /// What a refusal means, of a call about `what`.
    pub(super) fn refused(&self, what: &str, refusal: Refusal) -> SinkError {
        let cause = refusal.message.clone().into();
        match (refusal.status, refusal.reason.as_str()) {
            _ if refusal.may_pass() => unavailable(what, refusal.message),
            // A name of a job or of staging, in a request that arrived twice: another try takes another.
            (409, _) => unavailable(what, refusal.message),
            (401, _) => SinkError::Credentials(cause),
            (403, _) | (_, "accessDenied") => {
                let project = || format!("project {}", self.names.project);
                let lacks = |permission| refusal.message.contains(permission);
                let (role, on) = if lacks("bigquery.jobs.") {
                    ("roles/bigquery.jobUser", project())
                } else if lacks("bigquery.datasets.create") {
                    ("roles/bigquery.dataEditor", project())
                } else {
                    ("roles/bigquery.dataEditor", what.to_owned())
                };
                SinkError::AccessDenied { role, on, cause }
            }
            (404, _) | (_, "notFound") => SinkError::NotFound { what: what.into(), cause },
            _ => SinkError::Rejected { what: what.into(), cause },
        }
    }
}
