-- UV index and dew point. NULL in rows from before, and where the source does not say. The columns come
-- at the end of the table, so that no row is written anew. See docs/decisions/0026-one-list-of-values.md.
-- Every statement may be repeated; MySQL has no `add column if not exists`.

set @add_columns = if(
    exists (
        select 1 from information_schema.columns
        where table_schema = database() and table_name = 'weather_observations'
            and column_name = 'uv_index'
    ),
    'do 0',
    'alter table weather_observations
        add column uv_index double null,
        add column dew_point_c double null,
        algorithm = instant'
);
prepare add_columns from @add_columns;
execute add_columns;
deallocate prepare add_columns;
