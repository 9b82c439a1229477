//! `times`: by which clocks times are written.

use std::fmt;

use chrono_tz::Tz;
use serde::{Deserialize, Serialize, Serializer};

use crate::serve::answer::values::Unfit;

/// Whose clocks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(in crate::serve::page) enum Times {
    /// Those of each site.
    #[default]
    Site,
    /// Those of one time zone.
    Zone(Tz),
}

impl Times {
    /// The time zone in which times of a site are written.
    pub(in crate::serve::page) fn zone(self, site: Tz) -> Tz {
        match self {
            Self::Site => site,
            Self::Zone(zone) => zone,
        }
    }
}

impl TryFrom<String> for Times {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        let unfit = |_| {
            let allowed = "site, utc, or an IANA time zone, as in Europe/Madrid";
            Unfit::shown(&text, "is no time zone", allowed)
        };
        match text.as_str() {
            "site" => Ok(Self::Site),
            "utc" => Ok(Self::Zone(Tz::UTC)),
            name => name.parse().map(Self::Zone).map_err(unfit),
        }
    }
}

impl fmt::Display for Times {
    /// As it is chosen.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Site => f.write_str("site"),
            Self::Zone(Tz::UTC) => f.write_str("utc"),
            Self::Zone(zone) => f.write_str(zone.name()),
        }
    }
}

impl Serialize for Times {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_the_sites_or_those_of_a_zone() {
        for (text, zone) in [
            ("site", Tz::Asia__Tokyo),
            ("utc", Tz::UTC),
            ("UTC", Tz::UTC),
            ("Europe/Madrid", Tz::Europe__Madrid),
        ] {
            let times = Times::try_from(text.to_owned()).unwrap();
            assert_eq!(times.zone(Tz::Asia__Tokyo), zone, "{text}");
            assert_eq!(Times::try_from(times.to_string()).unwrap(), times, "{text}");
        }
        for bad in ["Mars/Base", "", "mine", "europe/madrid/"] {
            assert!(Times::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
