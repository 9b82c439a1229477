//! What can go wrong with objects, by what to do next.

use std::error::Error;
use std::fmt;
use std::io;

use object_store::client::HttpError;

use crate::retry::Transient;

type Cause = Box<dyn Error + Send + Sync>;

/// An error of objects.
#[derive(Debug, thiserror::Error)]
pub enum ObjectsError {
    /// The settings cannot be used.
    #[error("{0}")]
    Settings(String),
    /// No credentials, or they are refused.
    #[error("{what}: no usable credentials")]
    Credentials {
        /// What was asked.
        what: String,
        /// Why.
        #[source]
        cause: Cause,
    },
    /// A right is missing.
    #[error("{what}: the right to {right} is missing")]
    Denied {
        /// On what.
        what: String,
        /// Which.
        right: Right,
        /// The other side's words.
        #[source]
        cause: Cause,
    },
    /// The bucket is not there.
    #[error("{what}: the bucket is not there")]
    NoBucket {
        /// What was asked.
        what: String,
        /// The other side's words.
        #[source]
        cause: Cause,
    },
    /// The object is not there.
    #[error("{path} is not there")]
    Missing {
        /// Which.
        path: String,
    },
    /// There is an object already: look whether it is this one.
    #[error("{path} is there already")]
    Exists {
        /// Which.
        path: String,
    },
    /// The object is longer than it may be.
    #[error("{path} has {bytes} bytes, more than are read")]
    TooLarge {
        /// Which.
        path: String,
        /// Its length.
        bytes: u64,
    },
    /// The object ends before it should.
    #[error("{path} is cut short")]
    Cut {
        /// Which.
        path: String,
    },
    /// The file system cannot tell the first writer of a file from the second.
    #[error("{what}: the file system has no hard links")]
    NoHardLinks {
        /// What was to be written.
        what: String,
        /// The system's words.
        #[source]
        cause: Cause,
    },
    /// No connection, no answer, or too busy: may pass. Whether a put was carried out is not known.
    #[error("{what}: no clear answer")]
    Unavailable {
        /// What was asked.
        what: String,
        /// Why.
        #[source]
        cause: Cause,
    },
    /// It is not done, and another try would not change that.
    #[error("{what}: refused")]
    Refused {
        /// What was asked.
        what: String,
        /// Why.
        #[source]
        cause: Cause,
    },
}

/// What one may do with objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Write one that is not there yet.
    Create,
    /// Write one, whatever is there.
    Put,
    /// Read one.
    Get,
    /// List them.
    List,
    /// Delete one.
    Delete,
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create | Self::Put => "write objects",
            Self::Get => "read objects",
            Self::List => "list objects",
            Self::Delete => "delete objects",
        })
    }
}

impl Transient for ObjectsError {
    fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}

/// What an error of the library means for a caller that wanted `right` on `what`.
pub(super) fn judge(error: object_store::Error, right: Right, what: &str) -> ObjectsError {
    use object_store::Error as E;
    let what = what.to_owned();
    let text = chain(&error);
    if has_no_bucket(&error) {
        return ObjectsError::NoBucket { what, cause: error.into() };
    }
    match error {
        E::NotFound { .. } if matches!(right, Right::Create | Right::Put) => {
            ObjectsError::Refused { what, cause: error.into() }
        }
        E::NotFound { .. } => ObjectsError::Missing { path: what },
        // Where nothing was to hold, two were at it at once.
        E::AlreadyExists { .. } | E::Precondition { .. } if right == Right::Put => {
            ObjectsError::Unavailable { what, cause: error.into() }
        }
        E::AlreadyExists { .. } | E::Precondition { .. } | E::NotModified { .. } => {
            ObjectsError::Exists { path: what }
        }
        E::PermissionDenied { .. } => denied(&text, what, right, error.into()),
        E::Unauthenticated { .. } => ObjectsError::Credentials { what, cause: error.into() },
        error => other(error, &text, right, what),
    }
}

/// S3 says 403 of a wrong key, too.
fn denied(text: &str, what: String, right: Right, cause: Cause) -> ObjectsError {
    const OF_THE_KEY: [&str; 4] =
        ["InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"];
    if OF_THE_KEY.iter().any(|code| text.contains(code)) {
        return ObjectsError::Credentials { what, cause };
    }
    ObjectsError::Denied { what, right, cause }
}

fn other(error: object_store::Error, text: &str, right: Right, what: String) -> ObjectsError {
    if let Some(kind) = io_kind(&error) {
        return of_the_system(kind, error.into(), right, what);
    }
    match status(text) {
        // A list says so by no variant of its own.
        Some(403) => return denied(text, what, right, error.into()),
        Some(401) => return ObjectsError::Credentials { what, cause: error.into() },
        _ => {}
    }
    let is_passing = |status: u16| status >= 500 || status == 429 || status == 408;
    if text.contains("credential") || text.contains("metadata") {
        return ObjectsError::Credentials { what, cause: error.into() };
    }
    if find::<HttpError>(&error).is_some() || status(text).is_some_and(is_passing) {
        return ObjectsError::Unavailable { what, cause: error.into() };
    }
    ObjectsError::Refused { what, cause: error.into() }
}

/// What the operating system says of a folder. `link` answers EPERM or EOPNOTSUPP where a file system has no
/// hard links (`man 2 link`).
fn of_the_system(kind: SystemError, cause: Cause, right: Right, what: String) -> ObjectsError {
    match kind {
        SystemError::NoHardLinks if right == Right::Create => {
            ObjectsError::NoHardLinks { what, cause }
        }
        SystemError::Denied | SystemError::NoHardLinks => {
            ObjectsError::Denied { what, right, cause }
        }
        SystemError::Other => ObjectsError::Unavailable { what, cause },
    }
}

#[derive(Clone, Copy)]
enum SystemError {
    Denied,
    NoHardLinks,
    Other,
}

fn io_kind(error: &object_store::Error) -> Option<SystemError> {
    const EPERM: i32 = 1;
    // An error of a connection is one of HTTP.
    if find::<HttpError>(error).is_some() {
        return None;
    }
    let error = find::<io::Error>(error)?;
    Some(match error.kind() {
        _ if error.raw_os_error() == Some(EPERM) => SystemError::NoHardLinks,
        io::ErrorKind::Unsupported => SystemError::NoHardLinks,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => SystemError::Denied,
        _ => SystemError::Other,
    })
}

/// Whether the bucket is not there, rather than an object in it.
pub(super) fn has_no_bucket(error: &object_store::Error) -> bool {
    let text = chain(error);
    text.contains("NoSuchBucket") || text.contains("The specified bucket does not exist")
}

/// The status of an answer, which the library has only in its words.
fn status(text: &str) -> Option<u16> {
    let (_, rest) = text.split_once("status code: ")?;
    rest.get(..3)?.parse().ok()
}

fn find<T: Error + 'static>(error: &object_store::Error) -> Option<&T> {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        cause = error.source();
    }
    None
}

fn chain(error: &object_store::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(error: object_store::Error, right: Right) -> ObjectsError {
        judge(error, right, "s3://bucket/a")
    }

    fn generic(source: impl Into<Cause>) -> object_store::Error {
        object_store::Error::Generic { store: "test", source: source.into() }
    }

    #[test]
    fn a_file_system_without_hard_links_is_told_from_one_that_is_full() {
        for (code, right, kind) in [
            (1, Right::Create, "NoHardLinks"),
            (95, Right::Create, "NoHardLinks"),
            (1, Right::Put, "Denied"),
            (1, Right::Get, "Denied"),
            (13, Right::Put, "Denied"),
            (30, Right::Put, "Denied"),
            (28, Right::Put, "Unavailable"),
            (5, Right::Put, "Unavailable"),
        ] {
            let error = judged(generic(io::Error::from_raw_os_error(code)), right);
            assert!(format!("{error:?}").starts_with(kind), "{code}: {error:?}");
        }
    }

    #[test]
    fn what_may_pass_is_told_from_what_does_not() {
        for (text, kind) in [
            ("Server returned non-2xx status code: 503 Service Unavailable: x", "Unavailable"),
            ("Server returned non-2xx status code: 429 Too Many Requests: x", "Unavailable"),
            ("Server returned non-2xx status code: 400 Bad Request: x", "Refused"),
            ("Server returned non-2xx status code: 403 Forbidden: x", "Denied"),
            ("Server returned non-2xx status code: 401 Unauthorized: x", "Credentials"),
            ("Server returned non-2xx status code: 404: <Code>NoSuchBucket</Code>", "NoBucket"),
            ("Error getting credentials from the instance", "Credentials"),
        ] {
            let error = judged(generic(text), Right::Put);
            assert!(format!("{error:?}").starts_with(kind), "{text}: {error:?}");
        }
    }

    #[test]
    fn a_wrong_key_is_not_a_missing_right() {
        for (text, kind) in [("SignatureDoesNotMatch", "Credentials"), ("AccessDenied", "Denied")] {
            let error = object_store::Error::PermissionDenied {
                path: "a".into(),
                source: format!("status code: 403: <Code>{text}</Code>").into(),
            };
            let error = judged(error, Right::List);
            assert!(format!("{error:?}").starts_with(kind), "{text}: {error:?}");
        }
    }
}
