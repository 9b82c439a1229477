# The bucket for Terraform's state: once per project, before anything else. Its own state is local and may
# be lost: `terraform import google_storage_bucket.state NAME` brings it back.
terraform {
  required_version = ">= 1.11"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 8.0"
    }
  }
}

variable "project_id" {
  description = "Google Cloud project that the bucket belongs to."
  type        = string
}

variable "location" {
  description = "Location of the bucket: a region or a multi-region."
  type        = string
  default     = "EU"
}

provider "google" {
  project = var.project_id
}

resource "google_storage_bucket" "state" {
  name                        = "${var.project_id}-terraform-state"
  location                    = var.location
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false

  # Every state of the last months can be gone back to.
  versioning {
    enabled = true
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      num_newer_versions = 50
      with_state         = "ARCHIVED"
    }
  }
}

output "bucket" {
  description = "For `bucket` in environments/*.gcs.tfbackend."
  value       = google_storage_bucket.state.name
}
