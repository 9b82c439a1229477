-- Cloud SQL gives every user that its API makes the role cloudsqlsuperuser. Run this once after `enable_api`, as
-- weather_migrate in Cloud SQL Studio, so that the query API's user can read and do nothing else.
revoke cloudsqlsuperuser from 'weather_api'@'%';
grant select on weather.* to 'weather_api'@'%';
show grants for 'weather_api'@'%';
