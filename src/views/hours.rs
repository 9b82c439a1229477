//! An hour as it was collected.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde::{Serialize, Serializer};

use super::{Place, hour_of};
use crate::domain::Values;
use crate::store::FilledSlot;

/// An hour of a site and source that was collected. Times are UTC.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the fields of domain::views::OBSERVATIONS_HOURLY")]
pub struct Hour {
    pub site_id: String,
    pub source: String,
    pub hour: DateTime<Utc>,
    pub slot_time: DateTime<Utc>,
    pub local_time: NaiveDateTime,
    pub local_date: NaiveDate,
    pub site_name: String,
    pub country: Option<String>,
    pub timezone: String,
    pub observation_time: DateTime<Utc>,
    pub value_kind: String,
    pub value_source: String,
    pub available_at: Option<DateTime<Utc>>,
    pub staleness_minutes: i64,
    /// Those that the view has; rain and snow are 0 where none was reported.
    #[serde(flatten, serialize_with = "write_hourly")]
    pub values: Values,
}

impl Hour {
    fn of(place: &Place, source: &str, filled: FilledSlot) -> Option<Self> {
        let slot_time = filled.slot.slot_time;
        let timezone = place.timezone_at(slot_time);
        let local = slot_time.with_timezone(&timezone);
        let observation_time = filled.observation_time?;
        Some(Self {
            site_id: place.site.site_id.clone(),
            source: source.to_owned(),
            hour: hour_of(slot_time),
            slot_time,
            local_time: local.naive_local(),
            local_date: local.date_naive(),
            site_name: place.site.name.clone(),
            country: place.country_at(slot_time),
            timezone: timezone.name().to_owned(),
            observation_time,
            value_kind: filled.kind().to_owned(),
            value_source: filled.value_source?,
            available_at: filled.available_at,
            staleness_minutes: (slot_time - observation_time).num_minutes().max(0),
            values: filled.values.with_zero_amounts(),
        })
    }
}

fn write_hourly<S: Serializer>(values: &Values, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(values.hourly().map(|(value, cell)| (value.name, cell)))
}

/// The slots that begin in one hour.
#[derive(Debug, Default)]
pub(super) struct OneHour {
    pub(super) slots: Vec<FilledSlot>,
}

impl OneHour {
    /// One slot more; the hour before it, if that is over.
    pub(super) fn push(&mut self, slot: FilledSlot) -> Option<Self> {
        let hour = |slot: &FilledSlot| hour_of(slot.slot.slot_time);
        let is_over = self.slots.last().is_some_and(|last| hour(last) < hour(&slot));
        let past = is_over.then(|| std::mem::take(self));
        self.slots.push(slot);
        past
    }

    /// The place of the slot with the hour's representative observation: the last that was collected
    /// live, else the last.
    pub(super) fn representative(&self) -> Option<usize> {
        let filled = self.slots.iter().enumerate().filter(|(_, slot)| slot.is_filled());
        filled.max_by_key(|(index, slot)| (slot.kind() == "live", *index)).map(|(index, _)| index)
    }

    /// The hour, if it was collected.
    pub(super) fn observed(mut self, place: &Place, source: &str) -> Option<Hour> {
        let representative = self.representative()?;
        Hour::of(place, source, self.slots.swap_remove(representative))
    }
}
