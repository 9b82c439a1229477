-- See migrations/mysql for what this is.

update sites
set spans = (
    select json_group_array(
        json_insert(
            each_span.value,
            '$.latitude', sites.latitude,
            '$.longitude', sites.longitude,
            '$.timezone', sites.timezone,
            '$.country', sites.country,
            '$.elevation_m', sites.elevation_m
        )
        order by each_span.key
    )
    from json_each(sites.spans) each_span
)
where json_array_length(spans) > 0;
