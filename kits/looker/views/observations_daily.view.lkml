# Made by `weather pages --kits kits` from the definitions of the views: change those.
# One row per site, source and local day of the site's life up to now (in the warehouse up to the last sync that wrote): lowest, mean and highest values, sums, and how many of the day's slots are there. Days are those of the time zone that the site had then (23 or 25 hours at a change of the clock). A day on which a site moved has all slots of that date, in the old zone and in the new; time zone and country are those at its end.
view: observations_daily {
  sql_table_name: `@{weather_project}.@{weather_dataset}.observations_daily` ;;

  dimension: row_key {
    primary_key: yes
    hidden: yes
    type: string
    sql: concat(coalesce(cast(${TABLE}.site_id as string), ''), '|', coalesce(cast(${TABLE}.source as string), ''), '|', coalesce(cast(${TABLE}.local_date as string), '')) ;;
  }

  dimension: site_id {
    type: string
    description: "The site, as in `sites`."
    sql: ${TABLE}.site_id ;;
  }

  dimension: source {
    type: string
    description: "The weather service that was asked; NULL: none ever was."
    sql: ${TABLE}.source ;;
  }

  dimension_group: local_day {
    type: time
    timeframes: [raw, date, day_of_week, week, month, quarter, year]
    datatype: date
    convert_tz: no
    description: "The site's local day."
    sql: ${TABLE}.local_date ;;
  }

  dimension: site_name {
    type: string
    description: "The site's name for people."
    sql: ${TABLE}.site_name ;;
  }

  dimension: country {
    type: string
    description: "Country where the site stood then, two letters of ISO 3166-1."
    sql: ${TABLE}.country ;;
  }

  dimension: timezone {
    type: string
    description: "The IANA time zone that the site had then."
    sql: ${TABLE}.timezone ;;
  }

  dimension: temperature_min_c {
    type: number
    description: "Lowest air temperature, degrees Celsius."
    sql: ${TABLE}.temperature_min_c ;;
  }

  dimension: temperature_mean_c {
    type: number
    description: "Mean air temperature of the collected slots, degrees Celsius."
    sql: ${TABLE}.temperature_mean_c ;;
  }

  measure: average_temperature_mean_c {
    type: average
    value_format_name: decimal_1
    description: "Mean: Mean air temperature of the collected slots, degrees Celsius."
    sql: ${temperature_mean_c} ;;
  }

  measure: min_temperature_mean_c {
    type: min
    value_format_name: decimal_1
    description: "Lowest: Mean air temperature of the collected slots, degrees Celsius."
    sql: ${temperature_mean_c} ;;
  }

  measure: max_temperature_mean_c {
    type: max
    value_format_name: decimal_1
    description: "Highest: Mean air temperature of the collected slots, degrees Celsius."
    sql: ${temperature_mean_c} ;;
  }

  dimension: temperature_max_c {
    type: number
    description: "Highest air temperature, degrees Celsius."
    sql: ${TABLE}.temperature_max_c ;;
  }

  dimension: humidity_mean_pct {
    type: number
    description: "Mean relative humidity, percent."
    sql: ${TABLE}.humidity_mean_pct ;;
  }

  measure: average_humidity_mean_pct {
    type: average
    value_format_name: decimal_1
    description: "Mean: Mean relative humidity, percent."
    sql: ${humidity_mean_pct} ;;
  }

  measure: min_humidity_mean_pct {
    type: min
    value_format_name: decimal_1
    description: "Lowest: Mean relative humidity, percent."
    sql: ${humidity_mean_pct} ;;
  }

  measure: max_humidity_mean_pct {
    type: max
    value_format_name: decimal_1
    description: "Highest: Mean relative humidity, percent."
    sql: ${humidity_mean_pct} ;;
  }

  dimension: pressure_msl_mean_hpa {
    type: number
    description: "Mean air pressure at mean sea level, hectopascals."
    sql: ${TABLE}.pressure_msl_mean_hpa ;;
  }

  measure: average_pressure_msl_mean_hpa {
    type: average
    value_format_name: decimal_1
    description: "Mean: Mean air pressure at mean sea level, hectopascals."
    sql: ${pressure_msl_mean_hpa} ;;
  }

  measure: min_pressure_msl_mean_hpa {
    type: min
    value_format_name: decimal_1
    description: "Lowest: Mean air pressure at mean sea level, hectopascals."
    sql: ${pressure_msl_mean_hpa} ;;
  }

  measure: max_pressure_msl_mean_hpa {
    type: max
    value_format_name: decimal_1
    description: "Highest: Mean air pressure at mean sea level, hectopascals."
    sql: ${pressure_msl_mean_hpa} ;;
  }

  dimension: wind_speed_mean_ms {
    type: number
    description: "Mean wind speed, metres per second."
    sql: ${TABLE}.wind_speed_mean_ms ;;
  }

  measure: average_wind_speed_mean_ms {
    type: average
    value_format_name: decimal_1
    description: "Mean: Mean wind speed, metres per second."
    sql: ${wind_speed_mean_ms} ;;
  }

  measure: min_wind_speed_mean_ms {
    type: min
    value_format_name: decimal_1
    description: "Lowest: Mean wind speed, metres per second."
    sql: ${wind_speed_mean_ms} ;;
  }

  measure: max_wind_speed_mean_ms {
    type: max
    value_format_name: decimal_1
    description: "Highest: Mean wind speed, metres per second."
    sql: ${wind_speed_mean_ms} ;;
  }

  dimension: wind_speed_max_ms {
    type: number
    description: "Highest wind speed, metres per second."
    sql: ${TABLE}.wind_speed_max_ms ;;
  }

  dimension: wind_gust_max_ms {
    type: number
    description: "Strongest gust, metres per second."
    sql: ${TABLE}.wind_gust_max_ms ;;
  }

  dimension: cloud_cover_mean_pct {
    type: number
    description: "Mean cloud cover, percent."
    sql: ${TABLE}.cloud_cover_mean_pct ;;
  }

  measure: average_cloud_cover_mean_pct {
    type: average
    value_format_name: decimal_1
    description: "Mean: Mean cloud cover, percent."
    sql: ${cloud_cover_mean_pct} ;;
  }

  measure: min_cloud_cover_mean_pct {
    type: min
    value_format_name: decimal_1
    description: "Lowest: Mean cloud cover, percent."
    sql: ${cloud_cover_mean_pct} ;;
  }

  measure: max_cloud_cover_mean_pct {
    type: max
    value_format_name: decimal_1
    description: "Highest: Mean cloud cover, percent."
    sql: ${cloud_cover_mean_pct} ;;
  }

  dimension: rain_sum_mm {
    type: number
    description: "Rain of the hours that were collected, millimetres; an hour without a report counts as 0. NULL: none was collected."
    sql: ${TABLE}.rain_sum_mm ;;
  }

  measure: sum_rain_sum_mm {
    type: sum
    value_format_name: decimal_1
    description: "Sum: Rain of the hours that were collected, millimetres; an hour without a report counts as 0. NULL: none was collected."
    sql: ${rain_sum_mm} ;;
  }

  dimension: snow_sum_mm {
    type: number
    description: "Snow of the hours that were collected, millimetres of water; an hour without a report counts as 0. NULL: none was collected."
    sql: ${TABLE}.snow_sum_mm ;;
  }

  measure: sum_snow_sum_mm {
    type: sum
    value_format_name: decimal_1
    description: "Sum: Snow of the hours that were collected, millimetres of water; an hour without a report counts as 0. NULL: none was collected."
    sql: ${snow_sum_mm} ;;
  }

  dimension: slots_present {
    type: number
    description: "How many of the day's slots were collected."
    sql: ${TABLE}.slots_present ;;
  }

  dimension: slots_expected {
    type: number
    description: "How many slots of the interval that the site had then start within the local day, the site's life and the time up to now."
    sql: ${TABLE}.slots_expected ;;
  }

  dimension: coverage_pct {
    type: number
    description: "Share of the expected slots that is there, percent."
    sql: ${TABLE}.coverage_pct ;;
  }

  measure: average_coverage_pct {
    type: average
    value_format_name: decimal_1
    description: "Mean: Share of the expected slots that is there, percent."
    sql: ${coverage_pct} ;;
  }

  dimension: heating_degree_days {
    type: number
    description: "How far the mean temperature lies below 18 degrees Celsius, else 0. NULL: less than 80 % of the day's slots are there, or the day goes on."
    sql: ${TABLE}.heating_degree_days ;;
  }

  measure: sum_heating_degree_days {
    type: sum
    value_format_name: decimal_1
    description: "Sum: How far the mean temperature lies below 18 degrees Celsius, else 0. NULL: less than 80 % of the day's slots are there, or the day goes on."
    sql: ${heating_degree_days} ;;
  }

  dimension: cooling_degree_days {
    type: number
    description: "How far the mean temperature lies above 18 degrees Celsius, else 0. NULL: less than 80 % of the day's slots are there, or the day goes on."
    sql: ${TABLE}.cooling_degree_days ;;
  }

  measure: sum_cooling_degree_days {
    type: sum
    value_format_name: decimal_1
    description: "Sum: How far the mean temperature lies above 18 degrees Celsius, else 0. NULL: less than 80 % of the day's slots are there, or the day goes on."
    sql: ${cooling_degree_days} ;;
  }

  measure: count {
    type: count
    description: "How many rows."
  }
}
