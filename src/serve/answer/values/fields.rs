//! `fields`: which columns of an observation.

use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::ArrayBuilder;
use utoipa::openapi::{ObjectBuilder, Ref, Type};

use super::{Unfit, items, parameter_schema};
use crate::domain::tables::{Column, WEATHER_OBSERVATIONS as OBSERVATIONS};

/// The columns that no request can name: of use to the sync only.
const INTERNAL: [&str; 1] = ["row_hash"];

/// The columns of an observation that a request can name.
pub(crate) fn public_columns() -> impl Iterator<Item = &'static Column> {
    OBSERVATIONS.columns.iter().filter(|column| !INTERNAL.contains(&column.name))
}

/// Which columns, in the order of the table; those of the key are always there. The default is all.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String")]
pub(crate) struct Fields(Vec<usize>);

impl Fields {
    fn where_name(is_meant: impl Fn(&str) -> bool) -> Self {
        let meant = public_columns().filter(|column| is_meant(column.name));
        Self(meant.filter_map(|column| OBSERVATIONS.index_of(column.name)).collect())
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.columns().map(|(_, name)| name)
    }

    /// Their places in the table, and their names.
    pub(crate) fn columns(&self) -> impl Iterator<Item = (usize, &'static str)> {
        self.0.iter().filter_map(|index| Some((*index, OBSERVATIONS.columns.get(*index)?.name)))
    }
}

impl Default for Fields {
    fn default() -> Self {
        Self::where_name(|_| true)
    }
}

impl TryFrom<String> for Fields {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        let names: Vec<_> = items(&text).collect();
        match names.iter().find(|name| !is_public(name)) {
            Some(unknown) => Err(unfit(unknown)),
            None => Ok(Self::where_name(|name| {
                OBSERVATIONS.key.contains(&name) || names.contains(&name)
            })),
        }
    }
}

fn is_public(name: &str) -> bool {
    public_columns().any(|column| column.name == name)
}

fn unfit(name: &str) -> Unfit {
    let allowed: Vec<_> = public_columns().map(|column| column.name).collect();
    match name.is_empty() {
        true => Unfit::new("an empty name is no field", allowed.join(", ")),
        false => Unfit::shown(name, "is no field", allowed.join(", ")),
    }
}

// One item at least: none is no list.
parameter_schema!(
    Fields,
    "Fields",
    ArrayBuilder::new().items(Ref::from_schema_name("Field")).min_items(Some(1))
);

/// The name of a column, for the document.
pub(crate) struct Field;

parameter_schema!(Field, "Field", {
    let names = public_columns().map(|column| column.name);
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names))
});
