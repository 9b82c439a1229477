//! Between the network and the handlers: connections, which callers may come in, what holds for every request, and
//! what is counted of it.

pub mod access;
pub(super) mod connections;
pub(super) mod guard;
pub(super) mod metrics;
pub(super) mod origins;
pub(super) mod probes;
