# The query API: not there unless it is wanted, and then for those who are named only, and reading only.

mock_provider "google" {
  override_during = plan

  mock_resource "google_artifact_registry_repository" {
    defaults = { registry_uri = "registry.example/my-project-id/weather-dev" }
  }
  mock_resource "google_sql_database_instance" {
    defaults = {
      private_ip_address = "10.30.0.3"
      server_ca_cert     = [{ cert = "PEM", common_name = "", create_time = "", expiration_time = "", sha1_fingerprint = "" }]
    }
  }
  override_resource {
    target = google_service_account.this["api"]
    values = { member = "api", email = "api@example.com" }
  }
  override_resource {
    target = google_service_account.this["job"]
    values = { member = "job", email = "job@example.com" }
  }
  override_resource {
    target = google_service_account.this["migrate"]
    values = { member = "migrate", email = "migrate@example.com" }
  }
  override_resource {
    target = google_service_account.this["scheduler"]
    values = { member = "scheduler", email = "scheduler@example.com" }
  }
  override_resource {
    target = google_service_account.this["build"]
    values = { member = "build", email = "build@example.com" }
  }
}

variables {
  project_id          = "my-project-id"
  environment         = "dev"
  db_password_version = 1
  github_repository   = "example/weather"
}

run "without_enable_api_there_is_nothing_of_it" {
  command = plan
  variables {
    api_invokers = ["group:bi@example.com"]
    api_tokens   = true
  }

  assert {
    condition     = length(google_cloud_run_v2_service.this) + length(google_cloud_run_v2_service_iam_member.invoker) + length(google_cloud_run_v2_service_iam_member.build) == 0
    error_message = "The service is optional."
  }
  assert {
    condition     = !contains(keys(google_service_account.this), "api") && !contains(keys(google_sql_user.this), "api") && length([for key in keys(google_secret_manager_secret.this) : key if strcontains(key, "api-")]) == 1
    error_message = "No account, no database user, and of the secrets only openweather-api-key."
  }
}

run "it_serves_and_is_asked_whether_it_can" {
  command = plan
  variables {
    enable_api        = true
    api_min_instances = 1
    api_max_instances = 3
  }

  assert {
    condition     = google_cloud_run_v2_service.this["api"].name == "weather-dev-api" && google_cloud_run_v2_service.this["api"].template[0].containers[0].args == tolist(["serve"]) && google_cloud_run_v2_service.this["api"].template[0].containers[0].command == null
    error_message = "The image's entry point is the program, and its command `serve`."
  }
  assert {
    condition     = google_cloud_run_v2_service.this["api"].template[0].scaling[0].min_instance_count == 1 && google_cloud_run_v2_service.this["api"].template[0].scaling[0].max_instance_count == 3
    error_message = "Instances are as they were asked for."
  }
  assert {
    condition     = google_cloud_run_v2_service.this["api"].template[0].containers[0].startup_probe[0].http_get[0].path == "/readyz" && google_cloud_run_v2_service.this["api"].template[0].containers[0].liveness_probe[0].http_get[0].path == "/healthz"
    error_message = "It starts to be asked when the store is reachable; a store that is away later is no reason to restart it."
  }
  assert {
    condition     = google_cloud_run_v2_service.this["api"].template[0].containers[0].startup_probe[0].failure_threshold * google_cloud_run_v2_service.this["api"].template[0].containers[0].startup_probe[0].period_seconds == 120
    error_message = "The program waits 2 minutes for the network; so does the probe."
  }
  assert {
    condition     = google_cloudbuild_trigger.main[0].substitutions["_API"] == "yes"
    error_message = "A deployment has to update the service too."
  }
}

run "it_is_for_those_who_are_named" {
  command = plan
  variables {
    enable_api   = true
    api_invokers = ["group:bi@example.com", "serviceAccount:dashboard@example.com"]
  }

  assert {
    condition     = google_cloud_run_v2_service.this["api"].ingress == "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER" && google_cloud_run_v2_service.this["api"].invoker_iam_disabled != true
    error_message = "It is not on the internet, and Cloud Run asks who comes."
  }
  assert {
    condition     = { for binding in google_cloud_run_v2_service_iam_member.invoker : binding.member => binding.role } == { "group:bi@example.com" = "roles/run.invoker", "serviceAccount:dashboard@example.com" = "roles/run.invoker" }
    error_message = "Invokers may ask, and nothing else."
  }
  assert {
    condition     = google_cloud_run_v2_service_iam_member.build["api"].role == "roles/run.developer" && google_cloud_run_v2_service_iam_member.build["api"].member == "build" && contains(keys(google_service_account_iam_member.build_acts_as), "api")
    error_message = "The build deploys it, as its account, and gives nobody a role."
  }
}

run "everybody_is_no_invoker" {
  command = plan
  variables {
    enable_api   = true
    api_invokers = ["allUsers"]
  }
  expect_failures = [var.api_invokers]
}

run "it_reads_as_a_user_and_an_account_of_its_own" {
  command = plan
  variables {
    enable_api = true
  }

  assert {
    condition     = google_cloud_run_v2_service.this["api"].template[0].service_account == "api@example.com"
    error_message = "The job's account may write to BigQuery and read the API key: the service has one of its own."
  }
  assert {
    condition = { for env in google_cloud_run_v2_service.this["api"].template[0].containers[0].env : env.name => length(env.value_source) > 0 ? env.value_source[0].secret_key_ref[0].secret : env.value } == {
      DATABASE_CA                  = "/database-ca/server-ca.pem"
      DATABASE_URL                 = "weather-dev-database-api-url"
      OPENWEATHER_CALLS_PER_MINUTE = "60"
    }
    error_message = "It is told where the store is, the limits that it shows, and nothing else."
  }
  assert {
    condition     = { for key, binding in google_secret_manager_secret_iam_member.reader : key => binding.member if binding.member == "api" } == { database-api-url = "api" } && contains([for binding in google_secret_manager_secret_iam_member.database_ca : binding.member], "api")
    error_message = "It reads its own secret, and the database's certificate."
  }
  assert {
    condition     = google_sql_user.this["api"].name == "weather_api" && google_sql_user.this["api"].password_wo_version == 1 && google_secret_manager_secret_version.database_url["api"].secret_data == null
    error_message = "A user of its own, whose password is in no state."
  }
  assert {
    condition     = strcontains(file("sql/api-user.sql"), "grant select on ${google_sql_database.weather.name}.* to '${google_sql_user.this["api"].name}'@'${google_sql_user.this["api"].host}';")
    error_message = "sql/api-user.sql is about another user or database, or grants more than reading."
  }
  assert {
    condition     = !contains(values(local.project_roles), "api") && !contains(keys(local.project_roles), "api")
    error_message = "It has no role on the project."
  }
}

run "it_reaches_the_database_by_the_network_and_verifies_it" {
  command = plan
  variables {
    enable_api = true
  }

  assert {
    condition     = google_cloud_run_v2_service.this["api"].template[0].vpc_access[0].egress == "PRIVATE_RANGES_ONLY" && google_cloud_run_v2_service.this["api"].template[0].vpc_access[0].connector == null
    error_message = "As the jobs."
  }
  assert {
    condition     = "${google_cloud_run_v2_service.this["api"].template[0].containers[0].volume_mounts[0].mount_path}/${google_cloud_run_v2_service.this["api"].template[0].volumes[0].secret[0].items[0].path}" == "/database-ca/server-ca.pem"
    error_message = "DATABASE_CA must be the file that the volume brings."
  }
}

run "tokens_are_asked_for_too_if_that_is_wanted" {
  command = plan
  variables {
    enable_api = true
    api_tokens = true
  }

  assert {
    condition = one([
      for env in google_cloud_run_v2_service.this["api"].template[0].containers[0].env : env.value if env.name == "API_TOKENS_FILE"
    ]) == "${google_cloud_run_v2_service.this["api"].template[0].containers[0].volume_mounts[1].mount_path}/${google_cloud_run_v2_service.this["api"].template[0].volumes[1].secret[0].items[0].path}"
    error_message = "API_TOKENS_FILE must be the file that the volume brings."
  }
  assert {
    condition     = google_secret_manager_secret_iam_member.reader["api-tokens"].member == "api" && google_cloud_run_v2_service.this["api"].template[0].volumes[1].secret[0].secret == "weather-dev-api-tokens"
    error_message = "The service reads its tokens' hashes, and nobody else does."
  }
}

run "it_is_seen_from_outside_as_the_variables_say" {
  command = plan
  variables {
    enable_api       = true
    api_public_url   = "https://example.com/weather"
    api_cors_origins = ["https://bi.example.com", "https://a.example.com"]
  }

  assert {
    condition = {
      for env in google_cloud_run_v2_service.this["api"].template[0].containers[0].env : env.name => env.value if contains(["PUBLIC_URL", "CORS_ORIGINS"], env.name)
    } == { PUBLIC_URL = "https://example.com/weather", CORS_ORIGINS = "https://a.example.com,https://bi.example.com" }
    error_message = "PUBLIC_URL and CORS_ORIGINS must be the variables'."
  }
}

run "by_default_no_page_of_others_reads_it" {
  command = plan
  variables {
    enable_api = true
  }

  assert {
    condition     = length([for env in google_cloud_run_v2_service.this["api"].template[0].containers[0].env : env if contains(["PUBLIC_URL", "CORS_ORIGINS"], env.name)]) == 0
    error_message = "Neither variable is set without a value."
  }
}

run "an_address_without_a_scheme_is_refused" {
  command = plan
  variables {
    enable_api       = true
    api_public_url   = "example.com/weather"
    api_cors_origins = ["bi.example.com", "https://bi.example.com/path"]
  }
  expect_failures = [var.api_public_url, var.api_cors_origins]
}

run "instances_have_a_limit" {
  command = plan
  variables {
    enable_api        = true
    api_min_instances = 5
    api_max_instances = 4
  }
  expect_failures = [var.api_max_instances]
}
