-- The days of the last year that are covered well enough to be compared, one row per site and local day, and
-- how much warmer each was than the site's mean of them.
with days as (
  select
    site_id,
    site_name,
    country,
    local_date,
    max(temperature_max_c) as temperature_max_c,
    min(temperature_min_c) as temperature_min_c,
    avg(temperature_mean_c) as temperature_mean_c,
    max(rain_sum_mm) as rain_sum_mm,
    max(wind_gust_max_ms) as wind_gust_max_ms
  from {{ source('weather', 'observations_daily') }}
  where local_date >= date_sub(current_date(), interval 365 day)
    and coverage_pct >= {{ var('weather_min_coverage_pct') }}
  group by site_id, site_name, country, local_date
)
select
  days.*,
  temperature_mean_c - avg(temperature_mean_c) over (partition by site_id) as warmer_than_usual_c
from days
