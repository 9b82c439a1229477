//! A time series as `CoverageJSON`: a coverage of the domain type `PointSeries`, with a range of
//! values for each quantity (<https://docs.ogc.org/cs/21-069r2/21-069r2.html>).

use std::io::Write as _;

use serde_json::{Map, Value, json};

use super::CRS84;
use super::collection::UCUM;
use super::links::Base;
use super::names::Quantities;
use crate::columnar::Row;
use crate::domain::Quantity;
use crate::domain::tables::{Kind, WEATHER_OBSERVATIONS as OBSERVATIONS};
use crate::serve::rows::json as write_json;
use crate::store::SiteRow;

/// A coverage that is being written.
pub(super) struct Coverage<'a> {
    site: &'a SiteRow,
    id: String,
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
    pub(super) fn begin(base: &Base, site: &'a SiteRow, quantities: &'a Quantities) -> Self {
        let range = |quantity: &'a Quantity| {
            let index = OBSERVATIONS.index_of(quantity.name())?;
            Some(Range { quantity, index, values: Vec::new() })
        };
        let (id, times) = (base.site(&site.site_id), Vec::new());
        Self { site, id, rows: 0, times, ranges: quantities.iter().filter_map(range).collect() }
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn bytes(&self) -> usize {
        self.times.len() + self.ranges.iter().map(|range| range.values.len()).sum::<usize>()
    }

    pub(super) fn row(&mut self, row: Row<'_>) -> std::io::Result<()> {
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

    pub(super) fn end(self) -> std::io::Result<Vec<u8>> {
        let mut text = Vec::with_capacity(self.bytes() + (16 << 10));
        let (longitude, latitude) = (json!(self.site.longitude), json!(self.site.latitude));
        write!(text, r#"{{"type":"Coverage","id":{},"domain":{{"type":"Domain","#, json!(self.id))?;
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
        Ok(text)
    }

    fn parameters(&self) -> Value {
        let pairs = self.ranges.iter().map(|range| (range.quantity.name(), range.quantity));
        let parameters = pairs.map(|(name, quantity)| (name.to_owned(), parameter(quantity)));
        Value::Object(parameters.collect::<Map<_, _>>())
    }
}

/// What the values of a quantity are.
pub(super) fn data_type(quantity: &Quantity) -> &'static str {
    match quantity.column().map(|column| column.kind) {
        Some(Kind::Integer) => "integer",
        _ => "float",
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
