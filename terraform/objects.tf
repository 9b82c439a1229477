locals {
  has_objects = var.lake || var.vault

  bucket    = one([for bucket in google_storage_bucket.objects : bucket.name])
  lake_env  = var.lake ? { LAKE_URL = "gs://${local.bucket}/lake" } : {}
  vault_env = var.vault ? { VAULT_URL = "gs://${local.bucket}/vault" } : {}

  housekeep = local.has_objects ? toset(["housekeep"]) : toset([])

  # Who may do what in it. To write in the place of an object is to delete it: the job cannot.
  object_roles = local.has_objects ? {
    job_creates = { account = "job", role = "roles/storage.objectCreator" }
    job_reads   = { account = "job", role = "roles/storage.objectViewer" }
    housekeep   = { account = "housekeep", role = "roles/storage.objectUser" }
  } : {}
}

# The lake and the vault.
resource "google_storage_bucket" "objects" {
  count = local.has_objects ? 1 : 0

  name                        = "${var.project_id}-${local.name}-objects"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false

  # What was deleted or written over comes back for 30 days.
  versioning {
    enabled = true
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      days_since_noncurrent_time = 30
      with_state                 = "ARCHIVED"
    }
  }

  # Parts of an upload that was broken off.
  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }
    condition {
      age        = 7
      with_state = "ANY"
    }
  }

  # How long answers are kept, if not for ever.
  dynamic "lifecycle_rule" {
    for_each = var.vault_keep_days == null ? [] : [var.vault_keep_days]
    content {
      action {
        type = "Delete"
      }
      condition {
        age            = lifecycle_rule.value
        matches_prefix = ["vault/"]
        with_state     = "LIVE"
      }
    }
  }

  # Also what somebody deletes for good comes back for a week.
  soft_delete_policy {
    retention_duration_seconds = 7 * 24 * 3600
  }

  depends_on = [google_project_service.this]
}

resource "google_storage_bucket_iam_member" "objects" {
  for_each = local.object_roles

  bucket = local.bucket
  role   = each.value.role
  member = google_service_account.this[each.value.account].member
}
