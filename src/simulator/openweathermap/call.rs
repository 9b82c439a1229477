//! The end of a call: it is recorded, dated and sent.

use axum::response::Response;

use crate::simulator::faults::FaultKind;
use crate::simulator::response::{date, wait};
use crate::simulator::service::{Call, Simulator};

pub(super) async fn finish(
    simulator: &Simulator,
    (path, past): (&'static str, Option<String>),
    (latitude, longitude): (String, String),
    mut response: Response,
    fault: Option<FaultKind>,
) -> Response {
    let is_answered = !matches!(fault, Some(FaultKind::Dropped | FaultKind::Slow));
    let status = is_answered.then(|| response.status().as_u16());
    let time = simulator.state.clock.now();
    date(&mut response, time);
    simulator.record(Call { time, path, latitude, longitude, past, status, fault });
    if fault == Some(FaultKind::Slow) {
        wait(simulator.state.config.slow_for).await;
    }
    response
}
