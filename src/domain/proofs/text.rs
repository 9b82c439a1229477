//! The texts of both: runs of days from a first day.

use std::collections::BTreeMap;

use chrono::{Days as DayCount, NaiveDate};
use serde::{Deserialize, Serialize};

use super::ranges::DayRanges;
use super::{Changes, Look, Proofs, Seen};
use crate::domain::Day;

/// A text that is none of these.
#[derive(Debug, thiserror::Error)]
#[error("not days with what is known of them: {0:?}")]
pub(super) struct Malformed(String);

/// Changes as they are written.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct ChangesText(BTreeMap<String, String>);

/// Proofs as they are written.
#[derive(Serialize, Deserialize)]
pub(super) struct ProofsText {
    #[serde(default)]
    looks: Vec<Look>,
    #[serde(default)]
    days: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    swept_to: Day,
}

impl From<Changes> for ChangesText {
    fn from(changes: Changes) -> Self {
        Self(texts(&changes.tables, |epoch| format!("@{epoch}")))
    }
}

impl TryFrom<ChangesText> for Changes {
    type Error = Malformed;

    fn try_from(text: ChangesText) -> Result<Self, Malformed> {
        let epoch = |text: &str| text.strip_prefix('@')?.parse().ok();
        Ok(Self { tables: parse_all(text.0, epoch)? })
    }
}

impl From<Proofs> for ProofsText {
    fn from(proofs: Proofs) -> Self {
        let days = texts(&proofs.tables, |seen| match seen {
            Seen::Equal(look) => format!(":{look}"),
            Seen::Different => ":!".into(),
        });
        Self { looks: proofs.looks, days, swept_to: proofs.swept_to }
    }
}

impl TryFrom<ProofsText> for Proofs {
    type Error = Malformed;

    fn try_from(text: ProofsText) -> Result<Self, Malformed> {
        let looks = text.looks;
        let seen = |text: &str| match text.strip_prefix(':')? {
            "!" => Some(Seen::Different),
            look => Some(Seen::Equal(look.parse().ok().filter(|look| *look < looks.len())?)),
        };
        Ok(Self { tables: parse_all(text.days, seen)?, looks, swept_to: text.swept_to })
    }
}

fn texts<V: Copy + PartialEq>(
    tables: &BTreeMap<String, DayRanges<V>>,
    value: impl Fn(V) -> String,
) -> BTreeMap<String, String> {
    tables.iter().map(|(table, ranges)| (table.clone(), write(ranges, &value))).collect()
}

/// A first day, and runs of so many days; those without a value are of days that are left out.
fn write<V: Copy + PartialEq>(ranges: &DayRanges<V>, value: &impl Fn(V) -> String) -> String {
    let Some(mut next) = ranges.first_day() else { return String::new() };
    let mut text = next.to_string();
    for (days, found) in ranges.iter() {
        let gap = (*days.start() - next).num_days();
        if gap > 0 {
            text.push_str(&format!(" {gap}"));
        }
        let count = (*days.end() - *days.start()).num_days() + 1;
        text.push_str(&format!(" {count}{}", value(found)));
        next = days.end().succ_opt().unwrap_or(*days.end());
    }
    text
}

fn parse_all<V: Copy + PartialEq>(
    texts: BTreeMap<String, String>,
    value: impl Fn(&str) -> Option<V>,
) -> Result<BTreeMap<String, DayRanges<V>>, Malformed> {
    let parse = |(table, text): (String, String)| match parse(&text, &value) {
        Some(ranges) => Ok((table, ranges)),
        None => Err(Malformed(text)),
    };
    texts.into_iter().map(parse).collect()
}

fn parse<V: Copy + PartialEq>(
    text: &str,
    value: &impl Fn(&str) -> Option<V>,
) -> Option<DayRanges<V>> {
    let mut ranges = DayRanges::default();
    let mut words = text.split(' ').filter(|word| !word.is_empty());
    let Some(first) = words.next() else { return Some(ranges) };
    let mut next: Option<NaiveDate> = Some(first.parse().ok()?);
    for word in words {
        let first = next?;
        let (count, found) = word.split_at(word.find([':', '@']).unwrap_or(word.len()));
        let count = count.parse::<u64>().ok().filter(|count| *count > 0)?;
        let last = first.checked_add_days(DayCount::new(count - 1))?;
        if !found.is_empty() {
            ranges.set(&(first..=last), value(found)?);
        }
        next = last.succ_opt();
    }
    Some(ranges)
}
