-- Whose a run was and why it stopped, as columns: see docs/decisions/0025-why-a-run-stopped.md.
-- Before, the kind named the source (`etl:open-meteo`; no name was OpenWeatherMap), and the reason was read
-- out of the message. Every statement may be repeated; MySQL has no `add column if not exists`.

set @add_columns = if(
    exists (
        select 1 from information_schema.columns
        where table_schema = database() and table_name = 'ingestion_runs'
            and column_name = 'stop_kind'
    ),
    'do 0',
    'alter table ingestion_runs
        add column source varchar(32) character set ascii collate ascii_bin null,
        add column stop_kind varchar(32) character set ascii collate ascii_bin null'
);
prepare add_columns from @add_columns;
execute add_columns;
deallocate prepare add_columns;

-- Open runs too: they keep their lock, under its new name. From left to right: the source is taken from
-- the former kind.
update ingestion_runs
set
    source = if(locate(':', kind) > 0, substring_index(kind, ':', -1), 'openweathermap'),
    kind = substring_index(kind, ':', 1)
where source is null and substring_index(kind, ':', 1) in ('etl', 'heal');

update ingestion_runs
set stop_kind = case
    when outcome = 'interrupted' and error_message like 'set aside: %' then 'set_aside'
    when outcome = 'interrupted' then 'interrupted'
    when error_message like '% has blocked the account%' then 'account_blocked'
    when error_message like '% refused the API key%' then 'key_refused'
    when error_message like '% has no calls left%' then 'budget_spent'
    when error_message like '% has no history for this key%' then 'not_subscribed'
    when error_message like '% fails call after call%' then 'source_fails'
    else 'store'
end
where stop_kind is null and error_message is not null and outcome in ('failed', 'interrupted');
