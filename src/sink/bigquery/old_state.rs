//! The state as it was kept before: a table with a row for each mirrored table. It is taken over once,
//! and its positions are made those of no run, so that a program of before is refused from then on.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::calls::{unavailable, unreadable};
use super::jobs::texts;
use super::{BigQuery, Names};
use crate::domain::position::{Position, RowKey};
use crate::domain::tables::TABLES;
use crate::sink::{Progress, Rebase, SinkError, State, with_retries};

const PREFIX: &str = "_sync_state_";

/// In the place of a run's id, once the state is taken over.
const TAKEN_OVER: &str = "taken over by a later version";

/// Where a column stands: `table_name, epoch, run_seq, run_id, key_time, key_site_id, key_source,
/// fingerprint, verified_through, moved_at, rebase_run_seq`; the oldest tables lack the last.
const RUN_SEQ: usize = 2;
const FINGERPRINT: usize = 7;
const REBASE_RUN_SEQ: usize = 10;

/// What a row says.
struct Row {
    table: String,
    progress: Option<Progress>,
    rebase_run_seq: Option<i64>,
    is_taken_over: bool,
}

impl BigQuery {
    /// Takes over the states of before, of every store.
    pub(super) async fn take_over_old_states(&self, tables: &[String]) -> Result<(), SinkError> {
        for table in tables.iter().filter(|table| table.starts_with(PREFIX)) {
            let rows = with_retries(async || self.read_old_state(table).await).await?;
            if rows.iter().all(|row| row.is_taken_over) {
                continue;
            }
            let store_id = table.trim_start_matches(PREFIX).replace('_', "-");
            let state = taken_over(rows);
            with_retries(async || self.make_state(&store_id, &state).await).await?;
            // From here on no program of before writes: what one has written meanwhile is sent again.
            let script = close(&self.names, table);
            let what = self.names.internal_dataset();
            with_retries(async || {
                self.run_script(("state", "state"), &what, script.clone(), 0).await
            })
            .await?;
            tracing::info!(store_id, "the state of sync is taken over from the version before");
        }
        Ok(())
    }

    async fn read_old_state(&self, table: &str) -> Result<Vec<Row>, SinkError> {
        let path = format!("datasets/{}/tables/{table}/data", self.names.internal);
        let rows = self.list("the state of sync", &path, "rows").await?;
        let rows = rows.map_err(|refusal| self.refused(&self.names.internal_dataset(), refusal))?;
        let rows = rows.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
        match TABLES.iter().find(|table| !rows.iter().any(|row| row.table == table.name)) {
            Some(missing) => {
                Err(unavailable(table, format!("the row of {} is missing", missing.name)))
            }
            None => Ok(rows),
        }
    }
}

/// The state that the rows make. What was verified is not known day by day: it is verified anew.
fn taken_over(rows: Vec<Row>) -> State {
    let up_to = rows.iter().filter_map(|row| row.rebase_run_seq).max();
    let rebase = up_to.map(|up_to| Rebase { since: DateTime::<Utc>::UNIX_EPOCH, up_to });
    let tables = rows.into_iter().filter_map(|row| Some((row.table, row.progress?))).collect();
    State { tables, rebase, ..State::default() }
}

/// Makes the positions those of no run.
fn close(names: &Names, table: &str) -> String {
    let table = names.internal(table);
    format!(
        "update {table} set epoch = epoch + 1, run_seq = coalesce(run_seq, 0), \
        run_id = '{TAKEN_OVER}', moved_at = current_timestamp() where true"
    )
}

fn parse(row: &Value) -> Result<Row, SinkError> {
    let cells = texts("the state of sync", row)?;
    let wrong = || unreadable("the state of sync", format!("a row that cannot be read: {row}"));
    let cell = |index: usize| cells.get(index).and_then(Option::as_deref);
    let integer =
        |index: usize| cell(index).map(str::parse::<i64>).transpose().map_err(|_| wrong());
    let run_id = cell(RUN_SEQ + 1);
    let progress = match (integer(RUN_SEQ)?, run_id) {
        (Some(run_seq), Some(run_id)) => {
            let key = key(&cells).ok_or_else(wrong)?;
            Some(Progress::To(Position { run_seq, run_id: run_id.to_owned(), key }))
        }
        (Some(_), None) => return Err(wrong()),
        (None, _) => integer(FINGERPRINT)?.map(Progress::Whole),
    };
    Ok(Row {
        table: cell(0).ok_or_else(wrong)?.to_owned(),
        progress,
        rebase_run_seq: integer(REBASE_RUN_SEQ)?,
        is_taken_over: run_id == Some(TAKEN_OVER),
    })
}

/// The key within a run, if there is one; `None` if it cannot be read.
fn key(cells: &[Option<String>]) -> Option<Option<RowKey>> {
    let cell = |offset: usize| cells.get(RUN_SEQ + 2 + offset).and_then(Option::as_deref);
    let Some(time) = cell(0) else { return Some(None) };
    let (site_id, source) = (cell(1)?.to_owned(), cell(2)?.to_owned());
    Some(Some(RowKey { time: time.parse().ok()?, site_id, source }))
}
