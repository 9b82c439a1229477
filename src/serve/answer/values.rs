//! The values of parameters: how each is read, what it is refused with, how it stands in a cache key, and its
//! schema. A value that exists is valid.

use std::borrow::Cow;
use std::fmt;

use utoipa::openapi::{ObjectBuilder, Type};

mod bbox;
mod fields;
mod flag;
mod lists;
mod names;
mod numbers;
mod times;

pub(crate) use bbox::Bbox;
pub(crate) use fields::{Columns, Fields};
pub(crate) use flag::Flag;
pub(crate) use lists::{Countries, Sites, Tags};
pub(crate) use names::{Site, Source, is_source};
pub(crate) use numbers::{DegreesCelsius, Limit, RunNumber};
pub(crate) use times::{Day, Moment, fill_times, held, midnight, parse_day, parse_time, written};

/// Why a text is no value of a parameter: `{}` says what is wrong, `{:#}` what is allowed, which is how
/// both come through the errors of serde.
#[derive(Debug)]
pub(crate) struct Unfit {
    problem: String,
    allowed: Cow<'static, str>,
}

impl Unfit {
    pub(crate) fn new(problem: impl Into<String>, allowed: impl Into<Cow<'static, str>>) -> Self {
        Self { problem: problem.into(), allowed: allowed.into() }
    }

    /// The same with the text, for the caller to find it again.
    pub(crate) fn shown(text: &str, problem: &str, allowed: impl Into<Cow<'static, str>>) -> Self {
        Self::new(format!("`{}` {problem}", short(text)), allowed)
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if f.alternate() { &self.allowed } else { &self.problem })
    }
}

/// What a caller gave, without what cannot be shown, and not all of it if it is long.
pub(crate) fn short(text: &str) -> String {
    let mut cut: String = text.chars().filter(|c| !c.is_control()).take(60).collect();
    if text.chars().count() > 60 {
        cut.push('…');
    }
    cut
}

/// The patterns of a longitude and a latitude.
pub(crate) const LONGITUDE: &str = r"-?(180|(1[0-7][0-9]|[1-9]?[0-9])(\.[0-9]{1,6})?)";
pub(crate) const LATITUDE: &str = r"-?(90|[1-8]?[0-9](\.[0-9]{1,6})?)";

/// The items of a list, by commas.
pub(crate) fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim)
}

/// The schema of a text that matches a pattern.
pub(crate) fn text_schema(pattern: impl Into<String>) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern))
}

/// Gives a type the schema of a parameter: one that the document knows by name, or repeats where it is used
/// (`#[param(inline)]`).
macro_rules! parameter_schema {
    ($type:ty, $name:literal, $schema:expr) => {
        impl utoipa::ToSchema for $type {
            fn name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }
        }

        impl utoipa::PartialSchema for $type {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $schema.into()
            }
        }
    };
}
pub(crate) use parameter_schema;
