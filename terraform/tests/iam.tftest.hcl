# Who may do what: each account what it needs, on the resource wherever that can be said.

mock_provider "google" {
  override_during = plan

  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
  mock_resource "google_artifact_registry_repository" {
    defaults = { registry_uri = "registry.example/my-project-id/weather-dev" }
  }
  mock_resource "google_sql_database_instance" {
    defaults = {
      server_ca_cert = [{ cert = "PEM", common_name = "", create_time = "", expiration_time = "", sha1_fingerprint = "" }]
    }
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
  bi_readers          = ["group:bi@example.com"]
  github_repository   = "example/weather"
}

run "two_roles_are_project_wide_and_no_more" {
  command = plan

  assert {
    condition = { for binding in google_project_iam_member.this : binding.member => binding.role } == {
      job   = "roles/bigquery.jobUser"
      build = "roles/logging.logWriter"
    }
    error_message = "A role on the project is a role on everything in it. These two can be granted nowhere else."
  }
  assert {
    condition     = length(google_project_iam_member.this) == 2 && sum([for path in fileset(".", "*.tf") : length(regexall("resource \"google_(project|folder|organization)_iam_(member|binding|policy)\"", file(path)))]) == 1
    error_message = "Another resource grants roles on the whole project: say here what it may grant."
  }
  assert {
    condition     = length(google_bigquery_dataset_iam_member.job) == 2 && sum([for path in fileset(".", "*.tf") : length(regexall("resource \"google_\\w+_iam_(binding|policy)\"", file(path)))]) == 0
    error_message = "A binding or policy takes away what a member beside it grants: members only."
  }
}

run "the_scheduler_may_start_two_jobs" {
  command = plan

  assert {
    condition     = { for key, binding in google_cloud_run_v2_job_iam_member.scheduler : key => [binding.role, binding.member] } == { pipeline = ["roles/run.invoker", "scheduler"], verify = ["roles/run.invoker", "scheduler"] }
    error_message = "run.invoker on the jobs that it starts is all the scheduler needs."
  }
}

run "a_secret_has_one_reader" {
  command = plan

  assert {
    condition = { for key, binding in google_secret_manager_secret_iam_member.reader : key => binding.member } == {
      "openweather-api-key"  = "job"
      "database-url"         = "job"
      "database-migrate-url" = "migrate"
    }
    error_message = "Scheduler and build read no secret, and the job not the migrating user's password."
  }
  assert {
    condition     = alltrue([for binding in google_secret_manager_secret_iam_member.reader : binding.role == "roles/secretmanager.secretAccessor"])
    error_message = "Who reads a secret must not be able to change it."
  }
  assert {
    condition     = toset([for binding in google_secret_manager_secret_iam_member.database_ca : binding.member]) == toset(["job", "migrate"])
    error_message = "The two that reach the database verify it."
  }
}

run "readers_see_the_public_dataset_only" {
  command = plan

  assert {
    condition     = google_bigquery_dataset_iam_member.bi_readers["group:bi@example.com"].dataset_id == "weather" && google_bigquery_dataset_iam_member.bi_readers["group:bi@example.com"].role == "roles/bigquery.dataViewer"
    error_message = "Readers may read the public dataset, not the internal one, and write neither."
  }
  assert {
    condition     = { for binding in google_bigquery_dataset_iam_member.job : binding.dataset_id => [binding.role, binding.member] } == { weather = ["roles/bigquery.dataEditor", "job"], weather_internal = ["roles/bigquery.dataEditor", "job"] }
    error_message = "The job writes to both datasets."
  }
}

run "the_internet_is_no_reader" {
  command = plan
  variables {
    bi_readers = ["allAuthenticatedUsers"]
  }
  expect_failures = [var.bi_readers]
}

run "the_build_deploys_and_nothing_else" {
  command = plan

  assert {
    condition     = alltrue([for binding in google_cloud_run_v2_job_iam_member.build : binding.role == "roles/run.developer" && binding.member == "build"])
    error_message = "run.developer sets an image and starts the migration; it cannot give anybody a role."
  }
  assert {
    condition     = google_artifact_registry_repository_iam_member.build.role == "roles/artifactregistry.writer" && google_artifact_registry_repository_iam_member.build.member == "build"
    error_message = "The build pushes images and deletes none."
  }
  assert {
    condition     = toset(keys(google_service_account_iam_member.build_acts_as)) == toset(["job", "migrate"]) && alltrue([for binding in google_service_account_iam_member.build_acts_as : binding.role == "roles/iam.serviceAccountUser" && binding.member == "build"])
    error_message = "The build deploys jobs that run as these two accounts."
  }
  assert {
    condition     = google_cloudbuild_trigger.main[0].substitutions == tomap({ _REGION = "europe-west1", _NAME = "weather-dev", _IMAGE = "registry.example/my-project-id/weather-dev/weather", _API = "no", _KEEPS = "no" })
    error_message = "These are the names that cloudbuild.yaml uses."
  }
}

run "reading_a_secret_leaves_a_trace" {
  command = plan

  assert {
    condition     = alltrue([for config in google_project_iam_audit_config.this : toset([for log in config.audit_log_config : log.log_type]) == toset(["ADMIN_READ", "DATA_READ", "DATA_WRITE"])])
    error_message = "The types are ADMIN_READ, DATA_READ and DATA_WRITE."
  }
  assert {
    condition     = contains(keys(google_project_iam_audit_config.this), "secretmanager.googleapis.com") && contains(keys(google_project_iam_audit_config.this), "cloudsql.googleapis.com")
    error_message = "Who read a secret and who touched the database is logged."
  }
}

run "a_secret_that_is_due_is_said" {
  command = plan

  assert {
    condition     = google_pubsub_topic_iam_member.rotation.role == "roles/pubsub.publisher" && google_pubsub_topic_iam_member.rotation.member == "serviceAccount:service-123456789012@gcp-sa-secretmanager.iam.gserviceaccount.com"
    error_message = "Secret Manager's own agent publishes; a secret with a topic cannot be made before it may."
  }
  assert {
    condition     = alltrue([for secret in google_secret_manager_secret.this : secret.rotation[0].rotation_period == "7776000s" && length(secret.topics) == 1])
    error_message = "Every secret rotates after 90 days, and a rotation needs a topic."
  }
  assert {
    condition     = google_pubsub_subscription.rotation.filter == "attributes.eventType = \"SECRET_ROTATE\""
    error_message = "The topic also says when a version was added: the reminder must not."
  }
  assert {
    condition     = google_pubsub_subscription.rotation.message_retention_duration == "2678400s"
    error_message = "A reminder that nobody has seen within Pub/Sub's default of 7 days must not vanish: 31 days is the longest."
  }
}
