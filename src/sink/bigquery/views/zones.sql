-- From when to when a site stood where: the past of a site that has moved keeps its time zone. A time
-- before all spans is that of the first; one between two spans, of the one before it. A span that does
-- not say where is of the present place.
zones as (
  select
    s.site_id,
    if(nth = 0, timestamp '0001-01-01 00:00:00+00', timestamp(json_value(span, '$.from')))
      as stands_from,
    coalesce(
      lead(timestamp(json_value(span, '$.from'))) over (partition by s.site_id order by nth),
      timestamp '9999-12-31 00:00:00+00'
    ) as stands_until,
    coalesce(json_value(span, '$.timezone'), s.timezone) as timezone,
    if(json_value(span, '$.timezone') is null, s.country, json_value(span, '$.country')) as country,
    -- The last span is where the row says: it may have been corrected by less than a move.
    coalesce(
      if(
        lead(nth) over (partition by s.site_id order by nth) is null,
        null,
        cast(json_value(span, '$.latitude') as float64)
      ),
      s.latitude
    ) as latitude,
    coalesce(
      if(
        lead(nth) over (partition by s.site_id order by nth) is null,
        null,
        cast(json_value(span, '$.longitude') as float64)
      ),
      s.longitude
    ) as longitude
  from {sites} s
  cross join unnest(json_query_array(s.spans)) as span with offset as nth
)
