-- See migrations/mysql for what this is.

create table if not exists call_budget (
    account text not null,
    scope text not null,
    window_kind text not null,
    lane integer not null,
    window_start text not null,
    reserved integer not null,
    used integer not null,
    primary key (account, scope, window_kind, lane)
);
