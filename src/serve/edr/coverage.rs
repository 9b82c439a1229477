//! A time series as `CoverageJSON`: a coverage of the domain type `PointSeries`, with a range of
//! values for each quantity (<https://docs.ogc.org/cs/21-069r2/21-069r2.html>).

use std::io::Write as _;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::parameter::data_type;
use super::terms::{CRS84, UCUM, interval};
use super::values::Quantities;
use crate::columnar::Row;
use crate::domain::tables::WEATHER_OBSERVATIONS as OBSERVATIONS;
use crate::domain::{Coordinates, Quantity, Stay};
use crate::serve::answer::public::Base;
use crate::serve::answer::rows::json as write_json;
use crate::store::SiteRow;

/// The coverages that are being written, one for each site and each place in which it stood: a point
/// series has one place.
pub(super) struct Coverages<'a> {
    base: &'a Base,
    /// The address of the time series of the site whose rows come now.
    address: Arc<str>,
    quantities: &'a Quantities,
    list: Vec<Coverage<'a>>,
    rows: usize,
}

impl<'a> Coverages<'a> {
    pub(super) fn begin(base: &'a Base, quantities: &'a Quantities) -> Self {
        Self { base, address: Arc::default(), quantities, list: Vec::new(), rows: 0 }
    }

    /// The rows that come now are of this site.
    pub(super) fn site(&mut self, site: &SiteRow) {
        self.address = self.base.site(&site.site_id).into();
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn bytes(&self) -> usize {
        self.list.iter().map(Coverage::bytes).sum()
    }

    /// An observation of a time at which the site stood there.
    pub(super) fn row(&mut self, row: Row<'_>, stay: &Stay) -> std::io::Result<()> {
        let place = stay.locality.coordinates;
        let is_same = |last: &Coverage<'_>| last.place == place && last.address == self.address;
        if !self.list.last().is_some_and(is_same) {
            self.list.push(Coverage::begin(self.address.clone(), place, self.quantities));
        }
        self.rows += 1;
        self.list.last_mut().map_or(Ok(()), |last| last.row(row))
    }

    /// One coverage, or a collection: of several, or where several could have been.
    pub(super) fn end(self, are_several: bool) -> std::io::Result<Vec<u8>> {
        let mut text = Vec::with_capacity(self.bytes() + (16 << 10));
        if let ([only], false) = (&self.list[..], are_several) {
            only.write(&only.address, &mut text)?;
            return Ok(text);
        }
        text.extend_from_slice(br#"{"type":"CoverageCollection","domainType":"PointSeries","#);
        text.extend_from_slice(br#""coverages":["#);
        for (number, coverage) in self.list.iter().enumerate() {
            if number > 0 {
                text.push(b',');
            }
            coverage.write(&coverage.address_of_part(), &mut text)?;
        }
        text.extend_from_slice(b"]}");
        Ok(text)
    }
}

/// A coverage that is being written.
struct Coverage<'a> {
    /// The address of the site's time series.
    address: Arc<str>,
    place: Coordinates,
    /// The first time and the last.
    times_from_to: Option<(DateTime<Utc>, DateTime<Utc>)>,
    rows: usize,
    times: Vec<u8>,
    ranges: Vec<Range<'a>>,
}

/// The values of a quantity.
struct Range<'a> {
    quantity: &'a Quantity,
    index: usize,
    values: Vec<u8>,
}

impl<'a> Coverage<'a> {
    fn begin(address: Arc<str>, place: Coordinates, quantities: &'a Quantities) -> Self {
        let range = |quantity: &'a Quantity| {
            let index = OBSERVATIONS.index_of(quantity.name())?;
            Some(Range { quantity, index, values: Vec::new() })
        };
        let ranges = quantities.iter().filter_map(range).collect();
        Self { address, place, times_from_to: None, rows: 0, times: Vec::new(), ranges }
    }

    /// The address of this part of a site's time series.
    fn address_of_part(&self) -> String {
        let (times, address) = (self.times_from_to, &self.address);
        let times = times.map(|(first, last)| format!("?datetime={}", interval(first, last)));
        format!("{address}{}", times.unwrap_or_default())
    }

    fn bytes(&self) -> usize {
        self.times.len() + self.ranges.iter().map(|range| range.values.len()).sum::<usize>()
    }

    fn row(&mut self, row: Row<'_>) -> std::io::Result<()> {
        if let Some(time) = row.time("observation_time") {
            let first = self.times_from_to.map_or(time, |(first, _)| first);
            self.times_from_to = Some((first, time));
        }
        let time = OBSERVATIONS.index_of("observation_time").and_then(|index| row.value(index));
        let columns =
            self.ranges.iter_mut().map(|range| (&mut range.values, row.value(range.index)));
        for (values, value) in std::iter::once((&mut self.times, time)).chain(columns) {
            if self.rows > 0 {
                values.push(b',');
            }
            write_json(values, value)?;
        }
        self.rows += 1;
        Ok(())
    }

    fn write(&self, id: &str, text: &mut Vec<u8>) -> std::io::Result<()> {
        let (longitude, latitude) = (json!(self.place.longitude()), json!(self.place.latitude()));
        write!(text, r#"{{"type":"Coverage","id":{},"domain":{{"type":"Domain","#, json!(id))?;
        write!(text, r#""domainType":"PointSeries","axes":{{"x":{{"values":[{longitude}]}},"#)?;
        write!(text, r#""y":{{"values":[{latitude}]}},"t":{{"values":["#)?;
        text.extend_from_slice(&self.times);
        write!(text, r#"]}}}},"referencing":{}}},"#, referencing())?;
        write!(text, r#""parameters":{},"ranges":{{"#, self.parameters())?;
        for (number, range) in self.ranges.iter().enumerate() {
            let before = if number == 0 { "" } else { "," };
            let (name, kind) = (range.quantity.name(), data_type(range.quantity));
            write!(text, r#"{before}"{name}":{{"type":"NdArray","dataType":"{kind}","#)?;
            write!(text, r#""axisNames":["t"],"shape":[{}],"values":["#, self.rows)?;
            text.extend_from_slice(&range.values);
            text.extend_from_slice(b"]}");
        }
        text.extend_from_slice(b"}}");
        Ok(())
    }

    fn parameters(&self) -> Value {
        let pairs = self.ranges.iter().map(|range| (range.quantity.name(), range.quantity));
        let parameters = pairs.map(|(name, quantity)| (name.to_owned(), parameter(quantity)));
        Value::Object(parameters.collect::<Map<_, _>>())
    }
}

fn referencing() -> Value {
    json!([
        {"coordinates": ["x", "y"], "system": {"type": "GeographicCRS", "id": CRS84}},
        {"coordinates": ["t"], "system": {"type": "TemporalRS", "calendar": "Gregorian"}},
    ])
}

fn parameter(quantity: &Quantity) -> Value {
    let english = |text: &str| json!({"en": text});
    json!({
        "type": "Parameter",
        "label": english(quantity.label),
        "description": english(quantity.column().map_or("", |column| column.description)),
        "unit": {
            "label": english(quantity.unit.label),
            "symbol": {"value": quantity.unit.code, "type": UCUM},
        },
        "observedProperty": {
            "id": quantity.standard_name_uri(),
            "label": english(quantity.standard_name),
        },
    })
}
