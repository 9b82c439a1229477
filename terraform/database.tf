resource "google_sql_database_instance" "mysql" {
  name                = local.name
  region              = var.region
  database_version    = "MYSQL_8_4"
  deletion_protection = var.deletion_protection # against Terraform

  settings {
    tier                        = var.db_tier
    edition                     = "ENTERPRISE" # the default for 8.4 is ENTERPRISE_PLUS, which has no small tiers
    availability_type           = var.db_high_availability ? "REGIONAL" : "ZONAL"
    disk_type                   = "PD_SSD"
    disk_size                   = 10
    disk_autoresize             = true
    disk_autoresize_limit       = 500                     # GB; a fault must not fill, and bill, without end
    deletion_protection_enabled = var.deletion_protection # against console and gcloud
    connector_enforcement       = "NOT_REQUIRED"          # REQUIRED refuses the jobs, which come by TCP

    ip_configuration {
      ipv4_enabled    = false
      private_network = google_compute_network.this.id
      ssl_mode        = "ENCRYPTED_ONLY"

      # A CA of this instance's own. Its certificates do not name the host, so the program verifies the CA.
      server_ca_mode = "GOOGLE_MANAGED_INTERNAL_CA"
    }

    backup_configuration {
      enabled                        = true
      binary_log_enabled             = true # MySQL's point-in-time recovery
      start_time                     = "03:00"
      transaction_log_retention_days = 7

      backup_retention_settings {
        retained_backups = 14
        retention_unit   = "COUNT"
      }
    }

    # Sunday 04:00 UTC, after the backup. The job meets a restart with another try.
    maintenance_window {
      day          = 7
      hour         = 4
      update_track = "stable"
    }

    insights_config {
      query_insights_enabled = true
    }

    database_flags {
      name  = "local_infile"
      value = "off"
    }

    password_validation_policy {
      enable_password_policy      = true
      min_length                  = 20
      complexity                  = "COMPLEXITY_DEFAULT" # upper and lower case, digit, and another sign
      disallow_username_substring = true
    }
  }

  lifecycle {
    ignore_changes = [settings[0].disk_size] # it grows by itself
  }

  depends_on = [google_service_networking_connection.database]
}

resource "google_sql_database" "weather" {
  name            = "weather"
  instance        = google_sql_database_instance.mysql.name
  charset         = "utf8mb4"
  collation       = "utf8mb4_0900_ai_ci"
  deletion_policy = "ABANDON"
}

locals {
  # Who logs in as whom. Only `migrate` may change tables; sql/runtime-user.sql takes that from `job`, and
  # sql/api-user.sql leaves `api` nothing but reading.
  database_users = merge(
    { job = "weather", migrate = "weather_migrate" },
    { for api in local.api : api => "weather_api" },
  )
}

# Made anew at every plan and kept by neither plan nor state: it counts when the version is raised.
ephemeral "random_password" "database" {
  for_each = local.database_users

  length           = 32
  min_upper        = 1
  min_lower        = 1
  min_numeric      = 1
  min_special      = 1
  override_special = "-_.~" # what a URL takes as it is
}

resource "google_sql_user" "this" {
  for_each = local.database_users

  name                = each.value
  instance            = google_sql_database_instance.mysql.name
  host                = "%"
  password_wo         = ephemeral.random_password.database[each.key].result
  password_wo_version = var.db_password_version
}
