project_id  = "my-dev-project"
environment = "dev"

# It may be thrown away.
deletion_protection = false
