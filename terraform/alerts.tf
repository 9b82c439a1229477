# Every alert's text is a file of alerts/: what it means, the command to look with, the remedy.
locals {
  channels = [for channel in google_monitoring_notification_channel.email : channel.id]

  figure_alerts = {
    failed_sites      = { figure = "failed_permille", severity = "ERROR", title = "more than 10 % of sites failed" }
    slow_source       = { figure = "latency_mean_ms", severity = "WARNING", title = "mean API latency over 30 s" }
    stale_data        = { figure = "newest_observation_age_s", severity = "CRITICAL", title = "no new observation for 2 hours" }
    account_blocked   = { figure = "account_blocked", severity = "ERROR", title = "OpenWeatherMap has blocked the account" }
    sync_lag          = { figure = "sync_lag_s", severity = "ERROR", title = "a mirror is more than 2 hours behind" }
    verify_difference = { figure = "days_different", severity = "ERROR", title = "a mirror does not hold what the store holds" }
  }

  # The mean of the lines in the window, over the limit. Where silence is bad news too, also when there
  # was no line for that long, or never one: `unless` then has nothing to take away.
  figure_queries = {
    for key, alert in local.figure_alerts : key => join(" or ", compact([
      format("(%[5]s(increase(%[1]s_sum{%[2]s}[%[3]s])) / %[5]s(increase(%[1]s_count{%[2]s}[%[3]s])) > %[4]d)",
        "${local.promql_prefix}_${alert.figure}", "monitored_resource=\"cloud_run_job\"",
        local.figures[alert.figure].window, local.figures[alert.figure].alert_above,
        try("sum by (${local.figures[alert.figure].by}) ", "sum"),
      ),
      try(format("(vector(1) unless (sum(increase(%s_count{%s}[%s])) > 0))",
        "${local.promql_prefix}_${alert.figure}", "monitored_resource=\"cloud_run_job\"",
        local.figures[alert.figure].silence,
      ), ""),
    ]))
  }

  # The same limits without PromQL (`alert_conditions`): the mean of a window, and no line at all for that long.
  figure_filters = {
    for key, alert in local.figure_alerts : key => join(" AND ", [
      "resource.type = \"cloud_run_job\"",
      "metric.type = \"logging.googleapis.com/user/${google_logging_metric.figure[alert.figure].name}\"",
    ])
  }
  by_threshold = var.alert_conditions == "threshold" ? local.figures : {}

  alert_texts = {
    for file in fileset("${path.module}/alerts", "*.md") : trimsuffix(file, ".md") =>
    templatefile("${path.module}/alerts/${file}", {
      name     = local.name
      project  = var.project_id
      region   = var.region
      dataset  = var.bigquery_dataset
      instance = google_sql_database_instance.mysql.name
      # What is put before a query of the log, and behind it.
      read_log = "gcloud logging read --project=${var.project_id} --freshness=1d --limit=20 --format='value(timestamp, severity, jsonPayload.message, jsonPayload.hint)'"
      run_job  = "gcloud run jobs execute --project=${var.project_id} --region=${var.region} --wait"
    })
  }
}

resource "google_monitoring_alert_policy" "figure" {
  for_each = local.figure_alerts

  display_name          = "${local.name}: ${each.value.title}"
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = local.channels

  dynamic "conditions" {
    for_each = var.alert_conditions == "promql" ? [local.figure_queries[each.key]] : []
    content {
      display_name = each.value.title
      condition_prometheus_query_language {
        query               = conditions.value
        duration            = "300s"
        evaluation_interval = "60s"
        # The metric is new: nothing was written to it yet.
        disable_metric_validation = true
      }
    }
  }

  dynamic "conditions" {
    for_each = try([local.by_threshold[each.value.figure]], [])
    content {
      display_name = each.value.title
      condition_threshold {
        filter          = local.figure_filters[each.key]
        comparison      = "COMPARISON_GT"
        threshold_value = conditions.value.alert_above
        duration        = "0s"

        aggregations {
          alignment_period     = "${3600 * tonumber(trimsuffix(conditions.value.window, "h"))}s"
          per_series_aligner   = "ALIGN_DELTA"
          cross_series_reducer = "REDUCE_MEAN"
          group_by_fields      = [for label in try([conditions.value.by], []) : "metric.label.${label}"]
        }
      }
    }
  }

  dynamic "conditions" {
    for_each = try([local.by_threshold[each.value.figure].silence], [])
    content {
      display_name = "no line for ${conditions.value}"
      condition_absent {
        filter   = local.figure_filters[each.key]
        duration = "${3600 * tonumber(trimsuffix(conditions.value, "h"))}s"

        aggregations {
          alignment_period     = "300s"
          per_series_aligner   = "ALIGN_DELTA"
          cross_series_reducer = "REDUCE_COUNT"
        }
      }
    }
  }

  documentation {
    subject   = "${local.name}: ${each.value.title}"
    content   = local.alert_texts[each.key]
    mime_type = "text/markdown"
  }

  alert_strategy {
    auto_close = "86400s"
  }

  depends_on = [google_logging_metric.figure]
}

# By the log itself, since a run that cannot reach the store may have no figures.
resource "google_monitoring_alert_policy" "database" {
  display_name          = "${local.name}: the database cannot be reached"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = local.channels

  conditions {
    display_name = "a run ended because the store is unreachable or refuses access"
    condition_matched_log {
      filter = "${local.job_filter} AND severity>=ERROR AND jsonPayload.errorKind=(\"store_unreachable\" OR \"store_tls\" OR \"store_access_denied\" OR \"store_crowded\" OR \"store_read_only\")"
    }
  }

  documentation {
    subject   = "${local.name}: the database cannot be reached"
    content   = local.alert_texts["database"]
    mime_type = "text/markdown"
  }

  alert_strategy {
    auto_close = "7200s"
    notification_rate_limit {
      period = "3600s"
    }
  }

  depends_on = [google_project_service.this]
}

# By Cloud Run's own figures, since a program that does not start logs nothing. An execution fails when
# its retries have failed too.
resource "google_monitoring_alert_policy" "failed_execution" {
  display_name          = "${local.name}: a job failed"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.channels

  conditions {
    display_name = "an execution failed"
    condition_threshold {
      filter = join(" AND ", [
        "resource.type = \"cloud_run_job\"",
        "resource.labels.job_name = starts_with(\"${local.name}-\")",
        "metric.type = \"run.googleapis.com/job/completed_execution_count\"",
        "metric.labels.result = \"failed\"",
      ])
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.label.job_name"] # the notification names it
      }
    }
  }

  documentation {
    subject   = "${local.name}: a job failed"
    content   = local.alert_texts["failed_execution"]
    mime_type = "text/markdown"
  }

  alert_strategy {
    auto_close = "7200s"
  }

  depends_on = [google_project_service.this]
}

resource "google_monitoring_alert_policy" "secret_due" {
  display_name          = "${local.name}: a secret is due for rotation"
  combiner              = "OR"
  severity              = "WARNING"
  notification_channels = local.channels

  conditions {
    display_name = "a reminder waits"
    condition_threshold {
      filter = join(" AND ", [
        "resource.type = \"pubsub_subscription\"",
        "resource.labels.subscription_id = \"${google_pubsub_subscription.rotation.name}\"",
        "metric.type = \"pubsub.googleapis.com/subscription/num_undelivered_messages\"",
      ])
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"

      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_MAX"
      }
    }
  }

  documentation {
    subject   = "${local.name}: a secret is due for rotation"
    content   = local.alert_texts["secret_due"]
    mime_type = "text/markdown"
  }

  alert_strategy {
    auto_close = "604800s"
  }
}
