//! Links, which clients follow without knowing the paths.
//!
//! Most clients take an address as it is, so that addresses are whole ([`Base`]).

use serde::Serialize;
use utoipa::ToSchema;

use super::terms::{COLLECTION, CRS84, ROOT};
use super::values::{DATA, Units};
use crate::serve::answer::public::Base;

impl Base {
    /// The address of a site's time series.
    pub(super) fn site(&self, site_id: &str) -> String {
        self.address(&format!("{COLLECTION}/locations/{site_id}"))
    }

    /// A link to a path under the landing page.
    pub(super) fn link(
        &self,
        path: &str,
        rel: &'static str,
        kind: &'static str,
        title: &'static str,
    ) -> Link {
        self.to(&format!("{ROOT}{path}"), rel, kind, title)
    }

    /// A link to a path.
    pub(super) fn to(
        &self,
        path: &str,
        rel: &'static str,
        kind: &'static str,
        title: &'static str,
    ) -> Link {
        let href = self.address(path);
        Link { href, rel, kind, title, templated: None, variables: None }
    }
}

/// A link.
#[derive(Serialize, ToSchema)]
#[schema(as = EdrLink)]
pub(super) struct Link {
    /// Where it leads.
    href: String,
    /// What is there.
    #[schema(examples("self", "data", "conformance"))]
    rel: &'static str,
    /// The media type of what is there.
    #[serde(rename = "type")]
    #[schema(examples("application/json"))]
    kind: &'static str,
    /// The same in words.
    title: &'static str,
    /// Whether `href` has parts in braces for the client to fill in.
    #[serde(skip_serializing_if = "Option::is_none")]
    templated: Option<bool>,
    /// What can be asked there, of a query.
    #[serde(skip_serializing_if = "Option::is_none")]
    variables: Option<Variables>,
}

impl Link {
    /// The same with what can be asked there.
    pub(super) fn query(self, variables: Variables) -> Self {
        let templated = self.href.contains('{').then_some(true);
        Self { templated, variables: Some(variables), ..self }
    }
}

/// What a query can be asked.
#[derive(Serialize, ToSchema)]
#[schema(as = EdrVariables)]
pub(super) struct Variables {
    /// What it is called.
    title: &'static str,
    /// Which query of the standard.
    query_type: &'static str,
    /// The forms that its answer comes in.
    output_formats: Vec<&'static str>,
    /// The one that is meant if none is named.
    default_output_format: &'static str,
    /// Its coordinates.
    crs_details: [CrsDetails; 1],
    /// The units of distances.
    #[serde(skip_serializing_if = "Option::is_none")]
    within_units: Option<[&'static str; 3]>,
}

/// A coordinate reference system.
#[derive(Serialize, ToSchema)]
#[schema(as = EdrCrs)]
struct CrsDetails {
    /// The value of `crs`.
    crs: &'static str,
    /// Well-known text.
    wkt: &'static str,
}

const WGS_84: &str = "GEOGCS[\"WGS 84\",DATUM[\"WGS_1984\",SPHEROID[\"WGS 84\",6378137,298.257223563]],\
    PRIMEM[\"Greenwich\",0],UNIT[\"degree\",0.0174532925199433],AXIS[\"Longitude\",EAST],\
    AXIS[\"Latitude\",NORTH]]";

impl Variables {
    pub(super) fn new(query_type: &'static str, title: &'static str) -> Self {
        Self {
            title,
            query_type,
            output_formats: output_formats(),
            default_output_format: DATA.first().map_or("", |(name, _)| name),
            crs_details: [CrsDetails { crs: CRS84, wkt: WGS_84 }],
            within_units: (query_type == "radius").then(Units::names),
        }
    }
}

/// The names of the forms that data comes in.
pub(super) fn output_formats() -> Vec<&'static str> {
    let mut names: Vec<_> = DATA.iter().map(|(name, _)| *name).collect();
    names.dedup();
    names
}
