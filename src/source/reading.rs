//! What the transforms of all sources do alike: a number of a payload becomes a value of the
//! observation, rounded and within its range, or a fault that names its field.

use chrono::{DateTime, Utc};

use super::fault::Fault;
use crate::domain::ErrorKind;
use crate::domain::measure::Measure;
use crate::domain::observation::{MAX_TEXT_CHARS, Observation, Values};
use crate::domain::source_time;
use crate::domain::text::printable;
use crate::domain::values;

/// `value` rounded to what is kept of the quantity.
pub(super) fn round(measure: Measure, value: Option<f64>) -> Result<Option<f64>, Fault> {
    Ok(value.map(|value| measure.round(value)).transpose()?)
}

/// A coordinate of the place that the source says it answered for. No row needs it: where it is
/// missing, or is no place on Earth, it is left unknown.
pub(super) fn echoed(measure: Measure, degrees: Option<f64>) -> Option<f64> {
    degrees.and_then(|degrees| measure.round(degrees).ok())
}

/// A direction of the wind.
pub(super) fn whole_degrees(degrees: Option<f64>) -> Result<Option<i64>, Fault> {
    let rounded = round(values::WIND_DIRECTION_DEG, degrees)?;
    #[expect(clippy::cast_possible_truncation, reason = "0 to 360")]
    Ok(rounded.map(|degrees| degrees as i64))
}

/// The source's own number of a condition, which `field` holds.
pub(super) fn condition_id(field: &str, id: Option<f64>) -> Result<Option<i64>, Fault> {
    /// Whole numbers beyond this have no exact floating-point form.
    const MAX_EXACT: f64 = 9_007_199_254_740_992.0;
    match id {
        Some(id) if id.fract() != 0.0 || id.abs() > MAX_EXACT => {
            Err(Fault::malformed(&format!("{field}: {id} is no whole number")))
        }
        #[expect(clippy::cast_possible_truncation, reason = "whole and small enough")]
        id => Ok(id.map(|id| id as i64)),
    }
}

/// A text that a column can hold, and that is safe to show.
pub(super) fn text(field: &str, text: Option<&str>) -> Result<Option<String>, Fault> {
    match text.map(printable) {
        Some(text) if text.chars().count() > MAX_TEXT_CHARS => {
            Err(Fault::malformed(&format!("{field}: longer than {MAX_TEXT_CHARS} characters")))
        }
        text => Ok(text),
    }
}

/// `observation`, whose time `field` says, as a live answer of `answered_at` may give it.
///
/// # Errors
/// A [`Fault`] when its time is not of now: a time ahead would count as fresh until it comes.
pub(super) fn of_now(
    field: &str,
    observation: Observation,
    answered_at: DateTime<Utc>,
) -> Result<Observation, Fault> {
    match source_time::check_live(observation.observation_time, answered_at) {
        Ok(()) => Ok(observation),
        Err(error) => {
            let fault = Fault::from(error);
            Err(Fault { message: format!("{field}: {}", fault.message), ..fault })
        }
    }
}

/// Unix seconds that `field` holds, in whole seconds; both databases and the warehouse hold the
/// years 1970 to 9999.
pub(super) fn time(field: &str, seconds: Option<f64>) -> Result<DateTime<Utc>, Fault> {
    const LAST_SECOND_OF_9999: f64 = 253_402_300_799.0;
    let missing = || Fault::malformed(&format!("{field}: missing: the answer says no time"));
    let seconds = seconds.ok_or_else(missing)?;
    if !(0.0..=LAST_SECOND_OF_9999).contains(&seconds) {
        let message = format!(
            "{field}: {seconds} is out of range: expected Unix seconds until the year 9999"
        );
        return Err(Fault { kind: ErrorKind::OutOfRange, message });
    }
    #[expect(clippy::cast_possible_truncation, reason = "within the range just checked")]
    let seconds = seconds as i64;
    DateTime::from_timestamp(seconds, 0)
        .ok_or_else(|| Fault::malformed(&format!("{field}: no time")))
}

/// The time of a record of the past, as [`time`]. One that cannot be is not a value out of its range:
/// the record is of no hour that was asked for, and settles none.
pub(super) fn past_time(field: &str, seconds: Option<f64>) -> Result<DateTime<Utc>, Fault> {
    time(field, seconds).map_err(|fault| Fault::malformed(&fault.message))
}

/// True when nothing is said of the weather, even if the place is named.
pub(super) fn says_nothing(values: &Values) -> bool {
    let Values { answered_latitude, answered_longitude, .. } = *values;
    *values == Values { answered_latitude, answered_longitude, ..Values::default() }
}
