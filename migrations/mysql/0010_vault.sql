-- Where the answer of a slot's last attempt is kept, and by which version of the transform a row was made.
-- NULL in rows from before, and where there is no vault. The columns come at the end of their tables, so
-- that no row is written anew. See docs/decisions/0041-the-vault.md.
-- Every statement may be repeated; MySQL has no `add column if not exists`.

set @add_columns = if(
    exists (
        select 1 from information_schema.columns
        where table_schema = database() and table_name = 'weather_observations'
            and column_name = 'transform_version'
    ),
    'do 0',
    'alter table weather_observations
        add column transform_version smallint null,
        algorithm = instant'
);
prepare add_columns from @add_columns;
execute add_columns;
deallocate prepare add_columns;

set @add_columns = if(
    exists (
        select 1 from information_schema.columns
        where table_schema = database() and table_name = 'collection_slots'
            and column_name = 'raw_ref'
    ),
    'do 0',
    'alter table collection_slots
        add column raw_ref varchar(160) character set ascii collate ascii_bin null,
        algorithm = instant'
);
prepare add_columns from @add_columns;
execute add_columns;
deallocate prepare add_columns;
