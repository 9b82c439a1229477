-- See migrations/mysql for what this is.

alter table weather_observations add column uv_index real null;
alter table weather_observations add column dew_point_c real null;
