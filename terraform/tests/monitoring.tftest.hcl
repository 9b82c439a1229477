# Alerts: that they can fire, that somebody hears of it, and that the text says what to do.

mock_provider "google" {
  override_during = plan

  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
  mock_resource "google_sql_database_instance" {
    defaults = {
      server_ca_cert = [{ cert = "PEM", common_name = "", create_time = "", expiration_time = "", sha1_fingerprint = "" }]
    }
  }
  mock_resource "google_monitoring_notification_channel" {
    defaults = { id = "projects/my-project-id/notificationChannels/1" }
  }
}

variables {
  project_id          = "my-project-id"
  environment         = "dev"
  db_password_version = 1
  alert_emails        = ["oncall@example.com"]
}

run "a_figure_is_extracted_from_its_line" {
  command = plan

  assert {
    condition     = google_logging_metric.figure["failed_permille"].value_extractor == "EXTRACT(jsonPayload.failedPermille)"
    error_message = "Cloud Logging sees the fields in camel case."
  }
  assert {
    condition     = google_logging_metric.figure["failed_permille"].filter == "resource.type=\"cloud_run_job\" AND resource.labels.job_name=~\"^weather-dev-\" AND jsonPayload.message=\"run_summary\""
    error_message = "The line is told by its message."
  }
  assert {
    condition     = alltrue([for metric in google_logging_metric.figure : metric.metric_descriptor[0].metric_kind == "DELTA" && metric.metric_descriptor[0].value_type == "DISTRIBUTION"])
    error_message = "An extracted value is a DELTA DISTRIBUTION; another kind is refused."
  }
  assert {
    condition     = alltrue([for key, figure in local.figures : endswith(key, "_ms") ? figure.unit == "ms" : endswith(key, "_s") ? figure.unit == "s" : figure.unit == "1"])
    error_message = "The unit stands in the name."
  }
  assert {
    condition     = alltrue([for figure in local.figures : contains(["run_summary", "sync_summary", "verify_summary"], figure.line)])
    error_message = "There are three lines of figures."
  }
  assert {
    condition     = toset([for label in google_logging_metric.failed_slots.metric_descriptor[0].labels : label.key]) == toset(keys(google_logging_metric.failed_slots.label_extractors))
    error_message = "Each label needs an extractor, and each extractor a label."
  }
}

run "a_sink_that_is_behind_is_not_hidden_by_another" {
  command = plan

  assert {
    condition     = toset([for key, figure in local.figures : key if try(figure.by, "") == "sink"]) == toset(["rows_synced", "sync_lag_s", "days_different"])
    error_message = "What a sink says of itself has the sink as its label."
  }
  assert {
    condition     = alltrue([for key, metric in google_logging_metric.figure : join(",", try(keys(metric.label_extractors), [])) == try(local.figures[key].by, "") && join(",", [for label in metric.metric_descriptor[0].labels : label.key]) == try(local.figures[key].by, "")])
    error_message = "Each label needs an extractor, and each extractor a label."
  }
  assert {
    condition     = google_logging_metric.figure["sync_lag_s"].label_extractors["sink"] == "EXTRACT(jsonPayload.sink)"
    error_message = "The label is read from the field of its name."
  }
  assert {
    condition     = startswith(google_monitoring_alert_policy.figure["sync_lag"].conditions[0].condition_prometheus_query_language[0].query, "(sum by (sink) (increase(logging_googleapis_com:user_weather_dev_sync_lag_s_sum{monitored_resource=\"cloud_run_job\"}[1h])) / sum by (sink) (increase(logging_googleapis_com:user_weather_dev_sync_lag_s_count")
    error_message = "Not: ${google_monitoring_alert_policy.figure["sync_lag"].conditions[0].condition_prometheus_query_language[0].query}"
  }
}

run "limits" {
  command = plan

  assert {
    condition = { for key, figure in local.figures : key => figure.alert_above if can(figure.alert_above) } == {
      failed_permille          = 100
      latency_mean_ms          = 30000
      newest_observation_age_s = 7200
      account_blocked          = 0
      sync_lag_s               = 7200
      days_different           = 0
    }
    error_message = "More than 10 % failed, 30 s of mean latency, 2 hours of age or lag, blocked at all, different at all."
  }
  assert {
    condition     = toset([for alert in local.figure_alerts : alert.figure]) == toset([for key, figure in local.figures : key if can(figure.alert_above)])
    error_message = "Every figure with a limit has its alert."
  }
}

run "stale_data_fires_when_nothing_was_ever_written" {
  command = plan

  assert {
    condition     = google_monitoring_alert_policy.figure["stale_data"].conditions[0].condition_prometheus_query_language[0].query == "(sum(increase(logging_googleapis_com:user_weather_dev_newest_observation_age_s_sum{monitored_resource=\"cloud_run_job\"}[1h])) / sum(increase(logging_googleapis_com:user_weather_dev_newest_observation_age_s_count{monitored_resource=\"cloud_run_job\"}[1h])) > 7200) or (vector(1) unless (sum(increase(logging_googleapis_com:user_weather_dev_newest_observation_age_s_count{monitored_resource=\"cloud_run_job\"}[2h])) > 0))"
    error_message = "Not: ${google_monitoring_alert_policy.figure["stale_data"].conditions[0].condition_prometheus_query_language[0].query}"
  }
  assert {
    condition     = strcontains(google_monitoring_alert_policy.figure["sync_lag"].conditions[0].condition_prometheus_query_language[0].query, "vector(1) unless")
    error_message = "A sync that never ends has no lag to show."
  }
  assert {
    condition     = !strcontains(google_monitoring_alert_policy.figure["failed_sites"].conditions[0].condition_prometheus_query_language[0].query, "vector")
    error_message = "Silence is one alert's affair, not every alert's."
  }
  assert {
    condition     = alltrue([for alert in google_monitoring_alert_policy.figure : alert.conditions[0].condition_prometheus_query_language[0].disable_metric_validation])
    error_message = "A metric that was never written to is not known: the alert would be refused."
  }
}

run "without_promql_the_limits_are_the_same" {
  command = plan
  variables {
    alert_conditions = "threshold"
  }

  assert {
    condition = { for key, alert in local.figure_alerts : alert.figure => one(flatten([
      for condition in google_monitoring_alert_policy.figure[key].conditions : [for threshold in condition.condition_threshold : threshold.threshold_value]
    ])) } == { for key, figure in local.figures : key => figure.alert_above if can(figure.alert_above) }
    error_message = "One threshold for each alert, at its limit."
  }
  assert {
    condition = toset([for key, alert in local.figure_alerts : alert.figure
      if length(flatten([for condition in google_monitoring_alert_policy.figure[key].conditions : [for absent in condition.condition_absent : absent.duration if absent.duration == "7200s"]])) == 1
    ]) == toset([for key, figure in local.figures : key if can(figure.silence)])
    error_message = "Where silence is bad news, its absence for that long is a condition of its own."
  }
  assert {
    condition     = alltrue([for alert in google_monitoring_alert_policy.figure : alltrue([for condition in alert.conditions : length(condition.condition_prometheus_query_language) == 0])])
    error_message = "Nothing asks by PromQL then."
  }
  assert {
    condition     = google_monitoring_alert_policy.figure["verify_difference"].conditions[0].condition_threshold[0].aggregations[0].alignment_period == "90000s"
    error_message = "A figure of once a day is looked at over 25 hours."
  }
}

run "every_alert_reaches_somebody_and_says_what_to_do" {
  command = plan

  assert {
    condition     = alltrue([for alert in concat(values(google_monitoring_alert_policy.figure), [google_monitoring_alert_policy.database, google_monitoring_alert_policy.failed_execution, google_monitoring_alert_policy.secret_due]) : length(alert.notification_channels) == 1])
    error_message = "An alert without a channel is heard by nobody."
  }
  assert {
    condition = alltrue([for alert in concat(values(google_monitoring_alert_policy.figure), [google_monitoring_alert_policy.database, google_monitoring_alert_policy.failed_execution, google_monitoring_alert_policy.secret_due]) :
      alltrue([for part in ["**What it means.**", "**Look.**", "    gcloud ", "**Remedy.**"] : strcontains(alert.documentation[0].content, part)])
    ])
    error_message = "An alert says what it means, the command to look with, and the remedy."
  }
  assert {
    condition     = alltrue([for text in values(local.alert_texts) : length(text) < 8192])
    error_message = "Cloud Monitoring takes 8 KiB of text."
  }
  assert {
    condition     = length(local.alert_texts) == length(local.figure_alerts) + 3
    error_message = "A text without an alert, or an alert without a text."
  }
  assert {
    condition     = alltrue([for alert in concat(values(google_monitoring_alert_policy.figure), [google_monitoring_alert_policy.database, google_monitoring_alert_policy.failed_execution, google_monitoring_alert_policy.secret_due]) : contains(["CRITICAL", "ERROR", "WARNING"], alert.severity)])
    error_message = "Severities are CRITICAL, ERROR and WARNING."
  }
}

run "prod_is_heard_by_somebody" {
  command = plan
  variables {
    environment  = "prod"
    alert_emails = []
  }
  expect_failures = [var.alert_emails]
}

run "a_budget_notifies_five_channels_at_most" {
  command = plan
  variables {
    alert_emails = [for n in range(6) : "oncall-${n}@example.com"]
  }
  expect_failures = [var.alert_emails]
}

run "alerts_of_log_and_executions" {
  command = plan

  assert {
    condition     = google_monitoring_alert_policy.database.alert_strategy[0].notification_rate_limit[0].period == "3600s"
    error_message = "An alert on a log line is refused without a limit of its notifications."
  }
  assert {
    condition     = google_monitoring_alert_policy.failed_execution.conditions[0].condition_threshold[0].filter == "resource.type = \"cloud_run_job\" AND resource.labels.job_name = starts_with(\"weather-dev-\") AND metric.type = \"run.googleapis.com/job/completed_execution_count\" AND metric.labels.result = \"failed\""
    error_message = "Cloud Run counts the executions that ended, by result."
  }
}

run "the_dashboard_asks_for_metrics_that_are_there" {
  command = plan

  assert {
    condition     = can(jsondecode(google_monitoring_dashboard.this.dashboard_json))
    error_message = "The dashboard is no JSON."
  }
  assert {
    condition = alltrue([
      for name in flatten(regexall("user_weather_dev_([a-z_]+?)(?:_sum|_count)?\\{", google_monitoring_dashboard.this.dashboard_json)) :
      name == "failed_slots" || contains(keys(local.figures), name)
    ])
    error_message = "The dashboard asks for a metric that nobody writes."
  }
  assert {
    condition     = length(regexall("user_weather_dev_([a-z_]+?)(?:_sum|_count)?\\{", google_monitoring_dashboard.this.dashboard_json)) > 10
    error_message = "The test above looks at nothing."
  }
}

run "no_billing_account_no_budget" {
  command = plan

  assert {
    condition     = length(google_billing_budget.this) == 0
    error_message = "A budget belongs to a billing account."
  }
}

run "a_budget_says_so_before_the_money_is_gone" {
  command = plan
  variables {
    billing_account = "000000-000000-000000"
    monthly_budget  = 200
  }

  assert {
    condition     = google_billing_budget.this[0].amount[0].specified_amount[0].units == "200" && google_billing_budget.this[0].budget_filter[0].projects == toset(["projects/123456789012"])
    error_message = "The budget is of this project alone, by its number."
  }
}
