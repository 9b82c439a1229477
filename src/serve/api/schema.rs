//! What an observation, an hour and a day are, for the document: from the one definition of the table
//! and of the views.

use std::borrow::Cow;

use utoipa::openapi::schema::{ArrayBuilder, SchemaType};
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::views::{Kind, OBSERVATIONS_DAILY, OBSERVATIONS_HOURLY, ViewColumn};
use crate::serve::answer::rows::{Latest, Observations as OfObservation};
use crate::serve::answer::values::Columns;
use crate::views;

/// A row of which `fields` may name columns, as a type that the document knows by name.
macro_rules! row {
    ($(#[$doc:meta])* $type:ident, $name:literal, $columns:ty, $description:expr, $always:expr) => {
        $(#[$doc])*
        pub(super) struct $type;

        impl ToSchema for $type {
            fn name() -> Cow<'static, str> {
                $name.into()
            }
        }

        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                of_row::<$columns>($description, $always)
            }
        }
    };
}

row!(
    /// What one source said of one site at one time.
    Observation, "Observation", OfObservation,
    "What one weather service said of one site at one time.",
    OfObservation::KEY
);
row!(
    /// The newest of it, and where.
    LatestObservation, "LatestObservation", Latest,
    "What one weather service last said of one site, and where that stood then.",
    Latest::KEY
);
row!(
    /// An hour of a site and source that was collected.
    Hour, "Hour", views::Hour, OBSERVATIONS_HOURLY.description, views::Hour::KEY
);
row!(
    /// A local day of a site and source on which slots are expected.
    Day, "Day", views::Day, OBSERVATIONS_DAILY.description, views::Day::KEY
);

/// What is always there; all the rest is, null or not, unless `fields` names others.
fn of_row<C: Columns>(description: &str, always: &[&str]) -> RefOr<Schema> {
    let words = format!("{description} With `fields` only these and the key are there.");
    let mut object = ObjectBuilder::new().description(Some(words));
    for column in C::columns() {
        object = object.property(column.name, field(column));
    }
    for name in always {
        object = object.required(*name);
    }
    RefOr::T(Schema::Object(object.build()))
}

/// A property that may be null where not every row has it.
fn described(kind: Type, is_required: bool, description: &str) -> ObjectBuilder {
    let kind = match is_required {
        true => SchemaType::from(kind),
        false => SchemaType::from_iter([kind, Type::Null]),
    };
    ObjectBuilder::new().schema_type(kind).description(Some(description))
}

/// The time on a site's clocks has no zone.
const LOCAL_TIME: &str = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$";

fn field(column: &ViewColumn) -> Schema {
    let of = |kind| described(kind, column.is_required, column.description);
    let known = |kind, format| of(kind).format(Some(SchemaFormat::KnownFormat(format)));
    let field = match column.kind {
        Kind::Text => of(Type::String),
        Kind::Integer => known(Type::Integer, KnownFormat::Int64),
        Kind::Real => known(Type::Number, KnownFormat::Double),
        Kind::Boolean => of(Type::Boolean),
        Kind::Time => known(Type::String, KnownFormat::DateTime),
        Kind::Date => known(Type::String, KnownFormat::Date),
        // Of the warehouse alone.
        Kind::Place => of(Type::String),
        Kind::LocalTime => of(Type::String).pattern(Some(LOCAL_TIME)),
        Kind::Counts => of(Type::Object)
            .additional_properties(Some(ObjectBuilder::new().schema_type(Type::Integer))),
        Kind::Texts => {
            let texts = ArrayBuilder::new().items(ObjectBuilder::new().schema_type(Type::String));
            return texts.description(Some(column.description)).into();
        }
    };
    field.into()
}

/// The newest observations.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is written row by row")]
pub(super) struct LatestObservations {
    /// By site, source and time.
    observations: Vec<LatestObservation>,
}

/// A page of observations.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is written row by row")]
pub(super) struct ObservationsPage {
    /// By site, source and time.
    observations: Vec<Observation>,
    /// `cursor` of the next page; null: this is the last.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// A page of hours.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is written row by row")]
pub(super) struct HoursPage {
    /// By site, source and time.
    hours: Vec<Hour>,
    /// `cursor` of the next page; null: this is the last.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// A page of days.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is written row by row")]
pub(super) struct DaysPage {
    /// By site, source and day.
    days: Vec<Day>,
    /// `cursor` of the next page; null: this is the last.
    #[schema(required = true)]
    next_cursor: Option<String>,
}
