//! The contract of [`Objects`], as plain functions: every implementation passes the list, with faults before
//! it.

use std::sync::Arc;

use futures::future::join_all;
use weather_data_product::objects::{Objects, ObjectsError, ObjectsUrl};

use crate::support::gcs::{BUCKET as GCS_BUCKET, Gcs};
use crate::support::object_faults::{Ask, Fault, Faults, Faulty, proxy};
use crate::support::s3::{BUCKET as S3_BUCKET, S3};

const LARGE: u64 = 100 << 20;

/// Objects that nobody else uses, and what goes wrong before them.
struct Place {
    objects: Objects,
    faults: Arc<Faults>,
}

/// Makes a test of each function named, in each place; moto is started once for all.
macro_rules! in_each_place {
    ($($test:ident),+ $(,)?) => {
        mod memory {
            $(#[tokio::test] async fn $test() { super::$test(&super::in_memory()).await; })+
        }
        mod folder {
            $(#[tokio::test] async fn $test() {
                let folder = tempfile::tempdir().unwrap();
                super::$test(&super::in_folder(folder.path())).await;
            })+
        }
        mod google {
            $(#[tokio::test] async fn $test() { super::$test(&super::in_gcs()).await; })+
        }
        #[tokio::test]
        async fn s3_keeps_the_contract() {
            let s3 = S3::start().await;
            $(println!(stringify!($test)); $test(&in_s3(&s3, stringify!($test))).await;)+
        }
    };
}

in_each_place!(
    of_sixteen_creators_one_wins,
    what_is_created_twice_stays_as_it_was,
    what_is_put_again_is_replaced,
    an_answer_that_is_lost_after_the_write_leaves_what_was_written,
    a_busy_service_is_asked_again,
    a_precondition_that_fails_and_a_conflict_mean_to_look,
    a_body_that_is_cut_is_read_again,
    paths_are_listed_in_their_order_after_one,
    what_is_large_is_there_once_all_its_parts_are,
    what_is_missing_is_named,
    what_is_longer_than_allowed_is_not_read,
    what_is_deleted_twice_is_gone,
);

fn in_memory() -> Place {
    let faults = Arc::<Faults>::default();
    let layer = faults.clone();
    let objects = Objects::in_memory().behind(|inner| Arc::new(Faulty { inner, faults: layer }));
    Place { objects, faults }
}

fn in_folder(folder: &std::path::Path) -> Place {
    let faults = Arc::<Faults>::default();
    let layer = faults.clone();
    let url = ObjectsUrl::Folder(folder.join("a folder/that is not there"));
    let objects = Objects::open(&url, None).unwrap();
    let objects = objects.behind(|inner| Arc::new(Faulty { inner, faults: layer }));
    Place { objects, faults }
}

fn in_gcs() -> Place {
    let faults = Arc::<Faults>::default();
    let endpoint = proxy(Gcs::start().url(), faults.clone());
    let url = format!("gs://{GCS_BUCKET}/a/prefix").parse().unwrap();
    Place { objects: Objects::open(&url, Some(&endpoint)).unwrap(), faults }
}

fn in_s3(s3: &S3, prefix: &str) -> Place {
    let faults = Arc::<Faults>::default();
    let endpoint = proxy(&s3.url(), faults.clone());
    let url = format!("s3://{S3_BUCKET}/{prefix}").parse().unwrap();
    Place { objects: Objects::open(&url, Some(&endpoint)).unwrap(), faults }
}

async fn of_sixteen_creators_one_wins(place: &Place) {
    let Place { objects, .. } = place;
    let put = |number: u8| objects.put_new("log/1.json", vec![number]);
    let done = join_all((0..16).map(put)).await;
    let winners: Vec<_> = (0_u8..).zip(&done).filter(|(_, done)| done.is_ok()).collect();
    assert_eq!(winners.len(), 1, "{done:?}");
    let is_beaten =
        |done: &Result<(), _>| matches!(done, Err(ObjectsError::Exists { .. }) | Ok(()));
    assert!(done.iter().all(is_beaten), "{done:?}");
    assert_eq!(*objects.get("log/1.json", LARGE).await.unwrap(), [winners[0].0]);
}

async fn what_is_created_twice_stays_as_it_was(place: &Place) {
    let Place { objects, .. } = place;
    objects.put_new("a/b", "first").await.unwrap();
    let again = objects.put_new("a/b", "second").await;
    assert!(matches!(again, Err(ObjectsError::Exists { .. })), "{again:?}");
    assert_eq!(objects.get("a/b", LARGE).await.unwrap(), "first");
}

async fn what_is_put_again_is_replaced(place: &Place) {
    let Place { objects, .. } = place;
    objects.put("a", "first").await.unwrap();
    objects.put("a", "second").await.unwrap();
    assert_eq!(objects.get("a", LARGE).await.unwrap(), "second");
    assert_eq!(objects.get_range("a", 2..5).await.unwrap(), "con");
    assert_eq!(objects.find("a").await.unwrap().map(|found| found.bytes), Some(6));
}

async fn an_answer_that_is_lost_after_the_write_leaves_what_was_written(place: &Place) {
    let Place { objects, faults } = place;
    faults.at_next(Ask::Put, &[Fault::LoseAnswer, Fault::LoseAnswer]);
    let created = objects.put_new("a", "once").await;
    assert!(matches!(created, Err(ObjectsError::Exists { .. })), "{created:?}");
    assert_eq!(objects.get("a", LARGE).await.unwrap(), "once");
    faults.at_next(Ask::Put, &[Fault::LoseAnswer]);
    objects.put("b", "again").await.unwrap();
    assert_eq!((objects.get("b", LARGE).await.unwrap(), faults.left()), ("again".into(), 0));
}

async fn a_busy_service_is_asked_again(place: &Place) {
    let Place { objects, faults } = place;
    faults.at_next(Ask::Put, &[Fault::Answer(503), Fault::Answer(503)]);
    objects.put_new("a", "body").await.unwrap();
    faults.at_next(Ask::Get, &[Fault::Answer(503), Fault::Answer(429)]);
    assert_eq!(objects.get("a", LARGE).await.unwrap(), "body");
    faults.at_next(Ask::List, &[Fault::Answer(500)]);
    assert_eq!(objects.list_after("", None).await.unwrap().len(), 1);
    faults.at_next(Ask::Delete, &[Fault::Answer(503)]);
    objects.delete("a").await.unwrap();
    assert_eq!((objects.find("a").await.unwrap(), faults.left()), (None, 0));
}

async fn a_precondition_that_fails_and_a_conflict_mean_to_look(place: &Place) {
    let Place { objects, faults } = place;
    for status in [412, 409] {
        faults.at_next(Ask::Put, &[Fault::Answer(status)]);
        let created = objects.put_new("a", "body").await;
        assert!(matches!(created, Err(ObjectsError::Exists { .. })), "{status}: {created:?}");
        assert_eq!(objects.find("a").await.unwrap(), None);
        // To overwrite asks for nothing: two were at it at once.
        faults.at_next(Ask::Put, &[Fault::Answer(status)]);
        objects.put("b", "body").await.unwrap();
    }
}

async fn a_body_that_is_cut_is_read_again(place: &Place) {
    let Place { objects, faults } = place;
    objects.put("a", vec![7; 100_000]).await.unwrap();
    faults.at_next(Ask::Get, &[Fault::CutBody]);
    assert_eq!(objects.get("a", LARGE).await.unwrap(), vec![7; 100_000]);
    faults.at_next(Ask::List, &[Fault::CutBody]);
    assert_eq!(objects.list_after("", None).await.unwrap().len(), 1);
    assert_eq!(faults.left(), 0);
}

async fn paths_are_listed_in_their_order_after_one(place: &Place) {
    let Place { objects, .. } = place;
    for number in [3, 11, 1, 20, 2, 7, 8, 9] {
        objects.put(&format!("t/log/{number:020}.json"), "{}").await.unwrap();
    }
    objects.put("t/log/_last", "{}").await.unwrap();
    objects.put("t/login", "{}").await.unwrap();
    let paths = async |folder: &str, after: Option<&str>| {
        let found = objects.list_after(folder, after).await.unwrap();
        let name =
            |path: &str| path.trim_start_matches("t/log/").trim_start_matches('0').to_owned();
        found.iter().map(|object| name(&object.path)).collect::<Vec<_>>()
    };
    let all = ["1.json", "2.json", "3.json", "7.json", "8.json", "9.json", "11.json", "20.json"];
    assert_eq!(paths("t/log", None).await, [&all[..], &["_last"]].concat());
    let after = format!("t/log/{:020}.json", 9);
    assert_eq!(paths("t/log", Some(&after)).await, ["11.json", "20.json", "_last"]);
    assert_eq!(paths("t/lo", None).await, [""; 0]);
    let below = objects.below("t");
    assert_eq!(below.list_after("log", None).await.unwrap()[0].path, format!("log/{:020}.json", 1));
}

async fn what_is_large_is_there_once_all_its_parts_are(place: &Place) {
    let Place { objects, faults } = place;
    let piece: Vec<u8> = (0..1_000_000_u32).map(|number| (number % 251) as u8).collect();
    let mut upload = objects.upload("a/large").unwrap();
    for _ in 0..12 {
        upload.write(&piece).await.unwrap();
    }
    assert_eq!((objects.find("a/large").await.unwrap(), upload.bytes()), (None, 12_000_000));
    faults.at_next(Ask::Put, &[Fault::LoseAnswer]);
    upload.finish().await.unwrap();
    let found = objects.get("a/large", LARGE).await.unwrap();
    assert!(*found == *piece.repeat(12), "{} bytes", found.len());
    let mut small = objects.upload("a/small").unwrap();
    small.write(b"few").await.unwrap();
    small.finish().await.unwrap();
    assert_eq!(objects.get("a/small", LARGE).await.unwrap(), "few");
}

async fn what_is_missing_is_named(place: &Place) {
    let Place { objects, .. } = place;
    let found = objects.get("a/b", LARGE).await;
    assert!(
        matches!(&found, Err(ObjectsError::Missing { path }) if path.ends_with("/a/b")),
        "{found:?}"
    );
    assert_eq!(objects.find("a/b").await.unwrap(), None);
    assert_eq!(objects.list_after("a", None).await.unwrap(), []);
}

async fn what_is_longer_than_allowed_is_not_read(place: &Place) {
    let Place { objects, .. } = place;
    objects.put("a", vec![0; 1001]).await.unwrap();
    let found = objects.get("a", 1000).await;
    assert!(matches!(found, Err(ObjectsError::TooLarge { bytes: 1001, .. })), "{found:?}");
}

async fn what_is_deleted_twice_is_gone(place: &Place) {
    let Place { objects, .. } = place;
    objects.put("a", "body").await.unwrap();
    objects.delete("a").await.unwrap();
    objects.delete("a").await.unwrap();
    assert_eq!(objects.find("a").await.unwrap(), None);
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_told_from_an_object_that_is_not() {
    let s3 = S3::start().await;
    let gcs = Gcs::start();
    for (url, endpoint) in [("s3://absent/x", s3.url()), ("gs://absent/x", gcs.url().to_owned())] {
        let endpoint = endpoint.parse().unwrap();
        let objects = Objects::open(&url.parse().unwrap(), Some(&endpoint)).unwrap();
        for error in [
            objects.put_new("a", "b").await.unwrap_err(),
            objects.list_after("", None).await.unwrap_err(),
            objects.get("a", LARGE).await.unwrap_err(),
        ] {
            assert!(matches!(error, ObjectsError::NoBucket { .. }), "{url}: {error:?}");
        }
    }
}

#[test]
fn a_stand_in_is_called_in_plain_text_on_this_machine_only() {
    for (endpoint, is_fine) in [
        ("http://127.0.0.1:9", true),
        ("https://minio.example", true),
        ("http://10.0.0.1:9000", false),
        ("http://minio.example", false),
    ] {
        let endpoint = endpoint.parse().unwrap();
        let opened = Objects::open(&"s3://bucket/x".parse().unwrap(), Some(&endpoint));
        assert_eq!(opened.is_ok(), is_fine, "{endpoint}: {opened:?}");
    }
}
