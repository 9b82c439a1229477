//! Collects the weather of a company's sites into its own store and its own warehouse, every
//! hour, with nothing lost, nothing twice and nothing unexplained.
//!
//! Read from the ground up: [`domain`] says what it is about; the ports [`source`] and [`store`]
//! are what it touches; the job [`etl`] is the story; `cli` is the roof that puts the parts
//! together. Imports only go down, which a test keeps. `docs/ARCHITECTURE.md` has the pictures.

pub mod archive;
pub mod cli;
pub mod clock;
pub mod columnar;
pub mod domain;
pub mod etl;
pub mod farmhash;
pub mod forecast;
pub mod heal;
pub mod http;
pub mod job;
pub mod objects;
pub mod replay;
pub mod retry;
pub mod serve;
pub mod simulator;
pub mod sink;
pub mod source;
pub mod status;
pub mod store;
pub mod sync;
pub mod telemetry;
pub mod vault;
pub mod views;
