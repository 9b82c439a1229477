connection: "@{weather_connection}"
label: "Weather of our sites"

include: "/views/*.view.lkml"

explore: observations_hourly {
  label: "Hours"
  description: "The weather of each site, source and hour."
  # Without a condition on the hour every partition is read, and paid for.
  always_filter: {
    filters: [observations_hourly.hour_date: "7 days"]
  }
}

explore: observations_daily {
  label: "Days"
  description: "Lowest, mean and highest values of each local day, and how much of it is there."
  always_filter: {
    filters: [observations_daily.local_day_date: "30 days"]
  }
}

explore: sites_geo {
  label: "Now"
  description: "The latest observation of each site, on a map."
  join: site_freshness {
    type: left_outer
    relationship: one_to_one
    sql_on: ${sites_geo.site_id} = ${site_freshness.site_id} and ${sites_geo.source} = ${site_freshness.source} ;;
  }
}

explore: site_freshness {
  label: "Freshness"
  description: "Is every site being collected?"
}
