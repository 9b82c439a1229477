//! Conditions that name days.

use chrono::{DateTime, NaiveDate, Utc};

use super::reach::{Stretch, earlier, later};

/// No row is older: a table may be set to refuse a statement without a condition on its day.
pub(super) const FIRST: &str = "timestamp '0001-01-01 00:00:00+00'";

/// The start of a day, UTC.
pub(super) fn midnight(day: NaiveDate) -> String {
    format!("timestamp '{day} 00:00:00+00'")
}

/// A time, as SQL writes it, to the second before it: slots begin with whole seconds.
pub(super) fn moment(time: DateTime<Utc>) -> String {
    format!("timestamp '{}+00'", time.format("%F %T"))
}

/// That one of these holds; nothing holds where there is none.
pub(super) fn any(of: impl Iterator<Item = String>) -> String {
    let of: Vec<_> = of.map(|condition| format!("({condition})")).collect();
    if of.is_empty() { "false".into() } else { of.join(" or ") }
}

/// That a time lies on these days, UTC.
pub(super) fn on_days(time: &str, of: &Stretch) -> String {
    format!("{time} >= {} and {time} < {}", midnight(of.first), midnight(later(of.last, 1)))
}

/// That a day is one of these.
pub(super) fn is_day(day: &str, of: &Stretch) -> String {
    format!("{day} >= date '{}' and {day} <= date '{}'", of.first, of.last)
}

/// The UTC days on which slots of these local days may begin.
pub(super) fn around(of: &Stretch) -> Stretch {
    Stretch { first: earlier(of.first, 1), last: later(of.last, 1) }
}

/// The stretches of time in which slots of these local days begin.
pub(super) fn stretches(of: &[Stretch]) -> String {
    let stretch = |of: &Stretch| {
        let of = around(of);
        let until = midnight(later(of.last, 1));
        format!("struct({} as since, {until} as until)", midnight(of.first))
    };
    format!("[{}]", of.iter().map(stretch).collect::<Vec<_>>().join(", "))
}

/// That an expected slot is of one of these local days.
pub(super) fn is_asked_for(of: &[Stretch]) -> String {
    let day = "date(t.slot_time, z.timezone)";
    format!("({})", any(of.iter().map(|of| is_day(day, of))))
}

/// From when on slots are read to know which of them share an observation with a slot of these days: none
/// begins two days before its observation (as `src/views` has it). Whole days, and so whole hours. An
/// expression over slots of these days.
pub(super) fn since(of: &Stretch) -> String {
    let start = midnight(around(of).first);
    format!(
        "timestamp(date_sub(date(least(coalesce(min(observation_time), {start}), {start}), 'UTC'), interval 2 day), 'UTC')"
    )
}
