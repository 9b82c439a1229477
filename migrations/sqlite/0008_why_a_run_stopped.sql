-- See migrations/mysql for what this is.

alter table ingestion_runs add column source text null;
alter table ingestion_runs add column stop_kind text null;

update ingestion_runs
set
    source = iif(instr(kind, ':') > 0, substr(kind, instr(kind, ':') + 1), 'openweathermap'),
    kind = iif(instr(kind, ':') > 0, substr(kind, 1, instr(kind, ':') - 1), kind)
where source is null and (kind in ('etl', 'heal') or kind like 'etl:%' or kind like 'heal:%');

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
