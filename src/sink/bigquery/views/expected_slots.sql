-- Every slot that should be there: from active_from (else from when the site was taken in, or its
-- first slot in the ledger if that is earlier) to now, within the site's life, at its present
-- interval. Starts are counted from 1970, UTC; local days go by the site's time zone, which knows
-- 23- and 25-hour days. A site for which no source was ever asked is there too, its source NULL.
lives as (
  select
    s.site_id,
    c.source,
    s.name as site_name,
    s.country,
    s.timezone,
    s.active_from,
    s.active_until,
    s.deactivated_at,
    s.interval_minutes * 60 as step_s,
    -- A day around, since a local day may begin before that of UTC and end after it; the rest is
    -- cut below.
    coalesce(
      (unix_date(s.active_from) - 1) * 86400,
      unix_seconds(least(c.first_slot_time, s.created_at)),
      unix_seconds(s.created_at)
    ) as start_s,
    least(
      unix_seconds(current_timestamp()),
      coalesce(
        (unix_date(s.active_until) + 2) * 86400,
        unix_seconds(s.deactivated_at),
        unix_seconds(current_timestamp())
      )
    ) as end_s
  from {sites} s
  left join (
    select site_id, source, min(slot_time) as first_slot_time from {collection_slots} group by 1, 2
  ) c on c.site_id = s.site_id
),
expected as (
  select
    l.site_id,
    l.source,
    l.site_name,
    l.country,
    l.timezone,
    timestamp_seconds(second) as slot_time,
    date(timestamp_seconds(second), l.timezone) as local_date
  from lives l,
    unnest(generate_array(
      -- The first start from there on.
      l.start_s + mod(l.step_s - mod(l.start_s, l.step_s), l.step_s),
      l.end_s,
      l.step_s
    )) as second
  where (l.active_from is null or date(timestamp_seconds(second), l.timezone) >= l.active_from)
    and (l.active_until is null or date(timestamp_seconds(second), l.timezone) <= l.active_until)
    and (l.deactivated_at is null or timestamp_seconds(second) < l.deactivated_at)
)
