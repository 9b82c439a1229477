//! From rows to an issue: what the transforms of all forecasts do alike.

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};

use super::checked::Checked;
use crate::domain::forecast::{
    FORECAST_COLUMNS, ForecastValue, Issue, IssueSeries, IssuedBy, Product,
};
use crate::domain::{SiteId, ValueKind};
use crate::source::fault::Fault;

/// A time further ahead than this is of no product.
const LONGEST_LEAD: TimeDelta = TimeDelta::days(17);

/// Nor is one that was over so long ago.
const LONGEST_PAST: TimeDelta = TimeDelta::days(1);

/// An answer, read row by row.
pub(in crate::source) struct Draft {
    /// Whose issue it becomes.
    pub(in crate::source) product: Product,
    /// The model that was asked for.
    pub(in crate::source) model: String,
    /// Latitude, longitude and elevation of the place answered for.
    pub(in crate::source) answered: [Option<f64>; 3],
    /// The rows in whatever order; those without a value are none.
    pub(in crate::source) rows: Vec<ForecastValue>,
    /// What was left out of them.
    pub(in crate::source) checked: Checked,
    /// How many rows the product has, and its step in minutes.
    pub(in crate::source) expected: (usize, i64),
    /// The columns that were asked for, and should not be NULL throughout.
    pub(in crate::source) asked: &'static [&'static str],
}

impl Draft {
    /// The issue for this site, which is available now.
    ///
    /// # Errors
    /// `malformed` where no row is usable, a time is said twice in two ways, or lies out of all reach.
    pub(in crate::source) fn into_issue(
        self,
        site_id: &SiteId,
        now: DateTime<Utc>,
    ) -> Result<Issue, Fault> {
        let Self { product, model, answered, rows, checked, expected, asked } = self;
        let available_at = now.trunc_subsecs(0);
        let values = in_order(rows)?;
        in_reach(&values, available_at)?;
        let null_fields = null_fields(&values, asked);
        if null_fields.len() == asked.len() {
            return Err(Fault::malformed("every field that was asked for is null at every time"));
        }
        let mut issue = Issue {
            series: IssueSeries {
                site_id: site_id.clone(),
                source: product.source(),
                model,
                product: product.as_str(),
            },
            available_at,
            issued_at: None,
            issued_by: IssuedBy::Unknown,
            answered_latitude: answered[0],
            answered_longitude: answered[1],
            answered_elevation_m: answered[2],
            value_kind: ValueKind::Live,
            values,
            null_fields,
            note: None,
        };
        issue.note = note(&issue, expected, &checked);
        Ok(issue)
    }
}

/// Sorted, each time once.
fn in_order(mut rows: Vec<ForecastValue>) -> Result<Vec<ForecastValue>, Fault> {
    rows.retain(|row| !row.values.is_empty());
    rows.sort_by_key(|row| row.valid_at);
    rows.dedup();
    if rows.is_empty() {
        return Err(Fault::malformed("no forecast in the answer: no row has a time and a value"));
    }
    let mut pairs = rows.iter().zip(rows.iter().skip(1));
    match pairs.find(|(before, after)| before.valid_at == after.valid_at) {
        Some((twice, _)) => {
            Err(Fault::malformed(&format!("{} is said twice, in two ways", twice.valid_at)))
        }
        None => Ok(rows),
    }
}

fn in_reach(values: &[ForecastValue], available_at: DateTime<Utc>) -> Result<(), Fault> {
    let reach = available_at - LONGEST_PAST..=available_at + LONGEST_LEAD;
    match values.iter().find(|value| !reach.contains(&value.valid_at)) {
        Some(value) => Err(Fault::malformed(&format!(
            "a row is for {}: expected 1 day back to 17 days ahead of {available_at}",
            value.valid_at
        ))),
        None => Ok(()),
    }
}

fn null_fields(values: &[ForecastValue], asked: &'static [&'static str]) -> Vec<&'static str> {
    let is_null = |name: &&&str| {
        let index = FORECAST_COLUMNS.iter().position(|column| column.name == **name);
        index.is_none_or(|index| values.iter().all(|row| row.values.cells()[index].is_absent()))
    };
    asked.iter().filter(is_null).copied().collect()
}

/// What is odd about an issue, in words.
fn note(issue: &Issue, (rows, step): (usize, i64), checked: &Checked) -> Option<String> {
    let mut words = Vec::new();
    if let Some(hole) = issue.hole() {
        words.push(format!("a hole of {} minutes", hole.num_minutes()));
    }
    let found = issue.step_minutes().unwrap_or(step);
    if found != step {
        words.push(format!("a step of {found} minutes, expected {step}"));
    }
    if issue.values.len() < rows {
        words.push(format!("{} times, expected {rows}", issue.values.len()));
    }
    words.extend(checked.words());
    (!words.is_empty()).then(|| words.join("; "))
}
