-- Where a site stood and in which time zone, in each of its spans: see
-- docs/decisions/0019-a-site-that-moves.md. Nothing better is known of the spans that are there than
-- the present place. What a span says already stays, so the statement may be repeated.

-- A list is put together in its order by group_concat alone, which would cut it at 1,024 bytes.
set @max_len = @@session.group_concat_max_len;
set session group_concat_max_len = 100000000;

update sites s
set s.spans = (
    select cast(concat('[', group_concat(
        json_insert(
            each_span.span,
            '$.latitude', s.latitude,
            '$.longitude', s.longitude,
            '$.timezone', s.timezone,
            '$.country', s.country,
            '$.elevation_m', s.elevation_m
        )
        order by each_span.nth separator ', '
    ), ']') as json)
    from json_table(
        s.spans, '$[*]' columns (nth for ordinality, span json path '$')
    ) each_span
)
where json_length(s.spans) > 0;

set session group_concat_max_len = @max_len;
