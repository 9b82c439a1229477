//! SQLite's words in the statements that both databases share. SQLite does not skip along a key for
//! `group by`: the statements step from one source to the next by `min`, and in MySQL that would read
//! every row.

use crate::store::dialect::{Dialect, Latest};

pub(in crate::store) static DIALECT: Dialect = Dialect {
    use_index: |index| format!(" indexed by {index}"),
    use_primary_key: "",
    silent_ms: "cast((julianday('now') - julianday(heartbeat_at)) * 86400000 as integer)",
    asked_sources: ASKED_SOURCES,
    observed_sources: OBSERVED_SOURCES,
    latest: LATEST,
};

/// The sources that were asked for a site, by name. Binds: site.
const ASKED_SOURCES: &str = "
    with recursive asked (source) as (
        select min(source) from collection_slots where site_id = ?1
        union all
        select (
            select min(c.source) from collection_slots c
            where c.site_id = ?1 and c.source > asked.source
        ) from asked where asked.source is not null
    )
    select source, (
        select min(c.slot_time) from collection_slots c
        where c.site_id = ?1 and c.source = asked.source
    ) as first_slot
    from asked where source is not null order by source";

/// The sources that have said anything of a site, by name. Binds: site.
const OBSERVED_SOURCES: &str = "
    with recursive observed (source) as (
        select min(source) from weather_observations where site_id = ?1
        union all
        select (
            select min(o.source) from weather_observations o
            where o.site_id = ?1 and o.source > observed.source
        ) from observed where observed.source is not null
    )
    select source from observed where source is not null order by source";

/// What follows [`Latest`]'s `select`: the sources of `places`, each with the newest time up to `$until`.
/// With `in`, since of a join SQLite may read every observation and look it up among these.
macro_rules! latest {
    ($places:literal, $until:literal) => {
        concat!(
            " where (site_id, source, observation_time) in ( \
            with recursive seen (site_id, source) as (select p.site_id, \
            (select min(o.source) from weather_observations o where o.site_id = p.site_id) from ",
            $places,
            " p union all select seen.site_id, (select min(o.source) from weather_observations o \
            where o.site_id = seen.site_id and o.source > seen.source) \
            from seen where seen.source is not null) \
            select site_id, source, (select max(o.observation_time) from weather_observations o \
            where o.site_id = seen.site_id and o.source = seen.source and o.observation_time <= ",
            $until,
            ") from seen where source is not null) order by site_id, source"
        )
    };
}

/// The newest observation of each site and source.
const LATEST: Latest = Latest {
    of_all: latest!("(select site_id from sites where deactivated_at is null)", "?1"),
    of_site: latest!("(select ?1 as site_id)", "?2"),
};
