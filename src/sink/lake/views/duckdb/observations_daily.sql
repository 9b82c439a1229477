with {expected_slots},
coverage as (
  select
    e.site_id,
    e.source,
    e.local_time::date as local_date,
    -- Of a day that two places share: where the site stood at its end.
    max(e.slot_time) as last_slot_time,
    count(*) filter (c.status = 'collected') as slots_present,
    count(*) as slots_expected
  from expected e
  left join collection_slots c
    on c.site_id = e.site_id and c.source = e.source and c.slot_time = e.slot_time
  group by 1, 2, 3
),
collected as (
  select
    c.site_id,
    c.source,
    c.slot_time,
    timezone(z.timezone, c.slot_time)::date as local_date,
    o.source as value_source,
    o.observation_time,
    o.temperature_c,
    o.humidity_pct,
    o.pressure_msl_hpa,
    o.wind_speed_ms,
    o.wind_gust_ms,
    o.cloud_cover_pct,
    o.rain_1h_mm,
    o.snow_1h_mm,
    -- Rain and snow are those of an hour: of several slots in an hour the one that
    -- observations_hourly shows has them.
    row_number() over (
      partition by c.site_id, c.source, date_trunc('hour', c.slot_time)
      order by coalesce(o.value_kind, 'live') = 'live' desc, c.slot_time desc
    ) = 1 as is_of_the_hour
  from collection_slots c
  join weather_observations o
    on o.site_id = c.site_id and o.source = coalesce(c.observation_source, c.source)
    and o.observation_time = c.observation_time
  join zones z
    on z.site_id = c.site_id and c.slot_time >= z.stands_from and c.slot_time < z.stands_until
  where c.status = 'collected'
),
first_of_each as (
  select
    *,
    -- An observation that fills two hours has rained once, in the first.
    is_of_the_hour and row_number() over (
      partition by site_id, source, value_source, observation_time, is_of_the_hour
      order by slot_time
    ) = 1 as counts_rain
  from collected
),
weather as (
  select
    site_id,
    source,
    local_date,
    -- Means by exact numbers: whatever the order in which rows come, a mean is the same.
    min(temperature_c) as temperature_min_c,
    round(avg(temperature_c::decimal(18, 4)), 2) as temperature_mean_c,
    max(temperature_c) as temperature_max_c,
    round(avg(humidity_pct::decimal(18, 4)), 1) as humidity_mean_pct,
    round(avg(pressure_msl_hpa::decimal(18, 4)), 2) as pressure_msl_mean_hpa,
    round(avg(wind_speed_ms::decimal(18, 4)), 2) as wind_speed_mean_ms,
    max(wind_speed_ms) as wind_speed_max_ms,
    max(wind_gust_ms) as wind_gust_max_ms,
    round(avg(cloud_cover_pct::decimal(18, 4)), 1) as cloud_cover_mean_pct,
    round(sum(if(counts_rain, coalesce(rain_1h_mm, 0), 0)), 2) as rain_sum_mm,
    round(sum(if(counts_rain, coalesce(snow_1h_mm, 0), 0)), 2) as snow_sum_mm
  from first_of_each
  group by 1, 2, 3
)
select
  d.site_id,
  d.source,
  d.local_date,
  s.name as site_name,
  z.country,
  z.timezone,
  w.* exclude (site_id, source, local_date),
  d.slots_present,
  d.slots_expected,
  round(100 * d.slots_present / d.slots_expected, 1) as coverage_pct,
  -- Of a day that goes on, or has too few values, the mean is not that of a day.
  if(
    d.local_date < timezone(z.timezone, current_timestamp)::date
      and 100 * d.slots_present >= {degree_days_coverage_pct} * d.slots_expected
      and w.temperature_mean_c is not null, -- DuckDB's greatest passes over NULL.
    round(greatest({degree_days_base_c} - w.temperature_mean_c, 0.0), 2),
    null
  ) as heating_degree_days,
  if(
    d.local_date < timezone(z.timezone, current_timestamp)::date
      and 100 * d.slots_present >= {degree_days_coverage_pct} * d.slots_expected
      and w.temperature_mean_c is not null,
    round(greatest(w.temperature_mean_c - {degree_days_base_c}, 0.0), 2),
    null
  ) as cooling_degree_days
from coverage d
join zones z
  on z.site_id = d.site_id and d.last_slot_time >= z.stands_from and d.last_slot_time < z.stands_until
left join weather w
  on w.site_id = d.site_id and w.source = d.source and w.local_date = d.local_date
left join sites s on s.site_id = d.site_id
