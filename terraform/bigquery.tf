# Datasets only: tables and views are made by `weather sync`, from the one definition that also
# describes every column.
resource "google_bigquery_dataset" "this" {
  for_each = {
    public   = { suffix = "", description = "Weather observations, the ledger of collecting, and views of them" }
    internal = { suffix = "_internal", description = "Staging and state of the sync: not for reading" }
  }

  dataset_id                 = "${var.bigquery_dataset}${each.value.suffix}"
  description                = each.value.description
  location                   = var.bigquery_location
  delete_contents_on_destroy = false
  max_time_travel_hours      = "168"

  depends_on = [google_project_service.this]
}

# Members only: one _iam_binding here would take away what the others grant.
resource "google_bigquery_dataset_iam_member" "job" {
  for_each = google_bigquery_dataset.this

  dataset_id = each.value.dataset_id
  role       = "roles/bigquery.dataEditor"
  member     = google_service_account.this["job"].member
}

resource "google_bigquery_dataset_iam_member" "bi_readers" {
  for_each = var.bi_readers

  dataset_id = google_bigquery_dataset.this["public"].dataset_id
  role       = "roles/bigquery.dataViewer"
  member     = each.value
}
