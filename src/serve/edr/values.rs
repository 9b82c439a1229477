//! The values of EDR's parameters.

mod bbox;
mod crs;
mod datetime;
mod form;
mod names;
mod point;

pub(super) use bbox::Bbox;
pub(super) use crs::Crs;
pub(super) use datetime::{Interval, Span};
pub(super) use form::{DATA, DataForm, Form, PageQuery, PlaceForm};
pub(super) use names::{Names, ParameterName, Quantities, all_names};
pub(super) use point::Point;

/// The patterns of a longitude and a latitude.
const LONGITUDE: &str = r"-?(180|(1[0-7][0-9]|[1-9]?[0-9])(\.[0-9]{1,6})?)";
const LATITUDE: &str = r"-?(90|[1-8]?[0-9](\.[0-9]{1,6})?)";
