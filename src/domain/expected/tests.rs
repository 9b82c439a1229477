//! Each row of the table is a site to which something happens, and the slots that are expected of it.

use super::*;
use crate::domain::{Coordinates, Locality, TakenIn};

fn time(text: &str) -> DateTime<Utc> {
    format!("{text}Z").parse().unwrap()
}

/// What the sites file that is taken in at a time does with the site.
#[derive(Clone, Copy)]
enum File {
    /// It has the site, at so many minutes.
    Has(u32),
    /// The site is not in it.
    Lacks,
}
use File::{Has, Lacks};

struct Case {
    what: &'static str,
    /// When the files are taken in.
    files: &'static [(&'static str, File)],
    timezone: Tz,
    days: [Option<&'static str>; 2],
    first_slot: Option<&'static str>,
    /// The slots of 25 November, from 10:00 to 15:00 UTC.
    expected: &'static [&'static str],
}

const ALWAYS: Case = Case {
    what: "",
    files: &[("2026-11-01T07:30:00", Has(60))],
    timezone: Tz::Europe__Madrid,
    days: [None, None],
    first_slot: None,
    expected: &["10:00", "11:00", "12:00", "13:00", "14:00", "15:00"],
};

const CASES: &[Case] = &[
    Case { what: "always there", ..ALWAYS },
    Case {
        what: "half hours, the last included",
        files: &[("2026-11-25T13:45:00", Has(30))],
        expected: &["14:00", "14:30", "15:00"],
        ..ALWAYS
    },
    // A site added mid-day.
    Case {
        what: "added, and not yet called for: from the next slot",
        files: &[("2026-11-25T12:07:00", Has(60))],
        expected: &["13:00", "14:00", "15:00"],
        ..ALWAYS
    },
    Case {
        what: "added, and called for by the same run",
        files: &[("2026-11-25T12:07:00", Has(60))],
        first_slot: Some("2026-11-25T12:00:00"),
        expected: &["12:00", "13:00", "14:00", "15:00"],
        ..ALWAYS
    },
    Case {
        what: "added as a slot begins",
        files: &[("2026-11-25T12:00:00", Has(60))],
        expected: &["12:00", "13:00", "14:00", "15:00"],
        ..ALWAYS
    },
    Case {
        what: "added mid-day, but active from that day on",
        files: &[("2026-11-25T12:07:00", Has(60))],
        days: [Some("2026-11-25"), None],
        ..ALWAYS
    },
    Case {
        what: "active from a day that has not begun in New Zealand's morning",
        files: &[("2026-11-20T12:07:00", Has(60))],
        timezone: Tz::Pacific__Auckland,
        days: [Some("2026-11-26"), None],
        expected: &["11:00", "12:00", "13:00", "14:00", "15:00"],
        ..ALWAYS
    },
    Case {
        what: "active until the day before, over there",
        timezone: Tz::Pacific__Auckland,
        days: [None, Some("2026-11-25")],
        expected: &["10:00"],
        ..ALWAYS
    },
    // A site deactivated.
    Case {
        what: "deactivated within a slot, which had begun",
        files: &[("2026-11-01T07:30:00", Has(60)), ("2026-11-25T12:30:00", Lacks)],
        expected: &["10:00", "11:00", "12:00"],
        ..ALWAYS
    },
    Case {
        what: "deactivated as a slot begins",
        files: &[("2026-11-01T07:30:00", Has(60)), ("2026-11-25T12:00:00", Lacks)],
        expected: &["10:00", "11:00"],
        ..ALWAYS
    },
    // One reactivated.
    Case {
        what: "reactivated: nothing between, and from the slot under way, which that run calls for",
        files: &[
            ("2026-11-01T07:30:00", Has(60)),
            ("2026-11-25T10:30:00", Lacks),
            ("2026-11-25T13:07:00", Has(60)),
        ],
        expected: &["10:00", "13:00", "14:00", "15:00"],
        ..ALWAYS
    },
    Case {
        what: "gone and back within a slot, which is one",
        files: &[
            ("2026-11-01T07:30:00", Has(60)),
            ("2026-11-25T11:10:00", Lacks),
            ("2026-11-25T11:20:00", Has(60)),
        ],
        ..ALWAYS
    },
    Case {
        what: "back at another interval",
        files: &[
            ("2026-11-01T07:30:00", Has(60)),
            ("2026-11-25T10:30:00", Lacks),
            ("2026-11-25T13:37:00", Has(30)),
        ],
        expected: &["10:00", "13:30", "14:00", "14:30", "15:00"],
        ..ALWAYS
    },
    // An interval changed from 60 to 30 minutes.
    Case {
        what: "from 60 to 30 minutes: the past keeps its hours",
        files: &[("2026-11-01T07:30:00", Has(60)), ("2026-11-25T12:07:00", Has(30))],
        expected: &[
            "10:00", "11:00", "12:00", "12:30", "13:00", "13:30", "14:00", "14:30", "15:00",
        ],
        ..ALWAYS
    },
    Case {
        what: "the same in the second half of the hour, whose half is called for",
        files: &[("2026-11-01T07:30:00", Has(60)), ("2026-11-25T12:37:00", Has(30))],
        expected: &[
            "10:00", "11:00", "12:00", "12:30", "13:00", "13:30", "14:00", "14:30", "15:00",
        ],
        ..ALWAYS
    },
    Case {
        what: "from 30 to 60 minutes: no slot twice",
        files: &[("2026-11-01T07:30:00", Has(30)), ("2026-11-25T11:37:00", Has(60))],
        expected: &["10:00", "10:30", "11:00", "11:30", "12:00", "13:00", "14:00", "15:00"],
        ..ALWAYS
    },
    Case {
        what: "changed, with a first day: the first span reaches back to it",
        files: &[("2026-11-25T14:00:00", Has(60)), ("2026-11-25T14:30:00", Has(30))],
        days: [Some("2026-11-25"), None],
        expected: &["10:00", "11:00", "12:00", "13:00", "14:00", "14:30", "15:00"],
        ..ALWAYS
    },
    Case {
        what: "changed twice at once: the last counts",
        files: &[
            ("2026-11-01T07:30:00", Has(10)),
            ("2026-11-25T10:00:00", Has(30)),
            ("2026-11-25T10:00:00", Has(60)),
        ],
        ..ALWAYS
    },
    Case {
        what: "taken in by a clock of tomorrow, then put right",
        files: &[
            ("2026-11-01T07:30:00", Has(60)),
            ("2026-11-26T10:00:00", Has(10)),
            ("2026-11-25T12:30:00", Has(60)),
        ],
        ..ALWAYS
    },
];

fn taken_in(minutes: u32, timezone: Tz, now: DateTime<Utc>) -> TakenIn {
    let coordinates = Coordinates::parse(1.0, 2.0).unwrap();
    let locality = Locality { coordinates, timezone, country: None, elevation_m: None };
    TakenIn { interval: Interval::parse(minutes).unwrap(), locality, last_collected: None, now }
}

impl Case {
    fn life(&self) -> Life {
        let spans = self.files.iter().fold(Spans::default(), |spans, (now, file)| match file {
            Has(minutes) => spans.taken_in(taken_in(*minutes, self.timezone, time(now))),
            // As the store does it.
            Lacks => {
                let mut spans = spans;
                spans.0.last_mut().unwrap().until = Some(time(now));
                spans
            }
        });
        let [active_from, active_until] = self.days.map(|day| day.map(|day| day.parse().unwrap()));
        let site_id = SiteId::parse("a").unwrap();
        Life { site_id, timezone: self.timezone, active_from, active_until, spans }
    }
}

#[test]
fn slots_are_expected_by_the_rules_that_the_site_had_then() {
    for case in CASES {
        let life = case.life();
        assert_eq!(Spans::parse(&life.spans.to_json()).unwrap(), life.spans, "{}", case.what);
        let (from, to) = (time("2026-11-25T10:00:00"), time("2026-11-25T15:00:00"));
        let slots = life.slots(case.first_slot.map(time), from, to);
        let slots: Vec<_> = slots.map(|slot| slot.slot_time.format("%H:%M").to_string()).collect();
        assert_eq!(slots, case.expected, "{}", case.what);
    }
}

#[test]
fn the_range_that_is_asked_for_need_not_begin_with_a_slot() {
    let life = Case { ..ALWAYS }.life();
    let of = |from: &str, to: &str| {
        let slots = life.slots(None, time(from), time(to));
        slots.map(|slot| slot.slot_time.format("%H:%M").to_string()).collect::<Vec<_>>()
    };
    assert_eq!(of("2026-11-25T10:00:01", "2026-11-25T11:59:59"), ["11:00"]);
    assert_eq!(of("2026-11-25T10:00:01", "2026-11-25T10:59:59"), [""; 0]);
    assert_eq!(of("2026-11-25T12:00:00", "2026-11-25T11:00:00"), [""; 0]);
}

#[test]
fn a_local_day_has_23_or_25_hours_where_the_clock_changes() {
    for (day, minutes, slots) in [
        ("2026-03-29", 60, 23),
        ("2026-10-25", 60, 25),
        ("2026-10-25", 30, 50),
        ("2026-11-25", 60, 24),
        ("2026-11-25", 1440, 1),
    ] {
        let file = taken_in(minutes, ALWAYS.timezone, time("2026-11-30T00:00:00"));
        let spans = Spans::default().taken_in(file);
        let day = Some(day.parse().unwrap());
        let life = Life { active_from: day, active_until: day, spans, ..ALWAYS.life() };
        let all = life.slots(None, DateTime::UNIX_EPOCH, time("2027-01-01T00:00:00"));
        assert_eq!(all.count(), slots, "{day:?} every {minutes} minutes");
    }
}

#[test]
fn a_moment_belongs_to_the_slot_of_its_span() {
    let files = &[("2026-11-01T07:30:00", Has(60)), ("2026-11-25T12:37:00", Has(30))];
    let life = Case { files, ..ALWAYS }.life();
    let at =
        |text: &str| life.slot_at(None, time(text)).map(|slot| slot.format("%H:%M").to_string());
    assert_eq!(at("2026-11-25T12:36:59").as_deref(), Some("12:00"));
    assert_eq!(at("2026-11-25T12:37:00").as_deref(), Some("12:30"));
    assert_eq!(at("2026-10-25T12:37:00"), None);
}

#[test]
fn spans_that_are_none_are_refused() {
    for text in
        ["", "{}", r#"[{"from": "2026-11-25T00:00:00Z", "until": null, "interval_minutes": 7}]"#]
    {
        assert!(Spans::parse(text).is_err(), "{text}");
    }
}
