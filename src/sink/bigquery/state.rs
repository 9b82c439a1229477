//! The state of a store: one row of a table of its own, so that two writers meet in one row.
//!
//! What belongs together stands in one cell, as JSON: only this program reads it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::calls::{unavailable, unreadable};
use super::jobs::texts;
use super::{BigQuery, Names};
use crate::domain::position::{Position, RowKey};
use crate::domain::proofs::Proofs;
use crate::domain::tables::Table;
use crate::sink::{Progress, Rebase, RolledUp, SinkError, State, beside_writers, with_retries};

const PREFIX: &str = "_state_";

/// In the message of a script that found another epoch.
const FENCE: &str = "weather fence";

/// The columns, in order.
const COLUMNS: [(&str, &str); 10] = [
    ("epoch", "int64"),
    ("positions", "string"),
    ("changed", "string"),
    ("proofs", "string"),
    ("rolled_up", "string"),
    ("rebase", "string"),
    ("prepared", "string"),
    ("prepared_at", "string"),
    ("day_bytes", "string"),
    ("moved_at", "timestamp"),
];

/// How far a table is synced, as the cell has it.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum ProgressCell {
    Whole { fingerprint: i64 },
    To { run_seq: i64, run_id: String, key: Option<(DateTime<Utc>, String, String)> },
}

#[derive(Serialize, Deserialize)]
struct RolledUpCell {
    at: DateTime<Utc>,
    definition: String,
}

#[derive(Serialize, Deserialize)]
struct RebaseCell {
    since: DateTime<Utc>,
    up_to: i64,
}

impl From<&Progress> for ProgressCell {
    fn from(progress: &Progress) -> Self {
        match progress {
            Progress::Whole(fingerprint) => Self::Whole { fingerprint: *fingerprint },
            Progress::To(Position { run_seq, run_id, key }) => Self::To {
                run_seq: *run_seq,
                run_id: run_id.clone(),
                key: key.clone().map(|key| (key.time, key.site_id, key.source)),
            },
        }
    }
}

impl From<ProgressCell> for Progress {
    fn from(cell: ProgressCell) -> Self {
        match cell {
            ProgressCell::Whole { fingerprint } => Self::Whole(fingerprint),
            ProgressCell::To { run_seq, run_id, key } => {
                let key = key.map(|(time, site_id, source)| RowKey { time, site_id, source });
                Self::To(Position { run_seq, run_id, key })
            }
        }
    }
}

pub(super) fn table_name(store_id: &str) -> String {
    format!("{PREFIX}{}", store_id.replace('-', "_"))
}

/// The store whose state a table of that name is.
pub(super) fn store_of(table: &str) -> Option<String> {
    Some(table.strip_prefix(PREFIX)?.replace('_', "-"))
}

/// Makes the table with its row, in one statement: it is never seen without it.
pub(super) fn create(names: &Names, store_id: &str, state: &State) -> String {
    let table = names.internal(&table_name(store_id));
    let cells: BTreeMap<_, _> = cells(state).into_iter().collect();
    let cells = COLUMNS.map(|(name, data_type)| match (name, cells.get(name)) {
        ("epoch", _) => format!("{} as epoch", state.epoch),
        (_, Some(cell)) => format!("{cell} as {name}"),
        (_, None) => format!("cast(null as {data_type}) as {name}"),
    });
    format!("create table if not exists {table} as\nselect {}", cells.join(", "))
}

/// What stops a script that writes, and the words that it ends with then: the statement that a
/// transaction begins with asks for all of it, one after the other. A statement for each would take
/// BigQuery a second each.
pub(super) struct Guard {
    /// A condition, as SQL.
    pub(super) stops: String,
    /// The beginning of the error.
    pub(super) words: String,
}

/// The statement that stops a script where one of the guards holds, the first that does.
pub(super) fn guarded(guards: &[Guard]) -> String {
    let cases = guards
        .iter()
        .map(|Guard { stops, words }| format!("  when {stops} then error({})\n", literal(words)));
    format!("select case\n{}  else 1 end;", cases.collect::<String>())
}

/// Stops where the epoch is no longer that of `state`.
pub(super) fn fence(names: &Names, store_id: &str, state: &State) -> Guard {
    let table = names.internal(&table_name(store_id));
    let stops = format!("coalesce((select epoch from {table}) <> {}, true)", state.epoch);
    Guard { stops, words: format!("{FENCE}: another epoch") }
}

/// Puts the state in the place of the one before; the last statement of a transaction that writes.
pub(super) fn advance(names: &Names, store_id: &str, state: &State) -> String {
    let table = names.internal(&table_name(store_id));
    let moved = cells(state).into_iter().filter(|(name, _)| *name != "proofs");
    let moved: Vec<_> = moved.map(|(name, cell)| format!("{name} = {cell}")).collect();
    format!(
        "update {table} set epoch = epoch + 1, {}, moved_at = current_timestamp() where true;",
        moved.join(", ")
    )
}

/// Notes what was proved, where it is still `before` that is noted.
fn prove(names: &Names, store_id: &str, before: &Proofs, after: &Proofs) -> String {
    let table = names.internal(&table_name(store_id));
    let (before, after) = (cell(before), cell(after));
    format!(
        "begin transaction;
select if((select coalesce(proofs, {empty}) from {table}) = {before}, 1, error('{FENCE}: other proofs'));
update {table} set proofs = {after} where true;
commit transaction;",
        empty = cell(&Proofs::default())
    )
}

/// Notes by which definitions all is prepared, and what reading a day of each table takes.
pub(super) fn note_prepared(
    names: &Names,
    store_id: &str,
    definitions: &str,
    day_bytes: &BTreeMap<String, u64>,
) -> String {
    let table = names.internal(&table_name(store_id));
    let (definitions, day_bytes) = (literal(definitions), cell(day_bytes));
    format!(
        "update {table} set prepared = {definitions}, \
        prepared_at = format_timestamp('%FT%TZ', current_timestamp(), 'UTC'), \
        day_bytes = {day_bytes} where true"
    )
}

/// The cells that a write changes, with those that only `create` writes.
fn cells(state: &State) -> Vec<(&'static str, String)> {
    let positions: BTreeMap<_, _> =
        state.tables.iter().map(|(name, progress)| (name, ProgressCell::from(progress))).collect();
    let rolled_up = state.rolled_up.clone();
    let rolled_up = rolled_up.map(|RolledUp { at, definition }| RolledUpCell { at, definition });
    let rebase =
        state.rebase.as_ref().map(|rebase| RebaseCell { since: rebase.since, up_to: rebase.up_to });
    vec![
        ("positions", cell(&positions)),
        ("changed", cell(&state.changed)),
        ("proofs", cell(&state.proofs)),
        ("rolled_up", optional(rolled_up.as_ref())),
        ("rebase", optional(rebase.as_ref())),
    ]
}

/// A value as SQL writes its JSON.
fn cell(value: &impl Serialize) -> String {
    // What has only texts, numbers and times in it can be written.
    literal(&serde_json::to_string(value).unwrap_or_default())
}

fn optional(value: Option<&impl Serialize>) -> String {
    value.map_or_else(|| "cast(null as string)".into(), cell)
}

/// A text as SQL writes it.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// The error of a script that the fence may have stopped.
pub(super) fn stopped(error: SinkError) -> SinkError {
    match &error {
        SinkError::Rejected { cause, .. } if cause.to_string().contains(FENCE) => SinkError::Fenced,
        _ => error,
    }
}

impl BigQuery {
    async fn change_state(&self, script: String) -> Result<(), SinkError> {
        let what = self.names.internal_dataset();
        self.run_script(("state", "state"), &what, script, 0).await.map_err(stopped)
    }

    pub(super) async fn make_state(&self, store_id: &str, state: &State) -> Result<(), SinkError> {
        self.change_state(create(&self.names, store_id, state)).await?;
        self.keep(&self.names.internal, &table_name(store_id), None).await
    }

    pub(super) async fn put_state(&self, store_id: &str, state: &State) -> Result<(), SinkError> {
        let (fence, advance) = (
            guarded(&[fence(&self.names, store_id, state)]),
            advance(&self.names, store_id, state),
        );
        self.change_state(format!("begin transaction;\n{fence}\n{advance}\ncommit transaction;"))
            .await
    }

    /// Changes the state of a store as `change` says, beside other writers; `None`: it stays.
    pub(super) async fn change_state_of(
        &self,
        store_id: &str,
        change: impl Fn(State) -> Option<State>,
    ) -> Result<(), SinkError> {
        beside_writers(async || {
            let state = with_retries(async || self.read_state(store_id).await).await?;
            let Some(changed) = state.and_then(&change) else { return Ok(()) };
            with_retries(async || self.put_state(store_id, &changed).await).await
        })
        .await
    }

    pub(super) async fn put_proofs(
        &self,
        store_id: &str,
        before: &Proofs,
        after: &Proofs,
    ) -> Result<(), SinkError> {
        self.change_state(prove(&self.names, store_id, before, after)).await
    }

    pub(super) async fn put_prepared(
        &self,
        store_id: &str,
        definitions: &str,
        day_bytes: &BTreeMap<String, u64>,
    ) -> Result<(), SinkError> {
        self.change_state(note_prepared(&self.names, store_id, definitions, day_bytes)).await
    }

    /// Read as data, without a statement.
    pub(super) async fn read_state(&self, store_id: &str) -> Result<Option<State>, SinkError> {
        let table = table_name(store_id);
        let path = format!("datasets/{}/tables/{table}/data", self.names.internal);
        match self.list("the state of sync", &path, "rows").await? {
            Ok(rows) => match &rows[..] {
                [row] => parse(row).map(Some),
                // The table is made with its row: none is an answer that is not whole.
                [] => Err(unavailable(&table, "its row is missing")),
                _ => Err(unreadable(&table, format!("{} rows in the place of one", rows.len()))),
            },
            Err(refusal) if refusal.is(404) => Ok(None),
            Err(refusal) => Err(self.refused(&self.names.internal_dataset(), refusal)),
        }
    }

    /// The names of the tables of the internal dataset: those of all pages, of which any may be empty.
    pub(super) async fn internal_tables(&self) -> Result<Vec<String>, SinkError> {
        let path = format!("datasets/{}/tables?maxResults=1000", self.names.internal);
        let tables = self.list("the state of sync", &path, "tables").await?;
        let tables =
            tables.map_err(|refusal| self.refused(&self.names.internal_dataset(), refusal))?;
        let name = |table: &Value| Some(table["tableReference"]["tableId"].as_str()?.to_owned());
        Ok(tables.iter().filter_map(name).collect())
    }

    /// The stores that have a state here.
    pub(super) async fn stores(&self) -> Result<Vec<String>, SinkError> {
        let tables = self.internal_tables().await?;
        Ok(tables.iter().filter_map(|table| store_of(table)).collect())
    }

    pub(super) async fn other_stores(&self, store_id: &str) -> Result<Vec<String>, SinkError> {
        let mut stores = self.stores().await?;
        stores.retain(|found| found != store_id);
        Ok(stores)
    }

    /// The stores whose state says that rows of one of these tables are there.
    pub(super) async fn stores_with_rows(
        &self,
        tables: &[&'static Table],
    ) -> Result<Vec<(String, State)>, SinkError> {
        let mut found = Vec::new();
        for store_id in self.stores().await? {
            let state = self.read_state(&store_id).await?.unwrap_or_default();
            if tables.iter().any(|table| state.has_rows(table)) {
                found.push((store_id, state));
            }
        }
        Ok(found)
    }
}

/// The row, its cells in the order of [`COLUMNS`]; all come as text. NULL is nothing; what is there and
/// cannot be read is an error: a position that is taken for none would send all rows again.
fn parse(row: &Value) -> Result<State, SinkError> {
    let cells = texts("the state of sync", row)?;
    let wrong = || unreadable("the state of sync", format!("a row that cannot be read: {row}"));
    let cell = |name: &str| {
        let index = COLUMNS.iter().position(|(column, _)| *column == name)?;
        cells.get(index)?.as_deref()
    };
    let tables: Option<BTreeMap<String, ProgressCell>> =
        read(cell("positions")).ok_or_else(wrong)?;
    let rolled_up: Option<RolledUpCell> = read(cell("rolled_up")).ok_or_else(wrong)?;
    let rebase: Option<RebaseCell> = read(cell("rebase")).ok_or_else(wrong)?;
    let prepared_at = cell("prepared_at").map(str::parse).transpose().map_err(|_| wrong())?;
    let epoch = cell("epoch").and_then(|epoch| epoch.parse().ok()).ok_or_else(wrong)?;
    // A table is made with its positions: without them the row is not whole.
    let tables = tables.ok_or_else(wrong)?;
    Ok(State {
        epoch,
        tables: tables.into_iter().map(|(name, cell)| (name, cell.into())).collect(),
        changed: read(cell("changed")).ok_or_else(wrong)?.unwrap_or_default(),
        proofs: read(cell("proofs")).ok_or_else(wrong)?.unwrap_or_default(),
        rolled_up: rolled_up.map(|RolledUpCell { at, definition }| RolledUp { at, definition }),
        rebase: rebase.map(|RebaseCell { since, up_to }| Rebase { since, up_to }),
        prepared: cell("prepared").map(str::to_owned).zip(prepared_at),
        day_bytes: read(cell("day_bytes")).ok_or_else(wrong)?.unwrap_or_default(),
        ..State::default()
    })
}

/// A cell: nothing where it is NULL; `None` if it cannot be read.
fn read<T: DeserializeOwned>(cell: Option<&str>) -> Option<Option<T>> {
    match cell {
        None => Some(None),
        Some(text) => serde_json::from_str(text).ok().map(Some),
    }
}
