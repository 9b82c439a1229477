-- See migrations/mysql for what this is. Every row is given its spans below.

alter table sites add column spans text not null default '[]';

update sites
set spans = json_array(json_object(
    'from', created_at,
    'until', deactivated_at,
    'interval_minutes', interval_minutes
));
