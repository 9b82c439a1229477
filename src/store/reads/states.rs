//! How every active site stands, in statements that cost the same however long the history is: counts
//! are of the slots since a time, which an index knows; what is first or last is one step along the
//! primary key.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use futures::FutureExt as _;
use serde::Serialize;
use sqlx::FromRow;

use super::Reads;
use super::archive::ArchivedSeries;
use super::sites::LifeRow;
use crate::domain::days::is_between;
use crate::domain::tables::{COLLECTION_SLOTS, WEATHER_OBSERVATIONS};
use crate::domain::{Life, freshness, source_time};
use crate::store::StoreError;
use crate::store::dialect::Dialect;
use crate::store::pool::{Pool, Statement};

/// What is known of an active site.
#[derive(Debug, Clone, PartialEq, FromRow, Serialize)]
pub struct SiteState {
    /// The site.
    pub site_id: String,
    /// Its name.
    pub name: String,
    /// Its IANA time zone.
    pub timezone: String,
    /// Its interval in minutes.
    pub interval_minutes: i64,
    /// First local day of its life; `None`: it always was.
    pub active_from: Option<NaiveDate>,
    /// Last local day of its life; `None`: it goes on.
    pub active_until: Option<NaiveDate>,
    #[serde(skip)]
    spans: String,
    /// The source's first slot in the ledger.
    pub first_slot: Option<DateTime<Utc>>,
    /// The source's time of its latest observation, of those that are believed.
    pub last_observation_time: Option<DateTime<Utc>>,
    /// Slots tried since the start of the look-back.
    pub slots_tried: i64,
    /// Slots collected since the start of the look-back.
    pub slots_collected: i64,
    /// First failed slot since the latest collected one, if the latest slot failed.
    pub failing_since: Option<DateTime<Utc>>,
    /// Kind of the latest failure, if the site is failing.
    pub error_kind: Option<String>,
    /// HTTP status of the latest failure, if there was one.
    pub http_status: Option<i64>,
    /// Message of the latest failure.
    pub error_message: Option<String>,
}

impl SiteState {
    /// True when today lies in the site's life: else nothing is expected of it, and it cannot be
    /// stale.
    #[must_use]
    pub fn is_alive(&self, now: DateTime<Utc>) -> bool {
        let timezone = self.timezone.parse().unwrap_or(Tz::UTC);
        is_between(timezone, self.active_from, self.active_until, now)
    }

    /// What decides which slots of it are expected.
    ///
    /// # Errors
    /// When a column holds something else.
    pub fn life(&self) -> Result<Life, StoreError> {
        let (site_id, timezone) = (self.site_id.clone(), self.timezone.clone());
        let (active_from, active_until) = (self.active_from, self.active_until);
        let spans = self.spans.clone();
        LifeRow { site_id, timezone, active_from, active_until, spans }.try_into()
    }

    /// How old the latest observation is; none is younger than now.
    #[must_use]
    pub fn age(&self, now: DateTime<Utc>) -> Option<TimeDelta> {
        self.last_observation_time.map(|time| source_time::age(time, now))
    }

    /// What of it has left the store counts too: both are in the order of sites.
    fn remember(&mut self, slots: &[ArchivedSeries], observations: &[ArchivedSeries]) {
        let find = |all: &[ArchivedSeries]| {
            let place = all.binary_search_by(|series| series.site_id.cmp(&self.site_id)).ok()?;
            all.get(place).cloned()
        };
        let first = find(slots).map(|series| series.first_time);
        self.first_slot = self.first_slot.into_iter().chain(first).min();
        let last = find(observations).map(|series| series.last_time);
        self.last_observation_time = self.last_observation_time.or(last);
    }

    /// True when the latest observation is [fresh](freshness).
    #[must_use]
    pub fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        self.age(now).is_some_and(|age| freshness::is_fresh(age, self.interval_minutes))
    }
}

/// A row of [`site_states`].
#[derive(FromRow)]
struct StateRow {
    #[sqlx(flatten)]
    state: SiteState,
    /// The latest slot, if it failed.
    last_failed_slot: Option<DateTime<Utc>>,
}

impl StateRow {
    /// Where to look for the first slot that failed, if the look-back does not know it: after the
    /// newest observation, or from the first slot of a source that never answered.
    fn search(&self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let last = self.last_failed_slot.filter(|_| self.state.failing_since.is_none())?;
        let first = self.state.first_slot.map(|first| first - TimeDelta::seconds(1));
        let after = self.state.last_observation_time.or(first)?;
        Some((after, last.min(after + SEARCHED)))
    }

    /// The first slot that failed; the latest one, if none was found.
    fn with_failing_since(mut self, found: Option<DateTime<Utc>>) -> SiteState {
        let since = self.state.failing_since.or(found).or(self.last_failed_slot);
        self.state.failing_since = since;
        self.state
    }
}

/// How long after the newest observation the first failed slot is looked for. Between the two lie slots
/// for which the source repeated an old observation, which it may do for so long, and some of a night;
/// of more than that the slots are not read.
const SEARCHED: TimeDelta = TimeDelta::days(source_time::MAX_AGE.num_days() + 1);

/// Sites of a statement that looks for their first failed slots.
const SEARCHED_AT_ONCE: usize = 50;

impl Reads {
    /// Every active site with what is known of it; counts are of slots since the first of these times,
    /// and observations later than the second do not count.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn list_site_states(
        &self,
        source: &str,
        times: (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Vec<SiteState>, StoreError> {
        let (slots, observations) = (
            self.list_archived_series(&COLLECTION_SLOTS, source).await?,
            self.list_archived_series(&WEATHER_OBSERVATIONS, source).await?,
        );
        let mut states = self.within(|pool| list(pool, source, times).boxed()).await?;
        states.iter_mut().for_each(|state| state.remember(&slots, &observations));
        Ok(states)
    }
}

async fn list(
    pool: &Pool,
    source: &str,
    times: (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<SiteState>, StoreError> {
    let rows: Vec<StateRow> = pool.fetch_all(&site_states(pool.dialect(), source, times)).await?;
    let searches = rows.iter().zip(0_i64..).filter_map(|(row, number)| {
        Some(Search { number, site_id: &row.state.site_id, times: row.search()? })
    });
    let searches: Vec<Search<'_>> = searches.collect();
    let mut found: HashMap<i64, Option<DateTime<Utc>>> = HashMap::new();
    for some in searches.chunks(SEARCHED_AT_ONCE) {
        found.extend(pool.fetch_all::<(i64, _)>(&first_failed(source, some)).await?);
    }
    let states = rows
        .into_iter()
        .zip(0_i64..)
        .map(|(row, number)| row.with_failing_since(found.get(&number).copied().flatten()));
    Ok(states.collect())
}

/// Every active site with its latest observation, its counts and its current failure; the counts by the
/// index of times, the rest by the primary key.
fn site_states(
    dialect: &Dialect,
    source: &str,
    (since, until): (DateTime<Utc>, DateTime<Utc>),
) -> Statement {
    let (by_time, by_key) = ((dialect.use_index)("slots_by_time"), dialect.use_primary_key);
    let statement = Statement::made(format!(
        "with recent as (
            select site_id, count(*) as tried,
                count(case when status = 'collected' then 1 end) as collected,
                min(case when status = 'failed' and slot_time > last_collected then slot_time end)
                    as failed_since
            from (
                select site_id, slot_time, status,
                    max(case when status = 'collected' then slot_time end)
                        over (partition by site_id) as last_collected
                from collection_slots{by_time} where source = ? and slot_time >= ?
            ) slots
            group by site_id
        ),
        ends as (
            select s.site_id,
                (select o.observation_time from weather_observations o{by_key}
                    where o.site_id = s.site_id and o.source = ? and o.observation_time <= ?
                    order by o.site_id desc, o.source desc, o.observation_time desc limit 1)
                    as newest,
                (select c.slot_time from collection_slots c{by_key}
                    where c.site_id = s.site_id and c.source = ?
                    order by c.site_id desc, c.source desc, c.slot_time desc limit 1) as last_slot,
                (select c.slot_time from collection_slots c{by_key}
                    where c.site_id = s.site_id and c.source = ?
                    order by c.site_id, c.source, c.slot_time limit 1) as first_slot
            from sites s where s.deactivated_at is null
        )
        select s.site_id, s.name, s.timezone, s.interval_minutes, s.active_from, s.active_until,
            cast(s.spans as char) as spans, t.first_slot, t.newest as last_observation_time,
            coalesce(r.tried, 0) as slots_tried, coalesce(r.collected, 0) as slots_collected,
            case when e.slot_time is not null then r.failed_since end as failing_since,
            e.slot_time as last_failed_slot, e.error_kind, e.http_status, e.error_message
        from sites s
        join ends t on t.site_id = s.site_id
        left join recent r on r.site_id = s.site_id
        left join collection_slots e{by_key}
            on e.site_id = s.site_id and e.source = ? and e.slot_time = t.last_slot
                and e.status = 'failed'
        order by s.site_id"
    ));
    let statement = statement.bind(source).bind(since).bind(source).bind(until);
    statement.bind(source).bind(source).bind(source)
}

/// A site whose first failed slot after one time and up to another is looked for.
struct Search<'a> {
    number: i64,
    site_id: &'a str,
    times: (DateTime<Utc>, DateTime<Utc>),
}

/// The first failed slots of these sites, by their numbers. The times are given and no columns: MySQL
/// begins at none that it has to look up.
fn first_failed(source: &str, searches: &[Search<'_>]) -> Statement {
    let selects = searches.iter().map(|Search { number, .. }| {
        format!(
            "select {number} as number, (select slot_time from collection_slots \
            where site_id = ? and source = ? and slot_time > ? and slot_time <= ? \
            and status = 'failed' order by slot_time limit 1) as failed_since"
        )
    });
    let statement = Statement::made(selects.collect::<Vec<_>>().join(" union all "));
    // Of as many forms as there are numbers of sites: none is kept.
    searches.iter().fold(statement.not_kept(), |statement, search| {
        let (after, last) = search.times;
        statement.bind(search.site_id).bind(source).bind(after).bind(last)
    })
}
