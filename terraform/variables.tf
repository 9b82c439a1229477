variable "project_id" {
  description = "Google Cloud project that holds everything here."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be a project's ID (6 to 30 characters, lower case), not its number or name."
  }
}

variable "region" {
  description = "Region of the jobs, the database, the secrets and the registry."
  type        = string
  default     = "europe-west1"
}

variable "environment" {
  description = "Name of the environment: part of every resource's name."
  type        = string

  validation {
    condition     = contains(["dev", "staging", "prod"], var.environment)
    error_message = "environment must be dev, staging or prod."
  }
}

variable "sites_file" {
  description = "Path of the sites file in the image."
  type        = string
  default     = "config/sites_sample.json"
}

variable "sites" {
  description = "Active sites in that file, as `weather sites check` counts them. The job's time limit follows from it."
  type        = number
  default     = 20

  validation {
    condition     = var.sites >= 1 && floor(var.sites) == var.sites
    error_message = "sites must be a whole number from 1 on."
  }
}

variable "calls_per_minute" {
  description = "Calls per minute that the OpenWeatherMap account allows: 60 is the free plan."
  type        = number
  default     = 60

  validation {
    condition     = var.calls_per_minute > 0
    error_message = "calls_per_minute must be positive: every plan has a limit, and an account over it is blocked."
  }

  # Runs start at minute 7: what is not called 53 minutes later is too late for its hour.
  validation {
    condition     = var.calls_per_minute <= 0 || var.sites / var.calls_per_minute <= 53
    error_message = "Not all sites can be called within their hour: take a plan with more calls per minute, or fewer sites (`weather sites check`)."
  }
}

variable "openweather_base_url" {
  description = "Where the API is; paid plans have a host of their own."
  type        = string
  default     = "https://api.openweathermap.org"

  validation {
    condition     = startswith(var.openweather_base_url, "https://")
    error_message = "openweather_base_url must be https: the key is part of the address."
  }
}

variable "openweather_plan" {
  description = "Plan of the account: free, startup, developer, professional or expert. Null: the smallest that allows `calls_per_minute`."
  type        = string
  default     = null

  validation {
    condition     = var.openweather_plan == null ? true : contains(["free", "startup", "developer", "professional", "expert"], var.openweather_plan)
    error_message = "openweather_plan must be free, startup, developer, professional or expert."
  }
}

variable "openweather_calls_per_day" {
  description = "Calls per UTC day of the account, One Call apart. Null: no limit of ours."
  type        = number
  default     = null
}

variable "openweather_calls_per_month" {
  description = "Calls per UTC month of the account, One Call apart. Null: the plan's; 0: no limit."
  type        = number
  default     = null
}

variable "openweather_one_call" {
  description = "Version of One Call that past hours are asked of: 4.0 or 3.0. Null: 4.0."
  type        = string
  default     = null

  validation {
    condition     = var.openweather_one_call == null ? true : contains(["3.0", "4.0"], var.openweather_one_call)
    error_message = "openweather_one_call must be \"3.0\" or \"4.0\"."
  }
}

variable "sources" {
  description = "Sources to collect from: openweathermap, open-meteo (whose free service is for non-commercial use only). Null: openweathermap."
  type        = list(string)
  default     = null

  validation {
    condition     = var.sources == null ? true : length(var.sources) > 0 && length(setsubtract(var.sources, ["openweathermap", "open-meteo"])) == 0
    error_message = "sources must be openweathermap, open-meteo, or both."
  }
}

variable "forecast_products" {
  description = "Forecasts to collect: owm-3h, owm-onecall-1h (a subscription of its own), om-hourly (Open-Meteo). Empty: none. Null: owm-3h, where sources has openweathermap."
  type        = list(string)
  default     = null

  validation {
    condition     = var.forecast_products == null ? true : length(setsubtract(var.forecast_products, ["owm-3h", "owm-onecall-1h", "om-hourly"])) == 0
    error_message = "forecast_products must be of owm-3h, owm-onecall-1h and om-hourly."
  }
}

variable "forecast_interval_minutes" {
  description = "Minutes between two issues of a site. Null: 180."
  type        = number
  default     = null

  validation {
    condition     = var.forecast_interval_minutes == null ? true : var.forecast_interval_minutes >= 10 && var.forecast_interval_minutes <= 1440
    error_message = "forecast_interval_minutes must be from 10 to 1440."
  }
}

variable "heal_calls" {
  description = "Calls that each start of the pipeline may spend on missing slots. Null: none."
  type        = number
  default     = null

  validation {
    condition     = var.heal_calls == null ? true : var.heal_calls >= 0 && floor(var.heal_calls) == var.heal_calls
    error_message = "heal_calls must be a whole number from 0 on."
  }
}

variable "heal_from_source" {
  description = "Whose history fills missing slots: openweathermap or open-meteo. Null: the slots' own source."
  type        = string
  default     = null

  validation {
    condition     = var.heal_from_source == null ? true : contains(["openweathermap", "open-meteo"], var.heal_from_source)
    error_message = "heal_from_source must be openweathermap or open-meteo."
  }
}

variable "lake" {
  description = "Mirror the store to Delta tables in a bucket, too."
  type        = bool
  default     = false
}

variable "vault" {
  description = "Keep every answer of a source as it came, in a bucket."
  type        = bool
  default     = false
}

variable "vault_keep_days" {
  description = "Days that an answer is kept. Null: for ever."
  type        = number
  default     = null

  validation {
    condition     = var.vault_keep_days == null ? true : var.vault_keep_days >= 8 && floor(var.vault_keep_days) == var.vault_keep_days
    error_message = "vault_keep_days must be a whole number from 8 on: a day is put together within a week."
  }
}

variable "enable_api" {
  description = "Deploy the query API (`weather serve`) as a Cloud Run service."
  type        = bool
  default     = false
}

variable "api_invokers" {
  description = "IAM members that may ask the query API, such as group:bi@example.com."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for member in var.api_invokers : can(regex("^(user|group|serviceAccount|domain):", member))])
    error_message = "api_invokers must be IAM members such as group:bi@example.com. The service is not for everybody on the internet."
  }
}

variable "api_ingress" {
  description = "From where the query API is reached: the project's networks and a load balancer, the networks only, or everywhere. Callers are invokers in each case."
  type        = string
  default     = "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"

  validation {
    condition     = contains(["INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER", "INGRESS_TRAFFIC_INTERNAL_ONLY", "INGRESS_TRAFFIC_ALL"], var.api_ingress)
    error_message = "api_ingress must be INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER, INGRESS_TRAFFIC_INTERNAL_ONLY or INGRESS_TRAFFIC_ALL."
  }
}

variable "api_min_instances" {
  description = "Instances of the query API that are always there. Null: none, and the first request after a pause waits some seconds."
  type        = number
  default     = null
}

variable "api_max_instances" {
  description = "Instances of the query API at most. Each holds 4 connections to the database."
  type        = number
  default     = 4

  validation {
    condition     = var.api_max_instances >= max(1, coalesce(var.api_min_instances, 0))
    error_message = "api_max_instances must be 1 or more, and not below api_min_instances."
  }
}

variable "api_tokens" {
  description = "Ask callers of the query API for a token of the secret `NAME-api-tokens` too. The secret needs a version before this is applied."
  type        = bool
  default     = false
}

variable "api_public_url" {
  description = "Address by which clients reach the query API through a load balancer or proxy, such as https://example.com/weather. Null: the one that they ask."
  type        = string
  default     = null

  validation {
    condition     = var.api_public_url == null || can(regex("^https?://[^/?#@ ]+(/[A-Za-z0-9_.~-]+)*/?$", var.api_public_url))
    error_message = "api_public_url must be scheme, host and perhaps a path, such as https://example.com/weather."
  }
}

variable "api_cors_origins" {
  description = "Origins whose pages may read the query API in a browser, such as https://bi.example.com. `*` is any."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for origin in var.api_cors_origins : can(regex("^(\\*|[a-z][a-z0-9+.-]*://[^/?#@, ]+)$", origin))])
    error_message = "api_cors_origins must be scheme://host or scheme://host:port, such as https://bi.example.com, or *."
  }
}

variable "bigquery_dataset" {
  description = "Dataset that the store is mirrored to; staging and state go to `<dataset>_internal`."
  type        = string
  default     = "weather"

  validation {
    condition     = can(regex("^[A-Za-z0-9_]{1,1000}$", var.bigquery_dataset))
    error_message = "bigquery_dataset may have letters, digits and underscores only."
  }
}

variable "bigquery_location" {
  description = "Location of the datasets: a region or a multi-region. It cannot be changed later."
  type        = string
  default     = "EU"
}

variable "bi_readers" {
  description = "IAM members that may read the public dataset, such as group:bi@example.com."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for member in var.bi_readers : can(regex("^(user|group|serviceAccount|domain):", member))])
    error_message = "bi_readers must be IAM members such as group:bi@example.com. The dataset is not for everybody on the internet."
  }
}

variable "db_tier" {
  description = "Cloud SQL machine tier."
  type        = string
  default     = "db-g1-small"
}

variable "db_high_availability" {
  description = "Keep a standby of the database in a second zone."
  type        = bool
  default     = false
}

variable "db_password_version" {
  description = "1 at first; raise by one to give the database users new passwords."
  type        = number
}

variable "deletion_protection" {
  description = "Refuse to destroy the database, the secrets and the jobs."
  type        = bool
  default     = true

  validation {
    condition     = var.deletion_protection || var.environment != "prod"
    error_message = "prod keeps its deletion protection."
  }
}

variable "alert_emails" {
  description = "E-mail addresses that alerts are sent to, at most 5."
  type        = set(string)
  default     = []

  validation {
    condition     = length(var.alert_emails) > 0 || var.environment != "prod"
    error_message = "Somebody must hear of prod's alerts: alert_emails is empty."
  }

  validation {
    condition     = length(var.alert_emails) <= 5
    error_message = "A budget notifies at most 5 channels: take 5 addresses or fewer, or one of a group."
  }
}

variable "alert_conditions" {
  description = "How the alerts on figures are written: promql, or threshold where PromQL finds nothing in metrics of two points an hour (docs/OPERATIONS.md, the first day)."
  type        = string
  default     = "promql"

  validation {
    condition     = contains(["promql", "threshold"], var.alert_conditions)
    error_message = "alert_conditions must be promql or threshold."
  }
}

variable "billing_account" {
  description = "ID of the billing account that the budget is set on. Null: no budget."
  type        = string
  default     = null
}

variable "monthly_budget" {
  description = "Monthly budget in whole units of the billing account's currency."
  type        = number
  default     = 100
}

variable "github_repository" {
  description = "owner/name of the GitHub repository whose main branch Cloud Build deploys. Null: no trigger."
  type        = string
  default     = null

  validation {
    condition     = var.github_repository == null || can(regex("^[^/]+/[^/]+$", var.github_repository))
    error_message = "github_repository must be owner/name."
  }
}
