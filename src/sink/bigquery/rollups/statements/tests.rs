//! The SQL of the roll-ups: which days it names, and what it declares.

use chrono::{Datelike as _, NaiveDate};

use super::*;

fn names() -> Names {
    Names { project: "acme".into(), dataset: "weather".into(), internal: "internal".into() }
}

fn span(touched: &[&str], sites: &[&str]) -> Span {
    Span {
        touched: Some(touched.iter().map(|day| day.parse().unwrap()).collect()),
        since: Some("2026-11-25T08:07:00Z".parse().unwrap()),
        as_of: "2026-11-25T09:07:00.123456Z".parse().unwrap(),
        sites: sites.iter().map(|site| (*site).to_owned()).collect(),
    }
}

fn rolled_up(span: &Span) -> String {
    statements(&names(), span)
}

/// Every day that is named as a literal, but the first and the last of all.
fn named_days(sql: &str) -> Vec<NaiveDate> {
    let quoted = sql.split('\'').skip(1).step_by(2);
    let days = quoted.filter_map(|text| text.get(..10)?.parse::<NaiveDate>().ok());
    let mut days: Vec<_> = days.filter(|day| (1000..9999).contains(&day.year())).collect();
    days.sort_unstable();
    days.dedup();
    days
}

/// Every table of days is read with a condition on its day, whose ends are literals or variables.
fn assert_bounded(sql: &str) {
    for (table, day_of) in [
        ("collection_slots", "slot_time"),
        ("weather_observations", "observation_time"),
        ("observations_by_hour", "hour"),
        ("observations_by_day", "local_date"),
    ] {
        let of = format!("`acme.weather.{table}`");
        let reads = sql.split(&of).skip(1);
        let reads = reads.filter(|rest| !rest.starts_with(" ("));
        for rest in reads {
            let (_, condition) = rest.split_once("where").expect("a condition");
            let condition = condition.split_once('\n').map_or(condition, |(line, _)| line);
            assert!(condition.contains(&format!("{day_of} >= ")), "{table}: {condition}");
        }
    }
}

/// Whatever history the tables hold: a script names only its own days.
#[test]
fn an_hourly_sync_names_only_the_days_around_its_own() {
    let span = span(&["2026-11-25"], &[]);
    let sql = rolled_up(&span);
    let days = named_days(&sql);
    let expected = ["2026-11-21", "2026-11-28"].map(|day| day.parse().unwrap());
    assert!(days.iter().all(|day| expected[0] <= *day && *day <= expected[1]), "{days:?}");
    assert_bounded(&sql);
    let hours = sql.split("insert into `acme.weather.observations_by_hour`").nth(1).unwrap();
    let (hours, _) = hours.split_once(";\n").unwrap();
    let slots = "slot_time >= timestamp '2026-11-24 00:00:00+00' and slot_time < timestamp '2026-11-26 00:00:00+00'";
    assert!(hours.contains(slots), "{hours}");
    // Only sites of which a source was asked for the first time are rolled up whole.
    let (_, of_sites) = sql.split_once("if array_length(rollup_sites) > 0 then").unwrap();
    let (of_sites, own) = of_sites.split_once("end if;").unwrap();
    assert!(of_sites.contains("site_id in unnest(rollup_sites)") && !own.contains("rollup_sites"));
}

#[test]
fn what_was_not_written_is_rolled_up_up_to_the_moment_of_the_sync() {
    let span = span(&[], &[]);
    let sql = rolled_up(&span);
    assert!(!sql.contains("observations_by_hour") && !sql.contains("rollup_sites"), "{sql}");
    assert!(sql.contains("timestamp '2026-11-25 09:07:00+00'"), "{sql}");
    assert!(!sql.contains("current_timestamp"), "{sql}");
    assert_bounded(&sql);
}

#[test]
fn a_site_that_changed_is_named_and_all_its_days_are_rolled_up() {
    let sql = rolled_up(&span(&["2026-11-25"], &["mad-retiro", "o'hare"]));
    let sites = r"site_id in ('mad-retiro', 'o\'hare')";
    assert!(sql.contains(&format!(
        "delete from `acme.weather.observations_by_hour` where hour >= timestamp '0001-01-01 00:00:00+00' and {sites}"
    )));
    assert!(sql.contains(r"select site_id from unnest(['mad-retiro', 'o\'hare']) as site_id"));
    assert_bounded(&sql);
}

#[test]
fn every_variable_is_declared_before_it_is_set_and_set_before_it_is_read() {
    for touched in [&["2026-11-25"][..], &["2016-01-01", "2018-01-01", "2026-11-25"], &[]] {
        let span = span(touched, &["mad-retiro"]);
        let (head, sql) = (declarations(&names(), &span), rolled_up(&span));
        let words = |text: &str| -> Vec<String> {
            let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            words.filter(|word| word.starts_with("rollup_")).map(str::to_owned).collect()
        };
        let declared = words(&head);
        assert!(head.starts_with("declare ") && declared.len() > 3, "{head}");
        for name in words(&sql) {
            assert!(declared.contains(&name), "{name}: {head}");
            let set = sql.find(&format!("set {name} = ")).expect(&name);
            assert_eq!(sql.find(&name).unwrap(), set + 4, "{name}: {sql}");
        }
    }
}

#[test]
fn everything_is_rolled_up_without_a_variable() {
    let span = Span { touched: None, ..span(&[], &[]) };
    let sql = rolled_up(&span);
    assert_eq!(declarations(&names(), &span), "");
    assert!(!sql.contains("rollup_"), "{sql}");
    for table in ["sources_asked", "observations_by_hour", "observations_by_day"] {
        assert!(sql.contains(&format!("delete from `acme.weather.{table}` where")), "{table}");
    }
    assert_bounded(&sql);
}

#[test]
fn more_sites_than_fit_into_a_statement_are_all() {
    let sites: Vec<String> = (0..=super::super::MAX_SITES).map(|of| format!("s{of}")).collect();
    let many = Span { sites, ..span(&["2026-11-25"], &[]) };
    assert_eq!(
        statements(&names(), &many),
        statements(&names(), &Span { touched: None, ..many.clone() })
    );
}
