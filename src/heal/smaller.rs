//! Smaller calls in the place of one: as much as is paid for, or its halves.

use crate::domain::Site;
use crate::source::History;
use crate::source::history::HistoryCall;

/// As much of `call` as `left` calls pay for; `None`: not even one site.
pub(super) fn fit<'a>(
    history: &dyn History,
    mut call: HistoryCall<'a>,
    left: u64,
) -> Option<HistoryCall<'a>> {
    while u64::from(history.charge(&call)) > left {
        if call.sites.len() < 2 {
            return None;
        }
        call.sites.pop();
    }
    Some(call)
}

/// `call` for half of the sites each; `None` when there is only one.
pub(super) fn halves<'a>(call: &HistoryCall<'a>) -> Option<[HistoryCall<'a>; 2]> {
    let (one, other) = call.sites.split_at(call.sites.len() / 2);
    let half = |sites: &[&'a Site]| HistoryCall { sites: sites.to_vec(), ..call.clone() };
    (!one.is_empty()).then(|| [half(one), half(other)])
}
