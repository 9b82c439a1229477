with {expected_slots},
coverage as (
  select
    e.site_id,
    e.source,
    e.local_date,
    any_value(e.site_name) as site_name,
    any_value(e.country) as country,
    any_value(e.timezone) as timezone,
    countif(c.status = 'collected') as slots_present,
    count(*) as slots_expected
  from expected e
  left join {collection_slots} c
    on c.site_id = e.site_id and c.source = e.source and c.slot_time = e.slot_time
  group by 1, 2, 3
),
hours as (
  select
    *,
    -- An observation that fills two hours has rained once.
    row_number() over (
      partition by site_id, source, observation_time order by slot_time
    ) = 1 as is_first_use
  from {observations_hourly}
),
weather as (
  select
    site_id,
    source,
    local_date,
    min(temperature_c) as temperature_min_c,
    round(avg(temperature_c), 2) as temperature_mean_c,
    max(temperature_c) as temperature_max_c,
    round(avg(humidity_pct), 1) as humidity_mean_pct,
    round(avg(pressure_msl_hpa), 2) as pressure_msl_mean_hpa,
    round(avg(wind_speed_ms), 2) as wind_speed_mean_ms,
    max(wind_speed_ms) as wind_speed_max_ms,
    max(wind_gust_ms) as wind_gust_max_ms,
    round(avg(cloud_cover_pct), 1) as cloud_cover_mean_pct,
    round(sum(if(is_first_use, rain_1h_mm, 0)), 2) as rain_sum_mm,
    round(sum(if(is_first_use, snow_1h_mm, 0)), 2) as snow_sum_mm
  from hours
  group by 1, 2, 3
)
select
  d.site_id,
  d.source,
  d.local_date,
  d.site_name,
  d.country,
  d.timezone,
  w.temperature_min_c,
  w.temperature_mean_c,
  w.temperature_max_c,
  w.humidity_mean_pct,
  w.pressure_msl_mean_hpa,
  w.wind_speed_mean_ms,
  w.wind_speed_max_ms,
  w.wind_gust_max_ms,
  w.cloud_cover_mean_pct,
  w.rain_sum_mm,
  w.snow_sum_mm,
  d.slots_present,
  d.slots_expected,
  round(100 * d.slots_present / d.slots_expected, 1) as coverage_pct
from coverage d
left join weather w
  on w.site_id = d.site_id and w.source = d.source and w.local_date = d.local_date
