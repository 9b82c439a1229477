//! `parameter-name`: which quantities.

use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::ArrayBuilder;
use utoipa::openapi::{ObjectBuilder, Ref, Type};

use crate::domain::{QUANTITIES, Quantity};
use crate::serve::answer::values::{Unfit, items, parameter_schema};

/// Names of quantities, in the order of the table.
#[derive(Debug, Deserialize, Serialize)]
#[serde(try_from = "String")]
pub(crate) struct Names(Vec<&'static str>);

impl TryFrom<String> for Names {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        let names: Vec<_> = items(&text).collect();
        match names.iter().find(|name| !all_names().any(|known| known == **name)) {
            Some(unknown) => Err(unfit(unknown)),
            None => Ok(Self(all_names().filter(|known| names.contains(known)).collect())),
        }
    }
}

fn unfit(name: &str) -> Unfit {
    let known: Vec<_> = all_names().collect();
    Unfit::shown(name, "is no parameter of observations", known.join(", "))
}

// One item at least: none is no list.
parameter_schema!(
    Names,
    "ParameterNames",
    ArrayBuilder::new().items(Ref::from_schema_name("ParameterName")).min_items(Some(1))
);

/// The names of all.
pub(crate) fn all_names() -> impl Iterator<Item = &'static str> {
    QUANTITIES.iter().map(Quantity::name)
}

/// The quantities that are asked for, in the order of the table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Quantities(Vec<Quantity>);

impl Quantities {
    /// Those that any of the lists names; all, if there is no list.
    pub(crate) fn of(lists: [Option<&Names>; 2]) -> Self {
        let mut names = lists.into_iter().flatten().peekable();
        if names.peek().is_none() {
            return Self(QUANTITIES.to_vec());
        }
        let names: Vec<_> = names.flat_map(|names| &names.0).copied().collect();
        let is_named = |quantity: &Quantity| names.contains(&quantity.name());
        Self(QUANTITIES.iter().copied().filter(is_named).collect())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Quantity> {
        self.0.iter()
    }
}

/// The name of a quantity, for the document.
pub(crate) struct ParameterName;

parameter_schema!(
    ParameterName,
    "ParameterName",
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(all_names()))
);
