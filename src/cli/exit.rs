//! Exit codes that scripts can use.

use std::process::ExitCode;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// Done; some sites may have failed. Or another execution is at it.
    Done,
    /// More failed than is allowed, or a difference was found.
    TooManyFailed,
    /// Wrong usage, configuration or sites file.
    Usage,
    /// Stopped short: store or source unreachable or refusing.
    Stopped,
    /// SIGINT.
    Interrupted,
    /// SIGTERM.
    Terminated,
}

impl Exit {
    /// Of two ends, the one with the higher code.
    pub(super) fn worse(self, other: Self) -> Self {
        if other.code() > self.code() { other } else { self }
    }

    pub(super) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::TooManyFailed => 1,
            Self::Usage => 2,
            Self::Stopped => 3,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}
