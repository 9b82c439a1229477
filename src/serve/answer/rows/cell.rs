//! A cell of a row, and how each form of text writes it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write as _};

use chrono::{
    DateTime, Datelike as _, NaiveDate, NaiveDateTime, SecondsFormat, Timelike as _, Utc,
};

use crate::columnar::Value;
use crate::domain::csv_cell::text_cell;
use crate::domain::values;
use crate::domain::views::Kind;

/// A cell.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell<'a> {
    /// Nothing was said.
    Null,
    Text(Cow<'a, str>),
    Integer(i64),
    Real(f64),
    Boolean(bool),
    Time(DateTime<Utc>),
    LocalTime(NaiveDateTime),
    Date(NaiveDate),
    /// What has parts, as JSON.
    Parts(String),
}

impl Cell<'_> {
    /// As JSON.
    pub(crate) fn json(&self, bytes: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::Null => bytes.extend_from_slice(b"null"),
            Self::Text(text) => serde_json::to_writer(bytes, text.as_ref())?,
            Self::Integer(number) => write!(bytes, "{number}")?,
            Self::Real(number) => serde_json::to_writer(bytes, number)?,
            Self::Boolean(is) => write!(bytes, "{is}")?,
            Self::Parts(json) => bytes.extend_from_slice(json.as_bytes()),
            Self::Time(_) | Self::LocalTime(_) | Self::Date(_) => {
                bytes.push(b'"');
                self.moment(bytes)?;
                bytes.push(b'"');
            }
        }
        Ok(())
    }

    /// As one of comma-separated values; absent is empty.
    pub(crate) fn csv(&self, bytes: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::Null => {}
            Self::Text(text) => quoted(bytes, &text_cell(text)),
            Self::Integer(number) => write!(bytes, "{number}")?,
            Self::Real(number) => write!(bytes, "{number}")?,
            Self::Boolean(is) => write!(bytes, "{is}")?,
            Self::Parts(json) => quoted(bytes, json),
            Self::Time(_) | Self::LocalTime(_) | Self::Date(_) => self.moment(bytes)?,
        }
        Ok(())
    }

    fn moment(&self, bytes: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::Time(time) if time.nanosecond() == 0 => {
                seconds(bytes, time.naive_utc())?;
                bytes.push(b'Z');
                Ok(())
            }
            Self::Time(time) => {
                bytes.write_all(time.to_rfc3339_opts(SecondsFormat::AutoSi, true).as_bytes())
            }
            Self::LocalTime(time) => seconds(bytes, *time),
            Self::Date(date) => write!(bytes, "{date}"),
            _ => Ok(()),
        }
    }
}

/// `2026-11-25T08:00:00`. Of a stream most cells are times: by parts it is several times as fast as by a
/// format.
fn seconds(bytes: &mut Vec<u8>, time: NaiveDateTime) -> io::Result<()> {
    write!(bytes, "{:04}", time.year())?;
    let parts = [time.month(), time.day(), time.hour(), time.minute(), time.second()];
    for (mark, part) in [b'-', b'-', b'T', b':', b':'].into_iter().zip(parts) {
        #[expect(clippy::cast_possible_truncation, reason = "a part of a time is below 60")]
        let (tens, ones) = ((part / 10) as u8, (part % 10) as u8);
        bytes.extend_from_slice(&[mark, b'0' + tens, b'0' + ones]);
    }
    Ok(())
}

/// In quotes where it has to be (RFC 4180).
fn quoted(bytes: &mut Vec<u8>, text: &str) {
    if !text.contains(['"', ',', '\r', '\n']) {
        return bytes.extend_from_slice(text.as_bytes());
    }
    bytes.push(b'"');
    bytes.extend_from_slice(text.replace('"', "\"\"").as_bytes());
    bytes.push(b'"');
}

/// A value that a cell is made of, and what a column of such values is.
pub(crate) trait ToCell {
    /// What the column is.
    const KIND: Kind;
    /// Whether every row has a value.
    const IS_REQUIRED: bool;

    /// The cell.
    fn cell(&self) -> Cell<'_>;
}

macro_rules! to_cell {
    ($($type:ty, $kind:ident: $value:ident => $cell:expr;)+) => {
        $(
            impl ToCell for $type {
                const KIND: Kind = Kind::$kind;
                const IS_REQUIRED: bool = true;

                fn cell(&self) -> Cell<'_> {
                    let $value = self;
                    $cell
                }
            }
        )+
    };
}

to_cell! {
    String, Text: value => Cell::Text(Cow::Borrowed(value));
    &'static str, Text: value => Cell::Text(Cow::Borrowed(value));
    i64, Integer: value => Cell::Integer(*value);
    u32, Integer: value => Cell::Integer((*value).into());
    u64, Integer: value => Cell::Integer(i64::try_from(*value).unwrap_or(i64::MAX));
    f64, Real: value => Cell::Real(*value);
    bool, Boolean: value => Cell::Boolean(*value);
    DateTime<Utc>, Time: value => Cell::Time(*value);
    NaiveDateTime, LocalTime: value => Cell::LocalTime(*value);
    NaiveDate, Date: value => Cell::Date(*value);
    BTreeMap<String, u32>, Counts: value => parts(value);
    BTreeMap<String, u64>, Counts: value => parts(value);
    Vec<String>, Texts: value => parts(value);
}

impl<T: ToCell> ToCell for Option<T> {
    const KIND: Kind = T::KIND;
    const IS_REQUIRED: bool = false;

    fn cell(&self) -> Cell<'_> {
        self.as_ref().map_or(Cell::Null, ToCell::cell)
    }
}

fn parts(value: &impl serde::Serialize) -> Cell<'static> {
    serde_json::to_string(value).map_or(Cell::Null, Cell::Parts)
}

/// As the store gives it.
impl<'a> From<Option<Value<'a>>> for Cell<'a> {
    fn from(value: Option<Value<'a>>) -> Self {
        match value {
            None => Self::Null,
            Some(Value::Text(text)) => Self::Text(Cow::Borrowed(text)),
            Some(Value::Integer(number)) => Self::Integer(number),
            Some(Value::Real(number)) => Self::Real(number),
            Some(Value::Time(time)) => Self::Time(time),
            Some(Value::Date(date)) => Self::Date(date),
        }
    }
}

/// As the [list of values](crate::domain::values) has it.
impl<'a> From<values::Cell<'a>> for Cell<'a> {
    fn from(value: values::Cell<'a>) -> Self {
        match value {
            values::Cell::Real(number) => number.map_or(Self::Null, Self::Real),
            values::Cell::Integer(number) => number.map_or(Self::Null, Self::Integer),
            values::Cell::Text(text) => {
                text.map_or(Self::Null, |text| Self::Text(Cow::Borrowed(text)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_written_as_the_crates_for_it_write_it() {
        let time: DateTime<Utc> = "2026-11-05T08:09:10Z".parse().unwrap();
        let texts = vec!["x".to_owned()];
        let odd = time + chrono::TimeDelta::microseconds(1500);
        for (cell, json, csv) in [
            (Cell::Null, "null", ""),
            (Cell::Real(5.0), "5.0", "5"),
            (Cell::Real(-0.25), "-0.25", "-0.25"),
            (f64::NAN.cell(), "null", "NaN"),
            (Cell::Integer(-1), "-1", "-1"),
            (true.cell(), "true", "true"),
            (time.cell(), "\"2026-11-05T08:09:10Z\"", "2026-11-05T08:09:10Z"),
            (odd.cell(), "\"2026-11-05T08:09:10.001500Z\"", "2026-11-05T08:09:10.001500Z"),
            (Cell::LocalTime(time.naive_utc()), "\"2026-11-05T08:09:10\"", "2026-11-05T08:09:10"),
            (Cell::Date(time.date_naive()), "\"2026-11-05\"", "2026-11-05"),
            (Cell::Text("a, \"b\"".into()), r#""a, \"b\"""#, r#""a, ""b""""#),
            (Cell::Text("-1\u{1b}".into()), "\"-1\\u001b\"", "'-1"),
            (texts.cell(), r#"["x"]"#, r#""[""x""]""#),
        ] {
            let (mut as_json, mut as_csv) = (Vec::new(), Vec::new());
            cell.json(&mut as_json).unwrap();
            cell.csv(&mut as_csv).unwrap();
            assert_eq!(String::from_utf8(as_json).unwrap(), json, "{cell:?}");
            assert_eq!(String::from_utf8(as_csv).unwrap(), csv, "{cell:?}");
        }
    }
}
