//! The payload of `/v1/forecast` and `/v1/archive`, read leniently: what is not there, or null, is
//! not known. A number in another unit than the requested one is a fault, not a number.

use serde_json::{Map, Value};

use super::{answer, bare};
use crate::domain::ErrorKind;
use crate::source::fault::{Fault, one_line};

/// A variable of the service, and the unit that we ask for, as the answer writes it.
pub(super) type Variable = (&'static str, &'static str);

/// The places of a body: an object for one, a list for several, in the order asked. Each is judged
/// by itself: what is wrong with one is nothing against the others.
///
/// # Errors
/// A [`Fault`] when the body is no JSON, or names a limit: that is the account's.
pub(super) fn places(body: &[u8]) -> Result<Vec<Result<Place, Fault>>, Fault> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    if body.trim_ascii().is_empty() {
        return Err(Fault::malformed("the answer is empty"));
    }
    let parsed: Value = serde_json::from_slice(&bare::with_nulls(body))
        .map_err(|error| Fault::no_json(&error, body))?;
    let places = match parsed {
        Value::Array(places) => places,
        place @ Value::Object(_) => vec![place],
        other => return Err(no_object(&other)),
    };
    let places: Vec<_> = places.into_iter().map(Place::parse).collect();
    let limits =
        |place: &Result<Place, Fault>| place.as_ref().err().filter(|f| is_limit(f)).cloned();
    places.iter().find_map(limits).map_or(Ok(places), Err)
}

/// The one place of a body.
///
/// # Errors
/// A [`Fault`] when the body cannot be read, claims an error, or is of another number of places.
pub(super) fn place(body: &[u8]) -> Result<Place, Fault> {
    let mut places = places(body)?;
    let count = places.len();
    match places.pop() {
        Some(place) if count == 1 => place,
        _ => Err(Fault::malformed(&format!("the answer is for {count} places: expected one"))),
    }
}

fn is_limit(fault: &Fault) -> bool {
    fault.kind == ErrorKind::RateLimited
}

fn no_object(said: &Value) -> Fault {
    let said = one_line(&said.to_string());
    Fault::malformed(&format!("the answer is neither an object nor a list of them: {said}"))
}

/// What an answer says of one place.
#[derive(Debug)]
pub(super) struct Place(Map<String, Value>);

impl Place {
    fn parse(place: Value) -> Result<Self, Fault> {
        let Value::Object(place) = place else { return Err(no_object(&place)) };
        match place.get("error") {
            // Some servers say 200 outside and an error inside.
            Some(Value::Bool(true)) => Err(answer::claimed(&place)),
            _ => Ok(Self(place)),
        }
    }

    /// A number of the place itself; `None` where there is none, or something else.
    pub(super) fn number(&self, name: &str) -> Option<f64> {
        self.0.get(name)?.as_f64()
    }

    /// The part `name` (`current`, `hourly`), with its units; `None` when there is none.
    pub(super) fn block(&self, name: &'static str) -> Result<Option<Block<'_>>, Fault> {
        let Some(values) = self.object(name)? else { return Ok(None) };
        let units = self.object(&format!("{name}_units"))?;
        Ok(Some(Block { name, values, units }))
    }

    fn object(&self, name: &str) -> Result<Option<&Map<String, Value>>, Fault> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(object)) => Ok(Some(object)),
            Some(_) => Err(Fault::malformed(&format!("{name}: no object"))),
        }
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

    /// That the lists of these variables are as long as the list of times, in the units that were
    /// asked for, and not all of them left out.
    pub(super) fn check_lists(&self, variables: &[Variable], times: usize) -> Result<(), Fault> {
        let mut is_any = false;
        for &(name, unit) in variables {
            let list = self.list(name)?;
            is_any |= !list.is_empty();
            if !list.is_empty() && list.len() != times {
                let (name, values) = (format!("{}.{name}", self.name), list.len());
                return Err(Fault::malformed(&format!("{name}: {values} values at {times} times")));
            }
            if list.iter().any(|value| !value.is_null()) {
                self.check_unit((name, unit))?;
            }
        }
        if is_any || times == 0 {
            return Ok(());
        }
        Err(Fault::malformed(&format!("{}: nothing that was asked for", self.name)))
    }

    fn list(&self, name: &str) -> Result<&'a [Value], Fault> {
        match self.values.get(name) {
            None | Some(Value::Null) => Ok(&[]),
            Some(Value::Array(list)) => Ok(list),
            Some(_) => Err(Fault::malformed(&format!("{}.{name}: no list", self.name))),
        }
    }

    fn checked(&self, variable: Variable, value: Option<&Value>) -> Result<Option<f64>, Fault> {
        let value = number(&format!("{}.{}", self.name, variable.0), value)?;
        if value.is_some() {
            self.check_unit(variable)?; // the unit of what is not known is written "undefined"
        }
        Ok(value)
    }

    /// That the unit is the one that was asked for, as far as the answer says it.
    fn check_unit(&self, (name, unit): Variable) -> Result<(), Fault> {
        let answered = match self.units.and_then(|units| units.get(name)) {
            None | Some(Value::Null) => return Ok(()),
            Some(Value::String(answered)) if answered == unit => return Ok(()),
            Some(Value::String(answered)) => one_line(answered),
            Some(other) => one_line(&other.to_string()),
        };
        let field = format!("{}.{name}", self.name);
        let unit = if unit.is_empty() { "no unit" } else { unit };
        Err(Fault::malformed(&format!("{field}: in {answered}, expected {unit}")))
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
