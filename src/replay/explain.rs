//! A value and what it came from: row ← slot ← run ← kept answer ← transform.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::domain::RawRef;
use crate::store::{KeptSlot, Reads, RunRow};
use crate::vault::{Line, Vault};

/// The longest interval of a site: the slot that holds a moment began no earlier.
const LONGEST_INTERVAL: TimeDelta = TimeDelta::days(1);

/// What is known of a slot.
#[derive(Debug, Serialize)]
pub struct Explained {
    /// The slot and the row that it points at.
    pub slot: KeptSlot,
    /// The run that wrote the slot.
    pub run: Option<RunRow>,
    /// The run that wrote the row, where that is another one.
    pub row_run: Option<RunRow>,
    /// The kept answer.
    pub line: Option<Line>,
    /// Why there is none.
    pub missing: Option<String>,
}

/// What is known of the slot of `site_id` and `source` that holds `time`: of the last that began no later,
/// if it is no longer ago than the longest interval. `None`: there is no such slot.
///
/// # Errors
/// When the store fails. What is wrong with the vault is said in the place of the answer.
pub async fn explain(
    reads: &Reads,
    vault: Option<&Vault>,
    (site_id, source): (&str, &str),
    time: DateTime<Utc>,
    interval: TimeDelta,
) -> anyhow::Result<Option<Explained>> {
    let interval = interval.min(LONGEST_INTERVAL);
    let times = (time - interval + TimeDelta::seconds(1), time + TimeDelta::seconds(1));
    let slots = reads.list_kept_slots(site_id, source, times).await?;
    let Some(slot) = slots.into_iter().next() else { return Ok(None) };
    let run = reads.find_run(&slot.ingestion_run_id).await?;
    let row_run = match &slot.row.row_run_id {
        Some(run_id) if *run_id != slot.ingestion_run_id => reads.find_run(run_id).await?,
        _ => None,
    };
    let (line, missing) = match find(vault, &slot).await {
        Ok(line) => (Some(line), None),
        Err(missing) => (None, Some(missing)),
    };
    Ok(Some(Explained { slot, run, row_run, line, missing }))
}

async fn find(vault: Option<&Vault>, slot: &KeptSlot) -> Result<Line, String> {
    let Some(name) = slot.raw_ref.as_deref() else {
        return Err("its answer was not kept".to_owned());
    };
    let raw_ref = RawRef::parse(name).ok_or_else(|| format!("`{name}` names no kept answer"))?;
    let vault = vault.ok_or("VAULT_URL is not set")?;
    match vault.find(&raw_ref).await {
        Ok(Some(line)) => Ok(line),
        Ok(None) => Err(format!("the vault has no {raw_ref}")),
        Err(error) => Err(error.to_string()),
    }
}
