-- See migrations/mysql for what this is.

alter table weather_observations add column value_kind text null;
alter table weather_observations add column available_at text null;
alter table collection_slots add column observation_source text null;
