//! What is proved of which days, and which days a rolling comparison reads.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;

use chrono::{Days, NaiveDate};
use proptest::prelude::*;

use super::*;

const OBSERVATIONS: &str = "weather_observations";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A day of a history, counted from its first.
fn nth(number: u64) -> NaiveDate {
    day("2024-11-30") + Days::new(number)
}

/// Proves days of every table.
fn prove(proofs: &mut Proofs, days: &DayRange, on: NaiveDate, epoch: i64) {
    dated_tables().for_each(|table| proofs.note(table, days, on, epoch));
}

fn prove_each(proofs: &mut Proofs, days: &BTreeSet<NaiveDate>, on: NaiveDate, epoch: i64) {
    days.iter().for_each(|day| prove(proofs, &(*day..=*day), on, epoch));
}

fn month() -> NonZero<u16> {
    NonZero::new(30).unwrap()
}

/// The days that a run of the rolling comparison reads, all of which it proves.
fn run(
    changes: &Changes,
    proofs: &mut Proofs,
    first: NaiveDate,
    today: NaiveDate,
    epoch: i64,
) -> BTreeSet<NaiveDate> {
    let Choice { days, swept_to } = days_to_prove(changes, proofs, first, today, month());
    prove_each(proofs, &days, today, epoch);
    proofs.note_sweep(swept_to);
    days
}

fn written<T: Serialize + for<'a> Deserialize<'a> + PartialEq + std::fmt::Debug>(
    value: &T,
) -> String {
    let text = serde_json::to_string(value).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), value, "{text}");
    text
}

#[test]
fn the_texts_are_as_they_are_documented() {
    let mut changes = Changes::default();
    changes.add(OBSERVATIONS, (0..14).map(nth), 812);
    changes.add(OBSERVATIONS, [nth(19)], 813);
    changes.add("sites", [], 813);
    assert_eq!(written(&changes), r#"{"weather_observations":"2024-11-30 14@812 5 1@813"}"#);
    let mut proofs = Proofs::default();
    proofs.note(OBSERVATIONS, &(nth(0)..=nth(13)), day("2026-11-30"), 812);
    proofs.note(OBSERVATIONS, &(nth(16)..=nth(29)), day("2026-12-01"), 836);
    proofs.take_back(OBSERVATIONS, nth(30));
    proofs.note_sweep(Some(nth(29)));
    assert_eq!(
        written(&proofs),
        r#"{"looks":[["2026-11-30",812],["2026-12-01",836]],"days":{"weather_observations":"2024-11-30 14:0 2 14:1 1:!"},"swept_to":"2024-12-29"}"#
    );
    assert_eq!(written(&Changes::default()), "{}");
    assert_eq!(serde_json::from_str::<Proofs>("{}").unwrap(), Proofs::default());
}

#[test]
fn a_text_that_is_none_is_refused() {
    for text in [
        "x",
        "2024-11-30 0@1",
        "2024-11-30 1@x",
        "2024-11-30 @1",
        "2024-11-30 1:1",
        "2024-11-30 -1@1",
        "2024-11-30 99999999999999999999@1",
        "2024-11-30 9999999999@1",
    ] {
        let json = serde_json::json!({ OBSERVATIONS: text }).to_string();
        assert!(serde_json::from_str::<Changes>(&json).is_err(), "{text}");
    }
    for text in ["2024-11-30 1:1", "2024-11-30 1:-1", "2024-11-30 1@0", "2024-11-30 1:?"] {
        let json =
            serde_json::json!({ "looks": [["2026-11-30", 1]], "days": { OBSERVATIONS: text } });
        assert!(serde_json::from_value::<Proofs>(json).is_err(), "{text}");
    }
}

#[test]
fn a_day_is_verified_while_its_proof_is_young_and_not_before_its_last_change() {
    let mut changes = Changes::default();
    let mut proofs = Proofs::default();
    let today = nth(400);
    let through =
        |changes: &Changes, proofs: &Proofs, today| proofs.verified_through(changes, nth(0), today);
    assert_eq!(through(&changes, &proofs, today), None);
    changes.add(OBSERVATIONS, (0..=400).map(nth), 9);
    prove(&mut proofs, &(nth(0)..=today), today, 9);
    assert_eq!(through(&changes, &proofs, today), Some(nth(399)), "today is not over");
    assert_eq!(through(&changes, &proofs, nth(445)), Some(nth(400)), "45 days later");
    assert_eq!(through(&changes, &proofs, nth(446)), None, "46 days later");
    // A late row; of each table.
    for table in dated_tables() {
        let (mut changes, mut proofs) = (changes.clone(), proofs.clone());
        changes.add(table, [nth(250)], 10);
        assert_eq!(through(&changes, &proofs, today), Some(nth(249)), "{table}");
        let chosen = days_to_prove(&changes, &proofs, nth(0), today, month()).days;
        assert!(chosen.contains(&nth(250)) && chosen.len() == 19, "{chosen:?}");
        prove_each(&mut proofs, &chosen, today, 10);
        assert_eq!(through(&changes, &proofs, today), Some(nth(399)));
    }
    proofs.take_back(OBSERVATIONS, nth(7));
    assert_eq!(through(&changes, &proofs, today), Some(nth(6)));
    proofs.take_back(OBSERVATIONS, nth(0));
    assert_eq!(through(&changes, &proofs, today), None);
    proofs.forget(OBSERVATIONS);
    assert_eq!(through(&changes, &proofs, today), None);
}

#[test]
fn a_day_that_differs_is_compared_by_every_run_until_it_is_equal() {
    let (changes, mut proofs, today) = (Changes::default(), Proofs::default(), nth(400));
    for run in 0..40 {
        proofs.take_back(OBSERVATIONS, nth(200));
        let choice = days_to_prove(&changes, &proofs, nth(0), today + Days::new(run), month());
        let mut chosen = choice.days;
        assert!(chosen.remove(&nth(200)), "run {run}");
        prove_each(&mut proofs, &chosen, today + Days::new(run), 1);
    }
    prove(&mut proofs, &(nth(200)..=nth(200)), today, 1);
    let chosen = days_to_prove(&changes, &proofs, nth(0), today, month()).days;
    assert!(!chosen.contains(&nth(200)));
}

/// Whether everything was proved at once before, or nothing ever.
#[test]
fn thirty_runs_read_every_day_and_none_of_them_more_than_twenty() {
    for is_proved in [true, false] {
        let (changes, mut proofs) = (Changes::default(), Proofs::default());
        if is_proved {
            prove(&mut proofs, &(nth(0)..=nth(399)), nth(399), 1);
        }
        let mut read = BTreeSet::new();
        for number in 0..30 {
            let chosen = run(&changes, &mut proofs, nth(0), nth(399 + number), 2);
            assert!(chosen.len() <= 20, "{}", chosen.len());
            read.extend(chosen);
        }
        assert!((0..=428).map(nth).all(|day| read.contains(&day)), "{is_proved}");
        assert_eq!(proofs.verified_through(&changes, nth(0), nth(428)), Some(nth(427)));
    }
}

/// A platform may start a job twice a day, or not for two weeks.
#[test]
fn a_sweep_goes_on_after_a_pause_and_what_the_pause_left_is_read_at_once() {
    let (changes, mut proofs) = (Changes::default(), Proofs::default());
    prove(&mut proofs, &(nth(0)..=nth(399)), nth(399), 1);
    let mut read = BTreeSet::new();
    let runs = [0, 0, 0, 0, 0, 7, 7, 7, 8, 20, 20].into_iter().chain(21..40);
    for number in runs {
        read.extend(run(&changes, &mut proofs, nth(0), nth(399 + number), 2));
        let through = proofs.verified_through(&changes, nth(0), nth(399 + number));
        assert_eq!(through, Some(nth(398 + number)));
    }
    assert!((0..400).map(nth).all(|day| read.contains(&day)));
}

#[test]
fn no_history_is_none_and_a_first_day_to_come_is_no_fault() {
    let (changes, proofs) = (Changes::default(), Proofs::default());
    let choose = |first, today| days_to_prove(&changes, &proofs, first, today, month()).days;
    assert_eq!(choose(nth(5), nth(5)), [nth(5)].into());
    assert_eq!(choose(nth(9), nth(5)), [nth(5)].into());
    assert_eq!(choose(nth(0), nth(5)), [0, 1, 3, 4, 5].map(nth).into());
    assert_eq!(proofs.verified_through(&changes, nth(9), nth(5)), None);
    assert_eq!((changes.first_day(), proofs.first_day()), (None, None));
}

/// What is written stays small, with a comparison of all, a rolling one each day, or none for ten years.
#[test]
fn ten_years_of_three_tables_take_a_few_kilobytes() {
    let (mut changes, mut proofs) = (Changes::default(), Proofs::default());
    let mut unpruned = Changes::default();
    for number in 0..3650 {
        let epoch = 24 * i64::try_from(number).unwrap();
        for table in dated_tables() {
            // A late row every third day, up to half a year back.
            let late = (number % 3 == 0).then(|| nth(number - number.min(number * 7 % 180)));
            let days: Vec<_> = [nth(number)].into_iter().chain(late).collect();
            unpruned.add(table, days.clone(), epoch);
            changes.add(table, days, epoch);
        }
        if number == 3600 {
            prove(&mut proofs, &(nth(0)..=nth(number)), nth(number), epoch);
        } else if number > 3600 {
            changes.prune(&proofs);
            run(&changes, &mut proofs, nth(0), nth(number), epoch);
        }
    }
    changes.prune(&proofs);
    for (what, text, limit) in [
        ("changes", written(&changes), 100),
        ("changes without a comparison", written(&unpruned), 4500),
        ("proofs", written(&proofs), 5000),
    ] {
        assert!(text.len() <= limit, "{what}: {} bytes: {text}", text.len());
    }
    assert_eq!(proofs.verified_through(&changes, nth(0), nth(3650)), Some(nth(3649)));
    // No late row is lost where days are joined.
    assert!((0..3650).map(nth).all(|day| unpruned.epoch(OBSERVATIONS, day).is_some()));
}

/// One comparison of one day, every day.
#[test]
fn the_oldest_comparisons_are_forgotten_where_they_are_too_many() {
    let mut proofs = Proofs::default();
    for number in 0..800 {
        prove(&mut proofs, &(nth(number)..=nth(number)), nth(number), 1);
    }
    assert_eq!((proofs.looks.len(), proofs.first_day()), (MAX_LOOKS, Some(nth(300))));
    assert!(written(&proofs).len() < 25_000);
}

/// What may happen to some days of one table.
#[derive(Debug, Clone)]
enum Step {
    /// Rows of these days are written.
    Write(BTreeSet<u64>),
    /// These days are proved at the epoch of so many writes ago.
    Prove(u64, u64, i64),
    /// A day is found different.
    Differ(u64),
    /// The changes are pruned, and both written and read.
    Store,
}

const LONGEST: u64 = 300;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => proptest::collection::btree_set(0..LONGEST, 0..40).prop_map(Step::Write),
        3 => (0..LONGEST, 0..40_u64, 0..3_i64).prop_map(|(first, count, ago)| Step::Prove(first, count, ago)),
        1 => (0..LONGEST).prop_map(Step::Differ),
        1 => Just(Step::Store),
    ];
    proptest::collection::vec(step, 1..60)
}

/// A day in the plain: when it was written, and what the last comparison of it said.
#[derive(Debug, Default, Clone, Copy)]
struct Plain {
    written: Option<i64>,
    proved: Option<i64>,
    /// The latest epoch of all its proofs.
    best: Option<i64>,
    is_different: bool,
}

proptest! {
    #[test]
    fn whatever_is_done_no_change_is_lost_and_no_proof_made_up(steps in steps()) {
        let (mut changes, mut proofs, mut epoch) = (Changes::default(), Proofs::default(), 0_i64);
        let mut plain = BTreeMap::<NaiveDate, Plain>::new();
        for (today, step) in (LONGEST..).map(nth).zip(steps) {
            match step {
                Step::Write(days) => {
                    epoch += 1;
                    changes.add(OBSERVATIONS, days.iter().map(|number| nth(*number)), epoch);
                    for day in days {
                        plain.entry(nth(day)).or_default().written = Some(epoch);
                    }
                }
                Step::Prove(first, count, ago) => {
                    let at = (epoch - ago).max(0);
                    proofs.note(OBSERVATIONS, &(nth(first)..=nth(first + count)), today, at);
                    for day in first..=first + count {
                        let day = plain.entry(nth(day)).or_default();
                        (day.proved, day.best) = (Some(at), day.best.max(Some(at)));
                        day.is_different = false;
                    }
                }
                Step::Differ(day) => {
                    proofs.take_back(OBSERVATIONS, nth(day));
                    let day = plain.entry(nth(day)).or_default();
                    (day.proved, day.is_different) = (None, true);
                }
                Step::Store => {
                    changes.prune(&proofs);
                    changes = serde_json::from_str(&written(&changes)).unwrap();
                    proofs = serde_json::from_str(&written(&proofs)).unwrap();
                }
            }
            for (day, plain) in &plain {
                let seen = proofs.of_day(OBSERVATIONS, *day);
                let proof = match seen {
                    Some(Seen::Equal(look)) => Some(proofs.looks[look].1),
                    _ => None,
                };
                prop_assert_eq!(proof, plain.proved);
                prop_assert_eq!(seen == Some(Seen::Different), plain.is_different);
                // A change that is not proved yet is known, and of no earlier epoch.
                let open = plain.written.filter(|written| plain.best < Some(*written));
                let known = changes.epoch(OBSERVATIONS, *day);
                prop_assert!(open <= known, "{}: {:?} {:?}", day, plain, known);
            }
            prop_assert!(written(&changes).len() < 2000);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// The rest is read evenly, however often days change, and every day within `n` runs.
    #[test]
    fn every_day_is_read_within_n_runs(history in 1..200_u64, n in 1..32_u16, written in 0..200_u64) {
        let n = NonZero::new(n).unwrap();
        let (mut changes, mut proofs) = (Changes::default(), Proofs::default());
        let mut last_read = BTreeMap::<NaiveDate, u64>::new();
        for number in 0..u64::from(n.get()) * 2 {
            let (today, epoch) = (nth(history + number), i64::try_from(number).unwrap());
            changes.add(OBSERVATIONS, [nth(written.min(history)), today], epoch);
            let Choice { days: chosen, swept_to } =
                days_to_prove(&changes, &proofs, nth(0), today, n);
            let rest = usize::try_from(history + number).unwrap();
            let most = 3 + 1 + rest.div_ceil(n.get().into()) + 1;
            prop_assert!(chosen.len() <= most, "{} of {}", chosen.len(), most);
            prove_each(&mut proofs, &chosen, today, epoch);
            proofs.note_sweep(swept_to);
            changes.prune(&proofs);
            last_read.extend(chosen.into_iter().map(|day| (day, number)));
            for day in 0..=history + number {
                let last = last_read.get(&nth(day)).copied();
                let since = last.map_or(number + 1, |last| number - last);
                prop_assert!(since <= u64::from(n.get()), "day {} of {} in run {}: {:?}", day, history, number, last);
            }
        }
    }
}
