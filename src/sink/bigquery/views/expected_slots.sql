-- Every slot that should be there: from active_from (else from when the site was taken in, or its
-- first slot in the ledger if that is earlier) up to `as_of`, within the site's life and the spans in
-- which it stood in the sites file, at the interval that it had then. Starts are counted from 1970, UTC;
-- local days go by the time zone that the site had then, which knows 23- and 25-hour days. A site for which no source
-- was ever asked is there too, its source NULL.
{zones},
lives as (
  select
    s.site_id,
    c.source,
    s.name as site_name,
    s.active_from,
    s.active_until,
    nth = 0 as is_first_span,
    cast(json_value(span, '$.interval_minutes') as int64) * 60 as step_s,
    if(
      nth = 0,
      -- A day around, since a local day may begin before that of UTC and end after it; the rest is
      -- cut below.
      coalesce(
        (unix_date(s.active_from) - 1) * 86400000000,
        least(unix_micros(c.first_slot_time), unix_micros(timestamp(json_value(span, '$.from')))),
        unix_micros(timestamp(json_value(span, '$.from')))
      ),
      unix_micros(timestamp(json_value(span, '$.from')))
    ) as from_us,
    -- Exclusive.
    least(
      unix_micros({as_of}) + 1,
      coalesce(
        unix_micros(timestamp(json_value(span, '$.until'))), unix_micros({as_of}) + 1
      ),
      coalesce(
        (unix_date(s.active_until) + 2) * 86400000000, unix_micros({as_of}) + 1
      )
    ) as until_us
  from {sites} s
  left join {sources_asked} c on c.site_id = s.site_id
  cross join unnest(json_query_array(s.spans)) as span with offset as nth
),
-- A slot that was under way when the interval changed is of both spans.
starts as (
  select distinct
    l.site_id,
    l.source,
    l.site_name,
    l.active_from,
    l.active_until,
    timestamp_seconds(second) as slot_time
  from lives l,
    -- Only these stretches of time are asked for.
    unnest({stretches}) as stretch,
    unnest(generate_array(
      -- The first start from there on; of a later span the slot that was under way. (The emulator
      -- needs the inner parentheses.)
      div(
        (
          greatest(l.from_us, unix_micros(stretch.since))
          + if(l.is_first_span, l.step_s * 1000000 - 1, 0)
        ),
        (l.step_s * 1000000)
      ) * l.step_s,
      div((least(l.until_us, unix_micros(stretch.until)) - 1), 1000000),
      l.step_s
    )) as second
),
expected as (
  select
    t.site_id,
    t.source,
    t.site_name,
    z.country,
    z.timezone,
    t.slot_time,
    date(t.slot_time, z.timezone) as local_date
  from starts t
  join zones z
    on z.site_id = t.site_id and t.slot_time >= z.stands_from and t.slot_time < z.stands_until
  where (t.active_from is null or date(t.slot_time, z.timezone) >= t.active_from)
    and (t.active_until is null or date(t.slot_time, z.timezone) <= t.active_until)
    and {is_asked_for}
)
