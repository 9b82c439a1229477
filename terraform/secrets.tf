locals {
  # Who may read which secret. Those that rotate are reminded of by the topic.
  secrets = merge({
    "openweather-api-key"  = { reader = "job", rotates = true }
    "database-url"         = { reader = "job", rotates = true }
    "database-migrate-url" = { reader = "migrate", rotates = true }
    },
    { for api in local.api : "database-${api}-url" => { reader = api, rotates = true } },
    { for api in local.api : "${api}-tokens" => { reader = api, rotates = true } if var.api_tokens },
  )

  database_url_secrets = merge(
    { job = "database-url", migrate = "database-migrate-url" },
    { for api in local.api : api => "database-${api}-url" },
  )
}

resource "google_secret_manager_secret" "this" {
  for_each = local.secrets

  secret_id           = "${local.name}-${each.key}"
  deletion_protection = var.deletion_protection

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }

  topics {
    name = google_pubsub_topic.rotation.id
  }

  rotation {
    rotation_period    = "${90 * 24 * 3600}s"
    next_rotation_time = timeadd(plantimestamp(), "${90 * 24}h")
  }

  lifecycle {
    ignore_changes = [rotation[0].next_rotation_time] # Secret Manager moves it on
  }

  depends_on = [google_pubsub_topic_iam_member.rotation]
}

# The API key's version is added by hand (README.md): it never enters Terraform. Nor do the query API's tokens
# (docs/OPERATIONS.md), of which the secret holds the hashes.

# The password's second sink: raised with google_sql_user by the one version. If somebody changed the
# address of the database, the version has to be raised too.
resource "google_secret_manager_secret_version" "database_url" {
  for_each = local.database_url_secrets

  secret                 = google_secret_manager_secret.this[each.value].id
  secret_data_wo_version = var.db_password_version
  secret_data_wo = format("mysql://%s:%s@%s:3306/%s",
    local.database_users[each.key],
    ephemeral.random_password.database[each.key].result,
    google_sql_database_instance.mysql.private_ip_address,
    google_sql_database.weather.name,
  )

  # Users first: a job must not find a password that the database does not know yet.
  depends_on = [google_sql_user.this]
}

resource "google_secret_manager_secret_iam_member" "reader" {
  for_each = local.secrets

  secret_id = google_secret_manager_secret.this[each.key].id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.this[each.value.reader].member
}

# The certificate of the database's CA is no secret, but a secret is what a job can mount as a file.
resource "google_secret_manager_secret" "database_ca" {
  secret_id           = "${local.name}-database-ca"
  deletion_protection = var.deletion_protection

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }

  depends_on = [google_project_service.this]
}

resource "google_secret_manager_secret_version" "database_ca" {
  secret      = google_secret_manager_secret.database_ca.id
  secret_data = google_sql_database_instance.mysql.server_ca_cert[0].cert
}

resource "google_secret_manager_secret_iam_member" "database_ca" {
  for_each = setunion(["job", "migrate"], local.api, local.housekeep)

  secret_id = google_secret_manager_secret.database_ca.id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.this[each.value].member
}

# Secret Manager says on this topic that a secret is due. It rotates nothing itself.
resource "google_pubsub_topic" "rotation" {
  name = "${local.name}-secret-rotation"

  depends_on = [google_project_service.this]
}

resource "google_pubsub_topic_iam_member" "rotation" {
  topic  = google_pubsub_topic.rotation.name
  role   = "roles/pubsub.publisher"
  member = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-secretmanager.iam.gserviceaccount.com"
}

# What waits here is due: an alert looks at it. Other events of the secrets pass by.
resource "google_pubsub_subscription" "rotation" {
  name                       = "${local.name}-secret-rotation"
  topic                      = google_pubsub_topic.rotation.id
  filter                     = "attributes.eventType = \"SECRET_ROTATE\""
  message_retention_duration = "${31 * 24 * 3600}s" # the longest that Pub/Sub keeps one; its default is 7 days

  expiration_policy {
    ttl = "" # never: it is quiet for months
  }
}
