//! The contract of a sink, on lakes in a folder, in S3 and in Google Cloud Storage.

use chrono::TimeDelta;
use futures::future::join_all;
use weather_data_product::columnar::Row;
use weather_data_product::domain::tables::{
    COLLECTION_SLOTS, SITES, TABLES, Table, WEATHER_OBSERVATIONS,
};
use weather_data_product::domain::{Changes, Day, DaySums, Days, Proofs};
use weather_data_product::sink::{
    Difference, Prepared, Rebase, Rewrite, Sink as _, SinkError, State,
};

use super::{
    OTHER_STORE_ID, Place, STORE_ID, Sample, begun, chunk, sample, stage, state, write, write_for,
};
use crate::support::object_faults::{Ask, Fault};
use crate::support::s3::S3;
use crate::support::samples::hour;

/// Makes a test of each function named, in each place; moto is started once for all.
macro_rules! in_each_place {
    ($($test:ident),+ $(,)?) => {
        mod folder {
            $(#[tokio::test] async fn $test() {
                let folder = tempfile::tempdir().unwrap();
                super::$test(&super::Place::in_folder(folder.path())).await;
            })+
        }
        mod google {
            $(#[tokio::test] async fn $test() { super::$test(&super::Place::in_gcs()).await; })+
        }
        #[tokio::test]
        async fn s3_keeps_the_contract() {
            let s3 = S3::start().await;
            $(println!(stringify!($test)); $test(&Place::in_s3(&s3, stringify!($test))).await;)+
        }
    };
}

in_each_place!(
    preparing_twice_makes_nothing_the_second_time,
    states_are_found_once_created_and_creating_again_keeps_them,
    what_is_written_is_there_with_the_state_moved,
    a_row_written_again_is_replaced_and_only_its_file,
    a_row_of_another_day_is_there_beside_the_first,
    a_stale_epoch_is_fenced_and_writes_nothing,
    another_table_may_move_meanwhile,
    rows_that_are_not_as_many_as_said_or_twice_are_refused,
    an_answer_that_is_lost_after_the_commit_writes_once,
    of_sixteen_writers_each_row_is_there_once,
    who_may_create_and_not_replace_leaves_the_hint_to_housekeeping,
    a_state_that_was_begun_is_completed_and_what_it_has_stays,
    a_rewrite_replaces_one_day_and_leaves_the_position,
    a_rewrite_fences_and_keeps_what_may_not_go,
    days_come_to_the_sums_of_their_rows_and_differences_are_named,
    what_is_proved_is_noted_beside_other_writers,
    what_is_reset_is_before_its_first_row_and_fences_who_read_before,
    what_is_superseded_is_the_position_of_no_run,
    stores_do_not_share_their_states,
);

fn today() -> Day {
    Some(hour().date_naive())
}

async fn preparing_twice_makes_nothing_the_second_time(place: &Place) {
    let made = place.lake.check().await.unwrap().made;
    assert_eq!(made.len(), 1 + TABLES.len(), "{made:?}");
    assert_eq!(place.objects.list_after("", None).await.unwrap(), [], "a check writes nothing");
    begun(place).await;
    write(&place.lake, &chunk(&WEATHER_OBSERVATIONS, &[sample(1, 1)])).await.unwrap();
    let other = place.another();
    assert_eq!(other.prepare().await.unwrap(), Prepared::default());
    assert_eq!(other.check().await.unwrap(), Prepared::default());
    assert!(other.is_prepared(&state(&other).await));
    assert_eq!(place.values(&WEATHER_OBSERVATIONS).await, ["site-1 1"]);
}

async fn states_are_found_once_created_and_creating_again_keeps_them(place: &Place) {
    let Place { lake, .. } = place;
    lake.prepare().await.unwrap();
    assert_eq!(lake.find_state(STORE_ID).await.unwrap(), None);
    lake.create_state(STORE_ID).await.unwrap();
    let new = state(lake).await;
    assert_eq!((new.epoch, new.tables.len(), new.epochs.len()), (0, 0, TABLES.len()));
    write(lake, &chunk(&WEATHER_OBSERVATIONS, &[sample(1, 1)])).await.unwrap();
    let moved = state(lake).await;
    lake.create_state(STORE_ID).await.unwrap();
    assert_eq!(state(&place.another()).await.tables, moved.tables);
}

async fn what_is_written_is_there_with_the_state_moved(place: &Place) {
    let Place { lake, .. } = place;
    begun(place).await;
    for (epoch, table) in (1..).zip(TABLES) {
        let first = chunk(table, &[sample(1, 1)]);
        write(lake, &first).await.unwrap();
        let found = state(&place.another()).await;
        assert_eq!((found.progress(table), found.epoch), (Some(&first.progress), epoch));
        assert_eq!(found.epoch_of(table), 1);
        assert_eq!(place.reader.rows(table.name).await.len(), 1, "{}", table.name);
    }
    let next = chunk(&WEATHER_OBSERVATIONS, &[sample(2, 2), sample(3, 2)]);
    write(lake, &next).await.unwrap();
    assert_eq!(state(lake).await.progress(&WEATHER_OBSERVATIONS), Some(&next.progress));
    assert_eq!(place.values(&WEATHER_OBSERVATIONS).await, ["site-1 1", "site-2 2", "site-3 2"]);
    place.reader.assert_sound().await;
}

async fn a_row_written_again_is_replaced_and_only_its_file(place: &Place) {
    let Place { lake, .. } = place;
    let table = &WEATHER_OBSERVATIONS;
    begun(place).await;
    let later = |site, value| Sample { time: hour() + TimeDelta::hours(1), ..sample(site, value) };
    write(lake, &chunk(table, &[sample(1, 1), sample(2, 1)])).await.unwrap();
    let first = place.files(table).await;
    write(lake, &chunk(table, &[later(1, 2), later(2, 2)])).await.unwrap();
    assert_eq!(place.files(table).await.len(), 2, "the usual hour is one file more");
    write(lake, &chunk(table, &[later(2, 3), later(3, 3)])).await.unwrap();
    let files = place.files(table).await;
    assert!(files.len() == 2 && files.contains(&first[0]), "{files:?}, at first {first:?}");
    let all = ["site-1 1", "site-1 2", "site-2 1", "site-2 3", "site-3 3"];
    assert_eq!(place.values(table).await, all);
    for value in [4, 5] {
        write(lake, &chunk(&SITES, &[sample(1, value), sample(u16::from(value), value)]))
            .await
            .unwrap();
    }
    assert_eq!(place.values(&SITES).await, ["site-1 ", "site-5 "], "sites are sent whole");
}

async fn a_row_of_another_day_is_there_beside_the_first(place: &Place) {
    let table = &WEATHER_OBSERVATIONS;
    begun(place).await;
    let earlier = Sample { time: hour() - TimeDelta::days(1), ..sample(1, 1) };
    write(&place.lake, &chunk(table, &[earlier, sample(1, 1)])).await.unwrap();
    let days: Vec<_> = place.reader.table(table.name).await.files.into_values().flatten().collect();
    assert_eq!(days, ["2026-11-24", "2026-11-25"]);
    assert_eq!(place.values(table).await.len(), 2);
}

async fn a_stale_epoch_is_fenced_and_writes_nothing(place: &Place) {
    let table = &WEATHER_OBSERVATIONS;
    begun(place).await;
    let before = state(&place.lake).await;
    let other = place.another();
    let late = state(&other).await;
    write_for(&place.lake, &chunk(table, &[sample(1, 1)]), before).await.unwrap();
    let error = write_for(&other, &chunk(table, &[sample(1, 2)]), late).await;
    assert!(matches!(error, Err(SinkError::Fenced)), "{error:?}");
    assert_eq!(place.values(table).await, ["site-1 1"]);
}

async fn another_table_may_move_meanwhile(place: &Place) {
    begun(place).await;
    let before = state(&place.lake).await;
    write(&place.another(), &chunk(&COLLECTION_SLOTS, &[sample(1, 1)])).await.unwrap();
    write_for(&place.lake, &chunk(&WEATHER_OBSERVATIONS, &[sample(1, 1)]), before).await.unwrap();
    assert_eq!(state(&place.lake).await.epoch, 2);
}

async fn rows_that_are_not_as_many_as_said_or_twice_are_refused(place: &Place) {
    let table = &WEATHER_OBSERVATIONS;
    begun(place).await;
    let mut wrong = chunk(table, &[sample(1, 1), sample(2, 1)]);
    wrong.rows = 3;
    let twice = chunk(table, &[sample(1, 1), sample(2, 1), sample(1, 2)]);
    for chunk in [wrong, twice] {
        let error = write(&place.lake, &chunk).await;
        assert!(matches!(error, Err(SinkError::NotStaged { .. })), "{error:?}");
    }
    assert_eq!((place.values(table).await.len(), state(&place.lake).await.epoch), (0, 0));
}

async fn an_answer_that_is_lost_after_the_commit_writes_once(place: &Place) {
    let Place { lake, faults, .. } = place;
    let table = &WEATHER_OBSERVATIONS;
    begun(place).await;
    for (value, fault) in [
        (1, Fault::LoseAnswer),
        (2, Fault::Answer(409)),
        (3, Fault::Answer(412)),
        (4, Fault::Answer(503)),
    ] {
        write(lake, &chunk(table, &[sample(u16::from(value), value)])).await.unwrap();
        // The data file is put first, then the commit.
        faults.at_next(Ask::Put, &[fault, Fault::Pass, fault, fault]);
        let time = hour() + TimeDelta::hours(1);
        write(lake, &chunk(table, &[Sample { time, ..sample(9, value) }])).await.unwrap();
        assert_eq!(faults.left(), 0, "{fault:?}");
    }
    let found = place.reader.table(table.name).await;
    assert_eq!((found.moves, state(lake).await.epoch_of(table)), (8, 8));
    assert_eq!(place.values(table).await.len(), 5);
}

async fn of_sixteen_writers_each_row_is_there_once(place: &Place) {
    let table = &WEATHER_OBSERVATIONS;
    begun(place).await;
    let write = async |number: u16| {
        let lake = place.another();
        let time = hour() + TimeDelta::minutes(number.into());
        let rows = chunk(table, &[Sample { time, ..sample(number, 1) }]);
        while let Err(error) = write(&lake, &rows).await {
            assert!(matches!(error, SinkError::Fenced), "{error:?}");
        }
    };
    join_all((0..16).map(write)).await;
    assert_eq!(place.values(table).await.len(), 16);
    place.reader.assert_sound().await;
}

/// As a job on Google: to replace an object takes the right to delete it.
async fn who_may_create_and_not_replace_leaves_the_hint_to_housekeeping(place: &Place) {
    let (table, hint) = (&WEATHER_OBSERVATIONS, "weather_observations/_delta_log/_last_checkpoint");
    begun(place).await;
    write(&place.lake, &chunk(table, &[sample(1, 1)])).await.unwrap();
    place.lake.checkpoint().await.unwrap();
    let hinted = async || place.objects.get(hint, 1000).await.unwrap();
    let first = hinted().await;
    place.faults.keep_what_is_there(true);
    let lake = place.another();
    assert_eq!(lake.prepare().await.unwrap(), Prepared::default());
    for number in 2..5_u8 {
        let time = hour() + TimeDelta::hours(number.into());
        let row = Sample { time, ..sample(number.into(), number) };
        write(&lake, &chunk(table, &[row])).await.unwrap();
    }
    let done = lake.compact().await.unwrap();
    assert!(done.iter().any(|done| done.contains("checkpoint of version")), "{done:?}");
    assert_eq!(place.another().checkpoint().await.unwrap(), Vec::<String>::new(), "it is there");
    assert_eq!(hinted().await, first);
    let sums = place.another().sum_days(table, &[Days::ALL]).await.unwrap();
    assert_eq!(sums.values().map(|sum| sum.rows).sum::<u64>(), 4);
    // A commit that another was faster with is refused, too, and is looked up.
    let before = state(&place.another()).await;
    write(&place.lake, &chunk(table, &[sample(8, 8)])).await.unwrap();
    let late = write_for(&lake, &chunk(table, &[sample(9, 9)]), before).await;
    assert!(matches!(late, Err(SinkError::Fenced)), "{late:?}");
    place.faults.keep_what_is_there(false);
    place.another().checkpoint().await.unwrap();
    assert_ne!(hinted().await, first);
    place.reader.assert_sound().await;
}

async fn a_state_that_was_begun_is_completed_and_what_it_has_stays(place: &Place) {
    let Place { lake, faults, .. } = place;
    lake.prepare().await.unwrap();
    faults.at_next(Ask::Put, &[Fault::Pass, Fault::Pass, Fault::Answer(403)]);
    lake.create_state(STORE_ID).await.unwrap_err();
    let begun = state(&place.another()).await;
    assert_eq!((begun.epochs.len(), begun.lacks_a_table()), (2, true));
    lake.create_state(STORE_ID).await.unwrap();
    let whole = state(&place.another()).await;
    assert_eq!((whole.epochs.len(), whole.epoch, whole.lacks_a_table()), (TABLES.len(), 0, false));
}

async fn rewrite(
    place: &Place,
    samples: &[Sample],
    day: Day,
    may_delete: bool,
    state: &State,
) -> Result<(), SinkError> {
    let table = &WEATHER_OBSERVATIONS;
    let staging = match samples {
        [] => None,
        samples => Some(stage(&place.lake, &chunk(table, samples)).await),
    };
    let rows = samples.len() as u64;
    let rewrite = Rewrite { table, day, staging: staging.as_ref(), rows, may_delete };
    place.lake.rewrite(STORE_ID, rewrite, state).await
}

async fn a_rewrite_replaces_one_day_and_leaves_the_position(place: &Place) {
    let Place { lake, .. } = place;
    let table = &WEATHER_OBSERVATIONS;
    begun(place).await;
    let before = Sample { site: 9, time: hour() - TimeDelta::days(1), value: 1 };
    write(lake, &chunk(table, &[sample(1, 1), sample(2, 1), before])).await.unwrap();
    let before = state(lake).await;
    rewrite(place, &[sample(1, 2), sample(2, 2), sample(3, 2)], today(), false, &before)
        .await
        .unwrap();
    assert_eq!(place.values(table).await, ["site-1 2", "site-2 2", "site-3 2", "site-9 1"]);
    let after = state(lake).await;
    assert_eq!((&after.tables, after.epoch), (&before.tables, before.epoch + 1));
    rewrite(place, &[], today(), true, &after).await.unwrap();
    assert_eq!(place.values(table).await, ["site-9 1"]);
}

async fn a_rewrite_fences_and_keeps_what_may_not_go(place: &Place) {
    let Place { lake, .. } = place;
    let table = &WEATHER_OBSERVATIONS;
    begun(place).await;
    let stale = state(lake).await;
    write(lake, &chunk(table, &[sample(1, 1), sample(2, 1)])).await.unwrap();
    let now = state(lake).await;
    let fewer = [sample(1, 2), sample(3, 2)];
    let late = rewrite(place, &fewer, today(), true, &stale).await;
    assert!(matches!(late, Err(SinkError::Fenced)), "{late:?}");
    for samples in [&fewer[..], &[]] {
        let kept = rewrite(place, samples, today(), false, &now).await;
        assert!(matches!(kept, Err(SinkError::WouldDelete { .. })), "{kept:?}");
    }
    assert_eq!(place.values(table).await, ["site-1 1", "site-2 1"]);
    rewrite(place, &fewer, today(), true, &now).await.unwrap();
    assert_eq!(place.values(table).await, ["site-1 2", "site-3 2"]);
}

async fn days_come_to_the_sums_of_their_rows_and_differences_are_named(place: &Place) {
    let Place { lake, .. } = place;
    begun(place).await;
    for table in TABLES {
        let earlier = Sample { site: 3, time: hour() - TimeDelta::days(1), value: 3 };
        let samples = [sample(1, 1), sample(2, 2), earlier];
        write(lake, &chunk(table, &samples)).await.unwrap();
        let mut sums = DaySums::new();
        for sample in &samples {
            let day = table.day_of.map(|_| sample.time.date_naive());
            sums.entry(day).or_default().add(fingerprint(table, *sample));
        }
        assert_eq!(lake.sum_days(table, &[Days::ALL]).await.unwrap(), sums, "{}", table.name);
        let day = table.day_of.and(today());
        let one = DaySums::from([(day, sums[&day])]);
        assert_eq!(lake.sum_days(table, &[Days::of(day)]).await.unwrap(), one, "{}", table.name);
        let same = stage(lake, &chunk(table, &samples)).await;
        assert_eq!(lake.list_differences(table, Days::ALL, &same).await.unwrap(), []);
    }
    let table = &COLLECTION_SLOTS;
    let staged = stage(lake, &chunk(table, &[sample(1, 9), sample(7, 7)])).await;
    let found = lake.list_differences(table, Days::of(today()), &staged).await.unwrap();
    let key = |site: u8| format!("site-{site} openweathermap 2026-11-25T08:00:00Z");
    let what: Vec<_> =
        found.iter().map(|Difference { key, what, .. }| (key.as_str(), what.as_str())).collect();
    assert_eq!((what[0].0, what[0].1.contains("run_seq")), (&*key(1), true));
    assert_eq!(what[1..], [(&*key(2), "only the sink has it"), (&*key(7), "the sink lacks it")]);
}

fn fingerprint(table: &'static Table, sample: Sample) -> i64 {
    let file = bytes::Bytes::from(chunk(table, &[sample]).parquet);
    let reader =
        parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let batch = reader.build().unwrap().next().unwrap().unwrap();
    Row::at(table, &batch, 0).fingerprint()
}

async fn what_is_proved_is_noted_beside_other_writers(place: &Place) {
    let Place { lake, .. } = place;
    begun(place).await;
    let day = hour().date_naive();
    let proved = |name: &str| {
        let mut proofs = Proofs::default();
        proofs.note(name, &(day..=day), day, 0);
        proofs
    };
    let (one, other) = (proved(WEATHER_OBSERVATIONS.name), proved(COLLECTION_SLOTS.name));
    lake.set_proofs(STORE_ID, &Proofs::default(), &one).await.unwrap();
    write(lake, &chunk(&WEATHER_OBSERVATIONS, &[sample(1, 1)])).await.unwrap();
    assert_eq!(state(lake).await.proofs, one);
    let late = lake.set_proofs(STORE_ID, &Proofs::default(), &other).await;
    assert!(matches!(late, Err(SinkError::Fenced)), "{late:?}");
    let before = state(lake).await.epoch;
    lake.set_proofs(STORE_ID, &one, &other).await.unwrap();
    let after = state(lake).await;
    assert_eq!((after.proofs, after.epoch), (other, before), "it moves nothing");
    place.reader.assert_sound().await;
}

async fn what_is_reset_is_before_its_first_row_and_fences_who_read_before(place: &Place) {
    let Place { lake, .. } = place;
    let table = &WEATHER_OBSERVATIONS;
    begun(place).await;
    write(lake, &chunk(table, &[sample(1, 1)])).await.unwrap();
    let before = state(lake).await;
    let rebase = Some(Rebase { since: hour(), up_to: 7 });
    let mut changed = Changes::default();
    changed.add(table.name, today(), 1);
    let reset =
        State { tables: Default::default(), rebase: rebase.clone(), changed, ..before.clone() };
    lake.set_state(STORE_ID, &reset).await.unwrap();
    let found = state(lake).await;
    assert_eq!((found.tables.len(), &found.rebase, &found.changed), (0, &rebase, &reset.changed));
    let late = write_for(lake, &chunk(table, &[sample(2, 2)]), before).await;
    assert!(matches!(late, Err(SinkError::Fenced)), "{late:?}");
    assert_eq!(place.values(table).await, ["site-1 1"], "no row is lost");
    write(lake, &chunk(table, &[sample(1, 3)])).await.unwrap();
    assert_eq!(place.values(table).await, ["site-1 3"]);
}

async fn what_is_superseded_is_the_position_of_no_run(place: &Place) {
    let Place { lake, .. } = place;
    let table = &WEATHER_OBSERVATIONS;
    begun(place).await;
    write(lake, &chunk(table, &[sample(1, 1)])).await.unwrap();
    let before = state(lake).await;
    let superseded = before.clone().superseded(&TABLES, OTHER_STORE_ID);
    lake.set_state(STORE_ID, &superseded).await.unwrap();
    let found = state(lake).await;
    assert!(found.is_superseded());
    for table in TABLES {
        assert!(found.position(table).is_some(), "{}", table.name);
    }
    let late = write_for(lake, &chunk(table, &[sample(1, 9)]), before).await;
    assert!(matches!(late, Err(SinkError::Fenced)), "{late:?}");
}

async fn stores_do_not_share_their_states(place: &Place) {
    let Place { lake, .. } = place;
    begun(place).await;
    assert_eq!(lake.list_other_stores(STORE_ID).await.unwrap(), Vec::<String>::new());
    assert_eq!(lake.list_other_stores(OTHER_STORE_ID).await.unwrap(), [STORE_ID]);
    assert_eq!(lake.find_state(OTHER_STORE_ID).await.unwrap(), None);
    lake.create_state(OTHER_STORE_ID).await.unwrap();
    write(lake, &chunk(&WEATHER_OBSERVATIONS, &[sample(1, 1)])).await.unwrap();
    let other = lake.find_state(OTHER_STORE_ID).await.unwrap().unwrap();
    assert_eq!((other.epoch, other.tables.len()), (0, 0));
}
