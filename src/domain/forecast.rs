//! Forecasts as they were issued: what a source said of the future, and when we had it.
//!
//! An [`Issue`] is what one source and model said of one site at one time: a value set for each `valid_at`.
//! Leads count from [`available_at`](Issue::available_at), the moment at which we had the issue: no answer
//! of OpenWeatherMap says when its model ran, and what was not known yet helped nobody. An issue never changes.

pub mod bucket;
mod issue;
mod product;
mod slot;
pub mod values;

pub use bucket::LeadBucket;
pub use issue::{ForecastValue, Issue, IssueSeries, IssuedBy, lead_minutes};
pub use product::{PRODUCTS, Product};
pub use slot::{ForecastOutcome, ForecastResult, Kept};
pub use values::{FORECAST_COLUMNS, ForecastValues};
