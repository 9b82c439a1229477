//! A point on the Earth.

use serde::Serialize;

/// Latitude and longitude in degrees (WGS 84); latitude −90 to 90, longitude −180 to 180.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Coordinates {
    latitude: f64,
    longitude: f64,
}

/// Mean radius of the Earth in kilometres (IUGG).
const EARTH_RADIUS_KM: f64 = 6371.0088;

impl Coordinates {
    /// The point at these degrees; `None` when one is out of range or not a number.
    #[must_use]
    pub fn parse(latitude: f64, longitude: f64) -> Option<Self> {
        let valid = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        valid.then_some(Self { latitude, longitude })
    }

    /// Degrees north of the equator, −90 to 90.
    #[must_use]
    pub fn latitude(self) -> f64 {
        self.latitude
    }

    /// Degrees east of Greenwich, −180 to 180.
    #[must_use]
    pub fn longitude(self) -> f64 {
        self.longitude
    }

    /// Great-circle distance in kilometres, by the haversine formula
    /// (R. W. Sinnott, "Virtues of the Haversine", Sky and Telescope 68, 1984).
    #[must_use]
    pub fn distance_km(self, other: Self) -> f64 {
        let latitude_step = (other.latitude - self.latitude).to_radians();
        let longitude_step = (other.longitude - self.longitude).to_radians();
        let chord = (latitude_step / 2.0).sin().powi(2)
            + self.latitude.to_radians().cos()
                * other.latitude.to_radians().cos()
                * (longitude_step / 2.0).sin().powi(2);
        2.0 * EARTH_RADIUS_KM * chord.sqrt().min(1.0).asin()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_poles_and_the_date_line_are_on_the_earth_and_nothing_beyond_is() {
        assert!(Coordinates::parse(90.0, -180.0).is_some());
        assert!(Coordinates::parse(90.01, 0.0).is_none());
        assert!(Coordinates::parse(0.0, 180.01).is_none());
        assert!(Coordinates::parse(f64::NAN, 0.0).is_none());
    }

    #[test]
    fn a_degree_of_latitude_is_111_km() {
        let from = Coordinates::parse(40.0, -3.0).unwrap();
        let to = Coordinates::parse(41.0, -3.0).unwrap();
        assert!((from.distance_km(to) - 111.195).abs() < 0.01);
    }
}
