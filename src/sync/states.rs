//! Where the tables stand in the sink, whose store that is, and how a store begins anew.

use super::{Stop, Sync};
use crate::domain::position::Position;
use crate::sink::{Progress, Sink, SinkError, State, States, with_retries};
use crate::store::Reads;

/// Where the tables stand: made at the first sync, before the first row at a rebase, and proven to
/// be of this store.
pub(super) async fn open_states(parts: Sync<'_>, store_id: &str) -> anyhow::Result<States> {
    if parts.rebase {
        return rebase(parts, store_id).await;
    }
    match find_own_states(parts.reads, parts.sink, store_id).await {
        Err(error) => match error.downcast()? {
            Stop::NeverSynced => {}
            stop => return Err(stop.into()),
        },
        found => return found,
    }
    with_retries(async || parts.sink.create_states(store_id).await).await?;
    Ok(find_states(parts.sink, store_id).await?.unwrap_or_default())
}

/// Where the tables stand, proven to be of this store.
///
/// # Errors
/// [`Stop`] when the sink does not know this store as it is.
pub(super) async fn find_own_states(
    reads: &Reads,
    sink: &dyn Sink,
    store_id: &str,
) -> anyhow::Result<States> {
    let Some(states) = find_states(sink, store_id).await? else {
        let others = with_retries(async || sink.list_other_stores(store_id).await).await?;
        let other = others.into_iter().next();
        return Err(other
            .map_or(Stop::NeverSynced, |found| Stop::OtherStore { found, own: store_id.into() })
            .into());
    };
    for position in positions(&states) {
        let run =
            with_retries(async || reads.find_run(&position.run_seq.to_string()).await).await?;
        if run.is_none_or(|run| run.run_id != position.run_id) {
            let (run_seq, run_id) = (position.run_seq, position.run_id.clone());
            return Err(Stop::RestoredStore { run_seq, run_id }.into());
        }
    }
    Ok(states)
}

/// Begins anew, or goes on with what was begun.
async fn rebase(parts: Sync<'_>, store_id: &str) -> anyhow::Result<States> {
    if let Some(states) = find_rebase_under_way(parts, store_id).await? {
        tracing::info!("a rebase is under way: it goes on where it was");
        return Ok(states);
    }
    begin_rebase(parts, store_id).await?;
    Ok(find_states(parts.sink, store_id).await?.unwrap_or_default())
}

/// Where the tables stand if a rebase of this store, as it is, is under way. A copy that was
/// restored since has not given out the numbers that the rebase began with.
async fn find_rebase_under_way(parts: Sync<'_>, store_id: &str) -> anyhow::Result<Option<States>> {
    let states = match find_own_states(parts.reads, parts.sink, store_id).await {
        Ok(states) => states,
        Err(error) => return error.downcast::<Stop>().map(|_| None),
    };
    let Some(begun) = rebase_run_seq(&states) else { return Ok(None) };
    let last = with_retries(async || parts.reads.last_run_seq().await).await?;
    Ok((begun <= last).then_some(states))
}

/// The runs of this store get numbers above all that the sink knows, the other stores are refused
/// from here on, and every table is before its first row. Until that last step another start
/// begins anew, to the same result.
async fn begin_rebase(parts: Sync<'_>, store_id: &str) -> anyhow::Result<()> {
    let mut highest = 0;
    let others = with_retries(async || parts.sink.list_other_stores(store_id).await).await?;
    for id in others.iter().map(String::as_str).chain([store_id]) {
        let states = find_states(parts.sink, id).await?.unwrap_or_default();
        highest = positions(&states).map(|position| position.run_seq).fold(highest, i64::max);
    }
    with_retries(async || parts.store.raise_run_seq(highest).await).await?;
    for other in &others {
        with_retries(async || parts.sink.supersede_states(other, store_id).await).await?;
    }
    with_retries(async || parts.sink.create_states(store_id).await).await?;
    with_retries(async || parts.sink.begin_rebase(store_id, highest).await).await?;
    tracing::warn!(
        run_seq = highest,
        "rebased: every row is sent again, later runs count from here"
    );
    Ok(())
}

/// Notes that every row is there, if a rebase was under way.
pub(super) async fn end_rebase(
    sink: &dyn Sink,
    store_id: &str,
    states: &States,
) -> anyhow::Result<()> {
    if rebase_run_seq(states).is_some() {
        with_retries(async || sink.end_rebase(store_id).await).await?;
        tracing::info!("the rebase is over: every row has been sent");
    }
    Ok(())
}

/// The number that the rebase under way began with.
fn rebase_run_seq(states: &States) -> Option<i64> {
    states.values().filter_map(|state: &State| state.rebase_run_seq).max()
}

fn positions(states: &States) -> impl Iterator<Item = &Position> {
    states.values().filter_map(|state| match &state.progress {
        Some(Progress::To(position)) => Some(position),
        _ => None,
    })
}

pub(super) async fn find_states(
    sink: &dyn Sink,
    store_id: &str,
) -> Result<Option<States>, SinkError> {
    with_retries(async || sink.find_states(store_id).await).await
}
