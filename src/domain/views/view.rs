//! What a view is, and a column of one.

use crate::domain::kind;
use crate::domain::tables::Column;

/// A view.
#[derive(Debug, PartialEq)]
pub struct View {
    /// Its name in the warehouse.
    pub name: &'static str,
    /// What a row is.
    pub description: &'static str,
    /// The columns by which its rows differ.
    pub key: &'static [&'static str],
    /// Its columns, in order.
    pub columns: &'static [ViewColumn],
    /// What the query API has beside them.
    pub served_too: &'static [ViewColumn],
}

/// A column of a view.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ViewColumn {
    /// Its name, a measured one with its unit.
    pub name: &'static str,
    /// What its values are.
    pub kind: Kind,
    /// Whether every row has a value.
    pub is_required: bool,
    /// What it says, with its unit.
    pub description: &'static str,
}

/// What the values of a column of a view are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Unicode text.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Real,
    /// Yes or no.
    Boolean,
    /// A time, UTC.
    Time,
    /// A time on the clocks of a site.
    LocalTime,
    /// A day of the calendar.
    Date,
    /// How many, by a word.
    Counts,
    /// A point on the Earth, for maps.
    Place,
    /// A list of texts.
    Texts,
}

impl From<kind::Kind> for Kind {
    fn from(stored: kind::Kind) -> Self {
        match stored {
            kind::Kind::Text => Self::Text,
            kind::Kind::Integer => Self::Integer,
            kind::Kind::Real { .. } => Self::Real,
            kind::Kind::Time => Self::Time,
            kind::Kind::Date => Self::Date,
        }
    }
}

/// A column of a table as one of a view.
impl From<&Column> for ViewColumn {
    fn from(column: &Column) -> Self {
        let Column { name, is_required, description, .. } = *column;
        Self { name, kind: column.kind.into(), is_required, description }
    }
}

impl View {
    /// The fields that the query API answers with, in order.
    pub fn fields(&self) -> impl Iterator<Item = &'static ViewColumn> {
        self.columns.iter().chain(self.served_too)
    }

    /// Their names.
    #[must_use]
    pub fn field_names(&self) -> Vec<&'static str> {
        self.fields().map(|column| column.name).collect()
    }
}

pub(super) const fn required(
    name: &'static str,
    kind: Kind,
    description: &'static str,
) -> ViewColumn {
    ViewColumn { name, kind, is_required: true, description }
}

pub(super) const fn optional(
    name: &'static str,
    kind: Kind,
    description: &'static str,
) -> ViewColumn {
    ViewColumn { name, kind, is_required: false, description }
}
