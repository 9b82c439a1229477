//! A site that moves under its id: what the store keeps, what the migration knows, who warns.

use chrono::TimeDelta;
use serde_json::{Value, json};
use weather_data_product::domain::{Coordinates, Interval, Move, Site, Stay};

use crate::support::databases::{TestDatabase, on_both_databases};
use crate::support::program::{SimulatorProcess, repository_file};
use crate::support::samples::{collected, full_values, hour, open_run, site};

on_both_databases!(
    a_site_that_moves_keeps_the_places_that_it_had,
    a_move_after_the_slot_was_collected_begins_with_the_next,
    a_program_that_keeps_no_places_loses_none_that_are_in_the_row,
    the_spans_that_were_there_are_of_the_present_place,
    a_place_that_was_wrong_from_the_start_is_corrected_as_the_runbook_says,
    etl_and_sites_check_warn_of_a_move,
);

const OSLO: (f64, f64) = (59.9139, 10.7522);
const LAGOS: (f64, f64) = (6.455, 3.3841);

fn site_at(number: u16, (latitude, longitude): (f64, f64), timezone: chrono_tz::Tz) -> Site {
    let coordinates = Coordinates::parse(latitude, longitude).unwrap();
    Site { coordinates, timezone, ..site(number) }
}

fn in_oslo(number: u16) -> Site {
    site_at(number, OSLO, chrono_tz::Tz::Europe__Oslo)
}

fn in_lagos(number: u16) -> Site {
    Site {
        country: Some("NG".into()),
        elevation_m: None,
        ..site_at(number, LAGOS, chrono_tz::Tz::Africa__Lagos)
    }
}

/// The stays of a site: when each began in minutes after the tests' hour, its latitude, zone, country.
async fn stays(database: &TestDatabase, number: u16) -> Vec<String> {
    let row = database.reads.find_site(site(number).site_id.as_str()).await.unwrap().unwrap();
    let word = |Stay { from, locality, .. }: Stay| {
        let minutes = (from - hour()).num_minutes();
        let from = if minutes < -1_000_000 { "ever".into() } else { minutes.to_string() };
        let country = locality.country.unwrap_or_default();
        format!("{from} {} {} {country}", locality.coordinates.latitude(), locality.timezone)
    };
    row.stays().unwrap().into_iter().map(word).collect()
}

async fn a_site_that_moves_keeps_the_places_that_it_had(database: &TestDatabase) {
    let store = &*database.store;
    let at = |minutes| hour() + TimeDelta::minutes(minutes) + TimeDelta::microseconds(7);
    let corrected = site_at(1, (59.914, 10.752), chrono_tz::Tz::Europe__Oslo);
    assert_eq!(store.take_in_sites(&[in_oslo(0), in_oslo(1)], at(7)).await.unwrap(), []);
    let moved = store.take_in_sites(&[in_lagos(0), corrected], at(127)).await.unwrap();
    let [Move { site_id, from, to }] = &moved[..] else { panic!("{moved:?}") };
    assert_eq!((site_id, from.latitude(), to.latitude()), (&site(0).site_id, OSLO.0, LAGOS.0));
    assert!((moved[0].distance_km() - 5_985.0).abs() < 50.0, "{}", moved[0].distance_km());
    let expected = ["ever 59.9139 Europe/Oslo ES", "120 6.455 Africa/Lagos NG"];
    assert_eq!(stays(database, 0).await, expected);
    assert_eq!(stays(database, 1).await, ["ever 59.914 Europe/Oslo ES"], "a correction");
    // Again the same file: nothing changes, and nobody is told.
    let again = [in_lagos(0), site_at(1, (59.914, 10.752), chrono_tz::Tz::Europe__Oslo)];
    assert_eq!(store.take_in_sites(&again, at(190)).await.unwrap(), []);
    // Out of the file, and back in Oslo.
    store.take_in_sites(&again[1..], at(200)).await.unwrap();
    let back = store.take_in_sites(&[in_oslo(0), again[1].clone()], at(400)).await.unwrap();
    assert_eq!(back.len(), 1);
    let lives = database.reads.list_lives().await.unwrap();
    assert_eq!(lives[0].timezone_at(at(119)), chrono_tz::Tz::Europe__Oslo);
    assert_eq!(lives[0].timezone_at(at(300)), chrono_tz::Tz::Africa__Lagos);
    let expected =
        ["ever 59.9139 Europe/Oslo ES", "120 6.455 Africa/Lagos NG", "360 59.9139 Europe/Oslo ES"];
    assert_eq!(stays(database, 0).await, expected);
}

async fn a_move_after_the_slot_was_collected_begins_with_the_next(database: &TestDatabase) {
    let store = &*database.store;
    let sites = [0, 1, 2].map(in_oslo);
    store.take_in_sites(&sites, hour() - TimeDelta::hours(20)).await.unwrap();
    let run = open_run(store).await;
    let mut slow = in_lagos(2);
    slow.interval = Interval::parse(180).unwrap();
    let batch = [
        collected(0, hour(), full_values()),
        collected(1, hour() - TimeDelta::hours(1), full_values()),
        collected(2, hour() - TimeDelta::hours(1), full_values()),
    ];
    store.load(&run, &batch, hour()).await.unwrap();
    let now = hour() + TimeDelta::minutes(37);
    store.take_in_sites(&[in_lagos(0), in_lagos(1), slow], now).await.unwrap();
    // Of three hours, that of 06:00 is under way, and 07:00 was collected in it.
    for (number, minutes) in [(0, 60), (1, 0), (2, 60)] {
        let moved = format!("{minutes} 6.455 Africa/Lagos NG");
        assert_eq!(stays(database, number).await[1], moved, "{number}");
    }
}

async fn a_program_that_keeps_no_places_loses_none_that_are_in_the_row(database: &TestDatabase) {
    let store = &*database.store;
    store.take_in_sites(&[in_oslo(0)], hour()).await.unwrap();
    let old = r#"[{"from": "2026-11-25T08:00:00Z", "until": null, "interval_minutes": 60}]"#;
    database.execute(&format!("update sites set spans = '{old}'")).await;
    assert_eq!(stays(database, 0).await, ["ever 59.9139 Europe/Oslo ES"]);
    let now = hour() + TimeDelta::minutes(127);
    assert_eq!(store.take_in_sites(&[in_lagos(0)], now).await.unwrap().len(), 1);
    let expected = ["ever 59.9139 Europe/Oslo ES", "120 6.455 Africa/Lagos NG"];
    assert_eq!(stays(database, 0).await, expected);
}

/// Twelve spans are more than the 1,024 bytes at which MySQL cuts a list.
async fn the_spans_that_were_there_are_of_the_present_place(database: &TestDatabase) {
    let store = &*database.store;
    store.take_in_sites(&[in_oslo(0), in_lagos(1), in_oslo(2)], hour()).await.unwrap();
    let span = |number: u32| {
        let time = |day: u32| format!("2026-10-{day:02}T08:00:00.250000Z");
        let until = (number < 12).then(|| time(number + 1));
        let minutes = if number.is_multiple_of(2) { 60 } else { 30 };
        json!({"from": time(number), "until": until, "interval_minutes": minutes})
    };
    let mut many: Vec<Value> = (1..=12).map(span).collect();
    let few = json!([span(12)]).to_string();
    let set = async |number: u16, spans: &str| {
        let sql = format!(
            "update sites set spans = '{spans}' where site_id = '{}'",
            site(number).site_id
        );
        database.execute(&sql).await;
    };
    set(0, &json!(many).to_string()).await;
    set(1, &few).await;
    set(2, "[]").await;
    let spans = async |number: u16| -> Value {
        let sql = format!(
            "select cast(spans as char) from sites where site_id = '{}'",
            site(number).site_id
        );
        serde_json::from_str(&database.texts(&sql).await[0]).unwrap()
    };
    for each in &mut many {
        each["latitude"] = json!(OSLO.0);
        each["longitude"] = json!(OSLO.1);
        each["timezone"] = json!("Europe/Oslo");
        each["country"] = json!("ES");
        each["elevation_m"] = json!(667.0);
    }
    // Again where it ended half-way; and again after one site has moved, which it leaves alone.
    for _ in 0..2 {
        database.execute("delete from _sqlx_migrations where version = 6").await;
        assert_eq!(store.migrate().await.unwrap(), [6]);
        assert_eq!(spans(0).await, json!(many));
    }
    let lagos = spans(1).await;
    assert_eq!(
        (&lagos[0]["timezone"], &lagos[0]["elevation_m"]),
        (&json!("Africa/Lagos"), &Value::Null)
    );
    assert_eq!(spans(2).await, json!([]));
    store.take_in_sites(&[in_lagos(0)], hour()).await.unwrap();
    let moved = stays(database, 0).await;
    assert_eq!(moved, ["ever 59.9139 Europe/Oslo ES", "0 6.455 Africa/Lagos NG"]);
    database.execute("delete from _sqlx_migrations where version = 6").await;
    store.migrate().await.unwrap();
    assert_eq!(stays(database, 0).await, moved);
}

async fn a_place_that_was_wrong_from_the_start_is_corrected_as_the_runbook_says(
    database: &TestDatabase,
) {
    let store = &*database.store;
    store.take_in_sites(&[in_oslo(0), in_oslo(1)], hour()).await.unwrap();
    let now = hour() + TimeDelta::minutes(127);
    store.take_in_sites(&[in_lagos(0), in_lagos(1)], now).await.unwrap();
    let runbook = repository_file("docs/OPERATIONS.md");
    let statements = runbook.split("```sql").filter_map(|rest| rest.split("```").next());
    let statement = statements.into_iter().find(|sql| sql.contains("json_set(spans")).unwrap();
    database.execute(&statement.replace("mad-retiro", site(0).site_id.as_str())).await;
    assert_eq!(stays(database, 0).await, ["ever 6.455 Africa/Lagos NG"]);
    assert_eq!(stays(database, 1).await.len(), 2, "the others keep theirs");
}

async fn etl_and_sites_check_warn_of_a_move(database: &TestDatabase) {
    let simulator = SimulatorProcess::start(&[]);
    let file = |(latitude, longitude): (f64, f64)| {
        let other = json!({"site_id": "b", "name": "B", "latitude": 40.0, "longitude": -3.0,
            "timezone": "Europe/Madrid", "interval_minutes": 1440});
        let site = json!({"site_id": "a", "name": "A", "latitude": latitude,
            "longitude": longitude, "timezone": "Etc/UTC", "interval_minutes": 1440});
        json!({"sites": [site, other]}).to_string()
    };
    let program = simulator.client(&database.url).env("SITES_FILE", "sites.json");
    let program = program.file("sites.json", &file(OSLO));
    let warnings = |program: &crate::support::program::Program| {
        let log = program.run(&["etl", "--log-format", "json"]).expect(0).log().into_iter();
        let lines = log.filter(|line| line["message"].as_str().unwrap_or("").contains("moved"));
        lines.collect::<Vec<_>>()
    };
    assert_eq!(warnings(&program), [] as [Value; 0]);
    let check = |program: &crate::support::program::Program| {
        let ran = program.run(&["sites", "check"]).expect(0).stderr;
        ran.lines().filter(|line| line.starts_with("warning: ")).map(str::to_owned).collect()
    };
    // 300 m are a correction.
    let program = program.file("sites.json", &file((59.9166, OSLO.1)));
    assert_eq!(check(&program), Vec::<String>::new());
    assert_eq!(warnings(&program), [] as [Value; 0]);
    let program = program.file("sites.json", &file(LAGOS));
    let warned: Vec<String> = check(&program);
    assert!(
        matches!(&warned[..], [only] if only.starts_with("warning: site moved 5") &&
            only.contains("km: a from 59.9139, 10.7522 to 6.455, 3.3841; its past")),
        "{warned:?}"
    );
    let [line] = &warnings(&program)[..] else { panic!("one warning") };
    assert_eq!((&line["severity"], &line["siteId"]), (&json!("WARNING"), &json!("a")));
    assert!(line["distanceM"].as_i64().unwrap() > 5_000_000, "{line}");
    let words = line["message"].as_str().unwrap();
    assert!(words.contains("a from 59.9139, 10.7522 to 6.455, 3.3841"), "{words}");
    // It is said once, and then all agree.
    assert_eq!(warnings(&program), [] as [Value; 0]);
    assert_eq!(check(&program), Vec::<String>::new());
    // A store that cannot be read is no fault of the sites file.
    let elsewhere = simulator.client("sqlite://nowhere/weather.db").env("SITES_FILE", "sites.json");
    let elsewhere = elsewhere.file("sites.json", &file(OSLO));
    let warned: Vec<String> = check(&elsewhere);
    assert!(
        matches!(&warned[..], [only] if only.contains("not compared with the sites of the store")),
        "{warned:?}"
    );
}
