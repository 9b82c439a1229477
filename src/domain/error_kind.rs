//! Why a slot has no observation: the vocabulary of the ledger.

use std::fmt;

use serde::Serialize;

/// The kinds of error that `collection_slots.error_kind` holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// No answer within the time limit.
    Timeout,
    /// The connection could not be made, or broke.
    Connection,
    /// The source answered 5xx.
    ServerError,
    /// The source answered 429: the account is blocked for a while.
    RateLimited,
    /// The source refused the call: it may be the key, or a firewall before the place.
    Unauthorized,
    /// The source does not take the request (400 and other 4xx).
    BadRequest,
    /// The source does not know the place.
    NotFound,
    /// The answer could not be read as an observation.
    Malformed,
    /// A value lies out of its physical range, or the time is not of now.
    OutOfRange,
}

impl ErrorKind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 9] = [
        Self::Timeout,
        Self::Connection,
        Self::ServerError,
        Self::RateLimited,
        Self::Unauthorized,
        Self::BadRequest,
        Self::NotFound,
        Self::Malformed,
        Self::OutOfRange,
    ];

    /// The name in tables, logs and reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Connection => "connection",
            Self::ServerError => "server_error",
            Self::RateLimited => "rate_limited",
            Self::Unauthorized => "unauthorized",
            Self::BadRequest => "bad_request",
            Self::NotFound => "not_found",
            Self::Malformed => "malformed",
            Self::OutOfRange => "out_of_range",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// True when another try a moment later may go well.
    #[must_use]
    pub fn is_transient(self) -> bool {
        matches!(self, Self::Timeout | Self::Connection | Self::ServerError | Self::Malformed)
    }

    /// True when asking again for the same slot would give the same answer; such a slot is not
    /// called again unless it is forced.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::BadRequest | Self::NotFound)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_found_by_its_name_and_serializes_to_it() {
        for kind in ErrorKind::ALL {
            assert_eq!(ErrorKind::parse(kind.as_str()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
    }
}
