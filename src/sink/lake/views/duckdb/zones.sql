-- From when to when a site stood where; a time before all spans is that of the first.
zones as (
  select
    s.site_id,
    if(nth = 1, timestamptz '0001-01-01 00:00:00+00', (span->>'$.from')::timestamptz) as stands_from,
    coalesce(
      lead((span->>'$.from')::timestamptz) over (partition by s.site_id order by nth),
      timestamptz '9999-12-31 00:00:00+00'
    ) as stands_until,
    coalesce(span->>'$.timezone', s.timezone) as timezone,
    if(span->>'$.timezone' is null, s.country, span->>'$.country') as country,
    -- The last span is where the row says.
    coalesce(
      if(lead(nth) over (partition by s.site_id order by nth) is null, null,
        (span->>'$.latitude')::double), s.latitude) as latitude,
    coalesce(
      if(lead(nth) over (partition by s.site_id order by nth) is null, null,
        (span->>'$.longitude')::double), s.longitude) as longitude
  from (
    select *, unnest(from_json(spans, '["json"]')) as span,
      generate_subscripts(from_json(spans, '["json"]'), 1) as nth
    from sites
  ) s
)
