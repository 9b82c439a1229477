//! What several tests need.

pub(crate) mod browser;
pub(crate) mod databases;
pub(crate) mod emulator;
pub(crate) mod gateway;
pub(crate) mod kills;
pub(crate) mod own_server;
pub(crate) mod program;
pub(crate) mod proxy;
pub(crate) mod redis;
pub(crate) mod samples;
pub(crate) mod scripted;
pub(crate) mod server;
pub(crate) mod service;
pub(crate) mod warehouse;
