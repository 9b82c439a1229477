//! Tables that are no longer there, and what takes them away: an end that a dataset gives to each
//! new table or partition, as a sandbox does after 60 days.

use chrono::DateTime;
use reqwest::Method;
use serde_json::{Value, json};

use super::BigQuery;
use crate::domain::tables::Table;
use crate::sink::{SinkError, State, Warning, with_retries};

const DAY_MS: i64 = 86_400_000;

impl BigQuery {
    /// Sets the state of these tables, which are not there, before the first row, in every store's
    /// state that has a position in them. Comes before they are made: an empty table with a
    /// position would stay empty.
    pub(super) async fn forget_lost(
        &self,
        missing: &[&'static Table],
    ) -> Result<Vec<Warning>, SinkError> {
        let lost = self.find_lost(missing).await?;
        for store_id in &lost.stores {
            self.change_state_of(store_id, |state| forgotten(state, missing)).await?;
        }
        Ok(lost.warnings)
    }

    /// Sets the state of these tables before the first row, in every store's state that has a position
    /// in them: each of their rows is sent again. Comes before their new columns are made, by which a later
    /// start knows what is still to be done.
    pub(super) async fn send_again(&self, tables: &[&'static Table]) -> Result<(), SinkError> {
        if tables.is_empty() {
            return Ok(());
        }
        for (store_id, _) in with_retries(async || self.stores_with_rows(tables).await).await? {
            self.change_state_of(&store_id, |state| forgotten(state, tables)).await?;
        }
        Ok(())
    }

    /// Takes the roll-ups back, of every store: their tables are not there, and are to be filled anew.
    pub(super) async fn forget_roll_ups(&self) -> Result<(), SinkError> {
        for store_id in with_retries(async || self.stores().await).await? {
            self.change_state_of(&store_id, |state| {
                state.rolled_up.is_some().then_some(State { rolled_up: None, ..state })
            })
            .await?;
        }
        Ok(())
    }

    /// What [`forget_lost`](Self::forget_lost) warns of.
    pub(super) async fn warn_of_lost(
        &self,
        missing: &[&'static Table],
    ) -> Result<Vec<Warning>, SinkError> {
        Ok(self.find_lost(missing).await?.warnings)
    }

    async fn find_lost(&self, missing: &[&'static Table]) -> Result<Lost, SinkError> {
        let mut lost = Lost::default();
        if missing.is_empty() {
            return Ok(lost);
        }
        let found = with_retries(async || self.stores_with_rows(missing).await).await?;
        for table in missing {
            if found.iter().any(|(_, state)| state.has_rows(table)) {
                lost.warnings.push(Warning {
                    found: format!(
                        "{} was there and is gone: it is made anew, and every row of it is sent again",
                        self.names.public_table(table.name)
                    ),
                    remedy: "who dropped it? If its time was over: `weather doctor` names datasets that give tables an end, and a sandbox ends each after 60 days".into(),
                });
            }
        }
        lost.stores = found.into_iter().map(|(store_id, _)| store_id).collect();
        Ok(lost)
    }

    /// Takes from a table that was just made the end that its dataset may have given to it.
    pub(super) async fn keep(
        &self,
        dataset: &str,
        table: &str,
        day_of: Option<&str>,
    ) -> Result<(), SinkError> {
        let what = format!("table {}.{dataset}.{table}", self.names.project);
        let path = format!("datasets/{dataset}/tables/{table}");
        let mut endless = json!({"expirationTime": null});
        if let Some(day_of) = day_of {
            endless["timePartitioning"] =
                json!({"type": "DAY", "field": day_of, "expirationMs": null});
        }
        let patched =
            with_retries(async || self.rest(&what, Method::PATCH, &path, Some(&endless)).await)
                .await?;
        if let Err(refusal) = patched {
            tracing::warn!(
                "{what} keeps the end that its dataset gives to tables: {}",
                refusal.message
            );
        }
        Ok(())
    }
}

/// The state with these tables before their first row; `None` if they are so already. What was proved
/// of them counts no longer once their days are written again.
fn forgotten(mut state: State, tables: &[&Table]) -> Option<State> {
    if state.is_superseded() {
        return None;
    }
    let before = state.tables.len();
    state.tables.retain(|name, _| tables.iter().all(|table| table.name != name));
    (state.tables.len() < before).then_some(state)
}

#[derive(Default)]
struct Lost {
    stores: Vec<String>,
    warnings: Vec<Warning>,
}

/// Warns of a dataset that gives an end to new tables or partitions.
pub(super) fn of_dataset(what: &str, found: &Value) -> Option<Warning> {
    let days = |name: &str| Some(found[name].as_str()?.parse::<i64>().ok()? / DAY_MS);
    let tables = days("defaultTableExpirationMs").map(|days| format!("tables after {days} days"));
    let partitions =
        days("defaultPartitionExpirationMs").map(|days| format!("partitions after {days} days"));
    let ends: Vec<_> = tables.into_iter().chain(partitions).collect();
    (!ends.is_empty()).then(|| Warning {
        found: format!("{what} lets new tables go by themselves: {}", ends.join(", ")),
        remedy: "the sync makes its tables without an end; for what others make there: `alter schema … set options (default_table_expiration_days = null, default_partition_expiration_days = null)`. A sandbox keeps its 60 days until billing is enabled".into(),
    })
}

/// Warns of a table that has an end, or whose partitions have one.
pub(super) fn of_table(what: &str, found: &Value) -> Option<Warning> {
    let number = |value: &Value| value.as_str()?.parse::<i64>().ok();
    let at = number(&found["expirationTime"]).and_then(DateTime::from_timestamp_millis);
    let (goes, option) = match (at, number(&found["timePartitioning"]["expirationMs"])) {
        (Some(at), _) => {
            (format!("goes by itself at {}", at.format("%F %T UTC")), "expiration_timestamp")
        }
        (None, Some(ms)) => {
            (format!("loses each day after {} days", ms / DAY_MS), "partition_expiration_days")
        }
        (None, None) => return None,
    };
    Some(Warning {
        found: format!("{what} {goes}"),
        remedy: format!("`alter table … set options ({option} = null)`"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dataset_that_gives_tables_or_partitions_an_end_is_warned_of_in_days() {
        let of = |found: Value| of_dataset("dataset acme.weather", &found).map(|it| it.found);
        assert_eq!(of(json!({"location": "EU"})), None);
        let sixty = (60 * DAY_MS).to_string();
        let tables = of(json!({"defaultTableExpirationMs": sixty}));
        assert_eq!(
            tables.as_deref(),
            Some("dataset acme.weather lets new tables go by themselves: tables after 60 days")
        );
        let both = of(json!({
            "defaultTableExpirationMs": sixty, "defaultPartitionExpirationMs": "86400000"
        }));
        assert!(both.is_some_and(|found| found.ends_with("60 days, partitions after 1 days")));
    }

    #[test]
    fn a_table_that_goes_or_loses_days_is_warned_of() {
        let of = |found: Value| of_table("table t", &found).map(|warning| warning.found);
        assert_eq!(of(json!({"timePartitioning": {"type": "DAY"}})), None);
        assert_eq!(
            of(json!({"expirationTime": "1795977540295"})).as_deref(),
            Some("table t goes by itself at 2026-11-29 18:39:00 UTC")
        );
        let kept = json!({"timePartitioning": {"expirationMs": (400 * DAY_MS).to_string()}});
        assert_eq!(of(kept).as_deref(), Some("table t loses each day after 400 days"));
    }
}
