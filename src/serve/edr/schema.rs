//! What answers look like, for the document.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::parameter::Parameter;
use crate::domain::Coordinates;

/// A place as `GeoJSON`.
#[derive(Serialize, ToSchema)]
#[schema(as = EdrPoint)]
pub(super) struct Point {
    /// `Point`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Longitude and latitude, degrees.
    coordinates: [f64; 2],
}

impl Point {
    pub(super) fn at(longitude: f64, latitude: f64) -> Self {
        Self { kind: "Point", coordinates: [longitude, latitude] }
    }

    pub(super) fn of(place: Coordinates) -> Self {
        Self::at(place.longitude(), place.latitude())
    }
}

/// A time series as `CoverageJSON`: of one place, or of each in which the site stood.
#[derive(ToSchema)]
#[schema(as = EdrSeries)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes what is written row by row")]
pub(super) enum Series {
    /// The site stood in one place.
    Coverage(Coverage),
    /// It has moved.
    Coverages(Coverages),
}

/// Time series: a coverage for each site and each place in which it stood, in order.
#[derive(ToSchema)]
#[schema(as = EdrCoverages)]
#[expect(dead_code, reason = "describes what is written row by row")]
pub(super) struct Coverages {
    /// `CoverageCollection`.
    #[schema(pattern = "^CoverageCollection$")]
    r#type: String,
    /// `PointSeries`.
    #[serde(rename = "domainType")]
    #[schema(pattern = "^PointSeries$")]
    domain_type: String,
    /// Each of one place.
    #[schema(min_items = 1)]
    coverages: Vec<Coverage>,
}

/// A time series of one place as `CoverageJSON`.
#[derive(ToSchema)]
#[schema(as = EdrCoverage)]
#[expect(dead_code, reason = "describes what is written row by row")]
pub(super) struct Coverage {
    /// `Coverage`.
    #[schema(pattern = "^Coverage$")]
    r#type: String,
    /// The address of the time series.
    id: String,
    /// Where and when.
    domain: Domain,
    /// The quantities, by name.
    parameters: BTreeMap<String, serde_json::Map<String, serde_json::Value>>,
    /// Their values, by name.
    ranges: BTreeMap<String, Values>,
}

/// Where and when.
#[derive(ToSchema)]
#[schema(as = EdrDomain)]
#[expect(dead_code, reason = "describes what is written row by row")]
struct Domain {
    /// `Domain`.
    #[schema(pattern = "^Domain$")]
    r#type: String,
    /// `PointSeries`.
    #[serde(rename = "domainType")]
    #[schema(pattern = "^PointSeries$")]
    domain_type: String,
    /// Where and when.
    axes: Axes,
    /// What the coordinates refer to.
    referencing: Vec<serde_json::Map<String, serde_json::Value>>,
}

/// Where and when.
#[derive(ToSchema)]
#[schema(as = EdrAxes)]
#[expect(dead_code, reason = "describes what is written row by row")]
struct Axes {
    /// The longitude of the site.
    x: Place,
    /// The latitude of the site.
    y: Place,
    /// The times of its observations.
    t: Times,
}

/// A coordinate.
#[derive(ToSchema)]
#[schema(as = EdrPlaceAxis)]
#[expect(dead_code, reason = "describes what is written row by row")]
struct Place {
    /// Degrees, one number.
    #[schema(min_items = 1, max_items = 1)]
    values: Vec<f64>,
}

/// Times.
#[derive(ToSchema)]
#[schema(as = EdrTimeAxis)]
#[expect(dead_code, reason = "describes what is written row by row")]
struct Times {
    /// In order.
    #[schema(min_items = 1)]
    values: Vec<chrono::DateTime<chrono::Utc>>,
}

/// Values.
#[derive(ToSchema)]
#[schema(as = EdrValues)]
#[expect(dead_code, reason = "describes what is written row by row")]
struct Values {
    /// `NdArray`.
    #[schema(pattern = "^NdArray$")]
    r#type: String,
    /// `float` or `integer`.
    #[serde(rename = "dataType")]
    #[schema(pattern = "^(float|integer)$")]
    data_type: String,
    /// `t`.
    #[serde(rename = "axisNames")]
    axis_names: Vec<String>,
    /// As many as there are times.
    shape: Vec<u32>,
    /// A value for each time; null: the source did not say.
    values: Vec<Option<f64>>,
}

/// A time series as `GeoJSON`.
#[derive(ToSchema)]
#[schema(as = EdrSeriesFeatures)]
#[expect(dead_code, reason = "describes what is written row by row")]
pub(super) struct SeriesFeatures {
    /// `FeatureCollection`.
    #[schema(pattern = "^FeatureCollection$")]
    r#type: String,
    /// An observation each.
    features: Vec<SeriesFeature>,
    /// The quantities.
    parameters: Vec<Parameter>,
    /// How many observations there are.
    #[serde(rename = "numberMatched")]
    number_matched: u32,
    /// The same: all are here.
    #[serde(rename = "numberReturned")]
    number_returned: u32,
}

/// An observation as `GeoJSON`.
#[derive(ToSchema)]
#[schema(as = EdrSeriesFeature)]
#[expect(dead_code, reason = "describes what is written row by row")]
struct SeriesFeature {
    /// `Feature`.
    #[schema(pattern = "^Feature$")]
    r#type: String,
    /// Where the site is.
    geometry: Point,
    /// `datetime`, `label`, `parameter-name`, `edrqueryendpoint`, and a value for each quantity;
    /// null: the source did not say.
    properties: serde_json::Map<String, serde_json::Value>,
}
