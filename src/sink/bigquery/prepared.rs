//! What was prepared is remembered: a sync looks at datasets, tables and views only when our
//! definitions have changed, and once a day. What vanishes between is noticed by the statement that
//! needs it.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::{BigQuery, prepare, rollups, script};
use crate::clock::{Clock as _, SystemClock};
use crate::domain::Days;
use crate::domain::tables::TABLES;
use crate::farmhash::fingerprint64;
use crate::sink::{Prepared, SinkError, State, with_retries};

/// How long it is taken for granted that all is as it was found.
const GOOD_FOR: TimeDelta = TimeDelta::days(1);

/// A time that our clock has not reached may be that of a clock that goes a little before it.
const AHEAD: TimeDelta = TimeDelta::minutes(15);

impl BigQuery {
    pub(super) fn was_prepared(&self, state: &State) -> bool {
        let now = SystemClock.now();
        state.prepared.as_ref().is_some_and(|(definitions, at)| {
            *definitions == self.definitions() && now - at < GOOD_FOR && *at - now < AHEAD
        })
    }

    /// The fingerprint of all that is prepared, and where.
    fn definitions(&self) -> String {
        let mut text = prepare::definitions(&self.names);
        text.push_str(&rollups::definition());
        text.push_str(self.location.as_deref().unwrap_or_default());
        format!("{:016x}", fingerprint64(text.as_bytes()))
    }

    pub(super) async fn note_prepared(&self, store_id: &str) -> Result<Prepared, SinkError> {
        let made = self.prepare_views().await?;
        let day_bytes = self.day_bytes().await?;
        let definitions = self.definitions();
        with_retries(async || self.put_prepared(store_id, &definitions, &day_bytes).await).await?;
        Ok(Prepared { made, ..Prepared::default() })
    }

    /// What reading a day of each table takes, as of the last week.
    async fn day_bytes(&self) -> Result<BTreeMap<String, u64>, SinkError> {
        const WEEK: u64 = 7;
        let today = SystemClock.now().date_naive();
        let week = Days { from: Some(today - TimeDelta::days(WEEK as i64 - 1)), to: Some(today) };
        let mut found = BTreeMap::new();
        for table in TABLES {
            let what = self.names.public_table(table.name);
            let (target, of_week) = (self.names.public(table.name), script::of_days(table, week));
            let bytes =
                with_retries(async || self.bytes_of(&what, &target, &of_week).await).await?;
            found.insert(table.name.to_owned(), bytes.div_ceil(WEEK));
        }
        Ok(found)
    }
}
