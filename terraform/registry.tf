locals {
  # Where images go. `first` is pushed by hand, for the jobs to be made with (README.md); again, if a job
  # has to be made anew after the clean-up took it.
  image = "${google_artifact_registry_repository.images.registry_uri}/weather"
}

resource "google_artifact_registry_repository" "images" {
  repository_id = local.name
  location      = var.region
  format        = "DOCKER"
  description   = "Images of weather"

  # Jobs run by digest, so a tag that moves changes nothing. Immutable tags would keep the clean-up
  # from deleting anything.
  cleanup_policy_dry_run = false

  # Keeping goes before deleting: twenty releases to roll back to.
  cleanup_policies {
    id     = "keep-the-newest"
    action = "KEEP"
    most_recent_versions {
      keep_count = 20
    }
  }

  cleanup_policies {
    id     = "delete-the-old"
    action = "DELETE"
    condition {
      tag_state  = "ANY"
      older_than = "${90 * 24 * 3600}s"
    }
  }

  depends_on = [google_project_service.this]
}

resource "google_artifact_registry_repository_iam_member" "build" {
  location   = google_artifact_registry_repository.images.location
  repository = google_artifact_registry_repository.images.name
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.this["build"].member
}
