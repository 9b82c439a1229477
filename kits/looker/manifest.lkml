project_name: "weather_data"

constant: weather_connection {
  value: "bigquery"
  export: override_required
}

constant: weather_project {
  value: "my-project"
  export: override_required
}

constant: weather_dataset {
  value: "weather"
  export: override_optional
}
