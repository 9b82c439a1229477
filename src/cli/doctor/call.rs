//! The one call that `doctor` makes of each source: reserved as every call is.

use chrono::{DateTime, Utc};

use crate::clock::{Clock as _, SystemClock};
use crate::domain::budget::whole_calls;
use crate::domain::{Budget, BudgetWindow};
use crate::store::{Reserved, Settled, Store, Wanted};

/// Reserves one live call and counts it as sent; until when there is none, if there is none. A store
/// that cannot be asked is another finding's matter, and the key is to be looked at all the same.
pub(super) async fn spend(store: Option<&dyn Store>, budget: &Budget) -> Result<(), DateTime<Utc>> {
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
        Ok(Reserved::Spent(spent)) => {
            Err(spent.iter().map(BudgetWindow::end).max().unwrap_or_default())
        }
        Err(_) => Ok(()),
    }
}
