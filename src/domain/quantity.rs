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
}

pub(super) const CELSIUS: Unit = Unit { code: "Cel", label: "degree Celsius" };
pub(super) const PERCENT: Unit = Unit { code: "%", label: "percent" };
pub(super) const HECTOPASCAL: Unit = Unit { code: "hPa", label: "hectopascal" };
pub(super) const METRE_PER_SECOND: Unit = Unit { code: "m/s", label: "metre per second" };
pub(super) const DEGREE: Unit = Unit { code: "deg", label: "degree" };
pub(super) const INDEX: Unit = Unit { code: "1", label: "index" };
pub(super) const METRE: Unit = Unit { code: "m", label: "metre" };
const MILLIMETRE: Unit = Unit { code: "mm", label: "millimetre" };

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

    /// The address of its standard name in the vocabulary server of the CF conventions.
    #[must_use]
    pub fn standard_name_uri(&self) -> String {
        format!("http://vocab.nerc.ac.uk/standard_name/{}/", self.standard_name)
    }
}
