//! Whose call it is: the key, and what its account may still call.

use std::collections::HashMap;

use axum::response::Response;

use super::refusal::blocked;
use crate::simulator::quota::{Charge, QuotaWindow};
use crate::simulator::service::Simulator;

/// The query; of a parameter that is given twice, the last.
pub(super) type Parameters = HashMap<String, String>;

/// What is refused before anything else is looked at: a key by `unauthorized`, then the quota.
pub(super) fn refused(
    simulator: &Simulator,
    parameters: &Parameters,
    product: Product,
    unauthorized: impl FnOnce() -> Response,
) -> Option<Response> {
    let keys = &simulator.state.config.api_keys;
    let key = parameters.get("appid").map(String::as_str).unwrap_or_default();
    if key.is_empty() || !(keys.is_empty() || keys.iter().any(|good| good == key)) {
        return Some(unauthorized());
    }
    is_over_quota(simulator, key, product).then(|| blocked(None))
}

/// Which product is called: both count in the account's minute, and One Call has a day of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Product {
    Weather,
    OneCall,
}

fn is_over_quota(simulator: &Simulator, key: &str, product: Product) -> bool {
    let (config, now) = (&simulator.state.config, simulator.state.clock.now());
    let minute = (QuotaWindow::Minute, config.calls_per_minute);
    let count = |service, windows: &[_]| {
        simulator.count_call(Charge { service, key, tenths: 10, windows }, now).is_some()
    };
    match product {
        Product::Weather => {
            let day = (QuotaWindow::Day, config.calls_per_day);
            let month = (QuotaWindow::Month, config.calls_per_month);
            count("openweathermap", &[minute, day, month])
        }
        Product::OneCall => {
            let day = (QuotaWindow::Day, config.one_call_calls_per_day);
            count("openweathermap", &[minute]) | count("openweathermap:onecall", &[day])
        }
    }
}
