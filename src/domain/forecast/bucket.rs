//! Lead buckets: `0-1`, `1-3`, `3-6`, `6-12`, `12-24` hours, then whole days up to `360-384`.

use std::fmt;

/// Hours at which a bucket of the first day ends.
const FIRST_ENDS: [i64; 5] = [1, 3, 6, 12, 24];

/// The last hour that a bucket has: sixteen days.
const LAST_END: i64 = 384;

/// A bucket of leads; its start is excluded, its end included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeadBucket {
    start_h: i64,
    end_h: i64,
}

impl LeadBucket {
    /// The bucket of a lead, in minutes; `None` for what is over already (0 and less), and beyond the last one.
    #[must_use]
    pub fn of(lead_minutes: i64) -> Option<Self> {
        Self::all().find(|bucket| bucket.contains(lead_minutes))
    }

    /// Every bucket, the shortest leads first.
    pub fn all() -> impl Iterator<Item = Self> {
        let days = (48..=LAST_END).step_by(24);
        let ends = FIRST_ENDS.into_iter().chain(days);
        ends.scan(0, |start, end_h| {
            let start_h = std::mem::replace(start, end_h);
            Some(Self { start_h, end_h })
        })
    }

    /// The bucket of this name.
    ///
    /// # Errors
    /// The names that there are.
    pub fn parse(text: &str) -> Result<Self, String> {
        let known = Self::all().find(|bucket| bucket.to_string() == text);
        known.ok_or_else(|| {
            let first: Vec<_> = Self::all().take(7).map(|bucket| bucket.to_string()).collect();
            format!(
                "`{text}` is no lead bucket: expected {}, … in steps of 24 hours to 360-384",
                first.join(", ")
            )
        })
    }

    /// Whether a lead, in minutes, is in it.
    #[must_use]
    pub fn contains(self, lead_minutes: i64) -> bool {
        self.start_h * 60 < lead_minutes && lead_minutes <= self.end_h * 60
    }

    /// Its leads in minutes: more than the first, at most the second.
    #[must_use]
    pub fn minutes(self) -> (i64, i64) {
        (self.start_h * 60, self.end_h * 60)
    }

    /// Its end in whole days, at least 1: the horizon of a Diebold–Mariano test over daily means.
    #[must_use]
    pub fn days(self) -> i64 {
        (self.end_h / 24).max(1)
    }
}

impl fmt::Display for LeadBucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.start_h, self.end_h)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_is_excluded_and_the_end_included() {
        let name = |minutes| LeadBucket::of(minutes).map(|bucket| bucket.to_string());
        for (minutes, expected) in [
            (-5, None),
            (0, None),
            (1, Some("0-1")),
            (60, Some("0-1")),
            (61, Some("1-3")),
            (720, Some("6-12")),
            (721, Some("12-24")),
            (1440, Some("12-24")),
            (1441, Some("24-48")),
            (384 * 60, Some("360-384")),
            (384 * 60 + 1, None),
        ] {
            assert_eq!(name(minutes).as_deref(), expected, "{minutes}");
        }
    }

    #[test]
    fn every_lead_of_sixteen_days_is_in_exactly_one_bucket() {
        for minutes in (1..=384 * 60).step_by(7) {
            let holding = LeadBucket::all().filter(|bucket| bucket.contains(minutes)).count();
            assert_eq!(holding, 1, "{minutes}");
        }
    }

    #[test]
    fn a_name_is_parsed_and_another_one_gets_the_list() {
        assert_eq!(LeadBucket::parse("12-24"), Ok(LeadBucket { start_h: 12, end_h: 24 }));
        let refused = LeadBucket::parse("12-25").unwrap_err();
        assert!(refused.contains("0-1, 1-3, 3-6, 6-12, 12-24, 24-48, 48-72"), "{refused}");
    }
}
