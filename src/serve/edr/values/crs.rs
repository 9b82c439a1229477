//! `crs`: the coordinate reference system, of which there is one.

use serde::{Deserialize, Serialize};

use crate::serve::answer::values::{Unfit, parameter_schema, text_schema};
use crate::serve::edr::terms::CRS84;

/// The coordinate reference system, by one of its names.
#[derive(Debug, Deserialize, Serialize)]
#[serde(try_from = "String")]
pub(crate) struct Crs(String);

impl TryFrom<String> for Crs {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        match &*text {
            "CRS84" | CRS84 => Ok(Self(text)),
            other => {
                let problem = "is no coordinate reference system of this";
                Err(Unfit::shown(other, problem, format!("CRS84, {CRS84}")))
            }
        }
    }
}

parameter_schema!(
    Crs,
    "EdrCrsName",
    text_schema(r"^(http://www\.opengis\.net/def/crs/OGC/1\.3/)?CRS84$")
);
