# The jobs, their time, what starts them and what they are told.

mock_provider "google" {
  override_during = plan

  mock_resource "google_sql_database_instance" {
    defaults = {
      private_ip_address = "10.30.0.3"
      server_ca_cert     = [{ cert = "PEM", common_name = "", create_time = "", expiration_time = "", sha1_fingerprint = "" }]
    }
  }
  mock_resource "google_artifact_registry_repository" {
    defaults = { registry_uri = "registry.example/my-project-id/weather-dev" }
  }
  override_resource {
    target = google_cloud_run_v2_job.this["pipeline"]
    values = { id = "projects/my-project-id/locations/europe-west1/jobs/weather-dev-pipeline" }
  }
  override_resource {
    target = google_service_account.this["job"]
    values = { email = "job@example.com" }
  }
  override_resource {
    target = google_service_account.this["migrate"]
    values = { email = "migrate@example.com" }
  }
  override_resource {
    target = google_service_account.this["scheduler"]
    values = { email = "scheduler@example.com" }
  }
}

variables {
  project_id          = "my-project-id"
  environment         = "dev"
  db_password_version = 1
}

run "each_job_runs_the_command_of_its_name" {
  command = plan

  assert {
    condition     = toset(keys(google_cloud_run_v2_job.this)) == toset(["pipeline", "sync", "verify", "migrate"])
    error_message = "The jobs are pipeline, sync, verify and migrate."
  }
  assert {
    condition     = alltrue([for key, job in google_cloud_run_v2_job.this : job.template[0].template[0].containers[0].args == tolist(concat([key], key == "verify" ? ["--rolling", "30"] : []))])
    error_message = "The command of a job is its argument: the image's entry point is the program."
  }
  assert {
    condition     = alltrue([for job in google_cloud_run_v2_job.this : job.template[0].template[0].containers[0].command == null])
    error_message = "The image's entry point stays."
  }
  assert {
    condition     = google_cloud_run_v2_job.this["pipeline"].template[0].template[0].max_retries == 1
    error_message = "One retry: the next start comes in half an hour."
  }
  assert {
    condition     = google_cloud_run_v2_job.this["migrate"].template[0].template[0].max_retries == 0
    error_message = "A migration that failed is for a person to look at."
  }
  assert {
    condition     = google_cloud_run_v2_job.this["sync"].template[0].template[0].max_retries == 0
    error_message = "A sync or rebase by hand is started again by hand: it goes on."
  }
}

run "the_time_limit_of_a_small_list" {
  command = plan

  assert {
    condition     = google_cloud_run_v2_job.this["pipeline"].template[0].template[0].timeout == "1090s"
    error_message = "20 sites at 60 calls per minute: 20 s, half as many again, 40 s of forecasts, and 1,020 s."
  }
}

run "the_time_limit_follows_from_sites_and_pace" {
  command = plan
  variables {
    sites            = 100000
    calls_per_minute = 3000
  }

  assert {
    condition     = google_cloud_run_v2_job.this["pipeline"].template[0].template[0].timeout == "8020s"
    error_message = "100,000 sites at 3,000 calls per minute: 2,000 s, half as many again, 4,000 s of forecasts, and 1,020 s."
  }
  assert {
    condition     = one([for env in google_cloud_run_v2_job.this["pipeline"].template[0].template[0].containers[0].env : env.value if env.name == "MAX_WORKERS"]) == "100"
    error_message = "3,000 calls per minute of 2 s each are 100 at once."
  }
}

run "more_sites_than_an_hour_has_room_for_are_refused" {
  command = plan
  variables {
    sites = 53 * 60 + 1
  }
  expect_failures = [var.calls_per_minute]
}

run "a_rate_of_zero_is_refused" {
  command = plan
  variables {
    calls_per_minute = 0
  }
  expect_failures = [var.calls_per_minute]
}

run "the_key_is_never_sent_in_the_clear" {
  command = plan
  variables {
    openweather_base_url = "http://api.openweathermap.org"
  }
  expect_failures = [var.openweather_base_url]
}

run "the_scheduler_starts_the_job_by_its_api" {
  command = plan

  assert {
    condition     = google_cloud_scheduler_job.this["pipeline"].http_target[0].uri == "https://run.googleapis.com/v2/projects/my-project-id/locations/europe-west1/jobs/weather-dev-pipeline:run"
    error_message = "The scheduler must post to the v2 :run method of the job, not to ${google_cloud_scheduler_job.this["pipeline"].http_target[0].uri}."
  }
  assert {
    condition     = google_cloud_scheduler_job.this["pipeline"].http_target[0].http_method == "POST"
    error_message = "The run method is a POST."
  }
  assert {
    condition     = alltrue([for job in google_cloud_scheduler_job.this : length(job.http_target[0].oauth_token) == 1 && length(job.http_target[0].oidc_token) == 0])
    error_message = "A Google API wants an OAuth token, not an OIDC one."
  }
  assert {
    condition     = alltrue([for job in google_cloud_scheduler_job.this : job.http_target[0].oauth_token[0].service_account_email == "scheduler@example.com"])
    error_message = "The scheduler's own account starts the jobs."
  }
}

run "pipeline_twice_an_hour_verify_daily_the_others_by_hand" {
  command = plan

  assert {
    condition     = google_cloud_scheduler_job.this["pipeline"].schedule == "7,37 * * * *"
    error_message = "Twice an hour, off the boundary: the program reckons with minutes 7 and 37."
  }
  assert {
    condition     = can(regex("^[0-9]+ [0-9]+ \\* \\* \\*$", google_cloud_scheduler_job.this["verify"].schedule))
    error_message = "verify runs once a day."
  }
  assert {
    condition     = toset(keys(google_cloud_scheduler_job.this)) == toset(["pipeline", "verify"])
    error_message = "sync and migrate are not scheduled."
  }
  assert {
    condition     = alltrue([for job in google_cloud_scheduler_job.this : job.time_zone == "Etc/UTC"])
    error_message = "Summer time would start a run twice or not at all."
  }
}

run "a_job_reaches_the_database_by_the_network_and_verifies_it" {
  command = plan

  assert {
    condition     = alltrue([for job in google_cloud_run_v2_job.this : job.template[0].template[0].vpc_access[0].egress == "PRIVATE_RANGES_ONLY" && length(job.template[0].template[0].vpc_access[0].network_interfaces) == 1 && job.template[0].template[0].vpc_access[0].connector == null])
    error_message = "Direct egress: the API is reached without the network, which has no way to the internet."
  }
  assert {
    condition = alltrue([for job in google_cloud_run_v2_job.this : one([
      for env in job.template[0].template[0].containers[0].env : env.value if env.name == "DATABASE_CA"
    ]) == "${job.template[0].template[0].containers[0].volume_mounts[0].mount_path}/${job.template[0].template[0].volumes[0].secret[0].items[0].path}"])
    error_message = "DATABASE_CA must be the file that the volume brings."
  }
  assert {
    condition     = alltrue([for job in google_cloud_run_v2_job.this : alltrue([for volume in job.template[0].template[0].volumes : length(volume.cloud_sql_instance) == 0])])
    error_message = "The /cloudsql socket does not go with a private address."
  }
}

run "secrets_are_read_from_the_secret_manager_by_those_who_need_them" {
  command = plan

  assert {
    condition = { for key, job in google_cloud_run_v2_job.this : key => {
      for env in job.template[0].template[0].containers[0].env : env.name => env.value_source[0].secret_key_ref[0].secret if length(env.value_source) > 0
      } } == {
      pipeline = { DATABASE_URL = "weather-dev-database-url", OPENWEATHER_API_KEY = "weather-dev-openweather-api-key" }
      sync     = { DATABASE_URL = "weather-dev-database-url" }
      verify   = { DATABASE_URL = "weather-dev-database-url" }
      migrate  = { DATABASE_URL = "weather-dev-database-migrate-url" }
    }
    error_message = "A job is told the secrets it needs and no other."
  }
  assert {
    condition     = alltrue([for key, job in google_cloud_run_v2_job.this : job.template[0].template[0].service_account == (key == "migrate" ? "migrate@example.com" : "job@example.com")])
    error_message = "Only the migration runs as the account that may read the migrating user's password."
  }
}

run "what_is_not_chosen_is_left_to_the_program" {
  command = plan

  assert {
    condition = length(setintersection(
      [for env in google_cloud_run_v2_job.this["pipeline"].template[0].template[0].containers[0].env : env.name],
      ["OPENWEATHER_PLAN", "OPENWEATHER_CALLS_PER_DAY", "OPENWEATHER_CALLS_PER_MONTH", "OPENWEATHER_ONE_CALL", "SOURCES", "FORECAST_PRODUCTS", "FORECAST_INTERVAL_MINUTES", "HEAL_CALLS", "HEAL_FROM_SOURCE"],
    )) == 0
    error_message = "The program's defaults are in the program."
  }
}

run "what_is_chosen_reaches_the_pipeline_and_healing_has_its_time" {
  command = plan
  variables {
    openweather_plan            = "startup"
    openweather_calls_per_day   = 30000
    openweather_calls_per_month = 900000
    openweather_one_call        = "3.0"
    sources                     = ["openweathermap", "open-meteo"]
    forecast_products           = ["owm-3h", "om-hourly"]
    forecast_interval_minutes   = 360
    heal_calls                  = 120
    heal_from_source            = "open-meteo"
  }

  assert {
    condition = { for env in google_cloud_run_v2_job.this["pipeline"].template[0].template[0].containers[0].env : env.name => env.value
      if length(regexall("^(OPENWEATHER_(PLAN|CALLS_PER_(DAY|MONTH)|ONE_CALL)|SOURCES|FORECAST_.*|HEAL_.*)$", env.name)) > 0 } == {
      OPENWEATHER_PLAN            = "startup"
      OPENWEATHER_CALLS_PER_DAY   = "30000"
      OPENWEATHER_CALLS_PER_MONTH = "900000"
      OPENWEATHER_ONE_CALL        = "3.0"
      SOURCES                     = "openweathermap,open-meteo"
      FORECAST_PRODUCTS           = "owm-3h,om-hourly"
      FORECAST_INTERVAL_MINUTES   = "360"
      HEAL_CALLS                  = "120"
      HEAL_FROM_SOURCE            = "open-meteo"
    }
    error_message = "These are the names that the program reads."
  }
  assert {
    condition     = google_cloud_run_v2_job.this["pipeline"].template[0].template[0].timeout == "1250s"
    error_message = "Another forecast and 120 calls more at 60 per minute are 40 s and 120 s more than 1,090 s."
  }
}

run "a_source_that_there_is_not_is_refused" {
  command = plan
  variables {
    sources = ["openweather"]
  }
  expect_failures = [var.sources]
}
