-- A point as text, longitude first, which `st_geomfromtext` of DuckDB's extension `spatial` reads.
select *, 'POINT(' || longitude || ' ' || latitude || ')' as place
from observations_latest
