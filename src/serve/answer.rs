//! From what a request asks to its answer: the parameters, the cache and its key, the state of the store, the form,
//! the rows, what goes wrong, and the memory that answers may hold. Every room of endpoints stands on this one.

pub(super) mod cache;
pub(super) mod document;
pub(super) mod form;
pub(super) mod format;
pub(super) mod memory;
pub(super) mod pages;
pub(super) mod parameters;
pub(super) mod problem;
pub(super) mod public;
pub(super) mod query;
pub(super) mod reader;
pub(super) mod refusals;
pub(super) mod rows;
pub(super) mod selection;
pub(super) mod values;
pub(super) mod versions;
