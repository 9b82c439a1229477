-- Cloud SQL gives every user that its API makes the role cloudsqlsuperuser. Run this once, as
-- weather_migrate in Cloud SQL Studio, so that the job's user can do what a run needs and no more.
revoke cloudsqlsuperuser from 'weather'@'%';
grant select, insert, update on weather.* to 'weather'@'%';
show grants for 'weather'@'%';
