//! `fields`: which columns of a row.

use std::marker::PhantomData;

use serde::{Deserialize, Serialize, Serializer};
use utoipa::openapi::schema::ArrayBuilder;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::{Unfit, items};
use crate::domain::views::ViewColumn;

/// What rows have.
pub(crate) trait Columns: 'static {
    /// The columns that are always there.
    const KEY: &'static [&'static str];

    /// Every column, in order.
    fn columns() -> &'static [ViewColumn];
}

/// Which columns, in the order of the rows; those of the key are always there. The default is all.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String", bound = "C: Columns")]
pub(crate) struct Fields<C>(Vec<usize>, PhantomData<fn() -> C>);

impl<C> Clone for Fields<C> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}

impl<C: Columns> Fields<C> {
    fn where_name(is_meant: impl Fn(&str) -> bool) -> Self {
        let all = C::columns().iter().enumerate();
        let meant = all.filter(|(_, column)| is_meant(column.name));
        Self(meant.map(|(index, _)| index).collect(), PhantomData)
    }

    /// Their places among the columns.
    pub(crate) fn indexes(&self) -> &[usize] {
        &self.0
    }
}

impl<C> Serialize for Fields<C> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<C: Columns> Default for Fields<C> {
    fn default() -> Self {
        Self::where_name(|_| true)
    }
}

impl<C: Columns> TryFrom<String> for Fields<C> {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        let names: Vec<_> = items(&text).collect();
        let is_known = |name: &str| C::columns().iter().any(|column| column.name == name);
        match names.iter().find(|name| !is_known(name)) {
            Some(unknown) => Err(unfit::<C>(unknown)),
            None => Ok(Self::where_name(|name| C::KEY.contains(&name) || names.contains(&name))),
        }
    }
}

fn unfit<C: Columns>(name: &str) -> Unfit {
    let allowed: Vec<_> = C::columns().iter().map(|column| column.name).collect();
    match name.is_empty() {
        true => Unfit::new("an empty name is no field", allowed.join(", ")),
        false => Unfit::shown(name, "is no field", allowed.join(", ")),
    }
}

impl<C: Columns> ToSchema for Fields<C> {}

impl<C: Columns> PartialSchema for Fields<C> {
    fn schema() -> RefOr<Schema> {
        let names = C::columns().iter().map(|column| column.name);
        let name = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names));
        // One item at least: none is no list.
        ArrayBuilder::new().items(name).min_items(Some(1)).into()
    }
}
