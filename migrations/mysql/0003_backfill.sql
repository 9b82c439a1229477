-- Which rows were healed from history, and when their values were here; which source filled a slot,
-- where it is not the slot's own. NULL in rows from before. See docs/decisions/0011-healing.md.
-- Every statement may be repeated; MySQL has no `add column if not exists`.

set @add_columns = if(
    exists (
        select 1 from information_schema.columns
        where table_schema = database() and table_name = 'weather_observations'
            and column_name = 'value_kind'
    ),
    'do 0',
    'alter table weather_observations
        add column value_kind varchar(16) character set ascii collate ascii_bin null,
        add column available_at datetime(6) null'
);
prepare add_columns from @add_columns;
execute add_columns;
deallocate prepare add_columns;

set @add_columns = if(
    exists (
        select 1 from information_schema.columns
        where table_schema = database() and table_name = 'collection_slots'
            and column_name = 'observation_source'
    ),
    'do 0',
    'alter table collection_slots
        add column observation_source varchar(32) character set ascii collate ascii_bin null'
);
prepare add_columns from @add_columns;
execute add_columns;
deallocate prepare add_columns;
