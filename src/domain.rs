//! What the product is about, free of clocks, networks and databases.
//!
//! A **site** is a place we observe; each of its **slots** (site × source × interval start)
//! expects one **observation**; a **run** is one execution that fills slots. Types here are made
//! by parsing: one that exists is valid, and nothing below checks it again.

pub mod archive;
pub mod budget;
pub mod coordinates;
pub mod cost;
pub mod csv_cell;
pub mod days;
pub mod degree_days;
pub mod error_kind;
pub mod expected;
pub mod fingerprint;
pub mod forecast;
pub mod freshness;
pub mod gaps;
pub mod kind;
pub mod locality;
pub mod measure;
pub mod observation;
pub mod position;
pub mod proofs;
pub mod quantity;
pub mod raw_ref;
pub mod run;
pub mod shard;
pub mod site;
mod site_name;
pub mod sites_file;
pub mod skill;
pub mod slot;
pub mod source_time;
pub mod spans;
pub mod tables;
pub mod text;
pub mod units;
pub mod values;
pub mod views;
pub mod when;
mod zone;

pub use archive::{ARCHIVED_TABLES, Month, MonthStatus, Stretch, is_archived_table};
pub use budget::{Allowance, Budget, BudgetWindow, Window};
pub use coordinates::Coordinates;
pub use days::{Day, DaySum, DaySums, Days};
pub use error_kind::ErrorKind;
pub use expected::{Expected, Life};
pub use fingerprint::{row_hash, usable_row_hash};
pub use gaps::{Folding, Gap, Missing, Reason};
pub use locality::{Locality, Move, Stay};
pub use observation::{Observation, TRANSFORM_VERSION};
pub use proofs::{Changes, Proofs};
pub use quantity::Quantity;
pub use raw_ref::RawRef;
pub use run::{Outcome, RunCounts, RunStatus};
pub use shard::Shard;
pub use site::{Interval, Site, SiteId};
pub use slot::{Slot, SlotOutcome, SlotResult, ValueKind, slot_time};
pub use spans::{Span, Spans, TakenIn};
pub use units::{Dimension, Units};
pub use values::{QUANTITIES, Values};
pub use when::When;
pub use zone::zone_at;
