{zones},
-- Since when each source was asked for a site; a site for which none was ever asked is there too.
sources_asked as (
  select site_id, source, min(slot_time) as first_slot_time from collection_slots group by 1, 2
),
lives as (
  select
    s.site_id,
    c.source,
    s.name as site_name,
    s.active_from,
    s.active_until,
    nth = 1 as is_first_span,
    (span->>'$.interval_minutes')::bigint * 60 as step_s,
    if(
      nth = 1,
      -- A day around, since a local day may begin before that of UTC; the rest is cut below.
      coalesce(
        (date_diff('day', date '1970-01-01', s.active_from) - 1) * 86400000000,
        least(epoch_us(c.first_slot_time), epoch_us((span->>'$.from')::timestamptz))
      ),
      epoch_us((span->>'$.from')::timestamptz)
    ) as from_us,
    -- Exclusive.
    least(
      epoch_us(current_timestamp) + 1,
      epoch_us((span->>'$.until')::timestamptz),
      (date_diff('day', date '1970-01-01', s.active_until) + 2) * 86400000000
    ) as until_us
  from (
    select *, unnest(from_json(spans, '["json"]')) as span,
      generate_subscripts(from_json(spans, '["json"]'), 1) as nth
    from sites
  ) s
  left join sources_asked c on c.site_id = s.site_id
),
-- A slot that was under way when the interval changed is of both spans.
starts as (
  select distinct site_id, source, site_name, active_from, active_until, to_timestamp(second) as slot_time
  from (
    select *, unnest(generate_series(
      (from_us + if(is_first_span, step_s * 1000000 - 1, 0)) // (step_s * 1000000) * step_s,
      (until_us - 1) // 1000000,
      step_s
    )) as second
    from lives
  )
),
expected as (
  select t.*, z.country, z.timezone, timezone(z.timezone, t.slot_time) as local_time
  from starts t
  join zones z
    on z.site_id = t.site_id and t.slot_time >= z.stands_from and t.slot_time < z.stands_until
  where (t.active_from is null or timezone(z.timezone, t.slot_time)::date >= t.active_from)
    and (t.active_until is null or timezone(z.timezone, t.slot_time)::date <= t.active_until)
)
