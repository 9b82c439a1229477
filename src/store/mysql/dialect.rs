//! MySQL's words in the statements that both databases share. By `group by` of the beginning of a key
//! MySQL skips along it, from one group to the next: `explain` says "Using index for group-by". With a
//! site that is given the site has to be in the `group by`, or every row of the site is read.

use crate::store::dialect::{Dialect, Latest};

pub(in crate::store) static DIALECT: Dialect = Dialect {
    use_index: |index| format!(" force index ({index})"),
    use_primary_key: " force index (primary)",
    silent_ms: "timestampdiff(microsecond, heartbeat_at, utc_timestamp(6)) div 1000",
    asked_sources: ASKED_SOURCES,
    observed_sources: OBSERVED_SOURCES,
    latest: LATEST,
};

/// The sources that were asked for a site, by name. Binds: site.
const ASKED_SOURCES: &str = "
    select source, min(slot_time) as first_slot from collection_slots
    where site_id = ? group by site_id, source order by source";

/// The sources that have said anything of a site, by name. Binds: site.
const OBSERVED_SOURCES: &str = "
    select source from weather_observations
    where site_id = ? group by site_id, source order by source";

/// The newest observation of each site and source.
const LATEST: Latest = Latest {
    of_all: " join (select site_id, source, max(observation_time) as observation_time \
        from weather_observations where observation_time <= ? group by site_id, source) newest \
        using (site_id, source, observation_time) \
        where site_id in (select site_id from sites where deactivated_at is null) \
        order by site_id, source",
    of_site: " join (select site_id, source, max(observation_time) as observation_time \
        from weather_observations where site_id = ? and observation_time <= ? \
        group by site_id, source) newest \
        using (site_id, source, observation_time) order by site_id, source",
};
