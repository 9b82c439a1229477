//! A time series as `GeoJSON`: a feature for each observation, with its values as properties.

use std::io::Write as _;

use serde_json::json;

use super::parameter::Parameter;
use super::schema::Point;
use super::values::Quantities;
use crate::columnar::Row;
use crate::domain::tables::WEATHER_OBSERVATIONS as OBSERVATIONS;
use crate::domain::{Quantity, Stay};
use crate::serve::answer::public::Base;
use crate::serve::answer::rows::json as write_json;
use crate::store::SiteRow;

/// Features that are being written.
pub(super) struct Features<'a> {
    base: &'a Base,
    quantities: Vec<(&'a Quantity, usize)>,
    /// What stands after the time of each feature of the site whose rows come now.
    after: String,
    text: Vec<u8>,
    rows: usize,
}

impl<'a> Features<'a> {
    pub(super) fn begin(base: &'a Base, quantities: &'a Quantities) -> Self {
        let indexed =
            |quantity: &'a Quantity| Some((quantity, OBSERVATIONS.index_of(quantity.name())?));
        Self {
            base,
            quantities: quantities.iter().filter_map(indexed).collect(),
            after: String::new(),
            text: br#"{"type":"FeatureCollection","features":["#.to_vec(),
            rows: 0,
        }
    }

    /// The rows that come now are of this site.
    pub(super) fn site(&mut self, site: &SiteRow) {
        let names: Vec<_> = self.quantities.iter().map(|(quantity, _)| quantity.name()).collect();
        let (label, names) = (json!(site.name), json!(names));
        let address = json!(self.base.site(&site.site_id));
        self.after =
            format!(r#","label":{label},"parameter-name":{names},"edrqueryendpoint":{address}"#);
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn bytes(&self) -> usize {
        self.text.len()
    }

    /// An observation of a time at which the site stood there.
    pub(super) fn row(&mut self, row: Row<'_>, stay: &Stay) -> std::io::Result<()> {
        if self.rows > 0 {
            self.text.push(b',');
        }
        self.rows += 1;
        let point = json!(Point::of(stay.locality.coordinates));
        write!(self.text, r#"{{"type":"Feature","geometry":{point},"properties":{{"datetime":"#)?;
        let time = OBSERVATIONS.index_of("observation_time").and_then(|index| row.value(index));
        write_json(&mut self.text, time)?;
        self.text.extend_from_slice(self.after.as_bytes());
        for (quantity, index) in &self.quantities {
            write!(self.text, r#","{}":"#, quantity.name())?;
            write_json(&mut self.text, row.value(*index))?;
        }
        self.text.extend_from_slice(b"}}");
        Ok(())
    }

    pub(super) fn end(mut self) -> std::io::Result<Vec<u8>> {
        let parameters = self.quantities.iter().map(|(quantity, _)| Parameter::from(*quantity));
        let parameters = json!(parameters.collect::<Vec<_>>());
        let rows = self.rows;
        write!(self.text, r#"],"parameters":{parameters},"numberMatched":{rows},"#)?;
        write!(self.text, r#""numberReturned":{rows}}}"#)?;
        Ok(self.text)
    }
}
