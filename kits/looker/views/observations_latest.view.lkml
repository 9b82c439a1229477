# Made by `weather pages --kits kits` from the definitions of the views: change those.
# The latest observation of every active site within 7 days; a site without any is listed with NULLs. An observation whose time is more than 15 minutes ahead is left out.
view: observations_latest {
  sql_table_name: `@{weather_project}.@{weather_dataset}.observations_latest` ;;

  dimension: row_key {
    primary_key: yes
    hidden: yes
    type: string
    sql: concat(coalesce(cast(${TABLE}.site_id as string), ''), '|', coalesce(cast(${TABLE}.source as string), '')) ;;
  }

  dimension: site_id {
    type: string
    description: "The site, as in `sites`."
    sql: ${TABLE}.site_id ;;
  }

  dimension: source {
    type: string
    description: "The weather service that said it."
    sql: ${TABLE}.source ;;
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

  dimension: latitude {
    type: number
    description: "Where the site stood then, degrees north."
    sql: ${TABLE}.latitude ;;
  }

  dimension: longitude {
    type: number
    description: "Where the site stood then, degrees east."
    sql: ${TABLE}.longitude ;;
  }

  dimension_group: observation {
    type: time
    timeframes: [raw, time, hour, hour_of_day, date, week, month, year]
    datatype: timestamp
    description: "The source's own time of the observation, UTC."
    sql: ${TABLE}.observation_time ;;
  }

  dimension_group: local {
    type: time
    timeframes: [raw, time, hour, hour_of_day]
    datatype: datetime
    convert_tz: no
    description: "The same moment on the site's clocks."
    sql: ${TABLE}.local_time ;;
  }

  dimension: age_minutes {
    type: number
    description: "Age of the observation, minutes; 0 at least."
    sql: ${TABLE}.age_minutes ;;
  }

  dimension: temperature_c {
    type: number
    description: "Air temperature, degrees Celsius."
    sql: ${TABLE}.temperature_c ;;
  }

  measure: average_temperature_c {
    type: average
    value_format_name: decimal_1
    description: "Mean: Air temperature, degrees Celsius."
    sql: ${temperature_c} ;;
  }

  measure: min_temperature_c {
    type: min
    value_format_name: decimal_1
    description: "Lowest: Air temperature, degrees Celsius."
    sql: ${temperature_c} ;;
  }

  measure: max_temperature_c {
    type: max
    value_format_name: decimal_1
    description: "Highest: Air temperature, degrees Celsius."
    sql: ${temperature_c} ;;
  }

  dimension: feels_like_c {
    type: number
    description: "Temperature as a person feels it, degrees Celsius."
    sql: ${TABLE}.feels_like_c ;;
  }

  measure: average_feels_like_c {
    type: average
    value_format_name: decimal_1
    description: "Mean: Temperature as a person feels it, degrees Celsius."
    sql: ${feels_like_c} ;;
  }

  measure: min_feels_like_c {
    type: min
    value_format_name: decimal_1
    description: "Lowest: Temperature as a person feels it, degrees Celsius."
    sql: ${feels_like_c} ;;
  }

  measure: max_feels_like_c {
    type: max
    value_format_name: decimal_1
    description: "Highest: Temperature as a person feels it, degrees Celsius."
    sql: ${feels_like_c} ;;
  }

  dimension: humidity_pct {
    type: number
    description: "Relative humidity, percent."
    sql: ${TABLE}.humidity_pct ;;
  }

  measure: average_humidity_pct {
    type: average
    value_format_name: decimal_1
    description: "Mean: Relative humidity, percent."
    sql: ${humidity_pct} ;;
  }

  measure: min_humidity_pct {
    type: min
    value_format_name: decimal_1
    description: "Lowest: Relative humidity, percent."
    sql: ${humidity_pct} ;;
  }

  measure: max_humidity_pct {
    type: max
    value_format_name: decimal_1
    description: "Highest: Relative humidity, percent."
    sql: ${humidity_pct} ;;
  }

  dimension: pressure_msl_hpa {
    type: number
    description: "Air pressure reduced to mean sea level, hectopascals."
    sql: ${TABLE}.pressure_msl_hpa ;;
  }

  measure: average_pressure_msl_hpa {
    type: average
    value_format_name: decimal_1
    description: "Mean: Air pressure reduced to mean sea level, hectopascals."
    sql: ${pressure_msl_hpa} ;;
  }

  measure: min_pressure_msl_hpa {
    type: min
    value_format_name: decimal_1
    description: "Lowest: Air pressure reduced to mean sea level, hectopascals."
    sql: ${pressure_msl_hpa} ;;
  }

  measure: max_pressure_msl_hpa {
    type: max
    value_format_name: decimal_1
    description: "Highest: Air pressure reduced to mean sea level, hectopascals."
    sql: ${pressure_msl_hpa} ;;
  }

  dimension: wind_speed_ms {
    type: number
    description: "Wind speed, metres per second."
    sql: ${TABLE}.wind_speed_ms ;;
  }

  measure: average_wind_speed_ms {
    type: average
    value_format_name: decimal_1
    description: "Mean: Wind speed, metres per second."
    sql: ${wind_speed_ms} ;;
  }

  measure: min_wind_speed_ms {
    type: min
    value_format_name: decimal_1
    description: "Lowest: Wind speed, metres per second."
    sql: ${wind_speed_ms} ;;
  }

  measure: max_wind_speed_ms {
    type: max
    value_format_name: decimal_1
    description: "Highest: Wind speed, metres per second."
    sql: ${wind_speed_ms} ;;
  }

  dimension: wind_gust_ms {
    type: number
    description: "Wind gust, metres per second."
    sql: ${TABLE}.wind_gust_ms ;;
  }

  measure: average_wind_gust_ms {
    type: average
    value_format_name: decimal_1
    description: "Mean: Wind gust, metres per second."
    sql: ${wind_gust_ms} ;;
  }

  measure: min_wind_gust_ms {
    type: min
    value_format_name: decimal_1
    description: "Lowest: Wind gust, metres per second."
    sql: ${wind_gust_ms} ;;
  }

  measure: max_wind_gust_ms {
    type: max
    value_format_name: decimal_1
    description: "Highest: Wind gust, metres per second."
    sql: ${wind_gust_ms} ;;
  }

  dimension: wind_direction_deg {
    type: number
    description: "Direction the wind comes from (0 is north, 90 east), degrees."
    sql: ${TABLE}.wind_direction_deg ;;
  }

  dimension: cloud_cover_pct {
    type: number
    description: "Share of the sky that clouds cover, percent."
    sql: ${TABLE}.cloud_cover_pct ;;
  }

  measure: average_cloud_cover_pct {
    type: average
    value_format_name: decimal_1
    description: "Mean: Share of the sky that clouds cover, percent."
    sql: ${cloud_cover_pct} ;;
  }

  measure: min_cloud_cover_pct {
    type: min
    value_format_name: decimal_1
    description: "Lowest: Share of the sky that clouds cover, percent."
    sql: ${cloud_cover_pct} ;;
  }

  measure: max_cloud_cover_pct {
    type: max
    value_format_name: decimal_1
    description: "Highest: Share of the sky that clouds cover, percent."
    sql: ${cloud_cover_pct} ;;
  }

  dimension: visibility_m {
    type: number
    description: "How far one sees, metres."
    sql: ${TABLE}.visibility_m ;;
  }

  measure: average_visibility_m {
    type: average
    value_format_name: decimal_1
    description: "Mean: How far one sees, metres."
    sql: ${visibility_m} ;;
  }

  measure: min_visibility_m {
    type: min
    value_format_name: decimal_1
    description: "Lowest: How far one sees, metres."
    sql: ${visibility_m} ;;
  }

  measure: max_visibility_m {
    type: max
    value_format_name: decimal_1
    description: "Highest: How far one sees, metres."
    sql: ${visibility_m} ;;
  }

  dimension: rain_1h_mm {
    type: number
    description: "Rain of the last hour, millimetres; NULL: not reported."
    sql: ${TABLE}.rain_1h_mm ;;
  }

  measure: sum_rain_1h_mm {
    type: sum
    value_format_name: decimal_1
    description: "Sum: Rain of the last hour, millimetres; NULL: not reported."
    sql: ${rain_1h_mm} ;;
  }

  dimension: snow_1h_mm {
    type: number
    description: "Snow of the last hour, millimetres of water; NULL: not reported."
    sql: ${TABLE}.snow_1h_mm ;;
  }

  measure: sum_snow_1h_mm {
    type: sum
    value_format_name: decimal_1
    description: "Sum: Snow of the last hour, millimetres of water; NULL: not reported."
    sql: ${snow_1h_mm} ;;
  }

  dimension: condition_group {
    type: string
    description: "The condition in one word, such as Rain."
    sql: ${TABLE}.condition_group ;;
  }

  dimension: condition_description {
    type: string
    description: "The condition in words, such as light rain."
    sql: ${TABLE}.condition_description ;;
  }

  dimension: uv_index {
    type: number
    description: "UV index."
    sql: ${TABLE}.uv_index ;;
  }

  measure: average_uv_index {
    type: average
    value_format_name: decimal_1
    description: "Mean: UV index."
    sql: ${uv_index} ;;
  }

  measure: min_uv_index {
    type: min
    value_format_name: decimal_1
    description: "Lowest: UV index."
    sql: ${uv_index} ;;
  }

  measure: max_uv_index {
    type: max
    value_format_name: decimal_1
    description: "Highest: UV index."
    sql: ${uv_index} ;;
  }

  dimension: dew_point_c {
    type: number
    description: "Dew point, degrees Celsius."
    sql: ${TABLE}.dew_point_c ;;
  }

  measure: average_dew_point_c {
    type: average
    value_format_name: decimal_1
    description: "Mean: Dew point, degrees Celsius."
    sql: ${dew_point_c} ;;
  }

  measure: min_dew_point_c {
    type: min
    value_format_name: decimal_1
    description: "Lowest: Dew point, degrees Celsius."
    sql: ${dew_point_c} ;;
  }

  measure: max_dew_point_c {
    type: max
    value_format_name: decimal_1
    description: "Highest: Dew point, degrees Celsius."
    sql: ${dew_point_c} ;;
  }

  dimension: location {
    type: location
    description: "Where the site stood then, on a map."
    sql_latitude: ${TABLE}.latitude ;;
    sql_longitude: ${TABLE}.longitude ;;
  }

  measure: count {
    type: count
    description: "How many rows."
  }
}
