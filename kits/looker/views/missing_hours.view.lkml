# Made by `weather pages --kits kits` from the definitions of the views: change those.
# Every slot of a site's life up to now that has no value, and why: it was never tried, paused (the account was blocked, the key refused or the call budget spent), failed, or cannot be filled. Counted at the interval that the site had then, from active_from or, without it, from when the site was taken in. `weather gaps` lists the same. It reads every partition of the ledger, whatever days are asked for: missing_hours_between(from_time, to_time) reads those of its slots only.
view: missing_hours {
  sql_table_name: `@{weather_project}.@{weather_dataset}.missing_hours` ;;

  dimension: row_key {
    primary_key: yes
    hidden: yes
    type: string
    sql: concat(coalesce(cast(${TABLE}.site_id as string), ''), '|', coalesce(cast(${TABLE}.source as string), ''), '|', coalesce(cast(${TABLE}.slot_time as string), '')) ;;
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

  dimension_group: slot {
    type: time
    timeframes: [raw, time, hour, hour_of_day, date, week, month, year]
    datatype: timestamp
    description: "Start of the interval, UTC."
    sql: ${TABLE}.slot_time ;;
  }

  dimension_group: local {
    type: time
    timeframes: [raw, time, hour, hour_of_day]
    datatype: datetime
    convert_tz: no
    description: "The same moment on the site's clocks."
    sql: ${TABLE}.local_time ;;
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

  dimension: timezone {
    type: string
    description: "The IANA time zone that the site had then."
    sql: ${TABLE}.timezone ;;
  }

  dimension: status {
    type: string
    description: "never_tried, paused, failed, quarantined (the answer held a value out of its physical range) or unfillable."
    sql: ${TABLE}.status ;;
  }

  dimension: error_kind {
    type: string
    description: "Why it failed, as a kind."
    sql: ${TABLE}.error_kind ;;
  }

  dimension: error_message {
    type: string
    description: "Why it failed or cannot be filled, in words."
    sql: ${TABLE}.error_message ;;
  }

  measure: count {
    type: count
    description: "How many rows."
  }
}
