//! How good forecasts were: pairs of what was said and what came, and their scores. Pure.

mod diebold_mariano;
mod interval;
mod pairs;
mod rain;
mod scores;
mod variable;

pub use diebold_mariano::{Comparison, diebold_mariano};
pub use interval::{Interval, of_daily_means};
pub use pairs::{Pair, Said, Truths, pair};
pub use rain::{Hits, brier, window_sum};
pub use scores::{Scores, SpreadScores, Tally, circular_error, crps_gaussian, pinball};
pub use variable::{VARIABLES, Variable};
