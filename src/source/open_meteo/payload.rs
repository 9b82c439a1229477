//! The payload of `/v1/forecast` and `/v1/archive`, read leniently: what is not there, or null, is
//! not known. A number in another unit than ours is a fault, not a number.

use serde_json::{Map, Value};

use super::answer;
use crate::source::fault::{Fault, one_line};

/// A variable of the service, and the unit that we ask for, as the answer writes it.
pub(super) type Variable = (&'static str, &'static str);

/// The places of a body: an object for one, a list for several, in the order asked.
///
/// # Errors
/// A [`Fault`] when the body claims an error, or is no JSON of this shape.
pub(super) fn places(body: &[u8]) -> Result<Vec<Place>, Fault> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    if body.trim_ascii().is_empty() {
        return Err(Fault::malformed("the answer is empty"));
    }
    let parsed: Value =
        serde_json::from_slice(body).map_err(|error| Fault::no_json(&error, body))?;
    let places = match parsed {
        Value::Array(places) => places,
        place => vec![place],
    };
    places.into_iter().map(Place::parse).collect()
}

/// What an answer says of one place.
#[derive(Debug)]
pub(super) struct Place(Map<String, Value>);

impl Place {
    fn parse(place: Value) -> Result<Self, Fault> {
        let Value::Object(place) = place else {
            let said = one_line(&place.to_string());
            let message = format!("the answer is neither an object nor a list of them: {said}");
            return Err(Fault::malformed(&message));
        };
        match place.get("error") {
            // Some servers say 200 outside and an error inside.
            Some(Value::Bool(true)) => Err(answer::claimed(&place)),
            _ => Ok(Self(place)),
        }
    }

    /// A number of the place itself.
    pub(super) fn number(&self, name: &str) -> Result<Option<f64>, Fault> {
        number(name, self.0.get(name))
    }

    /// The part `name` (`current`, `hourly`), with its units; `None` when there is none.
    pub(super) fn block(&self, name: &'static str) -> Result<Option<Block<'_>>, Fault> {
        let values = match self.0.get(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Object(values)) => values,
            Some(_) => return Err(Fault::malformed(&format!("{name}: no object"))),
        };
        let units = self.0.get(&format!("{name}_units")).and_then(Value::as_object);
        Ok(Some(Block { name, values, units }))
    }
}

/// A part of a payload: a value for each variable, or a list of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block<'a> {
    name: &'static str,
    values: &'a Map<String, Value>,
    units: Option<&'a Map<String, Value>>,
}

impl<'a> Block<'a> {
    /// The value of a variable, where the block has one for each.
    pub(super) fn value(&self, variable: Variable) -> Result<Option<f64>, Fault> {
        self.checked(variable, self.values.get(variable.0))
    }

    /// The value of a variable at a place of its list.
    pub(super) fn value_at(&self, variable: Variable, at: usize) -> Result<Option<f64>, Fault> {
        self.checked(variable, self.list(variable.0)?.get(at))
    }

    /// When, where the block has a value for each variable.
    pub(super) fn time(&self) -> Result<Option<f64>, Fault> {
        number(&format!("{}.time", self.name), self.values.get("time"))
    }

    /// The times that a list has values for, in Unix seconds.
    pub(super) fn times(&self) -> Result<Vec<f64>, Fault> {
        let name = format!("{}.time", self.name);
        let missing = || Fault::malformed(&format!("{name}: no time"));
        let times = self.list("time")?.iter();
        times.map(|time| number(&name, Some(time))?.ok_or_else(missing)).collect()
    }

    fn list(&self, name: &str) -> Result<&'a [Value], Fault> {
        match self.values.get(name) {
            None | Some(Value::Null) => Ok(&[]),
            Some(Value::Array(list)) => Ok(list),
            Some(_) => Err(Fault::malformed(&format!("{}.{name}: no list", self.name))),
        }
    }

    fn checked(&self, variable: Variable, value: Option<&Value>) -> Result<Option<f64>, Fault> {
        let (name, unit) = variable;
        let field = format!("{}.{name}", self.name);
        let Some(value) = number(&field, value)? else {
            return Ok(None); // the unit of what is not known is written "undefined"
        };
        match self.units.and_then(|units| units.get(name)).and_then(Value::as_str) {
            Some(answered) if answered != unit => {
                let answered = one_line(answered);
                Err(Fault::malformed(&format!("{field}: in {answered}, expected {unit}")))
            }
            _ => Ok(Some(value)),
        }
    }
}

fn number(field: &str, value: Option<&Value>) -> Result<Option<f64>, Fault> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_f64() {
            Some(number) => Ok(Some(number)),
            None => Err(Fault::malformed(&format!("{field}: no number"))),
        },
    }
}
