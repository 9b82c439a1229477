//! The head of the calendar: each day's number, and the months above.

use chrono::{Datelike as _, NaiveDate};

use super::row::PITCH;
use crate::serve::page::lang::Language;

/// Labels, each with how far from the left.
pub(super) struct Head {
    pub(super) width: i64,
    pub(super) months: Vec<(i64, String)>,
    /// Days: number, and whether it is a Sunday.
    pub(super) days: Vec<(i64, u32, bool)>,
}

impl Head {
    pub(super) fn of((first, last): (NaiveDate, NaiveDate), language: &Language) -> Self {
        let days: Vec<_> = (0..).zip(first.iter_days().take_while(|day| *day <= last)).collect();
        let begins = |(number, day): &&(i64, NaiveDate)| *number == 0 || day.day() == 1;
        // A month of which a day or two is left has no room for its name.
        let has_room = |(number, day): &&(i64, NaiveDate)| {
            *number > 0 || day.day() == 1 || days_left(*day) >= 3
        };
        let months = days.iter().filter(begins).filter(has_room);
        let is_sunday = |day: &NaiveDate| day.weekday() == chrono::Weekday::Sun;
        Self {
            width: days.len() as i64 * PITCH,
            months: months.map(|(number, day)| (number * PITCH, language.month(*day))).collect(),
            days: days
                .iter()
                .map(|(number, day)| (number * PITCH + PITCH / 2, day.day(), is_sunday(day)))
                .collect(),
        }
    }
}

fn days_left(day: NaiveDate) -> i64 {
    i64::from(day.num_days_in_month()) - i64::from(day.day0())
}
