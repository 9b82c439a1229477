//! Kinds of values, as every room of the program and every table has them.

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Unicode text.
    Text,
    /// A whole number.
    Integer,
    /// A number with so many decimals at most.
    Real {
        /// The decimals.
        decimals: u8,
    },
    /// A time, UTC, to the microsecond.
    Time,
    /// A day of the calendar.
    Date,
}
