//! A line: an answer as it came, what was asked for, and for whom.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chrono::{DateTime, SubsecRound as _, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{RawRef, ValueKind};
use crate::http::recorder::Body;
use crate::http::{Exchange, Params};

/// A kept answer. What the lines of one site have in common over a day stands together, behind what they do
/// not: so they pack best.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Its name.
    #[serde(rename = "ref")]
    pub raw_ref: RawRef,
    /// The run that asked.
    pub run_id: String,
    /// The slot, of an answer that was asked for when it was due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot_time: Option<DateTime<Utc>>,
    /// When, by the clock of the job; whole milliseconds.
    pub asked_at: DateTime<Utc>,
    /// When the answer was there; whole milliseconds.
    pub answered_at: DateTime<Utc>,
    /// When the answer was made by the server's clock, where that is not when it was there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<DateTime<Utc>>,
    /// The source that answered.
    pub source: String,
    /// Whose slots it was asked for, where that is another source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot_source: Option<String>,
    /// The path that was called.
    pub endpoint: String,
    /// Whether it was asked for when it was due, or later.
    pub kind: ValueKind,
    /// The sites, in the order in which they were asked for.
    pub site_ids: Vec<String>,
    /// What was asked for, without the key.
    pub params: Params,
    /// Its status; `None`: there was no answer.
    pub http_status: Option<u16>,
    /// The so-manieth attempt, from 1.
    pub attempt: u32,
    /// What the answer says it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// What came.
    #[serde(flatten)]
    pub kept: Kept,
}

/// What came, in the one of its forms that the line has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    /// The body as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The body, where it is no UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_base64: Option<String>,
    /// The body held the key: in `body` that is blanked, or there is none.
    #[serde(skip_serializing_if = "is_false")]
    pub redacted: bool,
    /// SHA-256 of such a body as it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Why there is no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The time was over.
    #[serde(skip_serializing_if = "is_false")]
    pub is_timeout: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// The server's clock and ours are the same to within this, and its time is not kept.
const SAME_SECONDS: i64 = 2;

impl Line {
    /// A line with nothing but what came; who asked fills in the rest.
    #[must_use]
    pub fn of(
        exchange: Exchange,
        (raw_ref, run_id, source): (RawRef, Uuid, &str),
        (asked_at, answered_at): (DateTime<Utc>, DateTime<Utc>),
    ) -> Self {
        let Exchange { endpoint, params, http_status, date, content_type, body } = exchange;
        let is_other =
            |date: &DateTime<Utc>| (*date - answered_at).num_seconds().abs() > SAME_SECONDS;
        Self {
            raw_ref,
            run_id: run_id.to_string(),
            source: source.to_owned(),
            slot_source: None,
            endpoint,
            kind: ValueKind::Live,
            site_ids: Vec::new(),
            slot_time: None,
            params,
            asked_at: asked_at.trunc_subsecs(3),
            answered_at: answered_at.trunc_subsecs(3),
            http_status,
            attempt: 1,
            date: date.filter(is_other),
            content_type,
            kept: Kept::of(body),
        }
    }

    /// The moment of the answer, by the server's clock if that is known.
    #[must_use]
    pub fn moment(&self) -> DateTime<Utc> {
        self.date.unwrap_or(self.answered_at)
    }

    /// The body as it came, or with the key blanked; `None`: there was none, or it is withheld.
    #[must_use]
    pub fn body(&self) -> Option<Bytes> {
        let Kept { body, body_base64, .. } = &self.kept;
        match (body, body_base64) {
            (Some(text), _) => Some(Bytes::copy_from_slice(text.as_bytes())),
            (None, Some(base64)) => STANDARD.decode(base64).ok().map(Bytes::from),
            (None, None) => None,
        }
    }

    /// As text, ended.
    ///
    /// # Errors
    /// Never: every part of it can be written.
    pub fn to_text(&self) -> serde_json::Result<Vec<u8>> {
        let mut text = serde_json::to_vec(self)?;
        text.push(b'\n');
        Ok(text)
    }
}

impl Kept {
    fn of(body: Body) -> Self {
        let kept = Self::default();
        match body {
            Body::Whole(bytes) => match String::from_utf8(bytes.to_vec()) {
                Ok(text) => Self { body: Some(text), ..kept },
                Err(_) => Self { body_base64: Some(STANDARD.encode(&bytes)), ..kept },
            },
            Body::Blanked { text, sha256 } => {
                Self { body: Some(text), redacted: true, sha256: Some(sha256), ..kept }
            }
            Body::Withheld { sha256 } => Self { redacted: true, sha256: Some(sha256), ..kept },
            Body::None { is_timeout, message } => Self { error: Some(message), is_timeout, ..kept },
        }
    }
}
