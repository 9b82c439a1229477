# The database is private, encrypted and recoverable, and no password is in plan or state.

mock_provider "google" {
  override_during = plan

  mock_resource "google_compute_global_address" {
    defaults = { address = "10.30.0.0" }
  }
  mock_resource "google_sql_database_instance" {
    defaults = {
      private_ip_address = "10.30.0.3"
      server_ca_cert     = [{ cert = "PEM", common_name = "", create_time = "", expiration_time = "", sha1_fingerprint = "" }]
    }
  }
}

variables {
  project_id          = "my-project-id"
  environment         = "dev"
  db_password_version = 1
}

run "the_database_is_private_and_speaks_tls_only" {
  command = plan

  assert {
    condition     = google_sql_database_instance.mysql.settings[0].ip_configuration[0].ipv4_enabled == false
    error_message = "The database must have no public address."
  }
  assert {
    condition     = google_sql_database_instance.mysql.settings[0].ip_configuration[0].ssl_mode == "ENCRYPTED_ONLY"
    error_message = "The database must refuse plain connections. TRUSTED_CLIENT_CERTIFICATE_REQUIRED would want a key that the job does not have."
  }
  assert {
    condition     = google_sql_database_instance.mysql.settings[0].ip_configuration[0].server_ca_mode == "GOOGLE_MANAGED_INTERNAL_CA"
    error_message = "The job verifies the instance's own CA: server_ca_cert holds no other."
  }
  assert {
    condition     = google_sql_database_instance.mysql.settings[0].connector_enforcement == "NOT_REQUIRED"
    error_message = "REQUIRED refuses direct TCP connections, and the job makes no other."
  }
  assert {
    condition     = google_service_networking_connection.database.deletion_policy == "ABANDON"
    error_message = "The peering cannot be deleted while Google still holds it, which is for days."
  }
  assert {
    condition     = google_compute_global_address.database.purpose == "VPC_PEERING"
    error_message = "Cloud SQL takes its address from a range of that purpose only."
  }
}

run "a_job_reaches_the_database_and_nothing_else_in_the_network" {
  command = plan

  assert {
    condition     = google_compute_firewall.database.destination_ranges == toset(["10.30.0.0/20"]) && one(google_compute_firewall.database.allow).ports == tolist(["3306"])
    error_message = "The way to the database has to be open."
  }
  assert {
    condition     = google_compute_firewall.nothing_else.priority > google_compute_firewall.database.priority && one(google_compute_firewall.nothing_else.deny).protocol == "all"
    error_message = "Everything else is closed, behind the way to the database."
  }
}

run "the_database_can_be_recovered" {
  command = plan

  assert {
    condition     = google_sql_database_instance.mysql.database_version == "MYSQL_8_4"
    error_message = "The program is tested with MySQL 8.4."
  }
  assert {
    condition     = google_sql_database_instance.mysql.settings[0].edition == "ENTERPRISE"
    error_message = "Without it 8.4 is made as ENTERPRISE_PLUS, which refuses this tier."
  }
  assert {
    condition     = google_sql_database_instance.mysql.settings[0].backup_configuration[0].enabled && google_sql_database_instance.mysql.settings[0].backup_configuration[0].binary_log_enabled
    error_message = "MySQL's point-in-time recovery is backups and the binary log (point_in_time_recovery_enabled is PostgreSQL's)."
  }
  assert {
    condition     = google_sql_database_instance.mysql.settings[0].backup_configuration[0].transaction_log_retention_days == 7
    error_message = "ENTERPRISE keeps the log for 7 days at most."
  }
  assert {
    condition     = google_sql_database_instance.mysql.deletion_protection && google_sql_database_instance.mysql.settings[0].deletion_protection_enabled
    error_message = "Deletion protection has two halves: against Terraform and against everybody else."
  }
  assert {
    condition     = google_sql_database_instance.mysql.settings[0].availability_type == "ZONAL"
    error_message = "A standby doubles the price: only if asked for."
  }
}

run "a_standby_is_another_zone" {
  command = plan
  variables {
    db_high_availability = true
  }

  assert {
    condition     = google_sql_database_instance.mysql.settings[0].availability_type == "REGIONAL"
    error_message = "db_high_availability is availability_type REGIONAL."
  }
}

run "one_version_raises_a_password_in_both_its_places" {
  command = plan
  variables {
    db_password_version = 7
  }

  assert {
    condition     = alltrue([for user in google_sql_user.this : user.password_wo_version == 7])
    error_message = "A raised version must give the database's users new passwords."
  }
  assert {
    condition     = alltrue([for version in google_secret_manager_secret_version.database_url : version.secret_data_wo_version == "7"])
    error_message = "A raised version must put the new passwords into the secrets too."
  }
  assert {
    condition     = toset(keys(google_sql_user.this)) == toset(keys(google_secret_manager_secret_version.database_url))
    error_message = "Every user has a secret, and every secret a user."
  }
}

run "no_secret_is_in_the_plan" {
  command = plan

  assert {
    condition     = alltrue([for user in google_sql_user.this : user.password == null])
    error_message = "A password in `password` is a password in the state: use password_wo."
  }
  assert {
    condition     = alltrue([for version in google_secret_manager_secret_version.database_url : version.secret_data == null])
    error_message = "A value in `secret_data` is a value in the state: use secret_data_wo."
  }
  assert {
    condition     = google_sql_database_instance.mysql.root_password == null
    error_message = "There is no root user to log in as."
  }
  assert {
    condition     = google_secret_manager_secret_version.database_ca.secret_data == "PEM"
    error_message = "The CA's certificate is public, and the only value that Terraform knows."
  }
}

run "the_run_time_user_is_not_the_migrating_one" {
  command = plan

  assert {
    condition     = google_sql_user.this["job"].name != google_sql_user.this["migrate"].name
    error_message = "The job must not be able to change tables."
  }
  assert {
    condition     = google_secret_manager_secret.this["database-url"].secret_id != google_secret_manager_secret.this["database-migrate-url"].secret_id
    error_message = "Each user's password is a secret of its own."
  }
  assert {
    condition     = strcontains(file("sql/runtime-user.sql"), "grant select, insert, update on ${google_sql_database.weather.name}.* to '${google_sql_user.this["job"].name}'@'${google_sql_user.this["job"].host}'")
    error_message = "sql/runtime-user.sql is about another user or database."
  }
}

run "prod_cannot_be_unprotected" {
  command = plan
  variables {
    environment         = "prod"
    alert_emails        = ["oncall@example.com"]
    deletion_protection = false
  }
  expect_failures = [var.deletion_protection]
}
