-- See migrations/mysql for what this is.

alter table weather_observations add column transform_version integer null;
alter table collection_slots add column raw_ref text null;
