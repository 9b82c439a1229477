//! Where a store stands in the sink, whose store that is, and how a store begins anew.

use super::{Stop, Sync, say};
use crate::clock::{Clock as _, SystemClock};
use crate::domain::position::Position;
use crate::domain::tables::TABLES;
use crate::sink::{Rebase, Sink, SinkError, State, beside_writers, with_retries};
use crate::store::{Reads, StoreError};

/// Where everything stands, once all is prepared: made at the first sync, before the first row at a
/// rebase, and proven to be of this store.
pub(super) async fn open_state(parts: Sync<'_>, store_id: &str) -> anyhow::Result<State> {
    let mut found = find_state(parts.sink, store_id).await?;
    // That was one call; more only where what was prepared is not known, or not lately.
    if !found.as_ref().is_some_and(|state| parts.sink.is_prepared(state)) {
        say(&parts.sink.prepare().await?);
        found = find_state(parts.sink, store_id).await?;
    }
    if parts.rebase != Rebasing::No {
        return rebase(parts, store_id, found).await;
    }
    match prove(parts.reads, parts.sink, store_id, found).await {
        Err(error) => match error.downcast()? {
            Stop::NeverSynced => {}
            stop => return Err(stop.into()),
        },
        // Another start is making it, or was killed as it did.
        Ok(state) if state.lacks_a_table() => {}
        proven => return proven,
    }
    with_retries(async || parts.sink.create_state(store_id).await).await?;
    Ok(find_state(parts.sink, store_id).await?.unwrap_or_default())
}

/// Whether a sync begins from the first row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rebasing {
    /// It goes on where it was.
    No,
    /// It begins anew; a rebase that is under way goes on where it was.
    Begin,
    /// It goes on with a rebase that is under way, and begins none: the platform has started it again,
    /// and nobody has asked for another one.
    GoOn,
}

/// Where everything stands, proven to be of this store.
///
/// # Errors
/// [`Stop`] when the sink does not know this store as it is.
pub(super) async fn find_own_state(
    reads: &Reads,
    sink: &dyn Sink,
    store_id: &str,
) -> anyhow::Result<State> {
    let found = find_state(sink, store_id).await?;
    prove(reads, sink, store_id, found).await
}

/// The state that was found, proven to be of this store.
async fn prove(
    reads: &Reads,
    sink: &dyn Sink,
    store_id: &str,
    found: Option<State>,
) -> anyhow::Result<State> {
    match found {
        Some(state) => own(reads, state).await,
        None => {
            let others = with_retries(async || sink.list_other_stores(store_id).await).await?;
            let other = others.into_iter().next();
            let other_store = |found| Stop::OtherStore { found, own: store_id.into() };
            Err(other.map_or(Stop::NeverSynced, other_store).into())
        }
    }
}

/// The state, if this store has given out the runs that it names.
async fn own(reads: &Reads, state: State) -> anyhow::Result<State> {
    for position in state.positions() {
        if !has_given_out(reads, position).await? {
            let (run_seq, run_id) = (position.run_seq, position.run_id.clone());
            return Err(Stop::RestoredStore { run_seq, run_id }.into());
        }
    }
    Ok(state)
}

/// Whether the store holds the run of a position under the same id.
pub(super) async fn has_given_out(reads: &Reads, position: &Position) -> Result<bool, StoreError> {
    let run_seq = position.run_seq.to_string();
    let run = with_retries(async || reads.find_run(&run_seq).await).await?;
    Ok(run.is_some_and(|run| run.run_id == position.run_id))
}

/// Begins anew, or goes on with what was begun.
async fn rebase(parts: Sync<'_>, store_id: &str, found: Option<State>) -> anyhow::Result<State> {
    let found = match prove(parts.reads, parts.sink, store_id, found).await {
        Ok(state) => Some(state),
        Err(error) => error.downcast::<Stop>().map(|_| None)?,
    };
    match found {
        Some(state) if is_under_way(parts, &state).await? => {
            tracing::info!("a rebase is under way: it goes on where it was");
            Ok(state)
        }
        Some(state) if parts.rebase == Rebasing::GoOn => {
            tracing::info!("the rebase that this is another try of is over");
            Ok(state)
        }
        _ => {
            begin_rebase(parts, store_id).await?;
            Ok(find_state(parts.sink, store_id).await?.unwrap_or_default())
        }
    }
}

/// Whether a rebase of this store, as it is, is under way. A copy that was restored since has not given
/// out the number that the rebase began with.
async fn is_under_way(parts: Sync<'_>, state: &State) -> anyhow::Result<bool> {
    let Some(rebase) = &state.rebase else { return Ok(false) };
    let last = with_retries(async || parts.reads.last_run_seq().await).await?;
    Ok(rebase.up_to <= last)
}

/// The runs of this store get numbers above all that the sink knows, the other stores are refused
/// from here on, and every table is before its first row. Until that last step another start
/// begins anew, to the same result.
async fn begin_rebase(parts: Sync<'_>, store_id: &str) -> anyhow::Result<()> {
    let mut highest = 0;
    let others = with_retries(async || parts.sink.list_other_stores(store_id).await).await?;
    for id in others.iter().map(String::as_str).chain([store_id]) {
        let state = find_state(parts.sink, id).await?.unwrap_or_default();
        highest = state.positions().map(|position| position.run_seq).fold(highest, i64::max);
    }
    with_retries(async || parts.store.raise_run_seq(highest).await).await?;
    for other in &others {
        change_state(parts.sink, other, |state| state.superseded(&TABLES, store_id)).await?;
    }
    with_retries(async || parts.sink.create_state(store_id).await).await?;
    let rebase = Rebase { since: SystemClock.now(), up_to: highest };
    let begun = |mut state: State| {
        state.tables.clear();
        State { rebase: Some(rebase.clone()), ..state }
    };
    change_state(parts.sink, store_id, begun).await?;
    tracing::warn!(
        run_seq = highest,
        "rebased: every row is sent again, later runs count from here"
    );
    Ok(())
}

/// Changes the state of a store, beside other writers.
async fn change_state(
    sink: &dyn Sink,
    store_id: &str,
    change: impl Fn(State) -> State,
) -> Result<(), SinkError> {
    beside_writers(async || {
        let Some(state) = find_state(sink, store_id).await? else { return Ok(()) };
        let changed = change(state);
        with_retries(async || sink.set_state(store_id, &changed).await).await
    })
    .await
}

pub(super) async fn find_state(
    sink: &dyn Sink,
    store_id: &str,
) -> Result<Option<State>, SinkError> {
    with_retries(async || sink.find_state(store_id).await).await
}
