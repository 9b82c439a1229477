//! The values of EDR's parameters.

mod area;
mod crs;
mod datetime;
mod distance;
mod form;
mod names;
mod point;
mod points;

pub(super) use crate::serve::answer::values::Bbox;
pub(super) use area::Area;
pub(super) use crs::Crs;
pub(super) use datetime::{Interval, Span};
pub(super) use distance::{Units, Within, radius_km};
pub(super) use form::{DATA, DataForm, Form, PageForm, PageQuery, PlaceForm};
pub(super) use names::{Names, ParameterName, Quantities, all_names};
pub(super) use point::Point;
pub(super) use points::Points;

/// Whether a geometry as well-known text ends where its first bracket does, which the parser does not look at.
fn is_whole(text: &str) -> bool {
    let mut open = 0_u32;
    for (place, c) in text.char_indices() {
        match c {
            '(' => open += 1,
            ')' => open = open.saturating_sub(1),
            _ => {}
        }
        if c == ')' && open == 0 {
            return place + 1 == text.len();
        }
    }
    false
}
