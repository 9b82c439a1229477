//! The state of each table: a row each of a small table, one such table for each store.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::calls::{unavailable, unreadable};
use super::jobs::texts;
use super::{BigQuery, Names};
use crate::domain::Day;
use crate::domain::position::{Position, RowKey};
use crate::domain::tables::{TABLES, Table};
use crate::sink::{Progress, SinkError, State, States};

const PREFIX: &str = "_sync_state_";

/// In the place of a run's id, where another store has taken this one's place; its id follows.
const SUPERSEDED: &str = "superseded by store ";

/// The columns, in order. A table that was made before the last one was known lacks it.
const COLUMNS: [(&str, &str); 11] = [
    ("table_name", "string"),
    ("epoch", "int64"),
    ("run_seq", "int64"),
    ("run_id", "string"),
    ("key_time", "string"),
    ("key_site_id", "string"),
    ("key_source", "string"),
    ("fingerprint", "int64"),
    ("verified_through", "date"),
    ("moved_at", "timestamp"),
    ("rebase_run_seq", "int64"),
];

/// What of a row says how far its table is synced.
const NO_POSITION: &str = "run_seq = null, run_id = null, key_time = null, key_site_id = null, \
    key_source = null, fingerprint = null";

pub(super) fn table_name(store_id: &str) -> String {
    format!("{PREFIX}{}", store_id.replace('-', "_"))
}

/// Makes the table with its rows, in one statement: it is never seen without them.
pub(super) fn create(names: &Names, store_id: &str) -> String {
    let table = names.internal(&table_name(store_id));
    let rows = TABLES.map(|table| {
        let cells = COLUMNS.map(|(name, data_type)| match name {
            "table_name" => format!("'{}' as table_name", table.name),
            "epoch" => "0 as epoch".into(),
            _ => format!("cast(null as {data_type}) as {name}"),
        });
        format!("select {}", cells.join(", "))
    });
    format!("create table if not exists {table} as\n{}", rows.join("\nunion all\n"))
}

/// A statement that is sent before one that writes `rebase_run_seq`: a table of before lacks it.
fn add_column(table: &str) -> String {
    format!("alter table {table} add column if not exists rebase_run_seq int64")
}

/// Every table before its first row, and a rebase under way.
pub(super) fn begin_rebase(names: &Names, store_id: &str, run_seq: i64) -> String {
    let table = names.internal(&table_name(store_id));
    format!(
        "{};
update {table} set epoch = epoch + 1, {NO_POSITION}, verified_through = null, rebase_run_seq = {run_seq}, moved_at = current_timestamp() where true",
        add_column(&table)
    )
}

/// No rebase under way.
pub(super) fn end_rebase(names: &Names, store_id: &str) -> String {
    let table = names.internal(&table_name(store_id));
    format!("update {table} set rebase_run_seq = null where rebase_run_seq is not null")
}

/// Some tables before their first row; those of a store that is refused stay so.
pub(super) fn forget(names: &Names, store_id: &str, tables: &[&Table]) -> String {
    take_back(names, store_id, tables, &format!("{NO_POSITION}, verified_through = null"))
}

/// The same for tables whose rows are there and are sent again: what was verified stays verified.
pub(super) fn send_again(names: &Names, store_id: &str, tables: &[&Table]) -> String {
    take_back(names, store_id, tables, NO_POSITION)
}

fn take_back(names: &Names, store_id: &str, tables: &[&Table], cleared: &str) -> String {
    let table = names.internal(&table_name(store_id));
    let tables = tables.iter().map(|table| format!("'{}'", table.name));
    let tables = tables.collect::<Vec<_>>().join(", ");
    format!(
        "update {table} set epoch = epoch + 1, {cleared}, moved_at = current_timestamp() \
        where table_name in ({tables}) and not starts_with(coalesce(run_id, ''), '{SUPERSEDED}')"
    )
}

/// Makes the positions those of no run of the store, where a table has none too.
pub(super) fn supersede(names: &Names, store_id: &str, by: &str) -> String {
    let table = names.internal(&table_name(store_id));
    let run_id = literal(&format!("{SUPERSEDED}{by}"));
    format!(
        "{};
update {table} set epoch = epoch + 1, run_seq = coalesce(run_seq, 0), run_id = {run_id}, \
        rebase_run_seq = null, moved_at = current_timestamp() where true",
        add_column(&table)
    )
}

/// The next epoch; with the position moved to `progress`, if that is given.
pub(super) fn advance(
    names: &Names,
    store_id: &str,
    table: &Table,
    progress: Option<&Progress>,
) -> String {
    let state = names.internal(&table_name(store_id));
    let moved = progress.map(position).unwrap_or_default();
    let name = table.name;
    format!(
        "update {state} set epoch = epoch + 1, {moved}moved_at = current_timestamp() where table_name = '{name}'"
    )
}

/// What the columns of the position are set to.
fn position(progress: &Progress) -> String {
    let null = || "null".to_owned();
    let (run_seq, run_id, key, fingerprint) = match progress {
        Progress::To(position) => (
            position.run_seq.to_string(),
            literal(&position.run_id),
            position.key.as_ref().map(|key| {
                [literal(&key.time.to_rfc3339()), literal(&key.site_id), literal(&key.source)]
            }),
            null(),
        ),
        Progress::Whole(fingerprint) => (null(), null(), None, fingerprint.to_string()),
    };
    let [time, site_id, source] = key.unwrap_or_else(|| [null(), null(), null()]);
    format!(
        "run_seq = {run_seq}, run_id = {run_id}, key_time = {time}, key_site_id = {site_id}, \
        key_source = {source}, fingerprint = {fingerprint}, "
    )
}

/// Notes through which day each of these tables was found equal.
pub(super) fn verify(names: &Names, store_id: &str, days: &BTreeMap<&'static str, Day>) -> String {
    let table = names.internal(&table_name(store_id));
    let cases = days.iter().map(|(name, day)| {
        let day = day.map_or_else(|| "null".into(), |day| format!("date '{day}'"));
        format!("when '{name}' then {day}")
    });
    let cases = cases.collect::<Vec<_>>().join(" ");
    let tables = days.keys().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ");
    format!(
        "update {table} set verified_through = case table_name {cases} end where table_name in ({tables})"
    )
}

/// A text as SQL writes it.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

impl BigQuery {
    pub(super) async fn change_states(&self, script: String) -> Result<(), SinkError> {
        self.run_script("state", &self.names.internal_dataset(), script, 0).await
    }

    /// Read as data, without a statement.
    pub(super) async fn read_states(&self, store_id: &str) -> Result<Option<States>, SinkError> {
        let table = table_name(store_id);
        let path = format!("datasets/{}/tables/{table}/data", self.names.internal);
        match self.list("the state of sync", &path, "rows").await? {
            Ok(rows) => {
                let states = rows.iter().map(parse).collect::<Result<States, _>>()?;
                // The table is made with its rows: fewer are an answer that is not whole.
                match TABLES.iter().find(|table| !states.contains_key(table.name)) {
                    Some(missing) => {
                        Err(unavailable(&table, format!("the row of {} is missing", missing.name)))
                    }
                    None => Ok(Some(states)),
                }
            }
            Err(refusal) if refusal.is(404) => Ok(None),
            Err(refusal) => Err(self.refused(&self.names.internal_dataset(), refusal)),
        }
    }

    pub(super) async fn other_stores(&self, store_id: &str) -> Result<Vec<String>, SinkError> {
        let mut stores = self.stores().await?;
        stores.retain(|found| found != store_id);
        Ok(stores)
    }

    /// The stores that have a state here: those of all pages, of which any may be empty.
    async fn stores(&self) -> Result<Vec<String>, SinkError> {
        let path = format!("datasets/{}/tables?maxResults=1000", self.names.internal);
        let tables = self.list("the state of sync", &path, "tables").await?;
        let tables =
            tables.map_err(|refusal| self.refused(&self.names.internal_dataset(), refusal))?;
        let names = tables.iter().filter_map(|table| table["tableReference"]["tableId"].as_str());
        let ids = names.filter_map(|name| Some(name.strip_prefix(PREFIX)?.replace('_', "-")));
        Ok(ids.collect())
    }

    /// The stores whose state says that rows of one of these tables are there.
    pub(super) async fn stores_with_rows(
        &self,
        tables: &[&'static Table],
    ) -> Result<Vec<(String, States)>, SinkError> {
        let mut found = Vec::new();
        for store_id in self.stores().await? {
            let states = self.read_states(&store_id).await?.unwrap_or_default();
            if tables.iter().any(|table| states.get(table.name).is_some_and(has_rows)) {
                found.push((store_id, states));
            }
        }
        Ok(found)
    }
}

/// Whether a table's state says that it has rows of a store that is not refused.
pub(super) fn has_rows(state: &State) -> bool {
    match &state.progress {
        Some(Progress::To(position)) => !position.run_id.starts_with(SUPERSEDED),
        Some(Progress::Whole(_)) => true,
        None => state.verified_through.is_some(),
    }
}

/// A row, its cells in the order of [`COLUMNS`]; all come as text. NULL is nothing; what is there and
/// cannot be read is an error: a position that is taken for none would send all rows again.
fn parse(row: &Value) -> Result<(String, State), SinkError> {
    let cells = texts("the state of sync", row)?;
    let wrong = || unreadable("the state of sync", format!("a row that cannot be read: {row}"));
    let cell = |index: usize| cells.get(index).and_then(Option::as_deref);
    let integer = |index| read::<i64>(cell(index)).ok_or_else(wrong);
    let verified_through = read(cell(8)).ok_or_else(wrong)?;
    let progress = match (integer(2)?, cell(3), integer(7)?) {
        (Some(run_seq), Some(run_id), _) => {
            let key = key(cell(4), cell(5), cell(6)).ok_or_else(wrong)?;
            Some(Progress::To(Position { run_seq, run_id: run_id.to_owned(), key }))
        }
        (Some(_), None, _) => return Err(wrong()),
        (None, _, fingerprint) => fingerprint.map(Progress::Whole),
    };
    let (name, epoch) = (cell(0).ok_or_else(wrong)?.to_owned(), integer(1)?.ok_or_else(wrong)?);
    let rebase_run_seq = integer(10)?;
    Ok((name, State { epoch, progress, verified_through, rebase_run_seq }))
}

/// A cell: nothing where it is NULL; `None` if it cannot be read.
fn read<T: std::str::FromStr>(cell: Option<&str>) -> Option<Option<T>> {
    match cell {
        None => Some(None),
        Some(text) => text.parse().ok().map(Some),
    }
}

/// The key within a run, if there is one; `None` if it cannot be read.
fn key(time: Option<&str>, site_id: Option<&str>, source: Option<&str>) -> Option<Option<RowKey>> {
    let Some(time) = read::<DateTime<Utc>>(time)? else { return Some(None) };
    Some(Some(RowKey { time, site_id: site_id?.to_owned(), source: source?.to_owned() }))
}
