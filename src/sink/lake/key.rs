//! The key of a row as bytes, which sort as the key does: first its first column, then the next.

use crate::columnar::{Row, Value};
use crate::domain::tables::Table;

/// The key of a row.
pub(super) type Key = Box<[u8]>;

/// Where the columns of the key stand.
pub(super) fn columns(table: &Table) -> Vec<usize> {
    table.key.iter().filter_map(|name| table.index_of(name)).collect()
}

/// The key of a row, whose columns stand at `columns`. What is NULL comes first.
pub(super) fn of_row(columns: &[usize], row: Row<'_>) -> Key {
    let mut key = Vec::with_capacity(48);
    for column in columns {
        match row.value(*column) {
            None => key.push(0),
            Some(value) => {
                key.push(1);
                push(&mut key, value);
            }
        }
    }
    key.into()
}

/// A text ends with a zero byte, which no text of ours has; numbers are moved so that negative ones come
/// first.
fn push(key: &mut Vec<u8>, value: Value<'_>) {
    let mut number = |number: i64| {
        key.extend((number.cast_unsigned() ^ (1 << 63)).to_be_bytes());
    };
    match value {
        Value::Integer(integer) => number(integer),
        Value::Time(time) => number(time.timestamp_micros()),
        Value::Date(date) => number(crate::columnar::day_number(date).into()),
        Value::Real(real) => number(real.to_bits().cast_signed()),
        Value::Text(text) => {
            key.extend(text.as_bytes());
            key.push(0);
        }
    }
}

/// The key as people read it: its columns with a blank between.
pub(super) fn in_words(columns: &[usize], row: Row<'_>) -> String {
    let cell = |column: &usize| match row.value(*column) {
        None => "NULL".into(),
        Some(Value::Text(text)) => text.to_owned(),
        Some(Value::Integer(number)) => number.to_string(),
        Some(Value::Real(number)) => number.to_string(),
        Some(Value::Time(time)) => time.format("%FT%TZ").to_string(),
        Some(Value::Date(date)) => date.to_string(),
    };
    columns.iter().map(cell).collect::<Vec<_>>().join(" ")
}
