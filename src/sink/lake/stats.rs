//! What a commit says of the keys in a data file: their smallest and largest values, column by column.
//!
//! A file whose ranges do not all meet those of some rows holds none of their keys, and need not be read.
//! Times have milliseconds there, and no more: the largest is rounded up.

use chrono::{DateTime, NaiveDate, SecondsFormat, TimeDelta, Utc};
use serde_json::{Map, Value as Json, json};

use crate::columnar::{Row, Value};
use crate::domain::tables::Table;

/// The smallest and the largest value of each column of the key, and how many rows there are.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stats {
    pub(super) rows: u64,
    /// In the order of the key; `None`: not known.
    ranges: Vec<Option<(Bound, Bound)>>,
}

#[derive(Debug, Clone, PartialEq, PartialOrd)]
enum Bound {
    Integer(i64),
    Time(DateTime<Utc>),
    Text(String),
    Date(NaiveDate),
}

impl Bound {
    fn of(value: Value<'_>) -> Option<Self> {
        Some(match value {
            Value::Integer(number) => Self::Integer(number),
            Value::Time(time) => Self::Time(time),
            Value::Text(text) => Self::Text(text.to_owned()),
            Value::Date(date) => Self::Date(date),
            Value::Real(_) => return None,
        })
    }

    fn json(&self, is_largest: bool) -> Json {
        match self {
            Self::Integer(number) => json!(number),
            Self::Text(text) => json!(text),
            Self::Date(date) => json!(date.to_string()),
            Self::Time(time) => {
                let is_cut = is_largest && time.timestamp_subsec_micros() % 1000 > 0;
                let time = if is_cut { *time + TimeDelta::milliseconds(1) } else { *time };
                json!(time.to_rfc3339_opts(SecondsFormat::Millis, true))
            }
        }
    }

    /// The value of a column as a commit has it, of the kind of `like`.
    fn parse(like: &Self, json: &Json) -> Option<Self> {
        Some(match like {
            Self::Integer(_) => Self::Integer(json.as_i64()?),
            Self::Text(_) => Self::Text(json.as_str()?.to_owned()),
            Self::Date(_) => Self::Date(json.as_str()?.parse().ok()?),
            Self::Time(_) => Self::Time(json.as_str()?.parse().ok()?),
        })
    }
}

impl Stats {
    /// Of no row yet.
    pub(super) fn new(columns: &[usize]) -> Self {
        Self { rows: 0, ranges: vec![None; columns.len()] }
    }

    /// One row more, whose key stands at `columns`.
    pub(super) fn add(&mut self, columns: &[usize], row: Row<'_>) {
        self.rows += 1;
        for (range, column) in self.ranges.iter_mut().zip(columns) {
            let Some(bound) = row.value(*column).and_then(Bound::of) else { continue };
            match range {
                None => *range = Some((bound.clone(), bound)),
                Some((least, _)) if bound < *least => *least = bound,
                Some((_, most)) if bound > *most => *most = bound,
                Some(_) => {}
            }
        }
    }

    /// As a commit has it.
    pub(super) fn json(&self, table: &Table) -> String {
        let named = |of: &dyn Fn(&(Bound, Bound)) -> Json| {
            let pairs = table.key.iter().zip(&self.ranges);
            let pairs = pairs.filter_map(|(name, range)| {
                range.as_ref().map(|range| ((*name).to_owned(), of(range)))
            });
            pairs.collect::<Map<_, _>>()
        };
        json!({
            "numRecords": self.rows,
            "minValues": named(&|(least, _)| least.json(false)),
            "maxValues": named(&|(_, most)| most.json(true)),
            "nullCount": named(&|_| json!(0)),
        })
        .to_string()
    }

    /// Whether a file of which a commit says this may hold one of these rows' keys. Where it says too
    /// little, it may.
    pub(super) fn may_meet(&self, table: &Table, said: Option<&str>) -> bool {
        let Some(said) = said.and_then(|text| serde_json::from_str::<Json>(text).ok()) else {
            return true;
        };
        let is_apart = |(name, range): (&&str, &Option<(Bound, Bound)>)| {
            let (least, most) = range.as_ref()?;
            let first = Bound::parse(least, said.get("minValues")?.get(name)?)?;
            let last = Bound::parse(least, said.get("maxValues")?.get(name)?)?;
            Some(*most < first || *least > last)
        };
        !table.key.iter().zip(&self.ranges).any(|pair| is_apart(pair) == Some(true))
    }
}

/// How many rows a commit says that a file has.
pub(super) fn rows(said: Option<&str>) -> Option<u64> {
    serde_json::from_str::<Json>(said?).ok()?.get("numRecords")?.as_u64()
}
