//! What a refusal means: the reason that BigQuery gives goes before the status, since many reasons
//! share a status, and some ask for the opposite of what others do
//! (<https://cloud.google.com/bigquery/docs/error-messages>).

use serde_json::Value;

use super::BigQuery;
use super::calls::unavailable;
use crate::sink::{Obstacle, SinkError};

/// What may pass.
const PASSING: [&str; 11] = [
    "rateLimitExceeded",
    "userRateLimitExceeded",
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

/// How BigQuery words that a transaction or a statement lost against another one, under reasons
/// that it gives for much else too.
const LOST_AGAINST_ANOTHER: [&str; 2] = ["aborted due to concurrent", "Could not serialize access"];

/// What neither another try nor a role removes.
const OBSTACLES: [(&str, Obstacle); 13] = [
    ("quotaExceeded", Obstacle::Quota),
    ("billingNotEnabled", Obstacle::Billing),
    ("BILLING_DISABLED", Obstacle::Billing),
    ("accountDisabled", Obstacle::Billing),
    ("policyViolation", Obstacle::Perimeter),
    ("vpcServiceControls", Obstacle::Perimeter),
    ("VPC_SERVICE_CONTROLS", Obstacle::Perimeter),
    ("SECURITY_POLICY_VIOLATED", Obstacle::Perimeter),
    ("billingTierLimitExceeded", Obstacle::TooLarge),
    ("bytesBilledLimitExceeded", Obstacle::TooLarge),
    ("resourcesExceeded", Obstacle::TooLarge),
    ("responseTooLarge", Obstacle::TooLarge),
    ("accessNotConfigured", Obstacle::ServiceDisabled),
];

/// An answer that is no success, or the error of a job.
#[derive(Debug, Default)]
pub(super) struct Refusal {
    status: u16,
    /// As BigQuery and what stands before it give them, the most telling first.
    reasons: Vec<String>,
    pub(super) message: String,
    /// It is not in BigQuery's form: somebody else answered.
    is_foreign: bool,
}

impl Refusal {
    /// From the body of an answer.
    pub(super) fn parse(status: u16, answer: &[u8]) -> Self {
        let read: Value = serde_json::from_slice(answer).unwrap_or_default();
        let error = &read["error"];
        let Some(message) = error["message"].as_str() else {
            let message = format!("HTTP {status}: {}", first_line(answer));
            return Self { status, message, is_foreign: true, ..Self::default() };
        };
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let details = list(&error["details"]);
        let violations = details.iter().flat_map(|detail| list(&detail["violations"]));
        let reasons = list(&error["errors"])
            .into_iter()
            .chain(details.iter().cloned())
            .map(|error| error["reason"].clone())
            .chain(violations.map(|violation| violation["type"].clone()))
            .chain([error["status"].clone()]);
        let reasons = reasons.filter_map(|reason| Some(reason.as_str()?.to_owned())).collect();
        Self { status, reasons, message: format!("HTTP {status}: {message}"), is_foreign: false }
    }

    /// From the error of a job.
    pub(super) fn of_job(error: &Value) -> Self {
        let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
        let (reasons, message) = (vec![text("reason")], text("message"));
        Self { status: 400, reasons, message, is_foreign: false }
    }

    /// Whether BigQuery itself answered with that status.
    pub(super) fn is(&self, status: u16) -> bool {
        self.status == status && !self.is_foreign
    }

    pub(super) fn has(&self, reason: &str) -> bool {
        self.reasons.iter().any(|given| given == reason)
    }

    /// Whether it is a thing just made that one part of BigQuery does not know yet, and not one that is
    /// missing.
    pub(super) fn is_of_job_not_yet_known(&self) -> bool {
        self.is(404) && self.message.contains("Not found: Job")
    }

    fn is_of_staging_not_yet_known(&self) -> bool {
        (self.is(404) || self.has("notFound")) && self.message.contains("staging_")
    }

    pub(super) fn may_pass(&self) -> bool {
        let says = |words: &&str| self.message.contains(*words);
        self.obstacle().is_none_or(|obstacle| obstacle == Obstacle::Unreadable)
            && (self.status == 408
                || self.status == 429
                || self.status >= 500
                || PASSING.iter().any(|reason| self.has(reason))
                || LOST_AGAINST_ANOTHER.iter().any(says)
                || self.is_of_staging_not_yet_known())
    }

    fn obstacle(&self) -> Option<Obstacle> {
        if self.is_foreign {
            return Some(Obstacle::Unreadable);
        }
        if self.message.contains("VPC Service Controls") {
            return Some(Obstacle::Perimeter);
        }
        if self.has("SERVICE_DISABLED") {
            return Some(Obstacle::ServiceDisabled);
        }
        let found = OBSTACLES.iter().find(|(reason, _)| self.has(reason));
        found.map(|(_, obstacle)| *obstacle)
    }

    fn is_of_access(&self) -> bool {
        ["accessDenied", "PERMISSION_DENIED", "IAM_PERMISSION_DENIED"]
            .iter()
            .any(|reason| self.has(reason))
    }
}

/// The beginning of an answer that cannot be read.
pub(super) fn first_line(answer: &[u8]) -> String {
    let text = String::from_utf8_lossy(&answer[..answer.len().min(4096)]).into_owned();
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("no text");
    line.chars().filter(|letter| !letter.is_control()).take(200).collect()
}

impl BigQuery {
    /// What a refusal means, of a call about `what`.
    pub(super) fn refused(&self, what: &str, refusal: Refusal) -> SinkError {
        if refusal.may_pass() {
            return unavailable(what, refusal.message);
        }
        let cause = refusal.message.clone().into();
        if let Some(obstacle) = refusal.obstacle() {
            return SinkError::Blocked { what: what.into(), obstacle, cause };
        }
        match refusal.status {
            // A name of a job or of staging, in a request that arrived twice: another try takes another.
            409 => unavailable(what, refusal.message),
            401 => SinkError::Credentials(cause),
            _ if refusal.message.contains("authentication scopes") => SinkError::Credentials(cause),
            404 => SinkError::NotFound { what: what.into(), cause },
            _ if refusal.has("notFound") => SinkError::NotFound { what: what.into(), cause },
            _ if refusal.is_of_access() => {
                let (role, on) = self.missing_role(what, &refusal.message);
                SinkError::AccessDenied { role, on, cause }
            }
            _ => SinkError::Rejected { what: what.into(), cause },
        }
    }

    /// The role that is missing, and on what.
    fn missing_role(&self, what: &str, message: &str) -> (&'static str, String) {
        let project = || format!("project {}", self.names.project);
        if message.contains("bigquery.jobs.") {
            ("roles/bigquery.jobUser", project())
        } else if message.contains("bigquery.datasets.create") {
            ("roles/bigquery.dataEditor", project())
        } else {
            ("roles/bigquery.dataEditor", what.to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use url::Url;

    use super::*;

    async fn meaning(refusal: Refusal) -> SinkError {
        let emulator = Url::parse("http://127.0.0.1:1/bigquery/v2").unwrap();
        let sink = BigQuery::open("acme", "weather", None, Some(&emulator)).await.unwrap();
        sink.refused("table acme.weather.sites", refusal)
    }

    /// An answer with that reason, as the API words it.
    fn answer(status: u16, reason: &str, message: &str) -> Refusal {
        let error = json!({"code": status, "message": message, "status": "PERMISSION_DENIED",
            "errors": [{"reason": reason, "message": message, "domain": "global"}]});
        let body = json!({"error": error}).to_string();
        Refusal::parse(status, body.as_bytes())
    }

    /// The same reason means the same, whether the call or the job is refused, and whatever the status.
    #[tokio::test]
    async fn a_reason_goes_before_the_status() {
        for (reason, kind, remedy) in [
            ("quotaExceeded", "sink_quota", "within the day"),
            ("billingNotEnabled", "sink_billing", "billing account"),
            ("billingTierLimitExceeded", "sink_too_large", "fewer days"),
            ("bytesBilledLimitExceeded", "sink_too_large", "fewer days"),
            ("resourcesExceeded", "sink_too_large", "fewer days"),
            ("responseTooLarge", "sink_too_large", "fewer days"),
            ("policyViolation", "sink_perimeter", "ingress rule"),
            ("accessNotConfigured", "sink_service_disabled", "gcloud services enable"),
            ("rateLimitExceeded", "sink_unavailable", "nothing is lost"),
            ("userRateLimitExceeded", "sink_unavailable", "nothing is lost"),
            ("backendError", "sink_unavailable", "nothing is lost"),
            ("accessDenied", "sink_access_denied", "roles/bigquery.dataEditor on table"),
        ] {
            let of_job = Refusal::of_job(&json!({"reason": reason, "message": "words"}));
            let refusals = [answer(403, reason, "words"), answer(400, reason, "words"), of_job];
            for refusal in refusals {
                let error = meaning(refusal).await;
                assert_eq!(error.kind(), kind, "{reason}: {error:?}");
                assert!(error.hint().contains(remedy), "{reason}: {}", error.hint());
                let has_role = error.hint().contains("roles/");
                assert_eq!(has_role, kind == "sink_access_denied", "{reason}: {}", error.hint());
            }
        }
    }

    #[tokio::test]
    async fn a_perimeter_is_known_by_words_and_by_details() {
        let words =
            answer(403, "accessDenied", "Access Denied: VPC Service Controls: Request is …");
        let details = json!({"error": {"code": 403, "message": "Request is prohibited", "status": "PERMISSION_DENIED",
            "details": [{"violations": [{"type": "VPC_SERVICE_CONTROLS", "description": "x1"}]},
                {"reason": "SECURITY_POLICY_VIOLATED", "domain": "googleapis.com"}]}});
        let details = Refusal::parse(403, details.to_string().as_bytes());
        for refusal in [words, details] {
            assert_eq!(meaning(refusal).await.kind(), "sink_perimeter");
        }
    }

    #[tokio::test]
    async fn what_is_not_in_the_form_of_bigquery_is_quoted_and_names_no_role() {
        for (status, body, kind, quoted) in [
            (403, "<html>\n<title>403 Forbidden</title>", "sink_malformed", "HTTP 403: <html>"),
            (404, "\n  not here\u{1b}[31m", "sink_malformed", "HTTP 404: not here[31m"),
            (407, "", "sink_malformed", "HTTP 407: no text"),
            (302, "{}", "sink_malformed", "HTTP 302: {}"),
            (502, "<html>bad gateway", "sink_unavailable", "HTTP 502: <html>bad gateway"),
            (429, "slow down", "sink_unavailable", "HTTP 429: slow down"),
        ] {
            let error = meaning(Refusal::parse(status, body.as_bytes())).await;
            assert_eq!(error.kind(), kind, "{status} {body}");
            assert!(!error.hint().contains("roles/"), "{status}: {}", error.hint());
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            assert_eq!(cause.as_deref(), Some(quoted), "{status} {body}");
        }
        let long = Refusal::parse(403, "x".repeat(5000).as_bytes());
        assert!(long.message.len() < 250, "{}", long.message.len());
    }

    #[tokio::test]
    async fn a_thing_that_was_just_made_may_be_unknown_for_a_moment_and_no_other_may() {
        let unknown = |words: &str| answer(404, "notFound", words);
        let job = unknown("Not found: Job acme:EU.weather_load_1");
        assert!(job.is_of_job_not_yet_known() && !job.may_pass());
        let staging = "Not found: Table acme:weather_internal.staging_sites_1 was not found in EU";
        let of_job = json!({"reason": "notFound", "message": staging});
        for refusal in [unknown(staging), Refusal::of_job(&of_job)] {
            assert_eq!(meaning(refusal).await.kind(), "sink_unavailable");
        }
        for words in ["Not found: Table acme:weather.sites", "Not found: Dataset acme:weather"] {
            assert_eq!(meaning(unknown(words)).await.kind(), "sink_not_found", "{words}");
        }
    }

    #[tokio::test]
    async fn what_lost_against_another_may_pass_under_any_reason() {
        for words in [
            "Could not serialize access to table acme:d._sync_state_1 due to concurrent update",
            "Transaction is aborted due to concurrent update against table acme:d.t",
        ] {
            let refusal = Refusal::of_job(&json!({"reason": "invalidQuery", "message": words}));
            assert_eq!(meaning(refusal).await.kind(), "sink_unavailable", "{words}");
        }
    }

    #[tokio::test]
    async fn a_quota_says_when_it_refills() {
        for (words, when) in [
            (
                "Quota exceeded: Your project exceeded quota for free query bytes scanned.",
                "first day",
            ),
            (
                "Custom quota exceeded: Your usage exceeded the custom quota for QueryUsagePerDay",
                "midnight Pacific time",
            ),
            ("Your table exceeded quota for imports or query appends per table", "within the day"),
        ] {
            let hint = meaning(answer(403, "quotaExceeded", words)).await.hint();
            assert!(hint.contains(when), "{words}: {hint}");
        }
    }
}
