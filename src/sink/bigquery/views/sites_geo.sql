select
  {latest_columns},
  st_geogpoint(longitude, latitude) as place
from {observations_latest}
