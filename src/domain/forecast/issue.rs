//! An issue: its key, its values, and the hashes by which two of them are told apart.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::values::{FORECAST_COLUMNS, ForecastValues};
use crate::domain::fingerprint::CanonicalText;
use crate::domain::kind::Kind;
use crate::domain::site::SiteId;
use crate::domain::slot::ValueKind;
use crate::domain::values::Cell;

/// Whose word the time of issue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum IssuedBy {
    /// The model's own description, read before and after the call.
    Meta,
    /// The run was asked for by its time.
    RunParameter,
    /// An own prediction.
    Own,
    /// Nobody's: it cannot be proven.
    Unknown,
}

impl IssuedBy {
    /// The name in tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::RunParameter => "run-parameter",
            Self::Own => "own",
            Self::Unknown => "unknown",
        }
    }
}

/// Whose issues are compared with each other: all of one site, source, model and product.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IssueSeries {
    /// The site that was asked for.
    pub site_id: SiteId,
    /// The source that answered.
    pub source: &'static str,
    /// The model; empty: the source's own blend.
    pub model: String,
    /// The kind of answer.
    pub product: &'static str,
}

/// What one source said of one site at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct Issue {
    /// Whose issue it is.
    pub series: IssueSeries,
    /// When we first had it, whole seconds; leads count from here.
    pub available_at: DateTime<Utc>,
    /// The model's initialisation, where it is proven.
    pub issued_at: Option<DateTime<Utc>>,
    /// By what it is proven.
    pub issued_by: IssuedBy,
    /// The place answered for, degrees north.
    pub answered_latitude: Option<f64>,
    /// The place answered for, degrees east.
    pub answered_longitude: Option<f64>,
    /// Its height above mean sea level, metres.
    pub answered_elevation_m: Option<f64>,
    /// How it came.
    pub value_kind: ValueKind,
    /// The values, in the order of `valid_at`, each time once; at least one.
    pub values: Vec<ForecastValue>,
    /// Fields that were asked for and are NULL at every time.
    pub null_fields: Vec<&'static str>,
    /// What is odd about it (a hole, values out of range that were left out), for the slot.
    pub note: Option<String>,
}

/// What an issue says of one time.
#[derive(Debug, Clone, PartialEq)]
pub struct ForecastValue {
    /// The time that it is for.
    pub valid_at: DateTime<Utc>,
    /// Length of the window that its sums are of, minutes; the window ends at `valid_at`.
    pub window_minutes: i64,
    /// The values.
    pub values: ForecastValues,
}

/// Minutes from when an issue was available to a time that it is for, rounded up: so a lead of more than an
/// hour is never in the bucket of an hour, and what is over has 0 or less.
#[must_use]
pub fn lead_minutes(available_at: DateTime<Utc>, valid_at: DateTime<Utc>) -> i64 {
    -((available_at - valid_at).num_seconds().div_euclid(60))
}

impl Issue {
    /// Its name: the first 16 bytes, in hexadecimal, of SHA-256 over key and values.
    #[must_use]
    pub fn issue_id(&self) -> String {
        let IssueSeries { site_id, source, model, product } = &self.series;
        let (available_at, values_hash) = (self.available_at.timestamp(), self.values_hash());
        let text = format!("{site_id}|{source}|{model}|{product}|{available_at}|{values_hash}");
        Sha256::digest(text).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// A fingerprint of all its values, whenever they were said.
    #[must_use]
    pub fn values_hash(&self) -> i64 {
        let mut text = CanonicalText::new();
        for value in &self.values {
            text.number(Some(self.row_hash(value)));
        }
        text.fingerprint()
    }

    /// A fingerprint of a row's key and values, as of observations. `available_at` is not part of it: what two
    /// issues say alike has one hash.
    #[must_use]
    pub fn row_hash(&self, value: &ForecastValue) -> i64 {
        let IssueSeries { site_id, source, model, product } = &self.series;
        let mut text = CanonicalText::new();
        for part in [site_id.as_str(), source, model, product] {
            text.text(Some(part));
        }
        text.number(Some(value.valid_at.timestamp()));
        text.number(Some(value.window_minutes));
        for (column, cell) in FORECAST_COLUMNS.iter().zip(value.values.cells()) {
            match (cell, column.kind) {
                (Cell::Real(number), Kind::Real { decimals }) => text.real(decimals, number),
                (Cell::Real(_), _) => text.number(None),
                (Cell::Integer(number), _) => text.number(number),
                (Cell::Text(words), _) => text.text(words),
            }
        }
        text.fingerprint()
    }

    /// The first time that it is for.
    #[must_use]
    pub fn first_valid_at(&self) -> DateTime<Utc> {
        self.values.first().map_or(self.available_at, |value| value.valid_at)
    }

    /// The last time that it is for.
    #[must_use]
    pub fn last_valid_at(&self) -> DateTime<Utc> {
        self.values.last().map_or(self.available_at, |value| value.valid_at)
    }

    /// The commonest step between two times, of several the shortest, minutes; `None` of one time alone.
    #[must_use]
    pub fn step_minutes(&self) -> Option<i64> {
        let mut counts = BTreeMap::<i64, usize>::new();
        for step in self.steps() {
            *counts.entry(step.num_minutes()).or_default() += 1;
        }
        let commonest = counts.into_iter().max_by_key(|(step, count)| (*count, -step));
        commonest.map(|(step, _)| step)
    }

    /// The longest step, where it is longer than the common one: a hole.
    #[must_use]
    pub fn hole(&self) -> Option<TimeDelta> {
        let step = TimeDelta::minutes(self.step_minutes()?);
        self.steps().max().filter(|longest| *longest > step)
    }

    fn steps(&self) -> impl Iterator<Item = TimeDelta> {
        let pairs = self.values.iter().zip(self.values.iter().skip(1));
        pairs.map(|(before, after)| after.valid_at - before.valid_at)
    }
}

#[cfg(test)]
mod tests {
    use super::super::product::Product;
    use super::*;

    fn at(hour: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_600_800 + hour * 3600, 0).unwrap()
    }

    fn issue(hours: &[i64]) -> Issue {
        let values = hours.iter().map(|hour| ForecastValue {
            valid_at: at(*hour),
            window_minutes: 180,
            values: ForecastValues { temperature_c: Some(*hour as f64), ..Default::default() },
        });
        let product = Product::Owm3h;
        Issue {
            series: IssueSeries {
                site_id: SiteId::parse("mad").unwrap(),
                source: product.source(),
                model: String::new(),
                product: product.as_str(),
            },
            available_at: at(0),
            issued_at: None,
            issued_by: IssuedBy::Unknown,
            answered_latitude: None,
            answered_longitude: None,
            answered_elevation_m: None,
            value_kind: ValueKind::Live,
            values: values.collect(),
            null_fields: Vec::new(),
            note: None,
        }
    }

    #[test]
    fn a_lead_is_rounded_up_so_that_no_bucket_gets_a_longer_one() {
        for (seconds, minutes) in [(-61, -1), (-1, 0), (0, 0), (1, 1), (60, 1), (61, 2), (3601, 61)]
        {
            let lead = lead_minutes(at(0), at(0) + TimeDelta::seconds(seconds));
            assert_eq!(lead, minutes, "{seconds}");
        }
    }

    #[test]
    fn the_commonest_step_is_the_step_and_a_longer_one_is_a_hole() {
        assert_eq!(issue(&[3, 6, 9, 24, 27]).step_minutes(), Some(180));
        assert_eq!(issue(&[3, 6, 9, 24, 27]).hole(), Some(TimeDelta::seconds(54_000)));
        assert_eq!(issue(&[1, 2, 3]).hole(), None);
        assert_eq!(issue(&[3]).step_minutes(), None);
    }

    #[test]
    fn what_is_said_alike_later_has_the_same_hashes_and_another_name() {
        let first = issue(&[3, 6]);
        let again = Issue { available_at: at(1), ..first.clone() };
        assert_eq!(first.values_hash(), again.values_hash());
        assert_ne!(first.issue_id(), again.issue_id());
        assert_eq!(first.issue_id().len(), 32);
        let mut other = first.clone();
        other.values[1].values.temperature_c = Some(6.01);
        assert_ne!(first.values_hash(), other.values_hash());
        assert_ne!(first.issue_id(), other.issue_id());
    }
}
