//! What the query API reads. By `group by` of the beginning of a key MySQL skips along it, from one group
//! to the next: `explain` says "Using index for group-by". With a site that is given the site has to be
//! in the `group by`, or every row of the site is read.

use super::connections::Connections;
use super::error::store_error;
use crate::store::rows::Latest;

crate::store::query::queries!(Connections, store_error);
crate::store::site_states::site_states!(Connections, sqlx::MySql, store_error);

const SITE_STATES: &str = crate::store::site_states::site_states_sql!(
    " force index (slots_by_time)",
    " force index (primary)"
);

const TEMPERATURES: &str = crate::store::query::temperatures_sql!(" force index (slots_by_time)");

/// The sources that were asked for a site, by name. Binds: site.
const ASKED_SOURCES: &str = "
    select source, min(slot_time) as first_slot from collection_slots
    where site_id = ? group by site_id, source order by source";

/// The sources that have said anything of a site, by name. Binds: site.
const OBSERVED_SOURCES: &str = "
    select source from weather_observations
    where site_id = ? group by site_id, source order by source";

/// The newest observation of each site and source.
pub(super) const LATEST: Latest = Latest {
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
