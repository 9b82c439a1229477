resource "google_cloudbuild_trigger" "main" {
  count = var.github_repository == null ? 0 : 1

  name            = local.name
  location        = var.region
  description     = "Tests, builds and deploys what lands on main"
  filename        = "cloudbuild.yaml"
  service_account = google_service_account.this["build"].id
  ignored_files   = ["**/*.md", "docs/**", "terraform/**"]

  github {
    owner = split("/", var.github_repository)[0]
    name  = split("/", var.github_repository)[1]
    push {
      branch = "^main$"
    }
  }

  substitutions = {
    _REGION = var.region
    _NAME   = local.name
    _IMAGE  = local.image
    _API    = var.enable_api ? "yes" : "no"
    _KEEPS  = local.has_objects ? "yes" : "no"
  }

  depends_on = [google_project_iam_member.this]
}

# Sets the image of a job and runs the migration.
resource "google_cloud_run_v2_job_iam_member" "build" {
  for_each = local.jobs

  name     = google_cloud_run_v2_job.this[each.key].name
  location = google_cloud_run_v2_job.this[each.key].location
  role     = "roles/run.developer"
  member   = google_service_account.this["build"].member
}

# Who deploys a job has to be allowed to act as the job's account.
resource "google_service_account_iam_member" "build_acts_as" {
  for_each = setunion(["job", "migrate"], local.api, local.housekeep)

  service_account_id = google_service_account.this[each.value].name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.this["build"].member
}
