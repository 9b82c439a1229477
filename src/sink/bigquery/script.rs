//! The script that writes a chunk: the fence, the rows and the state, in one transaction.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::{Names, state};
use crate::domain::tables::Table;
use crate::sink::Chunk;

/// In the message of a script that found another epoch.
pub(super) const FENCE: &str = "weather fence";

/// The script. It fails unless the epoch is `epoch`, the staging table holds every row, and no key
/// twice: where `merge` is given one row twice, some servers insert both.
pub(super) fn merge(
    names: &Names,
    store_id: &str,
    chunk: &Chunk,
    staging: &str,
    epoch: i64,
) -> String {
    let Chunk { table, rows, .. } = chunk;
    let target = names.public(table.name);
    let staging = names.internal(staging);
    let state = names.internal(&state::table_name(store_id));
    let name = table.name;
    let key = table.key.join(", ");
    let matches = table.key.iter().map(|column| format!("t.{column} = s.{column}"));
    let matches = matches.chain(days(table, &chunk.days)).collect::<Vec<_>>().join(" and ");
    let values = table.column_names().filter(|column| !table.key.contains(column));
    let values = values.map(|column| format!("{column} = s.{column}"));
    let values = values.collect::<Vec<_>>().join(", ");
    let columns = table.column_names().collect::<Vec<_>>().join(", ");
    let inserted = table.column_names().map(|column| format!("s.{column}"));
    let inserted = inserted.collect::<Vec<_>>().join(", ");
    let moved = state::assignments(&chunk.progress);
    format!(
        "begin transaction;
select if((select epoch from {state} where table_name = '{name}') = {epoch}, 1, error('{FENCE}: another epoch'));
select if((select count(*) from {staging}) = {rows}, 1, error('staged rows are missing'));
select if(not exists (select 1 from {staging} group by {key} having count(*) > 1), 1, error('a key is staged twice'));
merge {target} t using {staging} s
on {matches}
when matched then update set {values}
when not matched then insert ({columns}) values ({inserted});
update {state} set {moved} where table_name = '{name}';
commit transaction;"
    )
}

/// The days in literal form, joined where one follows another, so that only their partitions are
/// read.
fn days(table: &Table, days: &BTreeSet<NaiveDate>) -> Option<String> {
    let day_of = table.day_of?;
    let mut spans: Vec<(NaiveDate, NaiveDate)> = Vec::new();
    for day in days {
        let after = day.succ_opt()?;
        match spans.last_mut() {
            Some((_, end)) if end == day => *end = after,
            _ => spans.push((*day, after)),
        }
    }
    let spans = spans.iter().map(|(start, end)| {
        format!("t.{day_of} >= timestamp '{start}' and t.{day_of} < timestamp '{end}'")
    });
    Some(format!("({})", spans.collect::<Vec<_>>().join(" or ")))
}
