//! A quantity as EDR describes it.

use serde::Serialize;
use utoipa::ToSchema;

use super::terms::UCUM;
use crate::domain::Quantity;
use crate::domain::tables::Kind;

/// A quantity.
#[derive(Serialize, ToSchema)]
#[schema(as = EdrParameter)]
pub(super) struct Parameter {
    /// `Parameter`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Its name.
    id: &'static str,
    /// Its name for people.
    label: &'static str,
    /// What it says, with unit and range.
    description: &'static str,
    /// `float` or `integer`.
    #[serde(rename = "data-type")]
    data_type: &'static str,
    /// The unit of its values.
    unit: Unit,
    /// What is observed.
    #[serde(rename = "observedProperty")]
    observed_property: ObservedProperty,
    /// Over how long, if it is a total.
    #[serde(rename = "measurementType", skip_serializing_if = "Option::is_none")]
    measurement_type: Option<MeasurementType>,
}

/// A unit of measure.
#[derive(Serialize, ToSchema)]
#[schema(as = EdrUnit)]
struct Unit {
    /// Its name.
    label: &'static str,
    /// Its code.
    symbol: Symbol,
}

/// The code of a unit.
#[derive(Serialize, ToSchema)]
#[schema(as = EdrSymbol)]
struct Symbol {
    /// The UCUM code.
    #[schema(examples("Cel", "hPa"))]
    value: &'static str,
    /// That it is one.
    #[serde(rename = "type")]
    kind: &'static str,
}

/// What is observed.
#[derive(Serialize, ToSchema)]
#[schema(as = EdrObservedProperty)]
struct ObservedProperty {
    /// The address of its CF standard name.
    id: String,
    /// The CF standard name.
    label: &'static str,
}

/// How a value is made of others.
#[derive(Serialize, ToSchema)]
#[schema(as = EdrMeasurementType)]
struct MeasurementType {
    /// `sum`.
    method: &'static str,
    /// Over how long before the time (ISO 8601).
    #[schema(examples("-PT1H"))]
    duration: String,
}

impl From<&Quantity> for Parameter {
    fn from(quantity: &Quantity) -> Self {
        let hours = quantity.total_hours;
        Self {
            kind: "Parameter",
            id: quantity.name(),
            label: quantity.label,
            description: quantity.column().map_or("", |column| column.description),
            data_type: data_type(quantity),
            unit: Unit {
                label: quantity.unit.label,
                symbol: Symbol { value: quantity.unit.code, kind: UCUM },
            },
            observed_property: ObservedProperty {
                id: quantity.standard_name_uri(),
                label: quantity.standard_name,
            },
            measurement_type: hours
                .map(|hours| MeasurementType { method: "sum", duration: format!("-PT{hours}H") }),
        }
    }
}

/// What the values of a quantity are.
pub(super) fn data_type(quantity: &Quantity) -> &'static str {
    match quantity.column().map(|column| column.kind) {
        Some(Kind::Integer) => "integer",
        _ => "float",
    }
}
