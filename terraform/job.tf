locals {
  pace_seconds   = ceil(60 * var.sites / var.calls_per_minute)
  forecast_count = var.forecast_products == null ? 1 : length(var.forecast_products)

  bigquery_env = {
    BIGQUERY_PROJECT  = var.project_id
    BIGQUERY_DATASET  = google_bigquery_dataset.this["public"].dataset_id
    BIGQUERY_LOCATION = var.bigquery_location
  }

  pipeline_env = {
    SITES_FILE                   = var.sites_file
    OPENWEATHER_BASE_URL         = var.openweather_base_url
    OPENWEATHER_CALLS_PER_MINUTE = tostring(var.calls_per_minute)
    # Enough for that pace if an answer takes two seconds.
    MAX_WORKERS = tostring(max(16, ceil(var.calls_per_minute / 30)))
  }

  # What is left to the program unless it is said here.
  pipeline_choices = { for name, value in {
    OPENWEATHER_PLAN            = var.openweather_plan
    OPENWEATHER_CALLS_PER_DAY   = var.openweather_calls_per_day
    OPENWEATHER_CALLS_PER_MONTH = var.openweather_calls_per_month
    OPENWEATHER_ONE_CALL        = var.openweather_one_call
    SOURCES                     = var.sources == null ? null : join(",", var.sources)
    FORECAST_PRODUCTS           = var.forecast_products == null ? null : length(var.forecast_products) == 0 ? "none" : join(",", var.forecast_products)
    FORECAST_INTERVAL_MINUTES   = var.forecast_interval_minutes
    HEAL_CALLS                  = var.heal_calls
    HEAL_FROM_SOURCE            = var.heal_from_source
  } : name => tostring(value) if value != null }

  jobs = merge({
    pipeline = {
      account = "job"
      # The calls at their pace, half as many again for retries, a forecast of each product at half that pace, the calls that heal, and a quarter of an hour for
      # a lease to run out (2 min), a pause (1 min) and the sync; before all of it 2 minutes until a fresh
      # instance reaches the database.
      timeout_seconds = 1020 + ceil((1.5 + 2 * local.forecast_count) * local.pace_seconds) + ceil(60 * coalesce(var.heal_calls, 0) / var.calls_per_minute)
      # One: whatever stopped it, half an hour later comes the next start.
      max_retries = 1
      flags       = []
      env         = merge(local.pipeline_env, local.pipeline_choices, local.bigquery_env, local.lake_env, local.vault_env)
      secret_env  = { DATABASE_URL = "database-url", OPENWEATHER_API_KEY = "openweather-api-key" }
    }
    # By hand: after a longer failure of BigQuery, or with --rebase after a restore.
    sync = {
      account         = "job"
      timeout_seconds = 6 * 3600
      max_retries     = 0 # a person looks why it ended, and starts it again: it goes on
      flags           = []
      env             = merge(local.bigquery_env, local.lake_env)
      secret_env      = { DATABASE_URL = "database-url" }
    }
    # Every day within a month, at a price that hardly grows.
    verify = {
      account         = "job"
      timeout_seconds = 6 * 3600
      max_retries     = 0 # a difference does not go away, and looking again is paid for
      flags           = ["--rolling", "30"]
      env             = merge(local.bigquery_env, local.lake_env)
      secret_env      = { DATABASE_URL = "database-url" }
    }
    # By Cloud Build, before the others get the new image.
    migrate = {
      account         = "migrate"
      timeout_seconds = 3600
      max_retries     = 0 # a migration that ended half-way wants a person to look
      flags           = []
      env             = {}
      secret_env      = { DATABASE_URL = "database-migrate-url" }
    }
    }, { for housekeep in local.housekeep : housekeep => {
      # Puts days together and deletes what that made superfluous: no other account may delete.
      account         = "housekeep"
      timeout_seconds = 6 * 3600
      max_retries     = 0 # what it did not come to waits for the next day
      flags           = []
      env             = merge(local.lake_env, local.vault_env)
      secret_env      = {}
  } })
}

resource "google_cloud_run_v2_job" "this" {
  for_each = local.jobs

  name                = "${local.name}-${each.key}"
  location            = var.region
  deletion_protection = var.deletion_protection

  template {
    # One task has the pace of 100,000 sites. The program shares the sites among more, if it must be.
    task_count = 1

    template {
      service_account       = google_service_account.this[each.value.account].email
      execution_environment = "EXECUTION_ENVIRONMENT_GEN2"
      timeout               = "${each.value.timeout_seconds}s"
      max_retries           = each.value.max_retries

      # Only the database is in the network; the API and Google's services are reached without it.
      vpc_access {
        egress = "PRIVATE_RANGES_ONLY"
        network_interfaces {
          network    = google_compute_network.this.id
          subnetwork = google_compute_subnetwork.jobs.id
        }
      }

      containers {
        image = "${local.image}:first"
        args  = concat([each.key], each.value.flags)

        resources {
          limits = {
            cpu    = "1"
            memory = "1Gi"
          }
        }

        dynamic "env" {
          for_each = merge(each.value.env, { DATABASE_CA = "/database-ca/server-ca.pem" })
          content {
            name  = env.key
            value = env.value
          }
        }

        dynamic "env" {
          for_each = each.value.secret_env
          content {
            name = env.key
            value_source {
              secret_key_ref {
                secret  = google_secret_manager_secret.this[env.value].secret_id
                version = "latest" # read when a task starts: a rotation needs no deployment
              }
            }
          }
        }

        volume_mounts {
          name       = "database-ca"
          mount_path = "/database-ca"
        }
      }

      volumes {
        name = "database-ca"
        secret {
          secret = google_secret_manager_secret.database_ca.secret_id
          items {
            version = "latest"
            path    = "server-ca.pem"
          }
        }
      }
    }
  }

  lifecycle {
    # Cloud Build deploys the later images.
    ignore_changes = [template[0].template[0].containers[0].image, client, client_version]
  }

  depends_on = [
    google_secret_manager_secret_iam_member.reader,
    google_secret_manager_secret_iam_member.database_ca,
    google_secret_manager_secret_version.database_url,
    google_secret_manager_secret_version.database_ca,
  ]
}

locals {
  schedules = merge({
    # Off the boundary of the hour. Where the first start made the hour complete, the second makes no call.
    pipeline = "7,37 * * * *"
    verify   = "22 5 * * *" # after backup and maintenance
  }, { for housekeep in local.housekeep : housekeep => "52 4 * * *" })
}

# It only starts a job: it sees neither its failure nor that the one before still runs, and may start
# one twice. The alerts see the first, the program's lock takes care of the others.
resource "google_cloud_scheduler_job" "this" {
  for_each = local.schedules

  name             = "${local.name}-${each.key}"
  region           = var.region
  description      = "Starts weather ${each.key}"
  schedule         = each.value
  time_zone        = "Etc/UTC"
  attempt_deadline = "180s"

  retry_config {
    retry_count          = 3
    min_backoff_duration = "10s"
    max_backoff_duration = "60s"
  }

  http_target {
    http_method = "POST"
    uri         = "https://run.googleapis.com/v2/${google_cloud_run_v2_job.this[each.key].id}:run"

    # A Google API takes an OAuth token; OIDC is for the address of a service.
    oauth_token {
      service_account_email = google_service_account.this["scheduler"].email
      scope                 = "https://www.googleapis.com/auth/cloud-platform"
    }
  }

  depends_on = [google_cloud_run_v2_job_iam_member.scheduler]
}

resource "google_cloud_run_v2_job_iam_member" "scheduler" {
  for_each = local.schedules

  name     = google_cloud_run_v2_job.this[each.key].name
  location = google_cloud_run_v2_job.this[each.key].location
  role     = "roles/run.invoker"
  member   = google_service_account.this["scheduler"].member
}
