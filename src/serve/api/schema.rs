//! What an observation, an hour and a day are, for the document: from the one definition of the table
//! and of the views.

use std::borrow::Cow;

use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::tables::{Column, Kind, WEATHER_OBSERVATIONS};
use crate::domain::views::{self, OBSERVATIONS_DAILY, OBSERVATIONS_HOURLY, View, ViewColumn};
use crate::serve::answer::values::public_columns;

/// What one source said of one site at one time.
pub(super) struct Observation;

impl ToSchema for Observation {
    fn name() -> Cow<'static, str> {
        "Observation".into()
    }
}

impl PartialSchema for Observation {
    fn schema() -> RefOr<Schema> {
        let mut object = ObjectBuilder::new().description(Some(
            "What one weather service said of one site at one time. With `fields` only these and \
             the key are there.",
        ));
        for column in public_columns() {
            object = object.property(column.name, property(column));
        }
        for name in WEATHER_OBSERVATIONS.key {
            object = object.required(*name);
        }
        RefOr::T(Schema::Object(object.build()))
    }
}

fn property(column: &Column) -> ObjectBuilder {
    let (kind, format) = match column.kind {
        Kind::Text => (Type::String, None),
        Kind::Integer => (Type::Integer, Some(KnownFormat::Int64)),
        Kind::Real { .. } => (Type::Number, Some(KnownFormat::Double)),
        Kind::Time => (Type::String, Some(KnownFormat::DateTime)),
        Kind::Date => (Type::String, Some(KnownFormat::Date)),
    };
    described(kind, column.is_required, column.description)
        .format(format.map(SchemaFormat::KnownFormat))
}

/// A property that may be null where not every row has it.
fn described(kind: Type, is_required: bool, description: &str) -> ObjectBuilder {
    let kind = match is_required {
        true => SchemaType::from(kind),
        false => SchemaType::from_iter([kind, Type::Null]),
    };
    ObjectBuilder::new().schema_type(kind).description(Some(description))
}

/// A row of a view, as a type that the document knows by name.
macro_rules! row {
    ($(#[$doc:meta])* $type:ident, $name:literal, $view:expr) => {
        $(#[$doc])*
        pub(super) struct $type;

        impl ToSchema for $type {
            fn name() -> Cow<'static, str> {
                $name.into()
            }
        }

        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                of_row(&$view)
            }
        }
    };
}

row!(
    /// An hour of a site and source that was collected.
    Hour, "Hour", OBSERVATIONS_HOURLY
);
row!(
    /// A local day of a site and source on which slots are expected.
    Day, "Day", OBSERVATIONS_DAILY
);

/// Every field is there, null or not.
fn of_row(view: &View) -> RefOr<Schema> {
    let mut object = ObjectBuilder::new().description(Some(view.description));
    for column in view.fields() {
        object = object.property(column.name, field(column)).required(column.name);
    }
    RefOr::T(Schema::Object(object.build()))
}

/// The time on a site's clocks has no zone.
const LOCAL_TIME: &str = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$";

fn field(column: &ViewColumn) -> ObjectBuilder {
    let of = |kind| described(kind, column.is_required, column.description);
    let known = |kind, format| of(kind).format(Some(SchemaFormat::KnownFormat(format)));
    match column.kind {
        views::Kind::Text => of(Type::String),
        views::Kind::Integer => known(Type::Integer, KnownFormat::Int64),
        views::Kind::Real => known(Type::Number, KnownFormat::Double),
        views::Kind::Boolean => of(Type::Boolean),
        views::Kind::Time => known(Type::String, KnownFormat::DateTime),
        views::Kind::Date => known(Type::String, KnownFormat::Date),
        views::Kind::LocalTime => of(Type::String).pattern(Some(LOCAL_TIME)),
        views::Kind::Counts => of(Type::Object)
            .additional_properties(Some(ObjectBuilder::new().schema_type(Type::Integer))),
    }
}

/// Observations.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is written row by row")]
pub(super) struct Observations {
    /// By site, source and time.
    observations: Vec<Observation>,
}

/// A page of observations.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is written row by row")]
pub(super) struct ObservationsPage {
    /// By source and time.
    observations: Vec<Observation>,
    /// `cursor` of the next page; null: this is the last.
    #[schema(required = true)]
    next_cursor: Option<String>,
}
