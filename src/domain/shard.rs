//! Which of several tasks a site belongs to.

use std::fmt;

use super::site::SiteId;

/// One task's part of the sites: task `index` of `count` (Cloud Run's `CLOUD_RUN_TASK_INDEX` and
/// `CLOUD_RUN_TASK_COUNT`). Written `index/count`, as in `0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    index: u32,
    count: u32,
}

impl Shard {
    /// The one shard that holds every site.
    pub const WHOLE: Self = Self { index: 0, count: 1 };

    /// Shard `index` of `count`; `None` unless `index < count`.
    #[must_use]
    pub fn parse(index: u32, count: u32) -> Option<Self> {
        (index < count).then_some(Self { index, count })
    }

    /// How many tasks share the sites.
    #[must_use]
    pub fn count(self) -> u32 {
        self.count
    }

    /// True for the sites of this shard: each site belongs to exactly one shard of a count, the
    /// same on every machine (FarmHash's `Fingerprint64`, which is fixed by its definition).
    #[must_use]
    pub fn contains(self, site_id: &SiteId) -> bool {
        crate::farmhash::fingerprint64(site_id.as_str().as_bytes()) % u64::from(self.count)
            == u64::from(self.index)
    }

    /// True when runs of both may not be open together: the same shard, or a different division.
    #[must_use]
    pub fn conflicts_with(self, other: Self) -> bool {
        self.count != other.count || self.index == other.index
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl std::str::FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split_once('/');
        parts
            .and_then(|(index, count)| Self::parse(index.parse().ok()?, count.parse().ok()?))
            .ok_or_else(|| format!("`{text}` is no shard: expected index/count, as in 0/8"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_site_belongs_to_exactly_one_of_eight_shards() {
        for number in 0..1000 {
            let site_id = SiteId::parse(&format!("site-{number}")).unwrap();
            let owners = (0..8).filter(|&i| Shard::parse(i, 8).unwrap().contains(&site_id)).count();
            assert_eq!(owners, 1);
        }
    }

    #[test]
    fn the_same_shard_and_another_division_conflict() {
        let first: Shard = "0/8".parse().unwrap();
        assert!(first.conflicts_with(first));
        assert!(first.conflicts_with(Shard::WHOLE));
        assert!(!first.conflicts_with("1/8".parse().unwrap()));
        assert!("8/8".parse::<Shard>().is_err());
    }
}
