//! What the overview is made of, kept from one request to the next: the status of this minute, and the
//! temperatures of two days. A request that comes while it is being read waits for it instead of reading too.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Mutex;

use crate::domain::source_time;
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::Answering;
use crate::serve::answer::reader::Reader;
use crate::status::{self, Status};
use crate::store::RunVersion;

/// How far back the spark lines go.
pub(super) const SPAN: TimeDelta = TimeDelta::hours(48);

/// By site and source: slots that were collected, and their temperatures, in order.
pub(super) type Temperatures = HashMap<(String, String), Vec<(DateTime<Utc>, Option<f64>)>>;

/// What was read, and of when it is.
#[derive(Clone)]
pub(super) struct Seen {
    state: Arc<RunVersion>,
    pub(super) now: DateTime<Utc>,
    pub(super) status: Arc<Status>,
    pub(super) temperatures: Arc<Temperatures>,
}

/// What was read last.
pub(crate) struct Recent {
    last: Mutex<Option<Seen>>,
}

impl Recent {
    pub(crate) fn new() -> Self {
        Self { last: Mutex::new(None) }
    }

    /// As of this state of the store and minute.
    pub(super) async fn read(
        &self,
        answering: &Answering,
        reader: &Reader,
    ) -> Result<Seen, Problem> {
        let mut last = self.last.lock().await;
        let (state, now) = (answering.versions.current().await?, reader.now());
        let same_state = last.as_ref().filter(|seen| seen.state == state);
        if let Some(seen) = same_state.filter(|seen| minute(seen.now) == minute(now)) {
            return Ok(seen.clone());
        }
        let temperatures = match same_state {
            Some(seen) if hour(seen.now) == hour(now) => seen.temperatures.clone(),
            _ => Arc::new(temperatures(reader, now).await?),
        };
        let status = status::read(&reader.store, reader.sources, now, 1).await?;
        let seen = Seen { state, now, status: Arc::new(status), temperatures };
        *last = Some(seen.clone());
        Ok(seen)
    }
}

fn minute(time: DateTime<Utc>) -> i64 {
    time.timestamp().div_euclid(60)
}

fn hour(time: DateTime<Utc>) -> i64 {
    time.timestamp().div_euclid(3600)
}

async fn temperatures(reader: &Reader, now: DateTime<Utc>) -> Result<Temperatures, Problem> {
    let mut by_site = Temperatures::new();
    let times = (now - SPAN, source_time::last_believed(now));
    for row in reader.store.list_temperatures(times).await? {
        by_site
            .entry((row.site_id, row.source))
            .or_default()
            .push((row.slot_time, row.temperature_c));
    }
    Ok(by_site)
}
