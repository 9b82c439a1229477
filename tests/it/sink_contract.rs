//! The contract of [`Sink`], as plain functions on the trait: every sink passes the list.

use chrono::TimeDelta;
use url::Url;
use weather_data_product::columnar::Row;
use weather_data_product::columnar::{BatchBuilder, ColumnBuilder};
use weather_data_product::domain::position::{Position, RowKey};
use weather_data_product::domain::tables::{
    COLLECTION_SLOTS, SITES, TABLES, Table, WEATHER_OBSERVATIONS,
};
use weather_data_product::domain::{Changes, Day, DaySum, DaySums, Days, Proofs};
use weather_data_product::sink::bigquery::BigQuery;
use weather_data_product::sink::{
    Chunk, Difference, Group, Holds, Owner, Part, Prepared, Progress, Rebase, Rewrite, RollUp,
    RolledUp, Sink, SinkError, Staging, State,
};

use crate::support::chunks::{Sample, batch, chunk, chunk_of, push, sample};
use crate::support::samples::hour;
use crate::support::warehouse::{Warehouse, bigquery_url};

const STORE_ID: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";
const OTHER_STORE_ID: &str = "7c9e6679-7425-40de-944b-e07fc1f90ae7";

/// Makes a test of each function named, on a sink that it has for itself.
macro_rules! on_each_sink {
    ($($test:ident),+ $(,)?) => {
        mod bigquery {
            $(#[tokio::test] async fn $test() {
                super::with_bigquery(super::$test).await;
            })+
        }
    };
}

on_each_sink!(
    a_key_twice_in_a_chunk_is_refused,
    a_row_merged_again_is_replaced,
    a_row_of_another_day_is_there_beside_the_first,
    a_stale_epoch_is_fenced_and_writes_nothing,
    a_rewrite_fences_as_a_merge_does_and_keeps_what_may_not_go,
    a_rewrite_replaces_one_day_and_leaves_the_position,
    a_table_is_written_without_moving_another,
    days_come_to_the_sums_of_their_rows_and_differences_are_named,
    a_cell_that_is_no_number_has_one_text_in_store_and_sink,
    preparing_twice_makes_nothing_the_second_time,
    rows_that_are_not_as_many_as_said_are_refused,
    states_are_found_once_created_and_creating_again_keeps_them,
    what_is_superseded_is_the_position_of_no_run_and_fences_who_read_before,
    a_state_is_put_in_the_place_of_the_one_that_was_read_only,
    a_state_of_before_is_taken_over_and_its_writers_are_refused,
    rows_that_are_staged_by_several_loads_are_written_at_once,
    what_an_interrupted_start_had_staged_is_found_by_its_owner_only,
    tables_are_filled_without_matching_only_while_they_are_empty,
    all_parts_are_written_or_none,
    what_was_prepared_is_known_for_a_day,
    a_table_that_is_gone_is_before_its_first_row_for_every_store_that_is_not_refused,
    what_is_proved_is_noted_beside_other_writers,
    stores_do_not_share_their_states,
    what_is_reset_is_before_its_first_row_and_fences_who_read_before,
    what_is_staged_and_merged_is_there_with_the_state_moved,
    what_is_staged_is_seen_by_nobody,
);

async fn with_bigquery(test: impl AsyncFnOnce(&dyn Sink, &Warehouse)) {
    let warehouse = Warehouse::new();
    let url = Url::parse(&bigquery_url()).unwrap();
    let sink = BigQuery::open("test-project", &warehouse.dataset, None, Some(&url)).await.unwrap();
    sink.prepare().await.unwrap();
    test(&sink, &warehouse).await;
}

fn owner(epoch: i64) -> Owner<'static> {
    Owner { store_id: STORE_ID, epoch }
}

async fn stage(sink: &dyn Sink, chunk: &Chunk, epoch: i64) -> Result<Staging, SinkError> {
    let staging = sink.new_staging(chunk.table, &owner(epoch), Holds::RowsInOrder);
    sink.append(&staging, chunk).await.map(|()| staging)
}

/// The state as it is, at that epoch, and moved to where the chunk leads.
async fn moved(sink: &dyn Sink, chunk: &Chunk, epoch: i64) -> State {
    let mut state = State { epoch, ..state(sink).await };
    state.tables.insert(chunk.table.name.into(), chunk.progress.clone());
    state
}

fn part(chunk: &Chunk, staging: &Staging, fills: bool) -> Part {
    let (table, staging, days) = (chunk.table, staging.clone(), chunk.days.clone());
    Part { table, staging, rows: chunk.rows, days, fills }
}

fn group(parts: Vec<Part>, state: State) -> Group {
    Group { parts, state, roll_up: RollUp::Nothing }
}

async fn write(sink: &dyn Sink, chunk: &Chunk, epoch: i64) -> Result<(), SinkError> {
    let staging = stage(sink, chunk, epoch).await?;
    let state = moved(sink, chunk, epoch).await;
    let written = sink.write(STORE_ID, &group(vec![part(chunk, &staging, false)], state)).await;
    sink.drop_staging(&staging).await;
    written
}

/// Writes a day anew.
async fn rewrite(
    sink: &dyn Sink,
    chunk: Option<&Chunk>,
    day: Day,
    may_delete: bool,
    epoch: i64,
) -> Result<(), SinkError> {
    let staging = match chunk {
        Some(chunk) => Some(stage(sink, chunk, epoch).await?),
        None => None,
    };
    let rewrite = Rewrite {
        table: &WEATHER_OBSERVATIONS,
        day,
        staging: staging.as_ref(),
        rows: chunk.map_or(0, |chunk| chunk.rows),
        may_delete,
    };
    let state = State { epoch, ..state(sink).await };
    sink.rewrite(STORE_ID, rewrite, &state).await
}

async fn state(sink: &dyn Sink) -> State {
    sink.find_state(STORE_ID).await.unwrap().expect("a state")
}

/// The state with that position in a table, and nothing in the others.
fn stands(epoch: i64, table: &Table, progress: Progress) -> State {
    let tables = [(table.name.to_owned(), progress)].into();
    State { epoch, tables, ..State::default() }
}

/// The values of the rows, by site.
async fn values(warehouse: &Warehouse, table: &Table) -> Vec<String> {
    let sql =
        format!("select concat(site_id, ' ', cast(run_seq as string)) from {{d}}.{}", table.name);
    let mut values: Vec<_> =
        warehouse.query(&sql).await.into_iter().map(|row| row[0].clone().unwrap()).collect();
    values.sort();
    values
}

async fn preparing_twice_makes_nothing_the_second_time(sink: &dyn Sink, warehouse: &Warehouse) {
    sink.create_state(STORE_ID).await.unwrap();
    write(sink, &chunk(&WEATHER_OBSERVATIONS, &[sample(1, 1)]), 0).await.unwrap();
    assert_eq!(sink.prepare().await.unwrap(), Prepared::default());
    assert_eq!(sink.check().await.unwrap(), Prepared::default());
    assert_eq!(values(warehouse, &WEATHER_OBSERVATIONS).await, ["site-1 1"]);
}

async fn states_are_found_once_created_and_creating_again_keeps_them(
    sink: &dyn Sink,
    _: &Warehouse,
) {
    assert_eq!(sink.find_state(STORE_ID).await.unwrap(), None);
    sink.create_state(STORE_ID).await.unwrap();
    assert_eq!(state(sink).await, State::default());
    write(sink, &chunk(&WEATHER_OBSERVATIONS, &[sample(1, 1)]), 0).await.unwrap();
    let moved = state(sink).await;
    sink.create_state(STORE_ID).await.unwrap();
    assert_eq!(state(sink).await, moved);
}

async fn stores_do_not_share_their_states(sink: &dyn Sink, _: &Warehouse) {
    sink.create_state(STORE_ID).await.unwrap();
    assert_eq!(sink.list_other_stores(STORE_ID).await.unwrap(), Vec::<String>::new());
    assert_eq!(sink.list_other_stores(OTHER_STORE_ID).await.unwrap(), [STORE_ID]);
    assert_eq!(sink.find_state(OTHER_STORE_ID).await.unwrap(), None);
    sink.create_state(OTHER_STORE_ID).await.unwrap();
    write(sink, &chunk(&WEATHER_OBSERVATIONS, &[sample(1, 1)]), 0).await.unwrap();
    assert_eq!(sink.find_state(OTHER_STORE_ID).await.unwrap(), Some(State::default()));
}

async fn what_is_staged_and_merged_is_there_with_the_state_moved(
    sink: &dyn Sink,
    warehouse: &Warehouse,
) {
    sink.create_state(STORE_ID).await.unwrap();
    let mut expected = State::default();
    for (epoch, table) in (0..).zip(TABLES) {
        let first = chunk(table, &[sample(1, 1)]);
        write(sink, &first, epoch).await.unwrap();
        expected.tables.insert(table.name.into(), first.progress);
        expected.epoch = epoch + 1;
        assert_eq!(state(sink).await, expected);
        let counted = format!("select count(*) from {{d}}.{}", table.name);
        assert_eq!(warehouse.count(&counted).await, 1, "{}", table.name);
    }
    let description = "select condition_description from {d}.weather_observations";
    let found = warehouse.query(description).await;
    assert_eq!(found[0][0].as_deref(), Some("condition_description 'of' \\ 1 🌧"));
    let next = chunk(&WEATHER_OBSERVATIONS, &[sample(2, 2), sample(3, 2)]);
    write(sink, &next, 4).await.unwrap();
    assert_eq!(state(sink).await.progress(&WEATHER_OBSERVATIONS), Some(&next.progress));
    let all = ["site-1 1", "site-2 2", "site-3 2"];
    assert_eq!(values(warehouse, &WEATHER_OBSERVATIONS).await, all);
}

/// Of two parts of one table the later one counts.
async fn all_parts_are_written_or_none(sink: &dyn Sink, warehouse: &Warehouse) {
    sink.create_state(STORE_ID).await.unwrap();
    let observations = chunk(&WEATHER_OBSERVATIONS, &[sample(1, 1), sample(2, 1)]);
    let slots = chunk(&COLLECTION_SLOTS, &[sample(1, 1)]);
    let later = chunk(&WEATHER_OBSERVATIONS, &[sample(2, 2)]);
    let wrong = Chunk { rows: 7, ..chunk(&SITES, &[sample(1, 1)]) };
    let mut parts = Vec::new();
    for chunk in [&observations, &slots, &later] {
        parts.push(part(chunk, &stage(sink, chunk, 0).await.unwrap(), false));
    }
    let last = sink.new_staging(wrong.table, &owner(0), Holds::RowsInOrder);
    let rows = Chunk { rows: 1, ..chunk(&SITES, &[sample(1, 1)]) };
    sink.append(&last, &rows).await.unwrap();
    parts.push(part(&wrong, &last, false));
    let moved = moved(sink, &observations, 0).await;
    let error = sink.write(STORE_ID, &group(parts, moved.clone())).await.unwrap_err();
    assert!(matches!(error, SinkError::NotStaged { .. }), "{error:?}");
    assert_eq!(state(sink).await, State::default());
    assert_eq!(values(warehouse, &WEATHER_OBSERVATIONS).await, Vec::<String>::new());
    assert_eq!(values(warehouse, &COLLECTION_SLOTS).await, Vec::<String>::new());

    let mut parts = Vec::new();
    for chunk in [&observations, &slots, &later, &rows] {
        parts.push(part(chunk, &stage(sink, chunk, 0).await.unwrap(), false));
    }
    sink.write(STORE_ID, &group(parts, moved.clone())).await.unwrap();
    assert_eq!(state(sink).await, State { epoch: 1, ..moved });
    assert_eq!(values(warehouse, &WEATHER_OBSERVATIONS).await, ["site-1 1", "site-2 2"]);
    assert_eq!(values(warehouse, &COLLECTION_SLOTS).await, ["site-1 1"]);
    assert_eq!(warehouse.count("select count(*) from {d}.sites").await, 1);
}

async fn rows_that_are_staged_by_several_loads_are_written_at_once(
    sink: &dyn Sink,
    warehouse: &Warehouse,
) {
    sink.create_state(STORE_ID).await.unwrap();
    let chunks = [
        chunk(&WEATHER_OBSERVATIONS, &[sample(1, 1), sample(2, 1)]),
        chunk(&WEATHER_OBSERVATIONS, &[sample(3, 2)]),
    ];
    let staging = stage(sink, &chunks[0], 0).await.unwrap();
    sink.append(&staging, &chunks[1]).await.unwrap();
    let both = Part { rows: 3, ..part(&chunks[0], &staging, false) };
    let state = moved(sink, &chunks[1], 0).await;
    sink.write(STORE_ID, &group(vec![both], state)).await.unwrap();
    let all = ["site-1 1", "site-2 1", "site-3 2"];
    assert_eq!(values(warehouse, &WEATHER_OBSERVATIONS).await, all);
    let left = format!(
        "select count(*) from {{d}}_internal.INFORMATION_SCHEMA.TABLES where table_name = '{}'",
        staging.name
    );
    assert_eq!(warehouse.count(&left).await, 0, "the script drops what it has written");
}

async fn what_an_interrupted_start_had_staged_is_found_by_its_owner_only(
    sink: &dyn Sink,
    warehouse: &Warehouse,
) {
    let table = &WEATHER_OBSERVATIONS;
    sink.create_state(STORE_ID).await.unwrap();
    assert!(sink.find_staged(table, &owner(0)).await.unwrap().is_none());
    let earlier = Sample { time: hour() - TimeDelta::days(3), ..sample(1, 1) };
    let first = chunk(table, &[earlier, sample(1, 1)]);
    // As a number 10 is more than 2.
    let second = chunk(table, &[sample(2, 2), sample(1, 10)]);
    let staging = stage(sink, &first, 0).await.unwrap();
    sink.append(&staging, &second).await.unwrap();
    // A later one holds rows that are not all: of runs that are still open, or of a day.
    let some = sink.new_staging(table, &owner(0), Holds::SomeRows);
    sink.append(&some, &chunk(table, &[sample(6, 99)])).await.unwrap();
    for (table, owner) in [
        (table, owner(1)),
        (&COLLECTION_SLOTS, owner(0)),
        (table, Owner { store_id: OTHER_STORE_ID, epoch: 0 }),
    ] {
        assert!(sink.find_staged(table, &owner).await.unwrap().is_none(), "{owner:?}");
    }
    let found = sink.find_staged(table, &owner(0)).await.unwrap().expect("what was staged");
    assert_ne!(found.staging, staging, "a copy: the other start may be at work");
    let Progress::To(position) = &found.progress else { panic!("a position") };
    let key = RowKey { time: hour(), site_id: "site-1".into(), source: "openweathermap".into() };
    assert_eq!((found.rows, position.run_seq, &position.key), (4, 10, &Some(key)));
    assert_eq!(position.run_id, "ingestion_run_id 'of' \\ 10 🌧");
    assert_eq!(found.days, [earlier.time, hour()].map(|time| time.date_naive()).into());

    let third = chunk(table, &[sample(5, 3)]);
    sink.append(&found.staging, &third).await.unwrap();
    let whole = Part { rows: 5, days: found.days, ..part(&third, &found.staging, false) };
    let error = sink.write(STORE_ID, &group(vec![whole], moved(sink, &third, 0).await)).await;
    assert!(matches!(error, Err(SinkError::NotStaged { .. })), "site-1 is staged twice: {error:?}");
    assert_eq!(values(warehouse, table).await, Vec::<String>::new());
}

async fn tables_are_filled_without_matching_only_while_they_are_empty(
    sink: &dyn Sink,
    warehouse: &Warehouse,
) {
    sink.create_state(STORE_ID).await.unwrap();
    let table = &WEATHER_OBSERVATIONS;
    let first = chunk(table, &[sample(1, 1), sample(2, 1)]);
    let staging = stage(sink, &first, 0).await.unwrap();
    let filled = group(vec![part(&first, &staging, true)], moved(sink, &first, 0).await);
    sink.write(STORE_ID, &filled).await.unwrap();
    assert_eq!(values(warehouse, table).await, ["site-1 1", "site-2 1"]);
    let second = chunk(table, &[sample(2, 2)]);
    let staging = stage(sink, &second, 1).await.unwrap();
    let mut again = group(vec![part(&second, &staging, true)], moved(sink, &second, 1).await);
    let error = sink.write(STORE_ID, &again).await.unwrap_err();
    assert!(matches!(&error, SinkError::NotEmpty { table } if table == "weather_observations"));
    assert_eq!(values(warehouse, table).await, ["site-1 1", "site-2 1"]);
    again.parts[0].fills = false;
    sink.write(STORE_ID, &again).await.unwrap();
    assert_eq!(values(warehouse, table).await, ["site-1 1", "site-2 2"]);
}

async fn what_was_prepared_is_known_for_a_day(sink: &dyn Sink, warehouse: &Warehouse) {
    sink.create_state(STORE_ID).await.unwrap();
    assert!(!sink.is_prepared(&state(sink).await));
    sink.finish_preparing(STORE_ID).await.unwrap();
    let prepared = state(sink).await;
    assert!(sink.is_prepared(&prepared), "{prepared:?}");
    let url = Url::parse(&bigquery_url()).unwrap();
    let dataset = &warehouse.dataset;
    let elsewhere = BigQuery::open("test-project", dataset, Some("EU"), Some(&url)).await.unwrap();
    assert!(!elsewhere.is_prepared(&prepared), "where it is belongs to it");
    let (definitions, at) = prepared.prepared.clone().unwrap();
    for (by, is_good) in [(-23, true), (-25, false), (1, false)] {
        let prepared = Some((definitions.clone(), at + TimeDelta::hours(by)));
        assert_eq!(sink.is_prepared(&State { prepared, ..state(sink).await }), is_good, "{by} h");
    }
    let prepared = Some(("another".into(), at));
    assert!(!sink.is_prepared(&State { prepared, ..state(sink).await }));
}

async fn what_is_staged_is_seen_by_nobody(sink: &dyn Sink, warehouse: &Warehouse) {
    sink.create_state(STORE_ID).await.unwrap();
    let chunk = chunk(&WEATHER_OBSERVATIONS, &[sample(1, 1)]);
    let one = stage(sink, &chunk, 0).await.unwrap();
    let other = stage(sink, &chunk, 0).await.unwrap();
    assert_ne!(one.name, other.name, "a staging for each attempt");
    assert_eq!(values(warehouse, &WEATHER_OBSERVATIONS).await, Vec::<String>::new());
    assert_eq!(state(sink).await, State::default());
    sink.drop_staging(&one).await;
    let state = moved(sink, &chunk, 0).await;
    sink.write(STORE_ID, &group(vec![part(&chunk, &other, false)], state)).await.unwrap();
    assert_eq!(values(warehouse, &WEATHER_OBSERVATIONS).await, ["site-1 1"]);
}

async fn a_stale_epoch_is_fenced_and_writes_nothing(sink: &dyn Sink, warehouse: &Warehouse) {
    sink.create_state(STORE_ID).await.unwrap();
    write(sink, &chunk(&WEATHER_OBSERVATIONS, &[sample(1, 1)]), 0).await.unwrap();
    let before = state(sink).await;
    for epoch in [0, 2] {
        let late = chunk(&WEATHER_OBSERVATIONS, &[sample(1, 9), sample(2, 9)]);
        let error = write(sink, &late, epoch).await.unwrap_err();
        assert!(matches!(error, SinkError::Fenced), "{error:?}");
    }
    assert_eq!(state(sink).await, before);
    assert_eq!(values(warehouse, &WEATHER_OBSERVATIONS).await, ["site-1 1"]);
}

async fn a_table_is_written_without_moving_another(sink: &dyn Sink, _: &Warehouse) {
    sink.create_state(STORE_ID).await.unwrap();
    write(sink, &chunk(&SITES, &[sample(1, 1)]), 0).await.unwrap();
    assert_eq!(state(sink).await, stands(1, &SITES, Progress::Whole(-5)));
}

async fn a_row_merged_again_is_replaced(sink: &dyn Sink, warehouse: &Warehouse) {
    sink.create_state(STORE_ID).await.unwrap();
    for (epoch, table) in [(0, &WEATHER_OBSERVATIONS), (2, &COLLECTION_SLOTS)] {
        write(sink, &chunk(table, &[sample(1, 1), sample(2, 1)]), epoch).await.unwrap();
        write(sink, &chunk(table, &[sample(2, 2), sample(3, 2)]), epoch + 1).await.unwrap();
        assert_eq!(values(warehouse, table).await, ["site-1 1", "site-2 2", "site-3 2"]);
    }
}

async fn a_row_of_another_day_is_there_beside_the_first(sink: &dyn Sink, warehouse: &Warehouse) {
    sink.create_state(STORE_ID).await.unwrap();
    let table = &WEATHER_OBSERVATIONS;
    let midnight = hour().date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
    let at = |time, value| Sample { site: 1, time, value };
    let edges = [midnight, midnight - TimeDelta::seconds(1), midnight - TimeDelta::days(400)];
    write(sink, &chunk(table, &edges.map(|time| at(time, 1))), 0).await.unwrap();
    write(sink, &chunk(table, &edges.map(|time| at(time, 2))), 1).await.unwrap();
    assert_eq!(values(warehouse, table).await, ["site-1 2"; 3]);
}

async fn rows_that_are_not_as_many_as_said_are_refused(sink: &dyn Sink, warehouse: &Warehouse) {
    sink.create_state(STORE_ID).await.unwrap();
    for rows in [1, 3] {
        let samples = [sample(1, 1), sample(2, 1)];
        let wrong = Chunk { rows, ..chunk(&WEATHER_OBSERVATIONS, &samples) };
        let staged = stage(sink, &wrong, 0).await;
        assert!(matches!(staged, Err(SinkError::NotStaged { .. })), "{staged:?}");
        // What gets past that is stopped where the rows are written.
        let staging = stage(sink, &chunk(&WEATHER_OBSERVATIONS, &samples), 0).await.unwrap();
        let wrong = group(vec![part(&wrong, &staging, false)], moved(sink, &wrong, 0).await);
        let written = sink.write(STORE_ID, &wrong).await;
        assert!(matches!(written, Err(SinkError::NotStaged { .. })), "{written:?}");
    }
    assert_eq!(values(warehouse, &WEATHER_OBSERVATIONS).await, Vec::<String>::new());
    assert_eq!(state(sink).await, State::default());
}

async fn a_key_twice_in_a_chunk_is_refused(sink: &dyn Sink, warehouse: &Warehouse) {
    sink.create_state(STORE_ID).await.unwrap();
    let double = chunk(&WEATHER_OBSERVATIONS, &[sample(1, 1), sample(2, 1), sample(1, 2)]);
    let error = write(sink, &double, 0).await.unwrap_err();
    assert!(matches!(error, SinkError::NotStaged { .. }), "{error:?}");
    assert_eq!(values(warehouse, &WEATHER_OBSERVATIONS).await, Vec::<String>::new());
    assert_eq!(state(sink).await, State::default());
}

async fn what_is_reset_is_before_its_first_row_and_fences_who_read_before(
    sink: &dyn Sink,
    warehouse: &Warehouse,
) {
    sink.create_state(STORE_ID).await.unwrap();
    write(sink, &chunk(&WEATHER_OBSERVATIONS, &[sample(1, 1)]), 0).await.unwrap();
    let rebase = Some(Rebase { since: hour(), up_to: 7 });
    let reset = State { epoch: 1, rebase, ..State::default() };
    sink.set_state(STORE_ID, &reset).await.unwrap();
    assert_eq!(state(sink).await, State { epoch: 2, ..reset });
    let late = write(sink, &chunk(&WEATHER_OBSERVATIONS, &[sample(2, 2)]), 1).await;
    assert!(matches!(late, Err(SinkError::Fenced)), "{late:?}");
    assert_eq!(values(warehouse, &WEATHER_OBSERVATIONS).await, ["site-1 1"], "no row is lost");
    write(sink, &chunk(&WEATHER_OBSERVATIONS, &[sample(1, 3)]), 2).await.unwrap();
    assert_eq!(values(warehouse, &WEATHER_OBSERVATIONS).await, ["site-1 3"]);
}

fn today() -> Day {
    Some(hour().date_naive())
}

async fn a_rewrite_replaces_one_day_and_leaves_the_position(
    sink: &dyn Sink,
    warehouse: &Warehouse,
) {
    sink.create_state(STORE_ID).await.unwrap();
    let table = &WEATHER_OBSERVATIONS;
    let before = Sample { site: 9, time: hour() - TimeDelta::days(1), value: 1 };
    write(sink, &chunk(table, &[sample(1, 1), sample(2, 1), before]), 0).await.unwrap();
    let before = state(sink).await;
    let anew = chunk(table, &[sample(1, 2), sample(2, 2), sample(3, 2)]);
    rewrite(sink, Some(&anew), today(), false, 1).await.unwrap();
    let all = ["site-1 2", "site-2 2", "site-3 2", "site-9 1"];
    assert_eq!(values(warehouse, table).await, all);
    assert_eq!(state(sink).await, State { epoch: 2, ..before });
    rewrite(sink, None, today(), true, 2).await.unwrap();
    assert_eq!(values(warehouse, table).await, ["site-9 1"]);
}

async fn a_rewrite_fences_as_a_merge_does_and_keeps_what_may_not_go(
    sink: &dyn Sink,
    warehouse: &Warehouse,
) {
    sink.create_state(STORE_ID).await.unwrap();
    let table = &WEATHER_OBSERVATIONS;
    write(sink, &chunk(table, &[sample(1, 1), sample(2, 1)]), 0).await.unwrap();
    let before = state(sink).await;
    let one_less = chunk(table, &[sample(1, 2), sample(3, 2)]);
    for (rows, may_delete, epoch) in [
        (Some(&one_less), true, 0),
        (Some(&one_less), true, 2),
        (Some(&one_less), false, 1),
        (None, false, 1),
    ] {
        let error = rewrite(sink, rows, today(), may_delete, epoch).await.unwrap_err();
        match may_delete {
            true => assert!(matches!(error, SinkError::Fenced), "{error:?}"),
            false => assert!(matches!(error, SinkError::WouldDelete { .. }), "{error:?}"),
        }
        assert_eq!(values(warehouse, table).await, ["site-1 1", "site-2 1"]);
        assert_eq!(state(sink).await, before);
    }
    rewrite(sink, Some(&one_less), today(), true, 1).await.unwrap();
    assert_eq!(values(warehouse, table).await, ["site-1 2", "site-3 2"]);
}

async fn days_come_to_the_sums_of_their_rows_and_differences_are_named(
    sink: &dyn Sink,
    warehouse: &Warehouse,
) {
    sink.create_state(STORE_ID).await.unwrap();
    for (epoch, table) in (0..).zip(TABLES) {
        // The key of a run is its number, which the sample's value makes.
        let earlier = Sample { site: 3, time: hour() - TimeDelta::days(1), value: 3 };
        let samples = [sample(1, 1), sample(2, 2), earlier];
        write(sink, &chunk(table, &samples), epoch).await.unwrap();
        let mut sums = DaySums::new();
        let batch = batch(table, &samples);
        for (sample, row) in samples.iter().zip(Row::all(table, &batch)) {
            let day = table.day_of.map(|_| sample.time.date_naive());
            sums.entry(day).or_default().add(row.fingerprint());
        }
        assert_eq!(sink.sum_days(table, &[Days::ALL]).await.unwrap(), sums, "{}", table.name);
        let day = table.day_of.and(today());
        let one = DaySums::from([(day, sums[&day])]);
        assert_eq!(sink.sum_days(table, &[Days::of(day)]).await.unwrap(), one, "{}", table.name);
        let same = stage(sink, &chunk(table, &samples), 9).await.unwrap();
        let none = sink.list_differences(table, Days::ALL, &same).await.unwrap();
        assert_eq!(none, [], "{}", table.name);
    }

    let table = &WEATHER_OBSERVATIONS;
    warehouse
        .execute("update {d}.weather_observations set rain_1h_mm = null, condition_group = 'x' where site_id = 'site-1'")
        .await;
    let staged = chunk(table, &[sample(1, 1), sample(7, 7)]);
    let staging = stage(sink, &staged, 9).await.unwrap();
    let found = sink.list_differences(table, Days::of(today()), &staging).await.unwrap();
    let difference = |site: u8, what: &str| Difference {
        day: today(),
        key: format!("site-{site} openweathermap 2026-11-25T08:00:00Z"),
        what: what.into(),
    };
    let expected = [
        difference(1, "rain_1h_mm, condition_group"),
        difference(2, "only the sink has it"),
        difference(7, "the sink lacks it"),
    ];
    assert_eq!(found, expected);
}

/// The sink computes it by SQL, the store's side in Rust: also at the ends of 64 bits.
async fn a_cell_that_is_no_number_has_one_text_in_store_and_sink(sink: &dyn Sink, _: &Warehouse) {
    let values = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        1e300,
        f64::MAX,
        9.3e16,
        9.2e16,
        -9.3e16,
        -0.005,
        0.125,
    ];
    let table = &WEATHER_OBSERVATIONS;
    let samples: Vec<_> = (0..).zip(values).map(|(site, _)| sample(site, 1)).collect();
    let mut builder = BatchBuilder::new(table);
    for (sample, value) in samples.iter().zip(values) {
        for (column, cells) in table.columns.iter().zip(builder.columns()) {
            match (column.name, cells) {
                ("temperature_c", ColumnBuilder::Real(cells)) => cells.append_value(value),
                (_, cells) => push(column, cells, *sample),
            }
        }
        builder.end_row();
    }
    let batch = builder.finish().unwrap().expect("rows");
    sink.create_state(STORE_ID).await.unwrap();
    write(sink, &chunk_of(table, &samples, &batch), 0).await.unwrap();
    let mut sum = DaySum::default();
    Row::all(table, &batch).for_each(|row| sum.add(row.fingerprint()));
    let sums = sink.sum_days(table, &[Days::ALL]).await.unwrap();
    assert_eq!(sums, DaySums::from([(today(), sum)]));
}

async fn what_is_proved_is_noted_beside_other_writers(sink: &dyn Sink, _: &Warehouse) {
    sink.create_state(STORE_ID).await.unwrap();
    let day = hour().date_naive();
    let proved = |name: &'static str| {
        let mut proofs = Proofs::default();
        proofs.note(name, &(day..=day), day, 0);
        proofs
    };
    let (one, other) = (proved(WEATHER_OBSERVATIONS.name), proved(COLLECTION_SLOTS.name));
    sink.set_proofs(STORE_ID, &Proofs::default(), &one).await.unwrap();
    let written = chunk(&WEATHER_OBSERVATIONS, &[sample(1, 1)]);
    write(sink, &written, 0).await.unwrap();
    let noted = State { proofs: one.clone(), ..stands(1, written.table, written.progress) };
    assert_eq!(state(sink).await, noted);
    let late = sink.set_proofs(STORE_ID, &Proofs::default(), &other).await;
    assert!(matches!(late, Err(SinkError::Fenced)), "{late:?}");
    // Neither of them has read what the other writes.
    sink.set_state(STORE_ID, &State { proofs: Proofs::default(), ..noted.clone() }).await.unwrap();
    assert_eq!(state(sink).await, State { epoch: 2, ..noted.clone() });
    sink.set_proofs(STORE_ID, &one, &other).await.unwrap();
    assert_eq!(state(sink).await, State { epoch: 2, proofs: other, ..noted });
}

async fn what_is_superseded_is_the_position_of_no_run_and_fences_who_read_before(
    sink: &dyn Sink,
    warehouse: &Warehouse,
) {
    sink.create_state(STORE_ID).await.unwrap();
    let table = &WEATHER_OBSERVATIONS;
    write(sink, &chunk(table, &[sample(1, 1)]), 0).await.unwrap();
    let superseded = state(sink).await.superseded(&TABLES, OTHER_STORE_ID);
    sink.set_state(STORE_ID, &superseded).await.unwrap();
    let found = state(sink).await;
    assert!(found.is_superseded());
    // Also where there was none: a store that was only begun is refused too.
    for (table, run_seq) in [(table, 1), (&COLLECTION_SLOTS, 0), (&SITES, 0)] {
        let position = found.position(table).expect("a position");
        assert_eq!(position.run_seq, run_seq, "{}", table.name);
        assert_eq!(position.run_id, format!("superseded by store {OTHER_STORE_ID}"));
    }
    let late = write(sink, &chunk(table, &[sample(1, 9)]), 1).await;
    assert!(matches!(late, Err(SinkError::Fenced)), "{late:?}");
    assert_eq!(values(warehouse, table).await, ["site-1 1"]);
}

async fn a_state_is_put_in_the_place_of_the_one_that_was_read_only(sink: &dyn Sink, _: &Warehouse) {
    sink.create_state(STORE_ID).await.unwrap();
    let mut changed = Changes::default();
    changed.add(WEATHER_OBSERVATIONS.name, today(), 1);
    let rolled_up = RolledUp { at: hour(), definition: "a 'definition'".into() };
    let full = State {
        changed,
        rolled_up: Some(rolled_up),
        rebase: Some(Rebase { since: hour(), up_to: 41 }),
        ..stands(0, &WEATHER_OBSERVATIONS, chunk(&WEATHER_OBSERVATIONS, &[sample(1, 1)]).progress)
    };
    sink.set_state(STORE_ID, &full).await.unwrap();
    assert_eq!(state(sink).await, State { epoch: 1, ..full.clone() });
    let late = sink.set_state(STORE_ID, &State::default()).await;
    assert!(matches!(late, Err(SinkError::Fenced)), "{late:?}");
    assert_eq!(state(sink).await, State { epoch: 1, ..full });
}

/// As the version before made it: a row for each table; the oldest lack the last column.
async fn a_state_of_before_is_taken_over_and_its_writers_are_refused(
    sink: &dyn Sink,
    warehouse: &Warehouse,
) {
    let row = |table: &str, position: &str| {
        format!(
            "select '{table}' as table_name, 5 as epoch, {position} as fingerprint, \
            date '2026-11-24' as verified_through, current_timestamp() as moved_at"
        )
    };
    let none = "cast(null as int64) as run_seq, cast(null as string) as run_id, \
        cast(null as string) as key_time, cast(null as string) as key_site_id, \
        cast(null as string) as key_source, cast(null as int64)";
    let whole = none.replace("key_source, cast(null as int64)", "key_source, -5");
    let to = "7 as run_seq, 'a run' as run_id, '2026-11-25T08:00:00+00:00' as key_time, \
        'site-1' as key_site_id, 'openweathermap' as key_source, cast(null as int64)";
    let rows = [
        row("sites", &whole),
        row("weather_observations", to),
        row("collection_slots", none),
        row("ingestion_runs", none),
    ];
    let old = format!("{{d}}_internal._sync_state_{}", STORE_ID.replace('-', "_"));
    warehouse.execute(&format!("create table {old} as {}", rows.join(" union all "))).await;

    sink.prepare().await.unwrap();
    let found = state(sink).await;
    assert_eq!(found.progress(&SITES), Some(&Progress::Whole(-5)));
    let key = RowKey { time: hour(), site_id: "site-1".into(), source: "openweathermap".into() };
    let position = Position { run_seq: 7, run_id: "a run".into(), key: Some(key) };
    assert_eq!(found.position(&WEATHER_OBSERVATIONS), Some(&position));
    assert_eq!((found.epoch, found.tables.len(), &found.prepared), (0, 2, &None));
    let refused = format!(
        "select count(*) from {old} where epoch = 6 and run_id = 'taken over by a later version'"
    );
    assert_eq!(warehouse.count(&refused).await, 4, "a program of before is refused");
    write(sink, &chunk(&WEATHER_OBSERVATIONS, &[sample(1, 9)]), 0).await.unwrap();
    let moved = state(sink).await;
    sink.prepare().await.unwrap();
    assert_eq!(state(sink).await, moved, "it is taken over once");
}

async fn a_table_that_is_gone_is_before_its_first_row_for_every_store_that_is_not_refused(
    sink: &dyn Sink,
    warehouse: &Warehouse,
) {
    const REFUSED: &str = "5f1c2b3a-0000-4000-8000-000000000001";
    let lost = &WEATHER_OBSERVATIONS;
    let progress = || chunk(lost, &[sample(1, 1)]).progress;
    let filled = || {
        let mut filled = stands(0, lost, progress());
        filled.tables.insert(COLLECTION_SLOTS.name.into(), progress());
        filled
    };
    for id in [STORE_ID, OTHER_STORE_ID] {
        sink.create_state(id).await.unwrap();
        sink.set_state(id, &filled()).await.unwrap();
    }
    sink.create_state(REFUSED).await.unwrap();
    sink.set_state(REFUSED, &filled().superseded(&TABLES, STORE_ID)).await.unwrap();
    let refused = sink.find_state(REFUSED).await.unwrap();
    let before = state(sink).await;
    warehouse.drop_table(lost.name).await;

    let checked = sink.check().await.unwrap();
    assert_eq!(checked.made, ["table weather_observations"]);
    assert!(checked.warnings[0].found.contains("weather_observations was there and is gone"));
    assert_eq!(state(sink).await, before, "a check writes nothing");
    let prepared = sink.prepare().await.unwrap();
    assert_eq!((prepared.made.len(), prepared.warnings), (1, checked.warnings));
    for id in [STORE_ID, OTHER_STORE_ID] {
        let found = sink.find_state(id).await.unwrap();
        assert_eq!(found, Some(stands(2, &COLLECTION_SLOTS, progress())), "{id}");
    }
    assert_eq!(sink.find_state(REFUSED).await.unwrap(), refused, "it stays refused");
    let late = write(sink, &chunk(lost, &[sample(2, 2)]), 1).await;
    assert!(matches!(late, Err(SinkError::Fenced)), "{late:?}");
    assert_eq!(sink.prepare().await.unwrap(), Prepared::default());
}
