-- See migrations/mysql for what this is.

create index if not exists runs_by_start on ingestion_runs (started_at);
