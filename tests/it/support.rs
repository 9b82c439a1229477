//! What several tests need.

pub(crate) mod databases;
pub(crate) mod program;
pub(crate) mod proxy;
pub(crate) mod samples;
pub(crate) mod service;
