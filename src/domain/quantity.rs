//! The measured quantities as others name them: label, unit and standard name.
//!
//! Each stands with its value in the [one list](super::values); here it is written for programs that know
//! nothing of us: units by UCUM (<https://ucum.org>), quantities by the CF standard names
//! (<https://cfconventions.org>).

/// A quantity that observations hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantity {
    name: &'static str,
    /// Its name for people.
    pub label: &'static str,
    /// The unit of its values.
    pub unit: Unit,
    /// Which physical quantity it is, a CF standard name.
    pub standard_name: &'static str,
    /// So many hours that a value is the total of; `None`: it is of the moment.
    pub total_hours: Option<u8>,
}

/// A unit of measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unit {
    /// Its UCUM code.
    pub code: &'static str,
    /// Its name.
    pub label: &'static str,
    /// The same as names of metrics end with it; empty: it is a number without a unit.
    pub in_metrics: &'static str,
}

pub(super) const CELSIUS: Unit =
    Unit { code: "Cel", label: "degree Celsius", in_metrics: "celsius" };
pub(super) const PERCENT: Unit = Unit { code: "%", label: "percent", in_metrics: "percent" };
pub(super) const HECTOPASCAL: Unit =
    Unit { code: "hPa", label: "hectopascal", in_metrics: "hectopascals" };
pub(super) const METRE_PER_SECOND: Unit =
    Unit { code: "m/s", label: "metre per second", in_metrics: "meters_per_second" };
pub(super) const DEGREE: Unit = Unit { code: "deg", label: "degree", in_metrics: "degrees" };
pub(super) const INDEX: Unit = Unit { code: "1", label: "index", in_metrics: "" };
pub(super) const METRE: Unit = Unit { code: "m", label: "metre", in_metrics: "meters" };
const MILLIMETRE: Unit = Unit { code: "mm", label: "millimetre", in_metrics: "millimeters" };

/// A quantity of the moment.
pub(super) const fn momentary(
    name: &'static str,
    label: &'static str,
    unit: Unit,
    standard_name: &'static str,
) -> Quantity {
    Quantity { name, label, unit, standard_name, total_hours: None }
}

/// What fell in so many hours.
pub(super) const fn total(
    name: &'static str,
    label: &'static str,
    hours: u8,
    standard_name: &'static str,
) -> Quantity {
    Quantity { name, label, unit: MILLIMETRE, standard_name, total_hours: Some(hours) }
}

impl Quantity {
    /// The name of its column, with the unit.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its name without the unit, with which the name of its column ends where it has one.
    #[must_use]
    pub fn bare_name(&self) -> &'static str {
        match (self.unit.in_metrics, self.name.rsplit_once('_')) {
            ("", _) | (_, None) => self.name,
            (_, Some((bare, _))) => bare,
        }
    }

    /// The address of its standard name in the vocabulary server of the CF conventions.
    #[must_use]
    pub fn standard_name_uri(&self) -> String {
        format!("http://vocab.nerc.ac.uk/standard_name/{}/", self.standard_name)
    }
}
