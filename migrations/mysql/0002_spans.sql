-- When a site was in the sites file, and at which interval: which slots were expected of it. See
-- docs/decisions/0008-spans.md.
-- Every statement may be repeated; MySQL has no `add column if not exists`.

set @add_spans = if(
    exists (
        select 1 from information_schema.columns
        where table_schema = database() and table_name = 'sites' and column_name = 'spans'
    ),
    'do 0',
    'alter table sites add column spans json null after tags'
);
prepare add_spans from @add_spans;
execute add_spans;
deallocate prepare add_spans;

-- What is known of a site that is there already: its present interval, since it was taken in.
update sites
set spans = json_array(json_object(
    'from', date_format(created_at, '%Y-%m-%dT%H:%i:%s.%fZ'),
    'until', date_format(deactivated_at, '%Y-%m-%dT%H:%i:%s.%fZ'),
    'interval_minutes', interval_minutes
))
where spans is null;

alter table sites modify column spans json not null;
