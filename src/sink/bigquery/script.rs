//! The script that writes a chunk: the fence, the rows and the state, in one transaction.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::{Names, state};
use crate::domain::Days;
use crate::domain::days::day_after;
use crate::domain::tables::Table;
use crate::sink::{Chunk, Rewrite, SinkError};

/// In the message of a script that found another epoch.
const FENCE: &str = "weather fence";

/// In the message of a script that would have taken rows away.
const WOULD_DELETE: &str = "weather would delete";

/// The error of a script for that table, which a guard of the script may have stopped.
pub(super) fn stopped(table: &'static str, error: SinkError) -> SinkError {
    let says = |text: &str| match &error {
        SinkError::Rejected { cause, .. } => cause.to_string().contains(text),
        _ => false,
    };
    match () {
        () if says(FENCE) => SinkError::Fenced { table },
        () if says(WOULD_DELETE) => SinkError::WouldDelete { table },
        () => error,
    }
}

/// The script. It fails unless the epoch is `epoch`, the staging table holds every row, and no key
/// twice: where `merge` is given one row twice, some servers insert both.
pub(super) fn merge(
    names: &Names,
    store_id: &str,
    chunk: &Chunk,
    staging: &str,
    epoch: i64,
) -> String {
    let table = chunk.table;
    let target = names.public(table.name);
    let guards = guards(names, store_id, table, Some((staging, chunk.rows)), epoch);
    let staging = names.internal(staging);
    let matches = table.key.iter().map(|column| format!("t.{column} = s.{column}"));
    let matches = matches.chain(days(table, &chunk.days, "t.")).collect::<Vec<_>>().join(" and ");
    let values = table.column_names().filter(|column| !table.key.contains(column));
    let values = values.map(|column| format!("{column} = s.{column}"));
    let values = values.collect::<Vec<_>>().join(", ");
    let columns = table.column_names().collect::<Vec<_>>().join(", ");
    let inserted = table.column_names().map(|column| format!("s.{column}"));
    let inserted = inserted.collect::<Vec<_>>().join(", ");
    let advance = state::advance(names, store_id, table, Some(&chunk.progress));
    format!(
        "begin transaction;
{guards}
merge {target} t using {staging} s
on {matches}
when matched then update set {values}
when not matched then insert ({columns}) values ({inserted});
{advance};
commit transaction;"
    )
}

/// The script that puts rows in the place of a day's.
pub(super) fn rewrite(names: &Names, store_id: &str, rewrite: Rewrite<'_>, epoch: i64) -> String {
    let Rewrite { table, day, staging, rows, may_delete } = rewrite;
    let target = names.public(table.name);
    let guards =
        guards(names, store_id, table, staging.map(|staging| (&*staging.name, rows)), epoch);
    let staging = staging.map(|staging| names.internal(&staging.name));
    let of_day = of_days(table, Days::of(day));
    let key = table.key.join(", ");
    let columns = table.column_names().collect::<Vec<_>>().join(", ");
    let kept =
        staging.iter().map(|staging| format!(" except distinct select {key} from {staging}"));
    let kept: String = kept.collect();
    let keeps = format!(
        "select if(exists (select {key} from {target} where {of_day}{kept}), error('{WOULD_DELETE}'), 1);\n"
    );
    let keeps = if may_delete { "" } else { &keeps };
    let insert = staging.iter().map(|staging| {
        format!("insert into {target} ({columns}) select {columns} from {staging};\n")
    });
    let insert: String = insert.collect();
    let advance = state::advance(names, store_id, table, None);
    format!(
        "begin transaction;
{guards}
{keeps}delete from {target} where {of_day};
{insert}{advance};
commit transaction;"
    )
}

/// What must hold before anything is written.
fn guards(
    names: &Names,
    store_id: &str,
    table: &Table,
    staging: Option<(&str, u64)>,
    epoch: i64,
) -> String {
    let state = names.internal(&state::table_name(store_id));
    let name = table.name;
    let fence = format!(
        "select if((select epoch from {state} where table_name = '{name}') = {epoch}, 1, error('{FENCE}: another epoch'));"
    );
    let Some((staging, rows)) = staging else { return fence };
    let staging = names.internal(staging);
    let key = table.key.join(", ");
    format!(
        "{fence}
select if((select count(*) from {staging}) = {rows}, 1, error('staged rows are missing'));
select if(not exists (select 1 from {staging} group by {key} having count(*) > 1), 1, error('a key is staged twice'));"
    )
}

/// The condition for rows of some days. It always names the column of the days: a table may be set to
/// refuse a statement that does not.
pub(super) fn of_days(table: &Table, days: Days) -> String {
    let Some(day_of) = table.day_of else { return "true".into() };
    between(day_of, Days { from: days.from.or(Some(FIRST_DAY)), ..days })
}

/// That a time lies on these days, in literal form; of the last day of all there is none after.
fn between(time: &str, days: Days) -> String {
    let from = days.from.map(|day| format!("{time} >= {}", midnight(day)));
    let after = days.to.and_then(day_after);
    let after = after.map(|day| format!("{time} < {}", midnight(day)));
    let ends: Vec<_> = from.into_iter().chain(after).collect();
    if ends.is_empty() { "true".into() } else { ends.join(" and ") }
}

/// The condition for rows of the days that a chunk touches.
pub(super) fn touched(table: &Table, touched: &BTreeSet<NaiveDate>) -> String {
    days(table, touched, "").unwrap_or_else(|| "true".into())
}

/// A statement that writes no row; BigQuery says whether it might be carried out.
pub(super) fn no_write(names: &Names, table: &Table) -> String {
    let (target, column) = (names.public(table.name), table.key[0]);
    let all = of_days(table, Days::ALL);
    format!("update {target} set {column} = {column} where {all} and false")
}

/// No row is older: the first day that BigQuery has.
const FIRST_DAY: NaiveDate = match NaiveDate::from_ymd_opt(1, 1, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

/// The start of a day. In UTC, whatever a project has as its own time zone.
fn midnight(day: NaiveDate) -> String {
    format!("timestamp '{day} 00:00:00+00'")
}

/// The days in literal form, joined where one follows another, so that only their partitions are
/// read.
fn days(table: &Table, days: &BTreeSet<NaiveDate>, of: &str) -> Option<String> {
    let day_of = table.day_of?;
    let mut spans: Vec<(NaiveDate, NaiveDate)> = Vec::new();
    for day in days {
        match spans.last_mut() {
            Some((_, last)) if last.succ_opt() == Some(*day) => *last = *day,
            _ => spans.push((*day, *day)),
        }
    }
    let time = format!("{of}{day_of}");
    let spans = spans
        .into_iter()
        .map(|(first, last)| between(&time, Days { from: Some(first), to: Some(last) }));
    Some(format!("({})", spans.collect::<Vec<_>>().join(" or ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tables::{SITES, WEATHER_OBSERVATIONS};
    use crate::sink::Progress;

    fn script(table: &'static Table, days: &[&str]) -> String {
        let names = Names {
            project: "acme".into(),
            dataset: "weather".into(),
            internal: "weather_internal".into(),
        };
        let days = days.iter().map(|day| day.parse().unwrap()).collect();
        let progress = Progress::Whole(1);
        let chunk = Chunk { table, parquet: Vec::new(), rows: 20, days, progress };
        merge(&names, "a-store", &chunk, "staging_1", 7)
    }

    /// The condition of the merge: between `on` and `when`.
    fn condition(script: &str) -> &str {
        let (_, rest) = script.split_once("\non ").expect("a condition");
        rest.split_once("\nwhen").expect("an end").0
    }

    /// Whatever history the table holds: only partitions that are named are read.
    #[test]
    fn a_merge_names_only_the_days_that_it_touches() {
        let keys = "t.site_id = s.site_id and t.source = s.source and t.observation_time = s.observation_time";
        let of = |from: &str, to: &str| {
            format!(
                "t.observation_time >= timestamp '{from} 00:00:00+00' and t.observation_time < timestamp '{to} 00:00:00+00'"
            )
        };
        for (days, spans) in [
            (&["2026-11-25"][..], of("2026-11-25", "2026-11-26")),
            (&["2026-11-24", "2026-11-25"], of("2026-11-24", "2026-11-26")),
            (
                &["2016-02-28", "2016-02-29", "2026-11-25"],
                format!("{} or {}", of("2016-02-28", "2016-03-01"), of("2026-11-25", "2026-11-26")),
            ),
        ] {
            let script = script(&WEATHER_OBSERVATIONS, days);
            assert_eq!(condition(&script), format!("{keys} and ({spans})"));
            assert_eq!(script.matches("weather.weather_observations`").count(), 1, "{script}");
        }
        assert_eq!(condition(&script(&SITES, &[])), "t.site_id = s.site_id");
    }

    #[test]
    fn rows_and_position_are_of_one_transaction_behind_the_fence() {
        let script = script(&WEATHER_OBSERVATIONS, &["2026-11-25"]);
        let places = [
            "begin transaction",
            "= 7, 1, error('weather fence",
            "= 20, 1, error",
            "a key is staged twice",
            "merge ",
            "epoch = epoch + 1",
            "commit transaction",
        ]
        .map(|text| script.find(text).expect(text));
        assert!(places.is_sorted(), "{script}");
        assert_eq!(script.matches("transaction").count(), 2);
    }
}
