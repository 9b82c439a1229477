//! A finding, and what to do about it.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::cli::colour::Tone;
use crate::cli::output::{Column, Row};
use crate::cli::sources::Terms;
use crate::sink::SinkError;
use crate::store::StoreError;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    Good,
    Warning,
    WrongConfiguration,
    Refused,
}

#[derive(Serialize)]
pub(super) struct Finding {
    pub(super) check: &'static str,
    pub(super) verdict: Verdict,
    pub(super) found: String,
    pub(super) remedy: String,
}

impl Finding {
    pub(super) fn good(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Good, found: found.into(), remedy: String::new() }
    }

    pub(super) fn bad(
        check: &'static str,
        verdict: Verdict,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { check, verdict, found: found.into(), remedy: remedy.into() }
    }

    pub(super) fn refused(check: &'static str, error: &StoreError) -> Self {
        let verdict = match error {
            StoreError::Settings(_) => Verdict::WrongConfiguration,
            _ => Verdict::Refused,
        };
        Self::bad(check, verdict, with_cause(error), error.hint())
    }

    pub(super) fn of_terms(Terms { check, found, remedy }: Terms) -> Self {
        match remedy {
            Some(remedy) => Self::bad(check, Verdict::Warning, found, remedy),
            None => Self::good(check, found),
        }
    }

    pub(super) fn of_sink(check: &'static str, error: &SinkError) -> Self {
        let verdict = match error.kind() {
            "settings" => Verdict::WrongConfiguration,
            _ => Verdict::Refused,
        };
        Self::bad(check, verdict, with_cause(error), error.hint())
    }
}

pub(super) fn with_cause(error: &dyn std::error::Error) -> String {
    let cause = error.source().map(|cause| format!(": {cause}"));
    format!("{error}{}", cause.unwrap_or_default())
}

impl Row for Finding {
    const COLUMNS: &[Column] =
        &[Column::text("check"), Column::text("verdict").toned(), Column::words("found")];

    fn tone(&self) -> Tone {
        match self.verdict {
            Verdict::Good => Tone::Good,
            Verdict::Warning => Tone::Warning,
            Verdict::WrongConfiguration | Verdict::Refused => Tone::Bad,
        }
    }

    fn cells(&self, _now: DateTime<Utc>) -> Vec<String> {
        let mark = match self.verdict {
            Verdict::Good => "good",
            Verdict::Warning => "warning",
            Verdict::WrongConfiguration | Verdict::Refused => "BAD",
        };
        vec![self.check.into(), mark.into(), self.found.clone()]
    }
}
