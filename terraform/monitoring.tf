locals {
  job_filter = "resource.type=\"cloud_run_job\" AND resource.labels.job_name=~\"^${local.name}-\""

  # What the metrics are called in PromQL, up to the figure's own name.
  metric_prefix = replace(local.name, "-", "_")
  promql_prefix = "logging_googleapis_com:user_${local.metric_prefix}"

  # JSON, since a test of the program reads it too: every field has to be in its line, as an integer.
  figures = jsondecode(file("${path.module}/figures.json"))
}

# A figure of each line that ends a run, a sync or a verification. Kind and unit cannot be changed
# later: give a figure that changes a new name.
resource "google_logging_metric" "figure" {
  for_each = local.figures

  name            = "${local.metric_prefix}_${each.key}"
  description     = each.value.description
  filter          = "${local.job_filter} AND jsonPayload.message=\"${each.value.line}\""
  value_extractor = "EXTRACT(jsonPayload.${each.value.field})"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = each.value.unit

    # A mean over the sinks would hide one that is behind.
    dynamic "labels" {
      for_each = try([each.value.by], [])
      content {
        key = labels.value
      }
    }
  }

  label_extractors = { for label in try([each.value.by], []) : label => "EXTRACT(jsonPayload.${label})" }

  # Means come from sum and count; the buckets only have to span milliseconds to days.
  bucket_options {
    exponential_buckets {
      num_finite_buckets = 40
      growth_factor      = 2
      scale              = 1
    }
  }

  depends_on = [google_project_service.this]
}

# Every slot that failed, by site and kind. Of a list of tens of thousands that all fail, Cloud Logging
# drops some series: no alert is built on this one.
resource "google_logging_metric" "failed_slots" {
  name        = "${local.metric_prefix}_failed_slots"
  description = "Slots that failed in a run"
  filter      = "${local.job_filter} AND severity=\"WARNING\" AND jsonPayload.siteId:* AND jsonPayload.errorKind:*"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"

    labels {
      key = "site_id"
    }
    labels {
      key = "error_kind"
    }
  }

  label_extractors = {
    site_id    = "EXTRACT(jsonPayload.siteId)"
    error_kind = "EXTRACT(jsonPayload.errorKind)"
  }

  depends_on = [google_project_service.this]
}

resource "google_monitoring_notification_channel" "email" {
  for_each = var.alert_emails

  display_name = each.value
  type         = "email"
  labels       = { email_address = each.value }

  depends_on = [google_project_service.this]
}

resource "google_monitoring_dashboard" "this" {
  dashboard_json = templatefile("${path.module}/dashboards/weather.json.tftpl", {
    name   = local.name
    metric = local.promql_prefix
  })

  depends_on = [google_logging_metric.figure, google_logging_metric.failed_slots]
}

resource "google_billing_budget" "this" {
  count = var.billing_account == null ? 0 : 1

  billing_account = var.billing_account
  display_name    = local.name

  budget_filter {
    projects = ["projects/${data.google_project.this.number}"]
  }

  amount {
    specified_amount {
      units = tostring(var.monthly_budget)
    }
  }

  threshold_rules {
    threshold_percent = 0.5
  }
  threshold_rules {
    threshold_percent = 1.0
  }
  threshold_rules {
    threshold_percent = 1.0
    spend_basis       = "FORECASTED_SPEND"
  }

  # Who administers the billing account hears of it in any case.
  dynamic "all_updates_rule" {
    for_each = length(local.channels) > 0 ? [local.channels] : []
    content {
      monitoring_notification_channels = all_updates_rule.value
    }
  }

  depends_on = [google_project_service.this]
}
