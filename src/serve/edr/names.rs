//! `parameter-name`: which quantities.

use std::borrow::Cow;

use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::{QUANTITIES, Quantity};
use crate::serve::answer::parameters::{Parameters, shown};
use crate::serve::answer::problem::Problem;

/// The parameter, and what OWSLib calls it (up to 0.35, at least).
pub(super) const NAMES: [&str; 2] = ["parameter-name", "parameter_names"];

/// The quantities that are asked for, in the order of the table; all, if none is named.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Quantities(Vec<Quantity>);

impl Quantities {
    pub(super) fn asked(parameters: &Parameters) -> Result<Self, Problem> {
        let mut asked: Option<Vec<&str>> = None;
        for parameter in NAMES {
            let Some(names) = parameters.list(parameter) else { continue };
            if let Some(name) = names.iter().find(|name| !is_known(name)) {
                return Err(unknown(parameter, name));
            }
            asked.get_or_insert_default().extend(names);
        }
        let is_asked = |quantity: &Quantity| {
            asked.as_ref().is_none_or(|names| names.contains(&quantity.name()))
        };
        Ok(Self(QUANTITIES.iter().copied().filter(is_asked).collect()))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Quantity> {
        self.0.iter()
    }
}

impl std::fmt::Display for Quantities {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.iter().try_for_each(|quantity| write!(f, "{},", quantity.name()))
    }
}

/// The names of all.
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    QUANTITIES.iter().map(Quantity::name)
}

fn is_known(name: &str) -> bool {
    all().any(|known| known == name)
}

fn unknown(parameter: &str, name: &str) -> Problem {
    let known: Vec<_> = all().collect();
    Problem::parameter(parameter, shown(name, "is no parameter of observations"), known.join(", "))
}

/// The name of a quantity, for the document.
pub(super) struct ParameterName;

impl ToSchema for ParameterName {
    fn name() -> Cow<'static, str> {
        "ParameterName".into()
    }
}

impl PartialSchema for ParameterName {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(all())).into()
    }
}
