//! The last word: an error, its causes and what to do about it.

use std::error::Error;
use std::io::Write as _;

use clap::builder::StyledStr;

use super::colour::Tone;
use super::demo;
use super::exit::Exit;
use super::output;
use crate::job;
use crate::job::stop::Stopped;
use crate::sink::SinkError;
use crate::store::StoreError;
use crate::sync;
use crate::telemetry::{self, LogLevel};
use crate::vault::VaultError;

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

/// Something outside that stopped the command short: exit code 3.
#[derive(Debug, thiserror::Error)]
#[error("{problem}")]
pub(super) struct StoppedError {
    problem: String,
    kind: &'static str,
    hint: String,
}

impl StoppedError {
    pub(super) fn new(
        kind: &'static str,
        problem: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self { problem: problem.into(), kind, hint: hint.into() }
    }
}

/// Logs an error that is not the one that ends the command.
pub(super) fn log(error: &anyhow::Error) {
    let Known { kind, hint, .. } = Known::of(error);
    tracing::error!(error_kind = kind, hint, "{error:#}");
}

/// Shows `error` on stderr, as a log line where the log is JSON, and says how to end.
pub(super) fn show(error: &anyhow::Error, is_json: bool) -> Exit {
    if is_json {
        log(error);
    } else {
        let mut text = said(Tone::Bad, "error:", &error.to_string());
        for cause in error.chain().skip(1) {
            text.push_str(&said(Tone::Warning, "caused by:", &cause.to_string()));
        }
        if let Some(hint) = Known::of(error).hint {
            text.push_str(&said(Tone::Good, "hint:", &hint));
        }
        output::say_painted(&text);
    }
    exit(error)
}

/// A line of the last word, or several.
fn said(tone: Tone, head: &str, text: &str) -> String {
    format!("{} {}\n", tone.paint(head), output::printable_lines(text))
}

/// The error that ends a job, for a program.
pub(super) fn stopped(error: &anyhow::Error) -> Stopped {
    let Known { kind, hint, .. } = Known::of(error);
    Stopped { error_kind: kind, message: format!("{error:#}"), hint }
}

/// What is known of an error beside its words.
#[derive(Debug, Default, PartialEq)]
struct Known {
    /// What kind it is, for alerts.
    kind: Option<&'static str>,
    /// What the operator can do about it.
    hint: Option<String>,
    /// Whether it lies in the settings, which the user puts right: another exit code.
    is_usage: bool,
}

/// An error of one type, read out of a chain.
type Reader = fn(&(dyn Error + 'static)) -> Option<Known>;

/// The types of errors of which more is known. A new one is one entry.
const READERS: [Reader; 7] = [
    known::<UsageError>,
    known::<StoppedError>,
    known::<job::Stop>,
    known::<sync::Stop>,
    known::<SinkError>,
    known::<StoreError>,
    known::<VaultError>,
];

fn known<E: Error + 'static>(cause: &(dyn Error + 'static)) -> Option<Known>
where
    for<'a> Known: From<&'a E>,
{
    cause.downcast_ref::<E>().map(Known::from)
}

impl Known {
    /// Of the first cause of which more is known.
    fn of(error: &anyhow::Error) -> Self {
        Self::all(error).next().unwrap_or_default()
    }

    /// Of every such cause, the outermost first.
    fn all(error: &anyhow::Error) -> impl Iterator<Item = Self> {
        error.chain().filter_map(|cause| READERS.iter().find_map(|read| read(cause)))
    }
}

fn exit(error: &anyhow::Error) -> Exit {
    if Known::all(error).any(|known| known.is_usage) { Exit::Usage } else { Exit::Stopped }
}

impl From<&UsageError> for Known {
    fn from(error: &UsageError) -> Self {
        Self { kind: Some("settings"), hint: error.hint.clone(), is_usage: true }
    }
}

impl From<&StoppedError> for Known {
    fn from(error: &StoppedError) -> Self {
        Self { kind: Some(error.kind), hint: Some(error.hint.clone()), is_usage: false }
    }
}

impl From<&job::Stop> for Known {
    fn from(stop: &job::Stop) -> Self {
        Self { kind: Some(stop.kind()), hint: Some(stop.hint().to_owned()), is_usage: false }
    }
}

impl From<&sync::Stop> for Known {
    fn from(stop: &sync::Stop) -> Self {
        Self { kind: stop.kind(), hint: stop.hint().map(str::to_owned), is_usage: false }
    }
}

impl From<&SinkError> for Known {
    fn from(error: &SinkError) -> Self {
        let is_usage = error.kind() == "settings";
        Self { kind: Some(error.kind()), hint: Some(error.hint()), is_usage }
    }
}

impl From<&StoreError> for Known {
    fn from(error: &StoreError) -> Self {
        let is_usage = matches!(error, StoreError::Settings(_));
        let mut hint = error.hint().to_owned();
        if matches!(error, StoreError::Absent { .. }) {
            hint.push_str(&demo::hint());
        }
        Self { kind: Some(error.kind()), hint: Some(hint), is_usage }
    }
}

impl From<&VaultError> for Known {
    fn from(error: &VaultError) -> Self {
        let is_usage = error.kind() == "settings";
        Self { kind: Some(error.kind()), hint: Some(error.hint().to_owned()), is_usage }
    }
}

/// Shows a problem that came up before the settings were known; as a log line where a machine reads it.
pub(super) fn show_early(problem: &str, is_for_a_machine: bool) -> Exit {
    if is_for_a_machine {
        telemetry::init(true, LogLevel::Info);
        tracing::error!(error_kind = "settings", "{problem}");
    } else {
        output::say_painted(&said(Tone::Bad, "error:", problem));
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

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn what_is_known_of_a_cause_is_found_below_its_contexts() {
        let settings = || StoreError::Settings("no such scheme".into());
        for (error, kind, code) in [
            (UsageError::new("no sites").hint("write some").into(), Some("settings"), Exit::Usage),
            (
                StoppedError::new("timeout", "no answer", "wait").into(),
                Some("timeout"),
                Exit::Stopped,
            ),
            (job::Stop::Interrupted.into(), Some("interrupted"), Exit::Stopped),
            (sync::Stop::NeverSynced.into(), Some("never_synced"), Exit::Stopped),
            (SinkError::Settings("no project".into()).into(), Some("settings"), Exit::Usage),
            (settings().into(), Some(settings().kind()), Exit::Usage),
            (anyhow!("something else"), None, Exit::Stopped),
        ] {
            let error = error.context("while it was tried");
            let known = Known::of(&error);
            assert_eq!(known.kind, kind, "{error:#}");
            assert_eq!(known.hint.is_some(), kind.is_some(), "{error:#}");
            assert_eq!(exit(&error), code, "{error:#}");
        }
    }
}
