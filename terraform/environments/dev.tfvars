project_id  = "my-dev-project"
environment = "dev"

# Raise it to give the database users new passwords.
db_password_version = 1

# It may be thrown away.
deletion_protection = false
