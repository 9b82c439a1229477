//! The last word: an error, its causes and what to do about it.

use std::io::{self, Write as _};

use clap::builder::StyledStr;

use super::exit::Exit;
use super::output;
use crate::job;
use crate::sink::SinkError;
use crate::store::StoreError;
use crate::sync;
use crate::telemetry::{self, LogFormat, LogLevel};

/// Something that the user has to put right: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{problem}")]
pub(super) struct UsageError {
    problem: String,
    hint: Option<String>,
}

impl UsageError {
    pub(super) fn new(problem: impl Into<String>) -> Self {
        Self { problem: problem.into(), hint: None }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// Logs an error that is not the one that ends the command.
pub(super) fn log(error: &anyhow::Error) {
    let Known { kind, hint } = Known::of(error);
    tracing::error!(error_kind = kind, hint, "{error:#}");
}

/// Shows `error` on stderr, as a log line where the log is JSON, and says how to end.
pub(super) fn show(error: &anyhow::Error, is_json: bool) -> Exit {
    if is_json {
        log(error);
    } else {
        let mut text = format!("error: {error}\n");
        for cause in error.chain().skip(1) {
            text.push_str(&format!("caused by: {cause}\n"));
        }
        if let Some(hint) = Known::of(error).hint {
            text.push_str(&format!("hint: {hint}\n"));
        }
        let _ = io::stderr().write_all(output::printable_lines(&text).as_bytes());
    }
    exit(error)
}

/// What is known of an error beside its words.
#[derive(Default)]
struct Known {
    /// What kind it is, for alerts.
    kind: Option<&'static str>,
    /// What the operator can do about it.
    hint: Option<String>,
}

impl Known {
    fn of(error: &anyhow::Error) -> Self {
        error.chain().find_map(Self::of_cause).unwrap_or_default()
    }

    fn of_cause(cause: &(dyn std::error::Error + 'static)) -> Option<Self> {
        if let Some(error) = cause.downcast_ref::<UsageError>() {
            return Some(Self { kind: Some("settings"), hint: error.hint.clone() });
        }
        if let Some(stop) = cause.downcast_ref::<job::Stop>() {
            return Some(Self { kind: Some(stop.kind()), hint: Some(stop.hint().into()) });
        }
        if let Some(stop) = cause.downcast_ref::<sync::Stop>() {
            return Some(Self { kind: stop.kind(), hint: stop.hint().map(str::to_owned) });
        }
        if let Some(error) = cause.downcast_ref::<SinkError>() {
            return Some(Self { kind: Some(error.kind()), hint: Some(error.hint()) });
        }
        let error = cause.downcast_ref::<StoreError>()?;
        Some(Self { kind: Some(error.kind()), hint: Some(error.hint().to_owned()) })
    }
}

fn exit(error: &anyhow::Error) -> Exit {
    let is_usage = error.chain().any(|cause| {
        cause.is::<UsageError>()
            || matches!(cause.downcast_ref(), Some(StoreError::Settings(_)))
            || matches!(cause.downcast_ref(), Some(SinkError::Settings(_)))
    });
    if is_usage { Exit::Usage } else { Exit::Stopped }
}

/// Shows a problem that came up before the settings were known; as a log line where a machine reads it.
pub(super) fn show_early(problem: &str, is_for_a_machine: bool) -> Exit {
    if LogFormat::Auto.is_json(is_for_a_machine) {
        telemetry::init(true, LogLevel::Info);
        tracing::error!(error_kind = "settings", "{problem}");
    } else {
        let _ = writeln!(io::stderr(), "error: {}", output::printable_lines(problem));
    }
    Exit::Usage
}

/// Shows what is wrong with the arguments: in colour on a terminal, as a log line where a machine reads it.
pub(super) fn show_usage(text: &StyledStr, is_for_a_machine: bool) -> Exit {
    if is_for_a_machine {
        return show_early(&text.to_string(), is_for_a_machine);
    }
    let _ = write!(anstream::stderr(), "{}", text.ansi());
    Exit::Usage
}
