//! A single call beside the jobs: reserved and counted in the store as every call is.

use crate::clock::{Clock as _, SystemClock};
use crate::domain::budget::whole_calls;
use crate::domain::{Budget, BudgetWindow};
use crate::store::{Reserved, Settled, Store, Wanted};

/// Reserves one live call and counts it as sent; else returns the windows whose calls are spent. Where no
/// store answers it is made all the same: the store is another one's matter.
pub(super) async fn spend(
    store: Option<&dyn Store>,
    budget: &Budget,
) -> Result<(), Vec<BudgetWindow>> {
    let allowance = budget.for_live();
    let Some(store) = store.filter(|_| !allowance.is_unlimited()) else { return Ok(()) };
    let windows = allowance.windows(SystemClock.now());
    let sent = whole_calls(u64::from(budget.live_tenths));
    let wanted = Wanted { at_least: sent, at_most: sent };
    match store.reserve_calls(&budget.account, &windows, wanted).await {
        Ok(Reserved::Granted(_)) => {
            let settled = Settled { sent, unsent: 0 };
            let _ = store.settle_calls(&budget.account, &windows, settled).await;
            Ok(())
        }
        Ok(Reserved::Spent(spent)) => Err(spent),
        Err(_) => Ok(()),
    }
}
