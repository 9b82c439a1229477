//! The columns that the [list of values](crate::domain::values) gives a view.

use super::view::{Kind, ViewColumn, optional};
use crate::domain::kind::Kind as Stored;
use crate::domain::values::{VALUES, Value};

const fn kind(value: &Value) -> Kind {
    match value.kind {
        Stored::Text => Kind::Text,
        Stored::Integer => Kind::Integer,
        Stored::Real { .. } => Kind::Real,
        Stored::Time => Kind::Time,
        Stored::Date => Kind::Date,
    }
}

/// A value in the hours: where nothing was reported, nothing fell.
const fn in_hourly(value: &Value) -> Option<ViewColumn> {
    let (name, kind, description) = (value.name, kind(value), value.in_hourly);
    match value.is_hourly() {
        true => Some(ViewColumn { name, kind, is_required: value.is_amount, description }),
        false => None,
    }
}

/// A value in the latest observations.
const fn in_latest(value: &Value) -> Option<ViewColumn> {
    match value.is_latest() {
        true => Some(optional(value.name, kind(value), value.in_latest)),
        false => None,
    }
}

/// So many values are in a view.
pub(super) const fn count(shown: &[Option<ViewColumn>]) -> usize {
    let (mut count, mut index) = (0, 0);
    while index < shown.len() {
        count += shown[index].is_some() as usize;
        index += 1;
    }
    count
}

/// Columns, and behind them the values that are in the view.
pub(super) const fn joined<const N: usize>(
    own: &[ViewColumn],
    shown: &[Option<ViewColumn>],
) -> [ViewColumn; N] {
    let mut columns = [own[0]; N];
    let (mut at, mut index) = (0, 0);
    while at < own.len() {
        columns[at] = own[at];
        at += 1;
    }
    while index < shown.len() {
        if let Some(column) = shown[index] {
            columns[at] = column;
            at += 1;
        }
        index += 1;
    }
    columns
}

/// The hours' and the latest observations' columns of the values.
pub(super) const HOURLY_VALUES: [Option<ViewColumn>; VALUES.len()] = {
    let mut shown = [None; VALUES.len()];
    let mut index = 0;
    while index < VALUES.len() {
        shown[index] = in_hourly(&VALUES[index]);
        index += 1;
    }
    shown
};
pub(super) const LATEST_VALUES: [Option<ViewColumn>; VALUES.len()] = {
    let mut shown = [None; VALUES.len()];
    let mut index = 0;
    while index < VALUES.len() {
        shown[index] = in_latest(&VALUES[index]);
        index += 1;
    }
    shown
};
