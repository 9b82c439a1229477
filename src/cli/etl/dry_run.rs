//! What would be called, without a key and without a call; a store that is not there is not made.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::cli::exit::Exit;
use crate::cli::output::{self, Column, OutputFormat, Row, relative};
use crate::cli::parts::Parts;
use crate::clock::{Clock as _, SystemClock};
use crate::domain::Site;
use crate::etl::{self, Asked, Due, Selection};
use crate::store::Store;

#[derive(Serialize)]
struct PlannedCall {
    site_id: String,
    slot_time: String,
    source: &'static str,
    #[serde(skip)]
    begins: DateTime<Utc>,
}

impl Row for PlannedCall {
    const COLUMNS: &[Column] =
        &[Column::text("site"), Column::number("slot begins"), Column::text("source").leaves(1)];

    fn cells(&self, now: DateTime<Utc>) -> Vec<String> {
        vec![self.site_id.clone(), relative(self.begins, now), self.source.into()]
    }
}

impl PlannedCall {
    fn all(due: &Due<'_>, source: &'static str) -> impl Iterator<Item = Self> {
        due.slots.iter().map(move |(_, slot)| Self {
            site_id: slot.site_id.to_string(),
            slot_time: slot.slot_time.to_rfc3339_opts(SecondsFormat::Secs, true),
            source,
            begins: slot.slot_time,
        })
    }
}

/// Says what would be called.
pub(super) async fn run(
    parts: &Parts<'_>,
    sites: &[Site],
    selection: &Selection,
    format: OutputFormat,
) -> anyhow::Result<Exit> {
    let opened = parts.store.ready_if_there().await?;
    let store = opened.map(|opened| &*opened.store);
    let (shard, now) = (parts.platform.shard()?, SystemClock.now());
    let (mut calls, mut words) = (Vec::new(), Vec::new());
    for source in parts.settings.sources.names() {
        let source = source.name;
        let due = etl::due(Asked { store, source, shard, now }, sites, selection).await?;
        calls.extend(PlannedCall::all(&due, source));
        words.push(in_words(&due, source));
        words.extend(paused(store, source, now).await?);
    }
    output::rows(format, &calls)?;
    words.iter().for_each(|words| output::say(words));
    Ok(Exit::Done)
}

fn in_words(due: &Due<'_>, source: &str) -> String {
    format!(
        "dry run: {} calls for {} sites; {} collected already, {} failed for good ({source})",
        due.slots.len(),
        due.sites,
        due.collected_before,
        due.failed_before
    )
}

async fn paused(
    store: Option<&dyn Store>,
    source: &str,
    now: DateTime<Utc>,
) -> anyhow::Result<Option<String>> {
    let Some(store) = store else { return Ok(None) };
    let until = store.paused_until(source).await?.filter(|until| *until > now);
    Ok(until.map(|until| {
        format!("the account is blocked until {} ({source})", until.format("%F %T UTC"))
    }))
}
