resource "google_compute_network" "this" {
  name                    = local.name
  auto_create_subnetworks = false

  depends_on = [google_project_service.this]
}

# The jobs' addresses (direct VPC egress). A /26 is the least that Cloud Run takes.
resource "google_compute_subnetwork" "jobs" {
  name                     = "${local.name}-jobs"
  network                  = google_compute_network.this.id
  region                   = var.region
  ip_cidr_range            = "10.20.0.0/26"
  private_ip_google_access = true

  log_config {
    aggregation_interval = "INTERVAL_10_MIN"
    flow_sampling        = 0.1
    metadata             = "EXCLUDE_ALL_METADATA"
  }
}

# The range that Cloud SQL takes the database's address from.
resource "google_compute_global_address" "database" {
  name          = "${local.name}-database"
  network       = google_compute_network.this.id
  purpose       = "VPC_PEERING"
  address_type  = "INTERNAL"
  prefix_length = 20
}

resource "google_service_networking_connection" "database" {
  network                 = google_compute_network.this.id
  service                 = "servicenetworking.googleapis.com"
  reserved_peering_ranges = [google_compute_global_address.database.name]

  # Google keeps the peering for days after the last instance is gone: deleting it fails until then.
  deletion_policy = "ABANDON"
}

# What a job may reach in the network: the database, and nothing else. (The API and Google's services are
# not reached by it.)
resource "google_compute_firewall" "database" {
  name               = "${local.name}-database"
  network            = google_compute_network.this.id
  direction          = "EGRESS"
  priority           = 1000
  destination_ranges = ["${google_compute_global_address.database.address}/${google_compute_global_address.database.prefix_length}"]

  allow {
    protocol = "tcp"
    ports    = ["3306"]
  }
}

resource "google_compute_firewall" "nothing_else" {
  name               = "${local.name}-nothing-else"
  network            = google_compute_network.this.id
  direction          = "EGRESS"
  priority           = 65000
  destination_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }
}
