//! The roll-ups beside their definition, and both of them made anew.

use chrono::{DateTime, TimeDelta, Utc};

use super::bounds::{self, FIRST, around, is_day, midnight, moment, on_days};
use super::reach::{AHEAD, Stretch, later};
use super::{Span, query};
use crate::domain::Days;
use crate::domain::views::{Kind, ROLL_UPS, RollUpTable, ViewColumn};
use crate::sink::bigquery::calls::unreadable;
use crate::sink::bigquery::views::Asked;
use crate::sink::bigquery::{BigQuery, Names, script};
use crate::sink::{RollUpDay, SinkError, Staging, State};

impl BigQuery {
    /// Where the roll-ups are not what their definition says of these days up to `as_of`, in any column. Of
    /// all days, [`Days::ALL`], a roll-up without days is compared too.
    ///
    /// # Errors
    /// When the warehouse cannot be asked.
    pub async fn roll_up_differences(
        &self,
        as_of: DateTime<Utc>,
        days: Days,
    ) -> Result<Vec<RollUpDay>, SinkError> {
        let mut found = Vec::new();
        for rollup in ROLL_UPS {
            let Some((condition, asked)) = self.asked(rollup, as_of, days).await? else { continue };
            let what = self.names.public_table(rollup.name);
            let sql = differences(rollup, &self.names, &condition, &asked);
            let bytes = self.dry_run(&what, &sql).await?;
            for row in self.query(("roll_up_differences", rollup.name), &what, sql, bytes).await? {
                let day = match row.first() {
                    Some(Some(day)) => day.parse().ok().map(Some),
                    Some(None) => Some(None),
                    None => None,
                };
                let day = day.ok_or_else(|| {
                    unreadable(&what, format!("a row that cannot be read: {row:?}"))
                })?;
                found.push(RollUpDay { table: rollup.name, day });
            }
        }
        found.sort();
        Ok(found)
    }

    /// Rolls up what is asked for, behind the fence; the state stays, but for its epoch.
    ///
    /// # Errors
    /// [`SinkError::Fenced`] when the epoch is no longer that of `state`.
    pub async fn roll_up(
        &self,
        store_id: &str,
        state: &State,
        span: &Span,
    ) -> Result<(), SinkError> {
        let sql = script::roll_up(&self.names, store_id, state, span);
        let expected = self.expected_bytes(state, Some(span), 0, 0).await?;
        self.run_write(("roll_up", "all"), &sql, expected).await.map_err(script::stopped)
    }

    /// The sites whose staged row differs from the one that is there in what the roll-ups are made of.
    pub(in crate::sink::bigquery) async fn moved_sites(
        &self,
        staging: &Staging,
    ) -> Result<Vec<String>, SinkError> {
        let what = self.names.public_table("sites");
        let sql = super::moved_sites(&self.names, &staging.name);
        let bytes = self.dry_run(&what, &sql).await?;
        let rows = self.query(("moved_sites", "sites"), &what, sql, bytes).await?;
        Ok(rows.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect())
    }

    /// Which days are compared, and what the definition reads for them; `None`: none are.
    async fn asked(
        &self,
        rollup: &RollUpTable,
        as_of: DateTime<Utc>,
        days: Days,
    ) -> Result<Option<(String, Asked)>, SinkError> {
        let whole = Asked {
            slots: Some(format!("slot_time >= {FIRST}")),
            observations: Some(format!("observation_time >= {FIRST}")),
            ..Asked::everything(&moment(as_of))
        };
        let ends = match (days.from, days.to) {
            (None, None) => None,
            (from, to) => {
                let first = from.unwrap_or(DateTime::UNIX_EPOCH.date_naive());
                Some((first, to.unwrap_or((as_of + AHEAD).date_naive()).max(first)))
            }
        };
        let Some((first, last)) = ends else {
            let condition = match rollup.day_of {
                None => "true".into(),
                Some("hour") => format!("hour >= {FIRST}"),
                Some(day_of) => format!("{day_of} >= date '0001-01-01'"),
            };
            return Ok(Some((condition, whole)));
        };
        let of = Stretch { first, last };
        match rollup.day_of {
            None => Ok(None),
            Some("hour") => {
                let slots = on_days("slot_time", &of);
                let asked = self.with_observations(Asked { slots: Some(slots), ..whole }).await?;
                Ok(Some((on_days("hour", &of), asked)))
            }
            Some(_) => {
                let slots = self.slots_around(&of).await?;
                let asked = Asked {
                    stretches: bounds::stretches(&[of]),
                    is_asked_for: bounds::is_asked_for(&[of]),
                    slots: Some(slots),
                    ..whole
                };
                Ok(Some((is_day("local_date", &of), self.with_observations(asked).await?)))
            }
        }
    }

    /// The slots that have to be read for these local days.
    async fn slots_around(&self, of: &Stretch) -> Result<String, SinkError> {
        let near = on_days("slot_time", &around(of));
        let [since] = self.times([bounds::since(of)], &near).await?;
        let until = midnight(later(around(of).last, 1));
        Ok(format!("slot_time >= {} and slot_time < {until}", since.map_or(FIRST.into(), moment)))
    }

    /// With the observations that fill the slots.
    async fn with_observations(&self, asked: Asked) -> Result<Asked, SinkError> {
        let slots = asked.slots.as_deref().unwrap_or("true");
        let ends = ["min(observation_time)", "max(observation_time)"].map(str::to_owned);
        let observations = match self.times(ends, slots).await? {
            [Some(oldest), Some(newest)] => format!(
                "observation_time >= {} and observation_time <= {}",
                moment(oldest),
                moment(newest + TimeDelta::seconds(1))
            ),
            // No slot is filled.
            _ => format!("observation_time < {FIRST}"),
        };
        Ok(Asked { observations: Some(observations), ..asked })
    }

    /// What these expressions come to over such slots.
    async fn times<const N: usize>(
        &self,
        expressions: [String; N],
        slots: &str,
    ) -> Result<[Option<DateTime<Utc>>; N], SinkError> {
        let what = self.names.public_table("collection_slots");
        let cells = expressions.map(|expression| format!("unix_micros({expression})")).join(", ");
        let sql =
            format!("select {cells} from {} where {slots}", self.names.public("collection_slots"));
        let bytes = self.dry_run(&what, &sql).await?;
        let rows = self.query(("roll_up_bounds", "collection_slots"), &what, sql, bytes).await?;
        let cell = |index: usize| rows.first()?.get(index)?.as_deref()?.parse::<i64>().ok();
        Ok(std::array::from_fn(|index| cell(index).and_then(DateTime::from_timestamp_micros)))
    }
}

/// The days whose rows are not the same, or not as many.
fn differences(rollup: &RollUpTable, names: &Names, condition: &str, asked: &Asked) -> String {
    let columns = super::columns(rollup);
    let kept = format!("select {columns} from {} where {condition}", names.public(rollup.name));
    let defined = format!("select * from (\n{}\n) where {condition}", query(rollup, names, asked));
    let [kept, defined] = [kept, defined].map(|rows| summed(rollup, &rows));
    format!(
        "select day from (
select coalesce(k.day, d.day) as day, k.count as kept_count, d.count as defined_count,
  k.fingerprint as kept, d.fingerprint as defined
from ({kept}) k full outer join ({defined}) d on d.key = k.key
)
where kept_count is distinct from defined_count or kept is distinct from defined
order by day"
    )
}

/// Of each day: how many rows, and the fingerprint of their cells.
fn summed(rollup: &RollUpTable, rows: &str) -> String {
    let day = match rollup.day_of {
        None => "cast(null as date)",
        Some("hour") => "date(hour, 'UTC')",
        Some(day_of) => day_of,
    };
    let cells = rollup.columns().map(text).collect::<Vec<_>>().join(", ");
    format!(
        "select coalesce(cast(day as string), '-') as key, day, count(*) as count, bit_xor(fingerprint) as fingerprint
from (select {day} as day, farm_fingerprint(array_to_string([{cells}], '|', '~')) as fingerprint
  from ({rows}))
group by day"
    )
}

/// A cell as text, NULL as itself; no text is taken for another.
fn text(column: &'static ViewColumn) -> String {
    let name = column.name;
    match column.kind {
        Kind::Text => format!("concat(cast(char_length({name}) as string), ':', {name})"),
        Kind::Time => format!("cast(unix_micros({name}) as string)"),
        _ => format!("cast({name} as string)"),
    }
}
