//! What an observation is, for the document: from the one definition of the table.

use std::borrow::Cow;

use utoipa::openapi::schema::{AnyOfBuilder, SchemaType};
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::tables::{Column, Kind, WEATHER_OBSERVATIONS};
use crate::serve::answer::rows::public_columns;

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
    let kind = match column.is_required {
        true => SchemaType::from(kind),
        false => SchemaType::from_iter([kind, Type::Null]),
    };
    ObjectBuilder::new()
        .schema_type(kind)
        .format(format.map(SchemaFormat::KnownFormat))
        .description(Some(column.description))
}

/// The name of a column.
pub(super) struct Field;

impl ToSchema for Field {
    fn name() -> Cow<'static, str> {
        "Field".into()
    }
}

impl PartialSchema for Field {
    fn schema() -> RefOr<Schema> {
        let names = public_columns().map(|column| column.name);
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).into()
    }
}

/// A time without seconds, of a day that every month has.
const MINUTE: &str = "^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])\
    T([01][0-9]|2[0-3]):[0-5][0-9](Z|[+-](0[0-9]|1[0-3]):[0-5][0-9])$";

/// A time, with seconds or without, or a day.
pub(crate) struct Moment;

impl ToSchema for Moment {
    fn name() -> Cow<'static, str> {
        "Moment".into()
    }
}

impl PartialSchema for Moment {
    fn schema() -> RefOr<Schema> {
        let text = |format| {
            let format = Some(SchemaFormat::KnownFormat(format));
            ObjectBuilder::new().schema_type(Type::String).format(format)
        };
        let time = text(KnownFormat::DateTime);
        let day = text(KnownFormat::Date);
        let minute = ObjectBuilder::new().schema_type(Type::String).pattern(Some(MINUTE));
        AnyOfBuilder::new().item(time).item(minute).item(day).into()
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
