//! Where a site stands, with what goes by the place, and what a move of it is.
//!
//! A site keeps its id when it moves. So the place is kept by time ([`Spans`](super::Spans)): what was
//! observed before belongs to the place and the time zone that the site had then.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Serialize;

use super::coordinates::Coordinates;
use super::site::{Site, SiteId};

/// From this distance on, in kilometres, other coordinates are another place. Less is a correction, or
/// fewer decimals: the weather is the same there, as far as a source can say.
pub const MOVE_KM: f64 = 1.0;

/// Where a site stands, with what goes by the place.
#[derive(Debug, Clone, PartialEq)]
pub struct Locality {
    /// What the source is asked for.
    pub coordinates: Coordinates,
    /// Decides the local days.
    pub timezone: Tz,
    /// ISO 3166-1 alpha-2 code, if given.
    pub country: Option<String>,
    /// Height above sea level in metres, if given.
    pub elevation_m: Option<f64>,
}

impl Locality {
    /// Where the sites file says that the site stands.
    #[must_use]
    pub fn of(site: &Site) -> Self {
        Self {
            coordinates: site.coordinates,
            timezone: site.timezone,
            country: site.country.clone(),
            elevation_m: site.elevation_m,
        }
    }

    /// True when `other` is more than [`MOVE_KM`] away, or in another time zone.
    #[must_use]
    pub fn is_elsewhere(&self, other: &Self) -> bool {
        self.timezone != other.timezone || self.distance_km(other) > MOVE_KM
    }

    fn distance_km(&self, other: &Self) -> f64 {
        self.coordinates.distance_km(other.coordinates)
    }

    /// The site as it was when it stood here.
    #[must_use]
    pub fn place(&self, site: &Site) -> Site {
        Site {
            coordinates: self.coordinates,
            timezone: self.timezone,
            country: self.country.clone(),
            elevation_m: self.elevation_m,
            ..site.clone()
        }
    }
}

/// A time in which a site stood in one place.
#[derive(Debug, Clone, PartialEq)]
pub struct Stay {
    /// When it began; of the first stay the beginning of time.
    pub from: DateTime<Utc>,
    /// When it ended, exclusive; of the last stay the end of time.
    pub until: DateTime<Utc>,
    /// Where.
    pub locality: Locality,
}

impl Stay {
    /// What of the times from `from` up to `to` lies within it, if anything does.
    #[must_use]
    pub fn within(
        &self,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
    ) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let (from, to) = (from.max(self.from), to.min(self.until));
        (from < to).then_some((from, to))
    }
}

/// A site that stands elsewhere under its id.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Move {
    /// The site.
    pub site_id: SiteId,
    /// Where it stood.
    pub from: Coordinates,
    /// Where the sites file has it.
    pub to: Coordinates,
}

impl Move {
    /// How far that is.
    #[must_use]
    pub fn distance_km(&self) -> f64 {
        self.from.distance_km(self.to)
    }
}

impl std::fmt::Display for Move {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (from, to) = (self.from, self.to);
        write!(
            f,
            "site moved {:.1} km: {} from {}, {} to {}, {}",
            self.distance_km(),
            self.site_id,
            from.latitude(),
            from.longitude(),
            to.latitude(),
            to.longitude()
        )
    }
}
