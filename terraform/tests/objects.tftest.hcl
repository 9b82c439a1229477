# The bucket of lake and vault: what is in it can be brought back, nobody outside sees it, and one account may delete.

mock_provider "google" {
  override_during = plan

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
    target = google_service_account.this["scheduler"]
    values = { member = "scheduler", email = "scheduler@example.com" }
  }
  override_resource {
    target = google_service_account.this["build"]
    values = { member = "build", email = "build@example.com" }
  }
  override_resource {
    target = google_service_account.this["housekeep"]
    values = { member = "housekeep", email = "housekeep@example.com" }
  }
}

variables {
  project_id          = "my-project-id"
  environment         = "dev"
  db_password_version = 1
  github_repository   = "example/weather"
  lake                = true
  vault               = true
}

run "without_lake_and_vault_there_is_nothing_of_it" {
  command = plan
  variables {
    lake  = false
    vault = false
  }

  assert {
    condition     = length(google_storage_bucket.objects) == 0 && length(google_storage_bucket_iam_member.objects) == 0
    error_message = "No bucket, and nobody's role in it."
  }
  assert {
    condition     = !contains(keys(google_cloud_run_v2_job.this), "housekeep") && !contains(keys(google_cloud_scheduler_job.this), "housekeep") && !contains(keys(google_service_account.this), "housekeep")
    error_message = "There is nothing to tidy."
  }
  assert {
    condition     = length(setintersection([for env in google_cloud_run_v2_job.this["pipeline"].template[0].template[0].containers[0].env : env.name], ["LAKE_URL", "VAULT_URL"])) == 0
    error_message = "What is not chosen is left to the program."
  }
}

run "what_is_in_it_can_be_brought_back_and_is_nobodys_outside" {
  command = plan

  assert {
    condition     = google_storage_bucket.objects[0].versioning[0].enabled
    error_message = "What is deleted or written over has to come back."
  }
  assert {
    condition     = one([for rule in google_storage_bucket.objects[0].lifecycle_rule : one(rule.condition).days_since_noncurrent_time if one(rule.condition).with_state == "ARCHIVED"]) == 30
    error_message = "For 30 days, and not for ever."
  }
  assert {
    condition     = google_storage_bucket.objects[0].soft_delete_policy[0].retention_duration_seconds == 604800
    error_message = "Also a version that was deleted for good comes back for a week."
  }
  assert {
    condition     = google_storage_bucket.objects[0].uniform_bucket_level_access && google_storage_bucket.objects[0].public_access_prevention == "enforced" && !google_storage_bucket.objects[0].force_destroy
    error_message = "Roles on the bucket say who sees what, nobody on the internet does, and it goes with no destroy."
  }
  assert {
    condition     = length([for rule in google_storage_bucket.objects[0].lifecycle_rule : rule if one(rule.condition).with_state == "LIVE"]) == 0
    error_message = "What is kept is kept for ever, unless it is said for how long."
  }
}

run "answers_are_kept_as_long_as_is_said" {
  command = plan
  variables {
    vault_keep_days = 400
  }

  assert {
    condition     = [for rule in google_storage_bucket.objects[0].lifecycle_rule : [one(rule.condition).age, one(rule.condition).matches_prefix] if one(rule.condition).with_state == "LIVE"] == [[400, tolist(["vault/"])]]
    error_message = "The rule is for the vault: the lake is a mirror and stays."
  }
}

run "a_week_is_too_short_to_keep_an_answer" {
  command = plan
  variables {
    vault_keep_days = 7
  }
  expect_failures = [var.vault_keep_days]
}

run "no_account_but_housekeeps_may_delete" {
  command = plan

  assert {
    condition = { for key, binding in google_storage_bucket_iam_member.objects : key => [binding.role, binding.member] } == {
      job_creates = ["roles/storage.objectCreator", "job"]
      job_reads   = ["roles/storage.objectViewer", "job"]
      housekeep   = ["roles/storage.objectUser", "housekeep"]
    }
    error_message = "objectCreator makes and objectViewer reads and lists; only objectUser deletes."
  }
  assert {
    condition     = length(google_storage_bucket_iam_member.objects) == 3 && sum([for path in fileset(".", "*.tf") : length(regexall("resource \"google_storage_\\w+_iam_\\w+\"", file(path)))]) == 1
    error_message = "Another resource grants roles on a bucket: say here what it may grant."
  }
  assert {
    condition     = google_cloud_run_v2_job.this["housekeep"].template[0].template[0].service_account == "housekeep@example.com" && google_cloud_run_v2_job.this["pipeline"].template[0].template[0].service_account == "job@example.com"
    error_message = "The account that may delete runs the job that does, and no other."
  }
}

run "the_jobs_are_told_where_it_is" {
  command = plan

  assert {
    condition = { for key, job in google_cloud_run_v2_job.this : key => { for env in job.template[0].template[0].containers[0].env : env.name => env.value if contains(["LAKE_URL", "VAULT_URL"], env.name) } } == {
      pipeline  = { LAKE_URL = "gs://my-project-id-weather-dev-objects/lake", VAULT_URL = "gs://my-project-id-weather-dev-objects/vault" }
      sync      = { LAKE_URL = "gs://my-project-id-weather-dev-objects/lake" }
      verify    = { LAKE_URL = "gs://my-project-id-weather-dev-objects/lake" }
      migrate   = {}
      housekeep = { LAKE_URL = "gs://my-project-id-weather-dev-objects/lake", VAULT_URL = "gs://my-project-id-weather-dev-objects/vault" }
    }
    error_message = "Each job is told what it works on."
  }
  assert {
    condition     = can(regex("^[0-9]+ [0-9]+ \\* \\* \\*$", google_cloud_scheduler_job.this["housekeep"].schedule))
    error_message = "It tidies once a day."
  }
  assert {
    condition     = google_cloudbuild_trigger.main[0].substitutions["_KEEPS"] == "yes" && contains(keys(google_cloud_run_v2_job_iam_member.build), "housekeep") && contains(keys(google_service_account_iam_member.build_acts_as), "housekeep")
    error_message = "A new image reaches this job, too."
  }
}
