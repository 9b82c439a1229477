with latest as (
  select *
  from {weather_observations}
  where observation_time >= timestamp_sub(current_timestamp(), interval 7 day)
    -- What a source dates further ahead is not believed until its time has come.
    and observation_time <= timestamp_add(current_timestamp(), interval 15 minute)
  qualify row_number() over (partition by site_id, source order by observation_time desc) = 1
)
select
  s.site_id,
  l.source,
  s.name as site_name,
  s.country,
  s.timezone,
  s.latitude,
  s.longitude,
  l.observation_time,
  cast(format_timestamp('%F %T', l.observation_time, s.timezone) as datetime) as local_time,
  greatest(timestamp_diff(current_timestamp(), l.observation_time, minute), 0) as age_minutes,
  l.temperature_c,
  l.feels_like_c,
  l.humidity_pct,
  l.pressure_msl_hpa,
  l.wind_speed_ms,
  l.wind_gust_ms,
  l.wind_direction_deg,
  l.cloud_cover_pct,
  l.visibility_m,
  l.rain_1h_mm,
  l.snow_1h_mm,
  l.condition_group,
  l.condition_description
from {sites} s
left join latest l on l.site_id = s.site_id
where s.deactivated_at is null
