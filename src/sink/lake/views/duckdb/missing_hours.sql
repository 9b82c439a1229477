with {zones},
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
  select t.*, z.timezone, timezone(z.timezone, t.slot_time) as local_time
  from starts t
  join zones z
    on z.site_id = t.site_id and t.slot_time >= z.stands_from and t.slot_time < z.stands_until
  where (t.active_from is null or timezone(z.timezone, t.slot_time)::date >= t.active_from)
    and (t.active_until is null or timezone(z.timezone, t.slot_time)::date <= t.active_until)
),
-- The slots that were under way when a run found the account blocked, the key refused or the call
-- budget spent; one that heals calls for none of them.
paused as (
  select distinct
    l.site_id,
    coalesce(l.source, '') as source,
    to_timestamp(epoch_us(r.started_at) // (l.step_s * 1000000) * l.step_s) as slot_time
  from lives l
  join ingestion_runs r
    on (l.source is null or r.source = l.source)
    and epoch_us(r.started_at) >= l.from_us
    and epoch_us(r.started_at) < l.until_us
  where r.outcome = 'failed'
    and r.kind = 'etl'
    and r.stop_kind in ('account_blocked', 'key_refused', 'budget_spent')
)
select
  e.site_id,
  e.source,
  e.slot_time,
  e.local_time,
  e.local_time::date as local_date,
  e.site_name,
  e.timezone,
  coalesce(
    if(c.status = 'failed' and c.error_kind = 'out_of_range', 'quarantined', c.status),
    if(p.slot_time is null, 'never_tried', 'paused')
  ) as status,
  c.error_kind,
  c.error_message
from expected e
left join collection_slots c
  on c.site_id = e.site_id and c.source = e.source and c.slot_time = e.slot_time
left join paused p
  on p.site_id = e.site_id and p.source = coalesce(e.source, '') and p.slot_time = e.slot_time
where c.status is null or c.status <> 'collected'
