-- What is asked of the runs of some days finds them by when they started. See
-- docs/decisions/0021-reads-that-do-not-grow.md.
-- Every statement may be repeated; MySQL has no `create index if not exists`.

set @add_index = if(
    exists (
        select 1 from information_schema.statistics
        where table_schema = database() and table_name = 'ingestion_runs'
            and index_name = 'runs_by_start'
    ),
    'do 0',
    'create index runs_by_start on ingestion_runs (started_at)'
);
prepare add_index from @add_index;
execute add_index;
deallocate prepare add_index;
