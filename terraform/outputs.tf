output "jobs" {
  description = "Cloud Run jobs: pipeline and verify are scheduled, sync is for hands, migrate for Cloud Build; housekeep, where there is a bucket, is scheduled."
  value       = { for key, job in google_cloud_run_v2_job.this : key => job.name }
}

output "image" {
  description = "Where images are pushed to, without a tag."
  value       = local.image
}

output "objects" {
  description = "Bucket of the lake and the vault. Null: there is none."
  value       = local.bucket
}

output "api_key_secret" {
  description = "Secret that a version with the OpenWeatherMap key has to be added to."
  value       = google_secret_manager_secret.this["openweather-api-key"].secret_id
}

output "database_instance" {
  description = "Cloud SQL instance, as gcloud calls it."
  value       = google_sql_database_instance.mysql.name
}

output "dashboard" {
  description = "ID of the dashboard."
  value       = google_monitoring_dashboard.this.id
}

output "api" {
  description = "Address of the query API. Null: there is none."
  value       = one([for service in google_cloud_run_v2_service.this : service.uri])
}
