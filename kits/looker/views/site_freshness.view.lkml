# Made by `weather pages --kits kits` from the definitions of the views: change those.
# Is every active site being collected? Sites before their first day or after their last are left out. Age of its last observation (none that is more than 15 minutes ahead), success of 24 hours, last error within 7 days.
view: site_freshness {
  sql_table_name: `@{weather_project}.@{weather_dataset}.site_freshness` ;;

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

  dimension: timezone {
    type: string
    description: "The site's IANA time zone."
    sql: ${TABLE}.timezone ;;
  }

  dimension: interval_minutes {
    type: number
    description: "How often the site is observed, minutes."
    sql: ${TABLE}.interval_minutes ;;
  }

  dimension_group: last_observation {
    type: time
    timeframes: [raw, time, hour, hour_of_day, date, week, month, year]
    datatype: timestamp
    description: "The source's time of the last observation, UTC."
    sql: ${TABLE}.last_observation_time ;;
  }

  dimension: age_minutes {
    type: number
    description: "Age of the last observation, minutes; 0 at least."
    sql: ${TABLE}.age_minutes ;;
  }

  dimension: is_fresh {
    type: yesno
    description: "Whether it is no older than 2 hours, or two of the site's intervals."
    sql: ${TABLE}.is_fresh ;;
  }

  dimension: slots_tried_24h {
    type: number
    description: "How many slots of the last 24 hours were tried."
    sql: ${TABLE}.slots_tried_24h ;;
  }

  dimension: slots_collected_24h {
    type: number
    description: "How many of them were collected."
    sql: ${TABLE}.slots_collected_24h ;;
  }

  dimension: success_rate_24h_pct {
    type: number
    description: "Share of them that was collected, percent."
    sql: ${TABLE}.success_rate_24h_pct ;;
  }

  dimension_group: last_failure {
    type: time
    timeframes: [raw, time, hour, hour_of_day, date, week, month, year]
    datatype: timestamp
    description: "Start of the last interval that failed, UTC."
    sql: ${TABLE}.last_failure_time ;;
  }

  dimension: last_error_kind {
    type: string
    description: "Why that one failed, as a kind."
    sql: ${TABLE}.last_error_kind ;;
  }

  dimension: last_error_message {
    type: string
    description: "Why that one failed, in words."
    sql: ${TABLE}.last_error_message ;;
  }

  measure: count {
    type: count
    description: "How many rows."
  }
}
