//! Yes or no.

use serde::{Deserialize, Serialize};
use utoipa::openapi::{ObjectBuilder, Type};

use super::{Unfit, parameter_schema};

/// `true` or `false`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String")]
pub(crate) struct Flag(pub(crate) bool);

impl TryFrom<String> for Flag {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        let unfit = |_| Unfit::shown(&text, "is neither yes nor no", "true, false");
        text.parse().map(Self).map_err(unfit)
    }
}

parameter_schema!(Flag, "Flag", ObjectBuilder::new().schema_type(Type::Boolean));
