//! EDR by place: which sites are in an area or around a point, held against programs that are not ours.

use chrono::TimeDelta;
use serde_json::{Value, json};
use weather_data_product::domain::{Coordinates, RunCounts, Site};
use weather_data_product::store::Store;

use crate::support::databases::{TestDatabase, on_both_databases, with_sqlite};
use crate::support::program::repository_path;
use crate::support::samples::{collected, full_values, hour, open_run, run_end, site, sites};
use crate::support::server::Server;

on_both_databases!(
    an_area_and_a_circle_have_the_sites_that_stood_there,
    points_have_the_site_nearest_to_each,
    places_and_collections_are_of_the_box_and_time_that_are_asked_for,
);

const COLLECTION: &str = "/edr/collections/observations";

fn at(number: u16, longitude: f64, latitude: f64) -> Site {
    Site { coordinates: Coordinates::parse(latitude, longitude).unwrap(), ..site(number) }
}

/// An observation of each site at the tests' hour.
async fn observe(store: &dyn Store, numbers: &[u16]) {
    let run = open_run(store).await;
    for numbers in numbers.chunks(500) {
        let slots: Vec<_> =
            numbers.iter().map(|number| collected(*number, hour(), full_values())).collect();
        store.load(&run, &slots, hour()).await.unwrap();
    }
    store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
}

/// The sites that an answer names, by the ids of its coverages; none: there is nothing.
async fn named(server: &Server, path: &str) -> Vec<String> {
    let answer = server.get(&format!("{COLLECTION}/{path}")).await;
    if answer.status == 204 {
        return Vec::new();
    }
    let answer = answer.expect(200).json();
    assert_eq!(answer["type"], "CoverageCollection", "{path}");
    let id = |coverage: &Value| {
        let (_, site) = coverage["id"].as_str().unwrap().split_once("/locations/").unwrap();
        site.split('?').next().unwrap().to_owned()
    };
    answer["coverages"].as_array().unwrap().iter().map(id).collect()
}

async fn an_area_and_a_circle_have_the_sites_that_stood_there(database: &TestDatabase) {
    let store = &*database.store;
    let places = [at(0, -3.7, 40.4), at(1, 2.17, 41.38), at(2, 180.0, 10.0), at(3, -179.9, 10.0)];
    store.take_in_sites(&places, hour() - TimeDelta::hours(9)).await.unwrap();
    // The second moves away after the hour.
    let moved = [places[0].clone(), at(1, 13.4, 52.5), places[2].clone(), places[3].clone()];
    store.take_in_sites(&moved, hour() + TimeDelta::hours(1)).await.unwrap();
    observe(store, &[0, 1, 2, 3]).await;
    let server = Server::start(database).await;
    let spain = "POLYGON((-10%2035,5%2035,5%2045,-10%2045,-10%2035))";
    let pacific = "MULTIPOLYGON(((170%200,180%200,180%2020,170%2020,170%200)),((-180%200,-170%200,-170%2020,-180%2020,-180%200)))";
    let germany = "POLYGON((5%2047,16%2047,16%2055,5%2055,5%2047))";
    for (path, expected) in [
        (format!("area?coords={spain}"), vec![0, 1]),
        (format!("area?coords={pacific}"), vec![2, 3]),
        (format!("area?coords={germany}"), vec![]),
        ("radius?coords=POINT(-3.7%2040.4)&within=0&within-units=m".into(), vec![0]),
        ("radius?coords=POINT(-3.7%2040.4)&within=600&within-units=km".into(), vec![0, 1]),
        ("radius?coords=POINT(-180%2010)&within=10&within-units=mi".into(), vec![2, 3]),
        ("radius?coords=POINT(0%20-89)&within=100&within-units=km".into(), vec![]),
    ] {
        let expected: Vec<_> = expected.iter().map(|number| format!("site-0000{number}")).collect();
        assert_eq!(named(&server, &path).await, expected, "{path}");
    }
    let one = server.get(&format!("{COLLECTION}/area?coords={spain}&f=GeoJSON")).await.expect(200);
    let features = one.json()["features"].clone();
    assert_eq!(features.as_array().unwrap().len(), 2);
    assert_eq!(features[0]["properties"]["label"], "Site 0");
    assert_eq!(features[1]["properties"]["label"], "Site 1");
    // A site that left the sites file is found no more.
    store.take_in_sites(&moved[1..], hour() + TimeDelta::hours(2)).await.unwrap();
    open_run(store).await;
    assert_eq!(named(&server, &format!("area?coords={spain}")).await, ["site-00001"]);
}

async fn points_have_the_site_nearest_to_each(database: &TestDatabase) {
    let store = &*database.store;
    store
        .take_in_sites(&[at(0, 0.0, 0.0), at(1, 1.0, 0.0), at(2, 50.0, 0.0)], hour())
        .await
        .unwrap();
    observe(store, &[0, 1, 2]).await;
    let server = Server::start(database).await;
    for (points, more, expected) in [
        ("(0.1%200),(0.9%200),(0%200.1)", "", vec![0, 1]),
        ("(49.9%200)", "", vec![2]),
        ("(0.5%200)", "", vec![]),
        ("(0.4%200),(49%200)", "&within=120&within-units=km", vec![0, 2]),
        ("(0.1%200)", "&within=1&within-units=km", vec![]),
    ] {
        let path = format!("position?coords=MULTIPOINT({points}){more}");
        let expected: Vec<_> = expected.iter().map(|number| format!("site-0000{number}")).collect();
        assert_eq!(named(&server, &path).await, expected, "{path}");
    }
    let far = "position?coords=POINT(49%200)&within=70&within-units=mi";
    let one = server.get(&format!("{COLLECTION}/{far}")).await.expect(200).json();
    assert_eq!(
        (&one["type"], &one["domain"]["axes"]["x"]["values"][0]),
        (&json!("Coverage"), &json!(50.0))
    );
}

async fn places_and_collections_are_of_the_box_and_time_that_are_asked_for(
    database: &TestDatabase,
) {
    let store = &*database.store;
    store.take_in_sites(&sites(4), hour()).await.unwrap();
    observe(store, &[0, 1, 2]).await;
    let server = Server::start(database).await;
    let places = async |query: &str| {
        let answer =
            server.get(&format!("{COLLECTION}/locations?{query}")).await.expect(200).json();
        let counts = (answer["numberMatched"].clone(), answer["numberReturned"].clone());
        assert_eq!(answer["features"].as_array().unwrap().len(), counts.1);
        (counts.0.as_u64().unwrap(), counts.1.as_u64().unwrap())
    };
    assert_eq!(places("").await, (4, 4));
    assert_eq!(places("limit=3").await, (4, 3));
    assert_eq!(places("datetime=2026-11-25").await, (3, 3));
    assert_eq!(places("datetime=2026-11-25T08:05:00Z/..&limit=2").await, (3, 2));
    assert_eq!(places("datetime=../2026-11-25T08:04:59Z").await, (0, 0));
    for (query, count) in [
        ("bbox=-176,-85,-175,-84&datetime=2026-11-25", 1),
        ("bbox=0,0,1,1", 0),
        ("bbox=170,-90,-175,90", 1),
        ("datetime=2026-11-24", 0),
        ("datetime=../2026-11-26", 1),
    ] {
        let answer = server.get(&format!("/edr/collections?{query}")).await.expect(200).json();
        assert_eq!(answer["collections"].as_array().unwrap().len(), count, "{query}");
    }
}

/// Places all over the Earth, some on whole degrees, where borders of areas go, and some on the meridian of 180.
fn places(count: u16) -> Vec<Site> {
    let mut state = 17_u64;
    let mut random = |least: f64, most: f64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        #[expect(clippy::cast_precision_loss, reason = "a random number")]
        let share = (state >> 11) as f64 / (1_u64 << 53) as f64;
        least + share * (most - least)
    };
    let place = |number: u16| match number % 10 {
        0 => at(number, random(-179.0, 179.0).round(), random(-89.0, 89.0).round()),
        1 => at(number, 180.0, random(-60.0, 60.0)),
        2 => at(number, -180.0, random(-60.0, 60.0)),
        3 => at(number, random(-180.0, -175.0), random(-60.0, 60.0)),
        _ => at(number, random(-180.0, 180.0), random(-90.0, 90.0)),
    };
    (0..count).map(place).collect()
}

#[tokio::test]
async fn areas_and_circles_name_the_sites_that_shapely_and_the_haversine_formula_name() {
    with_sqlite(async |database| {
        let store = &*database.store;
        let places = places(2000);
        store.take_in_sites(&places, hour()).await.unwrap();
        observe(store, &(0..2000).collect::<Vec<_>>()).await;
        let server = Server::start(database).await;
        let url = format!("http://{}", server.address);
        let mut script = tokio::process::Command::new(repository_path("scripts/check-areas"));
        let ran = script.args([&url, "2026-11-25T08:05:00Z"]).output().await.unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        println!("{}", String::from_utf8_lossy(&ran.stdout));
    })
    .await;
}

#[tokio::test]
async fn an_area_of_more_sites_than_are_answered_for_is_413() {
    with_sqlite(async |database| {
        let store = &*database.store;
        store.take_in_sites(&sites(1001), hour()).await.unwrap();
        observe(store, &[0]).await;
        let server = Server::start(database).await;
        let area = "area?coords=POLYGON((-180%20-90,180%20-90,180%2090,-180%2090,-180%20-90))";
        let problem = server.get(&format!("{COLLECTION}/{area}")).await.expect(413).json();
        assert!(problem["allowed"].as_str().unwrap().contains("1000 sites"), "{problem}");
    })
    .await;
}
