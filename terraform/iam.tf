locals {
  service_accounts = merge({
    job       = "Collects, syncs and verifies"
    migrate   = "Changes the tables of the store"
    scheduler = "Starts the scheduled jobs"
    build     = "Builds the image and deploys it"
    }, { for api in local.api : api => "Answers queries, and only reads" },
  { for housekeep in local.housekeep : housekeep => "Tidies up in the bucket, where it alone may delete" })

  # What cannot be granted on a resource. Everything else stands beside the resource it is about.
  project_roles = {
    job   = "roles/bigquery.jobUser"  # a query belongs to no dataset
    build = "roles/logging.logWriter" # CLOUD_LOGGING_ONLY: the log of a build belongs to no resource of ours
  }
}

resource "google_service_account" "this" {
  for_each = local.service_accounts

  account_id   = "${local.name}-${each.key}"
  display_name = "Weather ${var.environment}: ${each.key}"
  description  = each.value

  depends_on = [google_project_service.this]
}

resource "google_project_iam_member" "this" {
  for_each = local.project_roles

  project = var.project_id
  role    = each.value
  member  = google_service_account.this[each.key].member
}

# Who read a secret, who changed or logged in to the database, who took an account's token.
# Admin activity and BigQuery's data access are always logged.
resource "google_project_iam_audit_config" "this" {
  for_each = toset(["cloudsql.googleapis.com", "iam.googleapis.com", "secretmanager.googleapis.com"])

  project = var.project_id
  service = each.value

  dynamic "audit_log_config" {
    for_each = ["ADMIN_READ", "DATA_READ", "DATA_WRITE"]
    content {
      log_type = audit_log_config.value
    }
  }
}
