//! The place that a call asks for.

/// The place that is asked for, in ten-thousandths of a degree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Site {
    pub(super) latitude_e4: i64,
    pub(super) longitude_e4: i64,
}

impl Site {
    /// The place written so, or what the service says of it.
    pub(super) fn parse(latitude: &str, longitude: &str) -> Result<Self, &'static str> {
        if latitude.is_empty() || longitude.is_empty() {
            return Err("Nothing to geocode");
        }
        let latitude_e4 = degrees(latitude, 90.0).ok_or("wrong latitude")?;
        let longitude_e4 = degrees(longitude, 180.0).ok_or("wrong longitude")?;
        Ok(Self { latitude_e4, longitude_e4 })
    }

    #[expect(clippy::cast_precision_loss, reason = "at most 900,000")]
    pub(super) fn latitude(self) -> f64 {
        self.latitude_e4 as f64 / 1e4
    }

    #[expect(clippy::cast_precision_loss, reason = "at most 1,800,000")]
    pub(super) fn longitude(self) -> f64 {
        self.longitude_e4 as f64 / 1e4
    }

    /// A number of its own, the same on every machine.
    pub(super) fn hash(self, seed: u64) -> u64 {
        let text = format!("{seed}/{}/{}", self.latitude_e4, self.longitude_e4);
        crate::farmhash::fingerprint64(text.as_bytes())
    }
}

#[expect(clippy::cast_possible_truncation, reason = "at most 1,800,000")]
fn degrees(text: &str, limit: f64) -> Option<i64> {
    let degrees: f64 = text.parse().ok()?;
    (degrees.abs() <= limit).then(|| (degrees * 1e4).round() as i64)
}
