//! The contract of [`Sink`], as plain functions on the trait: every sink passes the list.

use std::collections::BTreeSet;

use arrow_array::RecordBatch;
use chrono::{DateTime, TimeDelta, Utc};
use parquet::arrow::ArrowWriter;
use url::Url;
use weather_data_product::columnar::Row;
use weather_data_product::columnar::{BatchBuilder, ColumnBuilder, schema};
use weather_data_product::domain::position::{Position, RowKey};
use weather_data_product::domain::tables::{
    COLLECTION_SLOTS, Column, Kind, SITES, TABLES, Table, WEATHER_OBSERVATIONS,
};
use weather_data_product::domain::{Day, DaySum, DaySums, Days};
use weather_data_product::sink::bigquery::BigQuery;
use weather_data_product::sink::{
    Chunk, Difference, Prepared, Progress, Rewrite, Sink, SinkError, State, States,
};

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
    a_rebase_is_under_way_until_it_is_over,
    a_state_of_before_is_read_and_gets_the_column_that_it_lacks,
    a_table_that_is_gone_is_before_its_first_row_for_every_store_that_is_not_refused,
    what_is_verified_is_kept_until_a_reset,
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

/// A row by its site, its time, and what its text and numbers are made of.
#[derive(Clone, Copy)]
struct Sample {
    site: u16,
    time: DateTime<Utc>,
    value: u8,
}

fn sample(site: u16, value: u8) -> Sample {
    Sample { site, time: hour(), value }
}

fn batch(table: &'static Table, samples: &[Sample]) -> RecordBatch {
    let mut builder = BatchBuilder::new(table);
    for sample in samples {
        for (column, cells) in table.columns.iter().zip(builder.columns()) {
            push(column, cells, *sample);
        }
        builder.end_row();
    }
    builder.finish().unwrap().expect("rows")
}

fn push(column: &Column, cells: &mut ColumnBuilder, sample: Sample) {
    match (column.kind, cells) {
        (Kind::Text, ColumnBuilder::Text(cells)) => cells.append_value(match column.name {
            "site_id" => format!("site-{}", sample.site),
            "source" => "openweathermap".into(),
            name => format!("{name} 'of' \\ {} 🌧", sample.value),
        }),
        (Kind::Integer, ColumnBuilder::Integer(cells)) => cells.append_value(sample.value.into()),
        (Kind::Real { .. }, ColumnBuilder::Real(cells)) => cells.append_value(sample.value.into()),
        (Kind::Time, ColumnBuilder::Time(cells)) => {
            cells.append_value(sample.time.timestamp_micros());
        }
        (Kind::Date, ColumnBuilder::Date(cells)) => cells.append_value(sample.value.into()),
        _ => panic!("{}: another kind", column.name),
    }
}

/// The samples as a chunk, which leads to the last of them.
fn chunk(table: &'static Table, samples: &[Sample]) -> Chunk {
    chunk_of(table, samples, &batch(table, samples))
}

/// These rows, which stand where the samples do.
fn chunk_of(table: &'static Table, samples: &[Sample], batch: &RecordBatch) -> Chunk {
    let mut writer = ArrowWriter::try_new(Vec::new(), schema(table), None).unwrap();
    writer.write(batch).unwrap();
    let has_days = table.day_of.is_some();
    let days = samples.iter().filter(|_| has_days).map(|sample| sample.time.date_naive());
    let last = samples.last().unwrap();
    let key = RowKey {
        time: last.time,
        site_id: format!("site-{}", last.site),
        source: "openweathermap".into(),
    };
    let position = Position {
        run_seq: last.value.into(),
        run_id: "a run's \\ id".into(),
        key: (!table.order_in_run.is_empty()).then_some(key),
    };
    Chunk {
        table,
        parquet: writer.into_inner().unwrap(),
        rows: samples.len() as u64,
        days: days.collect::<BTreeSet<_>>(),
        progress: if has_days { Progress::To(position) } else { Progress::Whole(-5) },
    }
}

async fn write(sink: &dyn Sink, chunk: &Chunk, epoch: i64) -> Result<(), SinkError> {
    let staging = sink.stage(chunk).await?;
    let merged = sink.merge(STORE_ID, chunk, &staging, epoch).await;
    sink.drop_staging(staging).await;
    merged
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
        Some(chunk) => Some(sink.stage(chunk).await?),
        None => None,
    };
    let rewrite = Rewrite {
        table: &WEATHER_OBSERVATIONS,
        day,
        staging: staging.as_ref(),
        rows: chunk.map_or(0, |chunk| chunk.rows),
        may_delete,
    };
    sink.rewrite(STORE_ID, rewrite, epoch).await
}

async fn states(sink: &dyn Sink) -> States {
    sink.find_states(STORE_ID).await.unwrap().expect("states")
}

async fn state(sink: &dyn Sink, table: &Table) -> State {
    states(sink).await.remove(table.name).expect("a state of each table")
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
    sink.create_states(STORE_ID).await.unwrap();
    write(sink, &chunk(&WEATHER_OBSERVATIONS, &[sample(1, 1)]), 0).await.unwrap();
    assert_eq!(sink.prepare().await.unwrap(), Prepared::default());
    assert_eq!(sink.check().await.unwrap(), Prepared::default());
    assert_eq!(values(warehouse, &WEATHER_OBSERVATIONS).await, ["site-1 1"]);
}

async fn states_are_found_once_created_and_creating_again_keeps_them(
    sink: &dyn Sink,
    _: &Warehouse,
) {
    assert_eq!(sink.find_states(STORE_ID).await.unwrap(), None);
    sink.create_states(STORE_ID).await.unwrap();
    let names = TABLES.map(|table| (table.name.to_owned(), State::default()));
    assert_eq!(states(sink).await, States::from(names));
    write(sink, &chunk(&WEATHER_OBSERVATIONS, &[sample(1, 1)]), 0).await.unwrap();
    let moved = states(sink).await;
    sink.create_states(STORE_ID).await.unwrap();
    assert_eq!(states(sink).await, moved);
}

async fn stores_do_not_share_their_states(sink: &dyn Sink, _: &Warehouse) {
    sink.create_states(STORE_ID).await.unwrap();
    assert_eq!(sink.list_other_stores(STORE_ID).await.unwrap(), Vec::<String>::new());
    assert_eq!(sink.list_other_stores(OTHER_STORE_ID).await.unwrap(), [STORE_ID]);
    assert_eq!(sink.find_states(OTHER_STORE_ID).await.unwrap(), None);
    sink.create_states(OTHER_STORE_ID).await.unwrap();
    write(sink, &chunk(&WEATHER_OBSERVATIONS, &[sample(1, 1)]), 0).await.unwrap();
    let other = sink.find_states(OTHER_STORE_ID).await.unwrap().unwrap();
    assert!(other.values().all(|state| *state == State::default()), "{other:?}");
}

async fn what_is_staged_and_merged_is_there_with_the_state_moved(
    sink: &dyn Sink,
    warehouse: &Warehouse,
) {
    sink.create_states(STORE_ID).await.unwrap();
    for table in TABLES {
        let first = chunk(table, &[sample(1, 1)]);
        write(sink, &first, 0).await.unwrap();
        assert_eq!(
            state(sink, table).await,
            State { epoch: 1, progress: Some(first.progress), ..State::default() }
        );
        let counted = format!("select count(*) from {{d}}.{}", table.name);
        assert_eq!(warehouse.count(&counted).await, 1, "{}", table.name);
    }
    let description = "select condition_description from {d}.weather_observations";
    let found = warehouse.query(description).await;
    assert_eq!(found[0][0].as_deref(), Some("condition_description 'of' \\ 1 🌧"));
    let next = chunk(&WEATHER_OBSERVATIONS, &[sample(2, 2), sample(3, 2)]);
    write(sink, &next, 1).await.unwrap();
    let moved = State { epoch: 2, progress: Some(next.progress), ..State::default() };
    assert_eq!(state(sink, &WEATHER_OBSERVATIONS).await, moved);
    let all = ["site-1 1", "site-2 2", "site-3 2"];
    assert_eq!(values(warehouse, &WEATHER_OBSERVATIONS).await, all);
}

async fn what_is_staged_is_seen_by_nobody(sink: &dyn Sink, warehouse: &Warehouse) {
    sink.create_states(STORE_ID).await.unwrap();
    let chunk = chunk(&WEATHER_OBSERVATIONS, &[sample(1, 1)]);
    let (one, other) = (sink.stage(&chunk).await.unwrap(), sink.stage(&chunk).await.unwrap());
    assert_ne!(one.name, other.name, "a staging for each attempt");
    assert_eq!(values(warehouse, &WEATHER_OBSERVATIONS).await, Vec::<String>::new());
    assert_eq!(state(sink, &WEATHER_OBSERVATIONS).await, State::default());
    sink.drop_staging(one).await;
    sink.merge(STORE_ID, &chunk, &other, 0).await.unwrap();
    sink.drop_staging(other).await;
    assert_eq!(values(warehouse, &WEATHER_OBSERVATIONS).await, ["site-1 1"]);
}

async fn a_stale_epoch_is_fenced_and_writes_nothing(sink: &dyn Sink, warehouse: &Warehouse) {
    sink.create_states(STORE_ID).await.unwrap();
    write(sink, &chunk(&WEATHER_OBSERVATIONS, &[sample(1, 1)]), 0).await.unwrap();
    let before = states(sink).await;
    for epoch in [0, 2] {
        let late = chunk(&WEATHER_OBSERVATIONS, &[sample(1, 9), sample(2, 9)]);
        let error = write(sink, &late, epoch).await.unwrap_err();
        assert!(matches!(error, SinkError::Fenced { table: "weather_observations" }), "{error:?}");
    }
    assert_eq!(states(sink).await, before);
    assert_eq!(values(warehouse, &WEATHER_OBSERVATIONS).await, ["site-1 1"]);
}

async fn a_table_is_written_without_moving_another(sink: &dyn Sink, _: &Warehouse) {
    sink.create_states(STORE_ID).await.unwrap();
    write(sink, &chunk(&SITES, &[sample(1, 1)]), 0).await.unwrap();
    let mut states = states(sink).await;
    let moved = State { epoch: 1, progress: Some(Progress::Whole(-5)), ..State::default() };
    assert_eq!(states.remove(SITES.name), Some(moved));
    assert!(states.values().all(|state| *state == State::default()), "{states:?}");
}

async fn a_row_merged_again_is_replaced(sink: &dyn Sink, warehouse: &Warehouse) {
    sink.create_states(STORE_ID).await.unwrap();
    for table in [&WEATHER_OBSERVATIONS, &COLLECTION_SLOTS] {
        write(sink, &chunk(table, &[sample(1, 1), sample(2, 1)]), 0).await.unwrap();
        write(sink, &chunk(table, &[sample(2, 2), sample(3, 2)]), 1).await.unwrap();
        assert_eq!(values(warehouse, table).await, ["site-1 1", "site-2 2", "site-3 2"]);
    }
}

async fn a_row_of_another_day_is_there_beside_the_first(sink: &dyn Sink, warehouse: &Warehouse) {
    sink.create_states(STORE_ID).await.unwrap();
    let table = &WEATHER_OBSERVATIONS;
    let midnight = hour().date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
    let at = |time, value| Sample { site: 1, time, value };
    let edges = [midnight, midnight - TimeDelta::seconds(1), midnight - TimeDelta::days(400)];
    write(sink, &chunk(table, &edges.map(|time| at(time, 1))), 0).await.unwrap();
    write(sink, &chunk(table, &edges.map(|time| at(time, 2))), 1).await.unwrap();
    assert_eq!(values(warehouse, table).await, ["site-1 2"; 3]);
}

async fn rows_that_are_not_as_many_as_said_are_refused(sink: &dyn Sink, warehouse: &Warehouse) {
    sink.create_states(STORE_ID).await.unwrap();
    for rows in [1, 3] {
        let samples = [sample(1, 1), sample(2, 1)];
        let wrong = Chunk { rows, ..chunk(&WEATHER_OBSERVATIONS, &samples) };
        let staged = sink.stage(&wrong).await;
        assert!(staged.is_err(), "{staged:?}");
        // Whoever gets past that is stopped where the rows are written.
        let staging = sink.stage(&chunk(&WEATHER_OBSERVATIONS, &samples)).await.unwrap();
        let merged = sink.merge(STORE_ID, &wrong, &staging, 0).await;
        assert!(merged.is_err() && !matches!(merged, Err(SinkError::Fenced { .. })), "{merged:?}");
    }
    assert_eq!(values(warehouse, &WEATHER_OBSERVATIONS).await, Vec::<String>::new());
    assert_eq!(state(sink, &WEATHER_OBSERVATIONS).await, State::default());
}

async fn a_key_twice_in_a_chunk_is_refused(sink: &dyn Sink, warehouse: &Warehouse) {
    sink.create_states(STORE_ID).await.unwrap();
    let double = chunk(&WEATHER_OBSERVATIONS, &[sample(1, 1), sample(2, 1), sample(1, 2)]);
    let error = write(sink, &double, 0).await.unwrap_err();
    assert!(matches!(error, SinkError::Rejected { .. }), "{error:?}");
    assert_eq!(values(warehouse, &WEATHER_OBSERVATIONS).await, Vec::<String>::new());
    assert_eq!(state(sink, &WEATHER_OBSERVATIONS).await, State::default());
}

async fn what_is_reset_is_before_its_first_row_and_fences_who_read_before(
    sink: &dyn Sink,
    warehouse: &Warehouse,
) {
    sink.create_states(STORE_ID).await.unwrap();
    write(sink, &chunk(&WEATHER_OBSERVATIONS, &[sample(1, 1)]), 0).await.unwrap();
    let before = states(sink).await;
    sink.begin_rebase(STORE_ID, 7).await.unwrap();
    for (table, state) in states(sink).await {
        assert_eq!(state.progress, None, "{table}");
        assert!(state.epoch > before[&table].epoch, "{table}");
    }
    let late = write(sink, &chunk(&WEATHER_OBSERVATIONS, &[sample(2, 2)]), 1).await;
    assert!(matches!(late, Err(SinkError::Fenced { .. })), "{late:?}");
    assert_eq!(values(warehouse, &WEATHER_OBSERVATIONS).await, ["site-1 1"], "no row is lost");
    let again = chunk(&WEATHER_OBSERVATIONS, &[sample(1, 3)]);
    write(sink, &again, state(sink, &WEATHER_OBSERVATIONS).await.epoch).await.unwrap();
    assert_eq!(values(warehouse, &WEATHER_OBSERVATIONS).await, ["site-1 3"]);
}

fn today() -> Day {
    Some(hour().date_naive())
}

async fn a_rewrite_replaces_one_day_and_leaves_the_position(
    sink: &dyn Sink,
    warehouse: &Warehouse,
) {
    sink.create_states(STORE_ID).await.unwrap();
    let table = &WEATHER_OBSERVATIONS;
    let before = Sample { site: 9, time: hour() - TimeDelta::days(1), value: 1 };
    write(sink, &chunk(table, &[sample(1, 1), sample(2, 1), before]), 0).await.unwrap();
    let position = state(sink, table).await.progress;
    let anew = chunk(table, &[sample(1, 2), sample(2, 2), sample(3, 2)]);
    rewrite(sink, Some(&anew), today(), false, 1).await.unwrap();
    let all = ["site-1 2", "site-2 2", "site-3 2", "site-9 1"];
    assert_eq!(values(warehouse, table).await, all);
    assert_eq!(
        state(sink, table).await,
        State { epoch: 2, progress: position, ..State::default() }
    );
    rewrite(sink, None, today(), true, 2).await.unwrap();
    assert_eq!(values(warehouse, table).await, ["site-9 1"]);
}

async fn a_rewrite_fences_as_a_merge_does_and_keeps_what_may_not_go(
    sink: &dyn Sink,
    warehouse: &Warehouse,
) {
    sink.create_states(STORE_ID).await.unwrap();
    let table = &WEATHER_OBSERVATIONS;
    write(sink, &chunk(table, &[sample(1, 1), sample(2, 1)]), 0).await.unwrap();
    let before = states(sink).await;
    let one_less = chunk(table, &[sample(1, 2), sample(3, 2)]);
    for (rows, may_delete, epoch) in [
        (Some(&one_less), true, 0),
        (Some(&one_less), true, 2),
        (Some(&one_less), false, 1),
        (None, false, 1),
    ] {
        let error = rewrite(sink, rows, today(), may_delete, epoch).await.unwrap_err();
        match may_delete {
            true => assert!(matches!(error, SinkError::Fenced { .. }), "{error:?}"),
            false => assert!(matches!(error, SinkError::WouldDelete { .. }), "{error:?}"),
        }
        assert_eq!(values(warehouse, table).await, ["site-1 1", "site-2 1"]);
        assert_eq!(states(sink).await, before);
    }
    rewrite(sink, Some(&one_less), today(), true, 1).await.unwrap();
    assert_eq!(values(warehouse, table).await, ["site-1 2", "site-3 2"]);
}

async fn days_come_to_the_sums_of_their_rows_and_differences_are_named(
    sink: &dyn Sink,
    warehouse: &Warehouse,
) {
    sink.create_states(STORE_ID).await.unwrap();
    for table in TABLES {
        // The key of a run is its number, which the sample's value makes.
        let earlier = Sample { site: 3, time: hour() - TimeDelta::days(1), value: 3 };
        let samples = [sample(1, 1), sample(2, 2), earlier];
        write(sink, &chunk(table, &samples), 0).await.unwrap();
        let mut sums = DaySums::new();
        let batch = batch(table, &samples);
        for (sample, row) in samples.iter().zip(Row::all(table, &batch)) {
            let day = table.day_of.map(|_| sample.time.date_naive());
            sums.entry(day).or_default().add(row.fingerprint());
        }
        assert_eq!(sink.sum_days(table, Days::ALL).await.unwrap(), sums, "{}", table.name);
        let day = table.day_of.and(today());
        let one = DaySums::from([(day, sums[&day])]);
        assert_eq!(sink.sum_days(table, Days::of(day)).await.unwrap(), one, "{}", table.name);
        let same = sink.stage(&chunk(table, &samples)).await.unwrap();
        let none = sink.list_differences(table, Days::ALL, &same).await.unwrap();
        assert_eq!(none, [], "{}", table.name);
    }

    let table = &WEATHER_OBSERVATIONS;
    warehouse
        .execute("update {d}.weather_observations set rain_1h_mm = null, condition_group = 'x' where site_id = 'site-1'")
        .await;
    let staged = chunk(table, &[sample(1, 1), sample(7, 7)]);
    let staging = sink.stage(&staged).await.unwrap();
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
    sink.create_states(STORE_ID).await.unwrap();
    write(sink, &chunk_of(table, &samples, &batch), 0).await.unwrap();
    let mut sum = DaySum::default();
    Row::all(table, &batch).for_each(|row| sum.add(row.fingerprint()));
    let sums = sink.sum_days(table, Days::ALL).await.unwrap();
    assert_eq!(sums, DaySums::from([(today(), sum)]));
}

async fn what_is_verified_is_kept_until_a_reset(sink: &dyn Sink, _: &Warehouse) {
    sink.create_states(STORE_ID).await.unwrap();
    let days = [(WEATHER_OBSERVATIONS.name, today()), (COLLECTION_SLOTS.name, None)];
    sink.set_verified_through(STORE_ID, &days.into()).await.unwrap();
    write(sink, &chunk(&WEATHER_OBSERVATIONS, &[sample(1, 1)]), 0).await.unwrap();
    assert_eq!(state(sink, &WEATHER_OBSERVATIONS).await.verified_through, today());
    assert_eq!(state(sink, &COLLECTION_SLOTS).await.verified_through, None);
    sink.set_verified_through(STORE_ID, &[(WEATHER_OBSERVATIONS.name, None)].into()).await.unwrap();
    assert_eq!(state(sink, &WEATHER_OBSERVATIONS).await.verified_through, None);
    sink.set_verified_through(STORE_ID, &days.into()).await.unwrap();
    sink.begin_rebase(STORE_ID, 7).await.unwrap();
    assert!(states(sink).await.values().all(|state| state.verified_through.is_none()));
}

async fn what_is_superseded_is_the_position_of_no_run_and_fences_who_read_before(
    sink: &dyn Sink,
    warehouse: &Warehouse,
) {
    sink.create_states(STORE_ID).await.unwrap();
    let table = &WEATHER_OBSERVATIONS;
    write(sink, &chunk(table, &[sample(1, 1)]), 0).await.unwrap();
    sink.supersede_states(STORE_ID, OTHER_STORE_ID).await.unwrap();
    // Also where there was none: a store that was only begun is refused too.
    for (table, run_seq) in [(table, 1), (&COLLECTION_SLOTS, 0), (&SITES, 0)] {
        let Some(Progress::To(position)) = state(sink, table).await.progress else {
            panic!("a position")
        };
        assert_eq!(position.run_seq, run_seq, "{}", table.name);
        assert_eq!(position.run_id, format!("superseded by store {OTHER_STORE_ID}"));
    }
    let late = write(sink, &chunk(table, &[sample(1, 9)]), 1).await;
    assert!(matches!(late, Err(SinkError::Fenced { .. })), "{late:?}");
    assert_eq!(values(warehouse, table).await, ["site-1 1"]);
}

async fn a_rebase_is_under_way_until_it_is_over(sink: &dyn Sink, _: &Warehouse) {
    sink.create_states(STORE_ID).await.unwrap();
    let begun = async || -> Vec<Option<i64>> {
        states(sink).await.values().map(|state| state.rebase_run_seq).collect()
    };
    assert_eq!(begun().await, [None; 4]);
    sink.begin_rebase(STORE_ID, 41).await.unwrap();
    assert_eq!(begun().await, [Some(41); 4]);
    write(sink, &chunk(&WEATHER_OBSERVATIONS, &[sample(1, 1)]), 1).await.unwrap();
    assert_eq!(begun().await, [Some(41); 4], "a chunk does not end it");
    let moved = states(sink).await;
    sink.end_rebase(STORE_ID).await.unwrap();
    assert_eq!(begun().await, [None; 4]);
    for (table, before) in moved {
        let after = states(sink).await.remove(&table).unwrap();
        assert_eq!(after, State { rebase_run_seq: None, ..before }, "the position stays");
    }
    sink.begin_rebase(STORE_ID, 42).await.unwrap();
    sink.supersede_states(STORE_ID, OTHER_STORE_ID).await.unwrap();
    assert_eq!(begun().await, [None; 4], "another store's rebase ends it");
}

async fn a_state_of_before_is_read_and_gets_the_column_that_it_lacks(
    sink: &dyn Sink,
    warehouse: &Warehouse,
) {
    let table = |id: &str| format!("{{d}}_internal._sync_state_{}", id.replace('-', "_"));
    for id in [STORE_ID, OTHER_STORE_ID] {
        sink.create_states(id).await.unwrap();
        let table = table(id);
        let lacking = format!(
            "create or replace table {table} as select * except (rebase_run_seq) from {table}"
        );
        warehouse.execute(&lacking).await;
    }
    let written = chunk(&WEATHER_OBSERVATIONS, &[sample(1, 1)]);
    write(sink, &written, 0).await.unwrap();
    let moved = State { epoch: 1, progress: Some(written.progress), ..State::default() };
    assert_eq!(state(sink, &WEATHER_OBSERVATIONS).await, moved);
    sink.begin_rebase(STORE_ID, 3).await.unwrap();
    let begun = State { epoch: 2, rebase_run_seq: Some(3), ..State::default() };
    assert_eq!(state(sink, &WEATHER_OBSERVATIONS).await, begun);
    sink.supersede_states(OTHER_STORE_ID, STORE_ID).await.unwrap();
}

async fn a_table_that_is_gone_is_before_its_first_row_for_every_store_that_is_not_refused(
    sink: &dyn Sink,
    warehouse: &Warehouse,
) {
    const REFUSED: &str = "5f1c2b3a-0000-4000-8000-000000000001";
    let lost = &WEATHER_OBSERVATIONS;
    for id in [STORE_ID, OTHER_STORE_ID, REFUSED] {
        sink.create_states(id).await.unwrap();
        for table in [lost, &COLLECTION_SLOTS] {
            let chunk = chunk(table, &[sample(1, 1)]);
            let staging = sink.stage(&chunk).await.unwrap();
            sink.merge(id, &chunk, &staging, 0).await.unwrap();
        }
        sink.set_verified_through(id, &[(lost.name, today())].into()).await.unwrap();
    }
    sink.supersede_states(REFUSED, STORE_ID).await.unwrap();
    let refused = sink.find_states(REFUSED).await.unwrap();
    let before = states(sink).await;
    warehouse.drop_table(lost.name).await;

    let checked = sink.check().await.unwrap();
    assert_eq!(checked.made, ["table weather_observations"]);
    assert!(checked.warnings[0].found.contains("weather_observations was there and is gone"));
    assert_eq!(states(sink).await, before, "a check writes nothing");
    let prepared = sink.prepare().await.unwrap();
    assert_eq!((prepared.made.len(), prepared.warnings), (1, checked.warnings));
    for id in [STORE_ID, OTHER_STORE_ID] {
        let mut states = sink.find_states(id).await.unwrap().unwrap();
        let forgotten = State { epoch: 2, ..State::default() };
        assert_eq!(states.remove(lost.name), Some(forgotten), "{id}");
        assert_eq!(states[COLLECTION_SLOTS.name], before[COLLECTION_SLOTS.name], "{id}");
    }
    assert_eq!(sink.find_states(REFUSED).await.unwrap(), refused, "it stays refused");
    let late = write(sink, &chunk(lost, &[sample(2, 2)]), 1).await;
    assert!(matches!(late, Err(SinkError::Fenced { .. })), "{late:?}");
    assert_eq!(sink.prepare().await.unwrap(), Prepared::default());
}
