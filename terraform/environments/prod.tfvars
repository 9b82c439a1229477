project_id  = "my-prod-project"
environment = "prod"

# Raise it to give the database users new passwords.
db_password_version = 1

db_tier              = "db-custom-1-3840" # shared cores have no SLA
db_high_availability = true

alert_emails = ["oncall@example.com"]
bi_readers   = ["group:bi@example.com"]

billing_account   = "000000-000000-000000"
monthly_budget    = 200
github_repository = "my-organisation/weather-data-product"
