//! The roll-ups beside their definition: both are the sink's own, and no row of the store is read.

use std::collections::BTreeSet;

use super::Verify;
use crate::domain::Days;
use crate::sink::{RollUpDay, SinkError, beside_writers, with_retries};
use crate::sync::find_state;

/// A day of a roll-up that is not what its definition says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RollUpComparison {
    /// Which.
    pub of: RollUpDay,
    /// Whether it was computed anew, and is what it should be.
    pub is_repaired: bool,
}

/// A sync that writes meanwhile moves the moment up to which days are computed: so often it is looked
/// again.
const LOOKS: u32 = 3;

/// The days that differ.
pub(in crate::sync) async fn compare(
    parts: Verify<'_>,
    store_id: &str,
    ranges: &[Days],
) -> Result<Vec<RollUpComparison>, SinkError> {
    for _ in 0..LOOKS {
        let state = find_state(parts.sink, store_id).await?.unwrap_or_default();
        let mut found = BTreeSet::new();
        for days in ranges {
            found.extend(
                with_retries(async || parts.sink.list_roll_up_differences(&state, *days).await)
                    .await?,
            );
        }
        let after = find_state(parts.sink, store_id).await?.unwrap_or_default();
        if found.is_empty() || after.epoch == state.epoch {
            let different = |of| RollUpComparison { of, is_repaired: false };
            return Ok(found.into_iter().map(different).collect());
        }
    }
    tracing::info!("the roll-ups are not compared: somebody writes all the time");
    Ok(Vec::new())
}

/// Computes those days anew, and compares again.
pub(in crate::sync) async fn repair(
    parts: Verify<'_>,
    store_id: &str,
    ranges: &[Days],
    found: &mut [RollUpComparison],
) -> Result<(), SinkError> {
    if found.is_empty() {
        return Ok(());
    }
    let odd: Vec<RollUpDay> = found.iter().map(|found| found.of).collect();
    beside_writers(async || {
        let state = find_state(parts.sink, store_id).await?.unwrap_or_default();
        with_retries(async || parts.sink.roll_up_again(store_id, &odd, &state).await).await
    })
    .await?;
    tracing::info!(days = odd.len(), "rolled up again");
    let left = compare(parts, store_id, ranges).await?;
    for found in found {
        found.is_repaired = left.iter().all(|left| left.of != found.of);
    }
    Ok(())
}
