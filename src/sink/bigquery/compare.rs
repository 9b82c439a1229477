//! What the sink's own rows come to, computed from the values that are there and never from a copy,
//! and where they differ from rows that are staged.

use super::calls::unreadable;
use super::{BigQuery, Names, script};
use crate::domain::tables::{Column, Kind, Table};
use crate::domain::{Day, DaySum, DaySums, Days};
use crate::sink::{Difference, SinkError, Staging};

/// So many rows of a day are named.
const NAMED: u32 = 20;

impl BigQuery {
    pub(super) async fn day_sums(
        &self,
        table: &Table,
        days: &[Days],
    ) -> Result<DaySums, SinkError> {
        let what = self.names.public_table(table.name);
        let target = self.names.public(table.name);
        let bytes = self.bytes_of(&what, &target, &script::of_any_days(table, days)).await?;
        let sql = sums(&self.names, table, days);
        let rows = self.query(("sum_days", table.name), &what, sql, bytes).await?;
        let sum = |row: &Vec<Option<String>>| {
            let number = |index: usize| row.get(index)?.as_deref()?.parse::<i64>().ok();
            let count = |index| number(index)?.try_into().ok();
            let fingerprint = number(3)?;
            Some((parse_day(row)?, DaySum { rows: count(1)?, keys: count(2)?, fingerprint }))
        };
        // A day that is left out would be taken for one that is different.
        let read = |row| sum(row).ok_or_else(|| odd_row(&what, row));
        rows.iter().map(read).collect()
    }

    pub(super) async fn differences(
        &self,
        table: &Table,
        days: Days,
        staging: &Staging,
    ) -> Result<Vec<Difference>, SinkError> {
        let sql = differences(&self.names, table, days, &staging.name);
        let what = self.names.public_table(table.name);
        let target = self.names.public(table.name);
        let there = self.bytes_of(&what, &target, &script::of_days(table, days)).await?;
        let staged = self.bytes_of(&what, &self.names.internal(&staging.name), "true").await?;
        let rows = self
            .query(("differences", table.name), &what, sql, there.saturating_add(staged))
            .await?;
        let difference = |row: &Vec<Option<String>>| {
            let text = |index: usize| row.get(index)?.clone();
            Some(Difference { day: parse_day(row)?, key: text(1)?, what: text(2)? })
        };
        let read = |row| difference(row).ok_or_else(|| odd_row(&what, row));
        rows.iter().map(read).collect()
    }
}

/// A row that is not as the statement makes it.
fn odd_row(what: &str, row: &[Option<String>]) -> SinkError {
    unreadable(what, format!("a row that cannot be read: {row:?}"))
}

/// The day that a row begins with, none if it is NULL; `None` if it cannot be read.
fn parse_day(row: &[Option<String>]) -> Option<Day> {
    match row.first()? {
        None => Some(None),
        Some(day) => day.parse().ok().map(Some),
    }
}

/// The day of a row, as SQL.
fn day(table: &Table) -> String {
    table
        .day_of
        .map_or_else(|| "cast(null as date)".into(), |day_of| format!("date({day_of}, 'UTC')"))
}

/// Day, rows, keys and fingerprint of each day.
fn sums(names: &Names, table: &Table, days: &[Days]) -> String {
    let target = names.public(table.name);
    let cells = |columns: &[&Column]| {
        let texts = columns.iter().map(|column| canonical_text(column));
        format!("array_to_string([{}], '|', '~')", texts.collect::<Vec<_>>().join(", "))
    };
    let row = cells(&table.columns.iter().collect::<Vec<_>>());
    let key = cells(&table.key.iter().filter_map(|name| table.column(name)).collect::<Vec<_>>());
    format!(
        "select day, count(*), count(distinct key), bit_xor(farm_fingerprint(row_text))
from (select {day} as day, {key} as key, {row} as row_text from {target} where {of_days})
group by day",
        day = day(table),
        of_days = script::of_any_days(table, days),
    )
}

/// A cell as the canonical text has it, NULL as itself (see [`crate::domain::fingerprint`]).
fn canonical_text(column: &Column) -> String {
    let name = column.name;
    match column.kind {
        Kind::Text => format!("concat(cast(char_length({name}) as string), ':', {name})"),
        Kind::Integer => format!("cast({name} as string)"),
        Kind::Real { decimals } => {
            // What has no such number (not finite, or beyond 64 bits) is an error of a plain cast, and
            // one cell would keep every day from being compared.
            let scale = 10_i64.pow(decimals.into());
            format!(
                "if({name} is null, null, coalesce(cast(safe_cast(round(safe_multiply({name}, {scale})) as int64) as string), '!'))"
            )
        }
        Kind::Time => format!("cast(unix_micros({name}) as string)"),
        Kind::Date => format!("cast(unix_date({name}) as string)"),
    }
}

/// Day, key and what differs of rows that are not the same in both.
fn differences(names: &Names, table: &Table, days: Days, staging: &str) -> String {
    let target = names.public(table.name);
    let staging = names.internal(staging);
    let either = |name: &str| format!("coalesce(s.{name}, t.{name})");
    let is_key = |column: &&Column| table.key.contains(&column.name);
    let key = table.columns.iter().filter(is_key).map(|column| {
        let cell = either(column.name);
        match column.kind {
            Kind::Time => format!("format_timestamp('%FT%TZ', {cell}, 'UTC')"),
            _ => format!("cast({cell} as string)"),
        }
    });
    let key = key.collect::<Vec<_>>().join(", ' ', ");
    let matches = table.key.iter().map(|name| format!("t.{name} = s.{name}"));
    let matches = matches.collect::<Vec<_>>().join(" and ");
    let first = table.key[0];
    let values = || table.columns.iter().filter(|column| !is_key(column)).map(|column| column.name);
    let named =
        values().map(|name| format!("if(t.{name} is distinct from s.{name}, '{name}', null)"));
    let named = named.collect::<Vec<_>>().join(", ");
    let is_different = values().map(|name| format!("or t.{name} is distinct from s.{name}"));
    let is_different = is_different.collect::<Vec<_>>().join(" ");
    let day = match table.day_of {
        Some(day_of) => format!("date({}, 'UTC')", either(day_of)),
        None => "cast(null as date)".into(),
    };
    format!(
        "select day, key, what from (
select {day} as day, concat({key}) as key,
  case when t.{first} is null then 'the sink lacks it' when s.{first} is null then 'only the sink has it'
  else array_to_string([{named}], ', ') end as what
from {staging} s full outer join (select * from {target} where {of_days}) t on {matches}
where t.{first} is null or s.{first} is null {is_different})
where true
qualify row_number() over (partition by day order by key) <= {NAMED}
order by day, key",
        of_days = script::of_days(table, days),
    )
}
