//! The scripts that write: the fence, the rows, the roll-ups and the state, in one transaction.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::rollups::{self, Span};
use super::state::Guard;
use super::{Names, state};
use crate::domain::Days;
use crate::domain::days::day_after;
use crate::domain::tables::Table;
use crate::sink::{Group, Part, Rewrite, SinkError, State};

/// In the message of a script that would have taken rows away.
const WOULD_DELETE: &str = "weather would delete";

/// In the message of a script that found other rows staged than were sent.
const NOT_STAGED: &str = "weather not staged";

/// In the message of a script that was to fill a table which has rows; the table's name follows.
const NOT_EMPTY: &str = "weather not empty";

/// The error of a script, which a guard of it may have stopped.
pub(super) fn stopped(error: SinkError) -> SinkError {
    let SinkError::Rejected { cause, .. } = &error else { return error };
    let words = cause.to_string();
    if words.contains(NOT_STAGED) {
        return SinkError::NotStaged { cause: words.into() };
    }
    match words.split_once(NOT_EMPTY) {
        Some((_, table)) => {
            let table = table.trim_start_matches([':', ' ']);
            let table = table.split_whitespace().next().unwrap_or_default();
            SinkError::NotEmpty { table: table.into() }
        }
        None => state::stopped(error),
    }
}

/// The error of a script that puts rows in the place of a day's.
pub(super) fn rewrite_stopped(table: &'static str, error: SinkError) -> SinkError {
    match &error {
        SinkError::Rejected { cause, .. } if cause.to_string().contains(WOULD_DELETE) => {
            SinkError::WouldDelete { table }
        }
        _ => stopped(error),
    }
}

/// The script that writes a group. It fails unless the epoch is that of the group, and each staging
/// table holds every row, and no key twice: where `merge` is given one row twice, some servers insert
/// both.
pub(super) fn write(names: &Names, store_id: &str, group: &Group, span: Option<&Span>) -> String {
    let guards = group.parts.iter().flat_map(|part| {
        let staged = staged(names, part.table, &part.staging.name, part.rows);
        staged.into_iter().chain(part.fills.then(|| empty(names, part.table)))
    });
    let writes = group.parts.iter().map(|part| match part.fills {
        true => fill(names, part),
        false => merge(names, part),
    });
    let dropped: Vec<&str> = group.parts.iter().map(|part| &*part.staging.name).collect();
    let of = Of { names, store_id, state: &group.state, span };
    of.transaction(guards.collect(), &writes.collect::<Vec<_>>(), &dropped)
}

/// Whose state a script moves, and what it rolls up.
struct Of<'a> {
    names: &'a Names,
    store_id: &'a str,
    state: &'a State,
    span: Option<&'a Span>,
}

impl Of<'_> {
    /// A transaction that does `body` behind the fence and other guards, then the roll-ups; and drops
    /// staging tables once it is over.
    fn transaction(&self, mut guards: Vec<Guard>, body: &[String], staging: &[&str]) -> String {
        let Self { names, store_id, state, span } = *self;
        let declared = span.map(|span| rollups::declarations(names, span)).unwrap_or_default();
        let rolled_up = span.map(|span| rollups::statements(names, span)).unwrap_or_default();
        guards.insert(0, state::fence(names, store_id, state));
        let advance = state::advance(names, store_id, state);
        let dropped =
            staging.iter().map(|name| format!("drop table if exists {};", names.internal(name)));
        let before = [declared, "begin transaction;".into(), state::guarded(&guards)];
        let after = [rolled_up, advance, "commit transaction;".into()];
        let all = before.into_iter().chain(body.iter().cloned()).chain(after).chain(dropped);
        all.filter(|statement| !statement.is_empty()).collect::<Vec<_>>().join("\n")
    }
}

/// The script that does nothing but the roll-ups.
pub(super) fn roll_up(names: &Names, store_id: &str, state: &State, span: &Span) -> String {
    Of { names, store_id, state, span: Some(span) }.transaction(Vec::new(), &[], &[])
}

/// Puts rows into a table that has none: there is nothing to match.
fn fill(names: &Names, part: &Part) -> String {
    let (target, staging) = (names.public(part.table.name), names.internal(&part.staging.name));
    let columns = part.table.column_names().collect::<Vec<_>>().join(", ");
    format!("insert into {target} ({columns}) select {columns} from {staging};")
}

/// Puts rows in the place of those with the same keys, and beside the others.
fn merge(names: &Names, part: &Part) -> String {
    let table = part.table;
    let (target, staging) = (names.public(table.name), names.internal(&part.staging.name));
    let matches = table.key.iter().map(|column| format!("t.{column} = s.{column}"));
    let matches = matches.chain(days(table, &part.days, "t.")).collect::<Vec<_>>().join(" and ");
    let values = table.column_names().filter(|column| !table.key.contains(column));
    let values = values.map(|column| format!("{column} = s.{column}"));
    let values = values.collect::<Vec<_>>().join(", ");
    let columns = table.column_names().collect::<Vec<_>>().join(", ");
    let inserted = table.column_names().map(|column| format!("s.{column}"));
    let inserted = inserted.collect::<Vec<_>>().join(", ");
    format!(
        "merge {target} t using {staging} s
on {matches}
when matched then update set {values}
when not matched then insert ({columns}) values ({inserted});"
    )
}

/// The script that puts rows in the place of a day's.
pub(super) fn rewrite(
    names: &Names,
    store_id: &str,
    rewrite: Rewrite<'_>,
    state: &State,
    span: Option<&Span>,
) -> String {
    let Rewrite { table, day, staging, rows, may_delete } = rewrite;
    let target = names.public(table.name);
    let mut guards: Vec<Guard> =
        staging.map(|staging| staged(names, table, &staging.name, rows).into()).unwrap_or_default();
    let of_day = of_days(table, Days::of(day));
    let key = table.key.join(", ");
    let columns = table.column_names().collect::<Vec<_>>().join(", ");
    let from = staging.map(|staging| names.internal(&staging.name));
    let kept = from.iter().map(|staging| format!(" except distinct select {key} from {staging}"));
    let kept: String = kept.collect();
    if !may_delete {
        let stops = format!("exists (select {key} from {target} where {of_day}{kept})");
        guards.push(Guard { stops, words: WOULD_DELETE.into() });
    }
    let delete = format!("delete from {target} where {of_day};");
    let insert = from.iter().map(|staging| {
        format!("insert into {target} ({columns}) select {columns} from {staging};")
    });
    let body: Vec<String> = [delete].into_iter().chain(insert).collect();
    Of { names, store_id, state, span }.transaction(guards, &body, &[])
}

/// Stops where the staged rows are not as many as were sent, or hold a key twice.
fn staged(names: &Names, table: &Table, staging: &str, rows: u64) -> [Guard; 2] {
    let staging = names.internal(staging);
    let key = table.key.join(", ");
    [
        Guard {
            stops: format!("(select count(*) from {staging}) <> {rows}"),
            words: format!("{NOT_STAGED}: not {rows} rows"),
        },
        Guard {
            stops: format!("exists (select 1 from {staging} group by {key} having count(*) > 1)"),
            words: format!("{NOT_STAGED}: a key is staged twice"),
        },
    ]
}

/// Stops where a table that is to be filled has rows.
fn empty(names: &Names, table: &Table) -> Guard {
    let (target, all) = (names.public(table.name), of_days(table, Days::ALL));
    let stops = format!("exists (select 1 from {target} where {all})");
    Guard { stops, words: format!("{NOT_EMPTY}: {} ", table.name) }
}

/// The condition for rows of some days. It always names the column of the days: a table may be set to
/// refuse a statement that does not.
pub(super) fn of_days(table: &Table, days: Days) -> String {
    let Some(day_of) = table.day_of else { return "true".into() };
    between(day_of, Days { from: days.from.or(Some(FIRST_DAY)), ..days })
}

/// The same for rows of any of these days.
pub(super) fn of_any_days(table: &Table, days: &[Days]) -> String {
    let days: Vec<_> = days.iter().map(|days| of_days(table, *days)).collect();
    if days.is_empty() { "false".into() } else { format!("({})", days.join(" or ")) }
}

/// That a time lies on these days, in literal form; of the last day of all there is none after.
fn between(time: &str, days: Days) -> String {
    let from = days.from.map(|day| format!("{time} >= {}", midnight(day)));
    let after = days.to.and_then(day_after);
    let after = after.map(|day| format!("{time} < {}", midnight(day)));
    let ends: Vec<_> = from.into_iter().chain(after).collect();
    if ends.is_empty() { "true".into() } else { ends.join(" and ") }
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
    use crate::sink::{RollUp, Staging};

    fn script(table: &'static Table, days: &[&str], fills: bool) -> String {
        let names = Names {
            project: "acme".into(),
            dataset: "weather".into(),
            internal: "weather_internal".into(),
        };
        let days = days.iter().map(|day| day.parse().unwrap()).collect();
        let staging = Staging { name: "staging_1".into() };
        let part = Part { table, staging, rows: 20, days, fills };
        let state = State { epoch: 7, ..State::default() };
        write(
            &names,
            "a-store",
            &Group { parts: vec![part], state, roll_up: RollUp::Nothing },
            None,
        )
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
            let script = script(&WEATHER_OBSERVATIONS, days, false);
            assert_eq!(condition(&script), format!("{keys} and ({spans})"));
            assert_eq!(script.matches("weather.weather_observations`").count(), 1, "{script}");
        }
        assert_eq!(condition(&script(&SITES, &[], false)), "t.site_id = s.site_id");
    }

    #[test]
    fn rows_and_state_are_of_one_transaction_behind_the_fence() {
        for (fills, written) in [(false, "merge `acme"), (true, "insert into `acme")] {
            let script = script(&WEATHER_OBSERVATIONS, &["2026-11-25"], fills);
            let places = [
                "begin transaction",
                "<> 7, true) then error('weather fence",
                "<> 20 then error",
                "a key is staged twice",
                written,
                "epoch = epoch + 1",
                "commit transaction",
                "drop table if exists `acme.weather_internal.staging_1`",
            ]
            .map(|text| script.find(text).expect(text));
            assert!(places.is_sorted(), "{script}");
            assert_eq!(script.matches("transaction").count(), 2);
        }
    }

    #[test]
    fn a_guard_that_stopped_a_script_is_known_by_its_words() {
        let stopped = |words: &str| {
            stopped(SinkError::Rejected { what: "a script".into(), cause: words.into() })
        };
        assert!(matches!(stopped("weather fence: another epoch; at [1:1]"), SinkError::Fenced));
        assert!(matches!(stopped("weather not staged: not 3 rows"), SinkError::NotStaged { .. }));
        let found = stopped("Query error: weather not empty: sites  at [2:8]");
        assert!(matches!(found, SinkError::NotEmpty { table } if table == "sites"));
        assert!(matches!(stopped("Syntax error"), SinkError::Rejected { .. }));
    }
}
