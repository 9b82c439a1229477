//! Whole numbers within bounds.

use serde::{Deserialize, Serialize};
use utoipa::openapi::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

use super::{Unfit, parameter_schema};

/// So many at most: 1 to `MOST`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String")]
pub(crate) struct Limit<const MOST: u32>(u32);

impl<const MOST: u32> Limit<MOST> {
    /// So many, no more than `MOST`.
    pub(crate) const fn of(number: u32) -> Self {
        Self(if number < MOST { number } else { MOST })
    }

    pub(crate) fn get(self) -> u32 {
        self.0
    }
}

impl<const MOST: u32> TryFrom<String> for Limit<MOST> {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        let number = text.parse().ok().filter(|number| (1..=MOST).contains(number));
        number.map(Self).ok_or_else(|| out_of_range(&text, i64::from(MOST)))
    }
}

impl<const MOST: u32> ToSchema for Limit<MOST> {}

impl<const MOST: u32> PartialSchema for Limit<MOST> {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        whole_number(KnownFormat::Int32).maximum(Some(MOST)).into()
    }
}

/// The number of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String")]
pub(crate) struct RunNumber(i64);

impl RunNumber {
    pub(crate) fn get(self) -> i64 {
        self.0
    }
}

impl TryFrom<String> for RunNumber {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        let number = text.parse().ok().filter(|number| *number > 0);
        number.map(Self).ok_or_else(|| out_of_range(&text, i64::MAX))
    }
}

parameter_schema!(RunNumber, "RunNumber", whole_number(KnownFormat::Int64));

/// A temperature that a building is kept at: 0 to 30 degrees Celsius.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, Serialize)]
#[serde(try_from = "String")]
pub(crate) struct DegreesCelsius(f64);

impl DegreesCelsius {
    pub(crate) fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<String> for DegreesCelsius {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        let number = text.parse().ok().filter(|number| (0.0..=30.0).contains(number));
        let unfit = || Unfit::shown(&text, "is no temperature in range", "0 to 30, as in 15.5");
        number.map(Self).ok_or_else(unfit)
    }
}

parameter_schema!(
    DegreesCelsius,
    "DegreesCelsius",
    ObjectBuilder::new()
        .schema_type(Type::Number)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Double)))
        .minimum(Some(0))
        .maximum(Some(30))
);

fn out_of_range(text: &str, most: i64) -> Unfit {
    Unfit::shown(text, "is no whole number in range", format!("1 to {most}"))
}

fn whole_number(format: KnownFormat) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(format)))
        .minimum(Some(1))
}
