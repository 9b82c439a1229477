//! What of a calendar is meant, as its form shows it and its links say it.

use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use super::{GapsQuery, Text};
use crate::domain::Reason;
use crate::serve::answer::values::Unfit;
use crate::serve::page::view::View;
use crate::views::calendar::Cells;

/// The reasons, as they are named in the address.
const REASONS: [&str; 5] = ["never_tried", "paused", "failed", "quarantined", "unfillable"];

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String")]
pub(super) struct Reasons(String);

impl TryFrom<String> for Reasons {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        match REASONS.contains(&text.as_str()) {
            true => Ok(Self(text)),
            false => Err(Unfit::new("is none of these", REASONS.join(", "))),
        }
    }
}

impl Reasons {
    fn is_of(&self, reason: &Reason) -> bool {
        reason.status() == self.0
    }
}

/// The days, with what is missing for this reason only.
pub(super) fn only(mut cells: Cells, reason: Option<&Reasons>) -> Cells {
    if let Some(asked) = reason {
        for cell in cells.values_mut() {
            cell.missing.retain(|reason, _| asked.is_of(reason));
        }
    }
    cells
}

/// What the form shows.
pub(super) struct Filter {
    pub(super) text: String,
    reason: Option<Reasons>,
    /// What else is meant, and stays: tags, countries, and how the page is read.
    pub(super) hidden: Vec<(&'static str, String)>,
    days: Vec<(&'static str, String)>,
}

impl Filter {
    pub(super) fn of(query: &GapsQuery, view: &View) -> Self {
        let written = |value: Option<serde_json::Value>| match value? {
            serde_json::Value::Array(items) => {
                let items = items.iter().filter_map(|item| item.as_str());
                Some(items.collect::<Vec<_>>().join(","))
            }
            _ => None,
        };
        let tag = written(query.tag.as_ref().and_then(|tags| serde_json::to_value(tags).ok()));
        let country =
            written(query.country.as_ref().and_then(|country| serde_json::to_value(country).ok()));
        let kept = [("tag", tag), ("country", country)];
        let mut hidden: Vec<_> =
            kept.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        hidden.extend(view.chosen());
        let days = [("from", query.from), ("to", query.to)];
        Self {
            text: query.q.as_ref().map(|Text(text)| text.clone()).unwrap_or_default(),
            reason: query.reason.clone(),
            hidden,
            days: days
                .into_iter()
                .filter_map(|(name, day)| Some((name, day?.0.to_string())))
                .collect(),
        }
    }

    /// Each reason, its key in the language files, and whether it is chosen.
    pub(super) fn reasons(&self) -> [(&'static str, String, bool); 5] {
        REASONS.map(|name| {
            let key = format!("reason-short-{}", name.replace('_', "-"));
            (name, key, self.reason.as_ref().is_some_and(|Reasons(chosen)| chosen == name))
        })
    }

    /// A link to the same with something else beside it.
    pub(super) fn href(&self, more: &[(&'static str, String)]) -> String {
        let text = (!self.text.is_empty()).then(|| ("q", self.text.clone()));
        let reason = self.reason.as_ref().map(|Reasons(reason)| ("reason", reason.clone()));
        let own = self.days.iter().cloned().chain(text).chain(reason);
        let pairs = own.chain(self.hidden.iter().cloned()).chain(more.iter().cloned());
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(pairs);
        format!("?{}", query.finish())
    }
}
