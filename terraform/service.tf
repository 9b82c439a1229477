# The query API as a Cloud Run service, if `enable_api` says so. It is asked by who is an invoker: Cloud Run looks at
# the caller's identity before the program sees the request.

locals {
  # Everything of the service is made for each of these: one, or none.
  api = toset(var.enable_api ? ["api"] : [])
}

resource "google_cloud_run_v2_service" "this" {
  for_each = local.api

  name                = "${local.name}-${each.key}"
  location            = var.region
  deletion_protection = var.deletion_protection
  ingress             = var.api_ingress

  template {
    service_account                  = google_service_account.this[each.key].email
    execution_environment            = "EXECUTION_ENVIRONMENT_GEN2"
    timeout                          = "3600s" # of a request: the events are one that does not end; others take 10 s
    max_instance_request_concurrency = 200     # the program answers 128 at once, and listeners wait beside them

    scaling {
      min_instance_count = var.api_min_instances
      max_instance_count = var.api_max_instances
    }

    # As the jobs reach the database; see there.
    vpc_access {
      egress = "PRIVATE_RANGES_ONLY"
      network_interfaces {
        network    = google_compute_network.this.id
        subnetwork = google_compute_subnetwork.jobs.id
      }
    }

    containers {
      image = "${local.image}:first"
      args  = ["serve"]

      ports {
        container_port = 8080
      }

      resources {
        limits = {
          cpu    = "1"
          memory = "512Mi"
        }
        # Between requests it has nothing to do but to look for runs that have ended, for those who listen.
        cpu_idle = true
      }

      # Takes no request before the store can be asked, for which the program waits 2 minutes: no packet passes for
      # the first 20 to 80 s of a fresh instance. Restarts only if the program does not answer itself.
      startup_probe {
        period_seconds    = 2
        timeout_seconds   = 2
        failure_threshold = 60
        http_get {
          path = "/readyz"
        }
      }
      liveness_probe {
        period_seconds    = 30
        timeout_seconds   = 5
        failure_threshold = 3
        http_get {
          path = "/healthz"
        }
      }

      env {
        name  = "DATABASE_CA"
        value = "/database-ca/server-ca.pem"
      }
      env {
        name = "DATABASE_URL"
        value_source {
          secret_key_ref {
            secret  = google_secret_manager_secret.this["database-api-url"].secret_id
            version = "latest" # read when an instance starts
          }
        }
      }

      dynamic "env" {
        for_each = {
          for name, value in {
            PUBLIC_URL   = var.api_public_url
            CORS_ORIGINS = length(var.api_cors_origins) == 0 ? null : join(",", sort(var.api_cors_origins))
            # The limits that the page of calls shows, as the job has them.
            OPENWEATHER_PLAN             = var.openweather_plan
            OPENWEATHER_CALLS_PER_MINUTE = tostring(var.calls_per_minute)
            OPENWEATHER_CALLS_PER_DAY    = tostring(var.openweather_calls_per_day)
            OPENWEATHER_CALLS_PER_MONTH  = tostring(var.openweather_calls_per_month)
          } : name => value if value != null
        }
        content {
          name  = env.key
          value = env.value
        }
      }

      dynamic "env" {
        for_each = var.api_tokens ? ["/api-tokens/tokens.jsonl"] : []
        content {
          name  = "API_TOKENS_FILE"
          value = env.value
        }
      }

      volume_mounts {
        name       = "database-ca"
        mount_path = "/database-ca"
      }

      dynamic "volume_mounts" {
        for_each = var.api_tokens ? ["/api-tokens"] : []
        content {
          name       = "api-tokens"
          mount_path = volume_mounts.value
        }
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

    dynamic "volumes" {
      for_each = var.api_tokens ? ["tokens.jsonl"] : []
      content {
        name = "api-tokens"
        secret {
          secret = google_secret_manager_secret.this["api-tokens"].secret_id
          items {
            version = "latest"
            path    = volumes.value
          }
        }
      }
    }
  }

  lifecycle {
    # Cloud Build deploys the later images.
    ignore_changes = [template[0].containers[0].image, client, client_version]
  }

  depends_on = [
    google_secret_manager_secret_iam_member.reader,
    google_secret_manager_secret_iam_member.database_ca,
    google_secret_manager_secret_version.database_url,
    google_secret_manager_secret_version.database_ca,
  ]
}

resource "google_cloud_run_v2_service_iam_member" "invoker" {
  for_each = var.enable_api ? var.api_invokers : []

  name     = google_cloud_run_v2_service.this["api"].name
  location = google_cloud_run_v2_service.this["api"].location
  role     = "roles/run.invoker"
  member   = each.value
}

# Sets the image of the service.
resource "google_cloud_run_v2_service_iam_member" "build" {
  for_each = local.api

  name     = google_cloud_run_v2_service.this[each.key].name
  location = google_cloud_run_v2_service.this[each.key].location
  role     = "roles/run.developer"
  member   = google_service_account.this["build"].member
}
