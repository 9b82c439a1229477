-- How many calls of an account are reserved, and how many of those were sent, in each window of time
-- that a source counts in. See docs/decisions/0010-call-budget.md.
-- lane is the number of the row among those of its kind: days and months count on, minutes go round
-- an hour and take the row of the hour before, so that nothing is ever deleted.
-- Every statement may be repeated.

create table if not exists call_budget (
    account varchar(16) character set ascii collate ascii_bin not null,
    scope varchar(32) character set ascii collate ascii_bin not null,
    window_kind varchar(8) character set ascii collate ascii_bin not null,
    lane bigint not null,
    window_start datetime not null,
    reserved bigint not null,
    used bigint not null,
    primary key (account, scope, window_kind, lane)
) engine = InnoDB;
