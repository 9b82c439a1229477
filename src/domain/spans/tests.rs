//! A site that is taken in again and again, and where it stood when.

use chrono::NaiveDate;

use super::*;
use crate::domain::{Life, SiteId};

fn time(text: &str) -> DateTime<Utc> {
    format!("2026-11-{text}:00Z").parse().unwrap()
}

fn at(latitude: f64, longitude: f64, timezone: Tz) -> Locality {
    let coordinates = Coordinates::parse(latitude, longitude).unwrap();
    Locality { coordinates, timezone, country: None, elevation_m: None }
}

fn oslo() -> Locality {
    Locality { country: Some("NO".into()), ..at(59.9139, 10.7522, Tz::Europe__Oslo) }
}

fn lagos() -> Locality {
    Locality { country: Some("NG".into()), ..at(6.455, 3.3841, Tz::Africa__Lagos) }
}

/// The file has the site there, once an hour, at a time; the newest slot that was collected by then.
fn file(now: &str, locality: Locality, collected: Option<&str>) -> TakenIn {
    let last_collected = collected.map(time);
    TakenIn { interval: Interval::HOUR, locality, last_collected, now: time(now) }
}

fn taken_in(files: impl IntoIterator<Item = TakenIn>) -> Spans {
    files.into_iter().fold(Spans::default(), Spans::taken_in)
}

/// When stays began but for the first, and the zones.
fn stays(spans: &Spans, present: &Locality) -> Vec<String> {
    let word = |stay: Stay| {
        let from = match stay.from == DateTime::<Utc>::MIN_UTC {
            true => "ever".to_owned(),
            false => stay.from.format("%dT%H:%M").to_string(),
        };
        let at = stay.locality.coordinates;
        format!("{from} {} {}", stay.locality.timezone, at.latitude())
    };
    spans.stays(present).into_iter().map(word).collect()
}

#[test]
fn a_move_begins_with_the_slot_that_the_new_place_is_called_for() {
    for (now, collected, moves_at) in [
        // Nothing was collected in the hour: its slot is the new place's.
        ("25T12:07", Some("25T11:00"), "25T12:00"),
        ("25T12:07", None, "25T12:00"),
        ("25T12:00", Some("25T11:00"), "25T12:00"),
        // It was: the next is.
        ("25T12:37", Some("25T12:00"), "25T13:00"),
    ] {
        let spans = taken_in([file("20T08:07", oslo(), None), file(now, lagos(), collected)]);
        let expected =
            ["ever Europe/Oslo 59.9139".into(), format!("{moves_at} Africa/Lagos 6.455")];
        assert_eq!(stays(&spans, &lagos()), expected, "{now} {collected:?}");
        let before = time(moves_at) - chrono::TimeDelta::seconds(1);
        assert_eq!(spans.locality_at(before), Some(&oslo()));
        assert_eq!(spans.locality_at(time(moves_at)), Some(&lagos()));
        assert_eq!(spans.locality_at(time("01T00:00")), Some(&oslo()), "before all spans");
        assert_eq!(Spans::parse(&spans.to_json()).unwrap(), spans);
    }
}

#[test]
fn every_slot_is_expected_once_over_a_move() {
    for (now, collected) in [("25T12:07", None), ("25T12:37", Some("25T12:00"))] {
        let spans = taken_in([file("20T08:07", oslo(), None), file(now, lagos(), collected)]);
        let life = Life {
            site_id: SiteId::parse("a").unwrap(),
            timezone: Tz::Africa__Lagos,
            active_from: None,
            active_until: None,
            spans,
        };
        let slots = life.slots(None, time("25T10:00"), time("25T15:00"));
        let slots: Vec<_> = slots.map(|slot| slot.slot_time.format("%H").to_string()).collect();
        assert_eq!(slots, ["10", "11", "12", "13", "14", "15"], "{now}");
    }
}

#[test]
fn a_rounding_is_no_move_and_many_small_steps_are_one() {
    let near = |latitude| at(latitude, 10.7522, Tz::Europe__Oslo);
    let begun = || file("20T08:07", oslo(), None);
    // 11 m and 430 m away.
    for latitude in [59.914, 59.91, 59.9178] {
        let spans = taken_in([begun(), file("25T12:07", near(latitude), None)]);
        assert_eq!(spans.0.len(), 1, "{latitude}");
        let corrected = format!("ever Europe/Oslo {latitude}");
        assert_eq!(stays(&spans, &near(latitude)), [corrected], "the correction is kept");
    }
    let steps = (1..=4).map(|step| {
        let now = format!("2{step}T12:07");
        file(&now, near(59.9139 + 0.004 * f64::from(step)), None)
    });
    let spans = taken_in(std::iter::once(begun()).chain(steps));
    // Three steps of 445 m are more than a kilometre from where it began.
    let expected = ["ever Europe/Oslo 59.9139", "23T12:00 Europe/Oslo 59.9299"];
    assert_eq!(stays(&spans, &near(59.9299)), expected);
}

#[test]
fn another_zone_alone_begins_a_stay_and_another_country_or_interval_does_not() {
    let begun = || file("20T08:07", oslo(), None);
    let zone = Locality { timezone: Tz::Europe__Berlin, ..oslo() };
    let spans = taken_in([begun(), file("25T12:07", zone.clone(), None)]);
    let expected = ["ever Europe/Oslo 59.9139", "25T12:00 Europe/Berlin 59.9139"];
    assert_eq!(stays(&spans, &zone), expected);

    let half_hours = Interval::parse(30).unwrap();
    let mended = Locality { country: Some("SJ".into()), elevation_m: Some(23.0), ..oslo() };
    let spans = taken_in([
        begun(),
        TakenIn { interval: half_hours, ..file("22T12:07", oslo(), None) },
        file("25T12:07", mended.clone(), None),
    ]);
    assert_eq!((spans.0.len(), spans.stays(&mended).len()), (3, 1));
    // What was mended of the place is mended for the whole stay, and no more after it.
    let spans = spans.taken_in(file("26T12:07", lagos(), None));
    assert_eq!(spans.locality_at(time("21T00:00")), Some(&mended));
    assert_eq!(spans.locality_at(time("27T00:00")), Some(&lagos()));
}

#[test]
fn a_site_that_comes_back_elsewhere_has_moved_and_the_hole_is_of_the_old_place() {
    let mut spans = taken_in([file("20T08:07", oslo(), None)]);
    spans.0[0].until = Some(time("22T10:30"));
    let spans = spans.taken_in(file("25T12:07", lagos(), None));
    assert_eq!(spans.locality_at(time("24T00:00")), Some(&oslo()));
    assert_eq!(stays(&spans, &lagos())[1], "25T12:00 Africa/Lagos 6.455");
    // There and back: three stays.
    let spans = spans.taken_in(file("26T12:07", oslo(), None));
    assert_eq!(spans.stays(&oslo()).len(), 3);
}

#[test]
fn of_two_moves_within_a_slot_the_last_counts() {
    let tokyo = || at(35.68, 139.69, Tz::Asia__Tokyo);
    for collected in [None, Some("25T12:00")] {
        let spans = taken_in([
            file("20T08:07", oslo(), None),
            file("25T12:07", lagos(), collected),
            file("25T12:37", tokyo(), collected),
        ]);
        let begins = if collected.is_none() { "25T12:00" } else { "25T13:00" };
        let expected =
            ["ever Europe/Oslo 59.9139".to_owned(), format!("{begins} Asia/Tokyo 35.68")];
        assert_eq!(stays(&spans, &tokyo()), expected);
    }
    // The very first span may be replaced too, and begins no earlier for it.
    let spans = taken_in([file("25T12:07", oslo(), None), file("25T12:37", lagos(), None)]);
    assert_eq!(spans.0.len(), 1);
    assert_eq!(
        (spans.0[0].from, spans.locality_at(time("25T12:00"))),
        (time("25T12:07"), Some(&lagos()))
    );
}

#[test]
fn spans_of_programs_that_kept_no_places_are_of_the_place_that_was_known() {
    let old = r#"[{"from":"2026-11-20T08:07:00Z","until":"2026-11-21T08:07:00Z","interval_minutes":60},
        {"from":"2026-11-21T08:07:00Z","until":null,"interval_minutes":30}]"#;
    let spans = Spans::parse(old).unwrap();
    assert_eq!(stays(&spans, &lagos()), ["ever Africa/Lagos 6.455"]);
    assert_eq!(spans.locality_at(time("20T12:00")), None);
    let again: serde_json::Value = serde_json::from_str(&spans.to_json()).unwrap();
    assert_eq!(again[1].as_object().unwrap().len(), 3, "nothing is made up: {again}");
    let moved = spans.known_at(&oslo()).taken_in(file("25T12:07", lagos(), None));
    let expected = ["ever Europe/Oslo 59.9139", "25T12:00 Africa/Lagos 6.455"];
    assert_eq!(stays(&moved, &lagos()), expected);
    for half in [r#""latitude": 1.0"#, r#""latitude": 91, "longitude": 0, "timezone": "UTC""#] {
        let text = format!(
            r#"[{{"from": "2026-11-20T08:07:00Z", "until": null, "interval_minutes": 60, {half}}}]"#
        );
        assert!(Spans::parse(&text).is_err(), "{text}");
    }
}

#[test]
fn a_local_day_is_that_of_the_zone_at_the_time_and_the_last_may_be_one_before() {
    let tokyo = || at(35.68, 139.69, Tz::Asia__Tokyo);
    let bogota = || at(4.71, -74.07, Tz::America__Bogota);
    let spans = taken_in([file("20T08:07", tokyo(), None), file("24T20:07", bogota(), None)]);
    let life = Life {
        site_id: SiteId::parse("a").unwrap(),
        timezone: Tz::America__Bogota,
        active_from: None,
        active_until: Some("2026-11-24".parse().unwrap()),
        spans,
    };
    let day = |day: u32| NaiveDate::from_ymd_opt(2026, 11, day).unwrap();
    assert_eq!(life.local_day(time("24T16:00")), day(25));
    assert_eq!(life.local_day(time("24T20:00")), day(24));
    // Its last day is over in Tokyo, and goes on in Bogota.
    let slots = life.slots(None, time("24T13:00"), time("25T12:00"));
    let slots: Vec<_> = slots.map(|slot| slot.slot_time.format("%dT%H").to_string()).collect();
    let expected = ["24T13", "24T14", "24T20", "24T21", "24T22", "24T23"];
    assert_eq!(slots[..6], expected);
    assert_eq!(slots.last().map(String::as_str), Some("25T04"));
    // After the move the 25th of Tokyo stays the last day that has begun.
    assert_eq!(life.last_day(time("24T20:30")), day(25));
    assert_eq!(life.last_day(time("26T12:00")), day(26));
}
