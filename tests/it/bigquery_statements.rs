//! Every statement that BigQuery is sent: it names UTC, it filters by day, it has an end and a price.
//!
//! The emulator knows neither a project's own time zone nor a table that wants to be filtered: the
//! statements are read.

use std::fs;

use chrono::TimeDelta;
use serde_json::Value;
use weather_data_product::domain::RunCounts;

use crate::support::databases::{TestDatabase, with_sqlite};
use crate::support::gateway::{Asked, Deed, Gateway};
use crate::support::program::repository_path;
use crate::support::samples::{collected, full_values, hour, open_run, run_end, sites};
use crate::support::warehouse::{Warehouse, bigquery_url};

/// A function that goes by the project's time zone unless it is given one, and as which of its
/// arguments that is.
const FUNCTIONS: [(&str, usize); 12] = [
    ("current_date", 1),
    ("current_datetime", 1),
    ("current_time", 1),
    ("date", 2),
    ("datetime", 2),
    ("extract", 2),
    ("format_timestamp", 3),
    ("parse_timestamp", 3),
    ("string", 2),
    ("time", 2),
    ("timestamp", 2),
    ("timestamp_trunc", 3),
];

/// Texts that name their zone: the spans of a site are written with a `Z`.
const NAMED_IN_THE_TEXT: [&str; 2] =
    ["timestamp(json_value(span, '$.from'))", "timestamp(json_value(span, '$.until'))"];

/// What of a text goes by the project's time zone.
fn without_zone(text: &str) -> Vec<String> {
    let text = NAMED_IN_THE_TEXT.iter().fold(text.to_owned(), |text, call| text.replace(call, "?"));
    let mut found = Vec::new();
    for (start, word) in words(&text) {
        let rest = &text[start + word.len()..];
        if let Some(literal) = rest.strip_prefix(" '").filter(|_| word == "timestamp") {
            let literal = literal.split('\'').next().unwrap_or_default();
            if !literal.ends_with("+00") {
                found.push(format!("timestamp '{literal}'"));
            }
        }
        let Some(inside) = rest.strip_prefix('(').map(arguments) else { continue };
        let called = format!("{word}({})", inside.join(", "));
        if let Some((_, place)) = FUNCTIONS.iter().find(|(name, _)| *name == word) {
            let zone = inside.get(place - 1).map_or("", String::as_str);
            let zone = if word == "extract" { &inside[0] } else { zone };
            if !zone.ends_with("'UTC'") && !zone.ends_with("timezone") {
                found.push(called);
            }
        } else if word == "cast" && casts_a_time(&inside[0]) {
            found.push(called);
        }
    }
    found
}

/// A cast between a moment and a text or a day goes by the zone too.
fn casts_a_time(inside: &str) -> bool {
    let is_to_a_time = ["as timestamp", "as date", "as datetime", "as time"]
        .iter()
        .any(|end| inside.ends_with(end));
    is_to_a_time && !inside.starts_with("null ") && !inside.starts_with("format_timestamp(")
}

/// Each word with where it stands.
fn words(text: &str) -> Vec<(usize, &str)> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let mut words = Vec::new();
    let mut start = None;
    for (index, letter) in text.char_indices().chain([(text.len(), ' ')]) {
        match start {
            None if is_part(letter) => start = Some(index),
            Some(begin) if !is_part(letter) => {
                words.push((begin, &text[begin..index]));
                start = None;
            }
            _ => {}
        }
    }
    words
}

/// The arguments of a call, from after its parenthesis.
fn arguments(text: &str) -> Vec<String> {
    let (mut depth, mut arguments) = (0, vec![String::new()]);
    for letter in text.chars() {
        match letter {
            ')' if depth == 0 => break,
            ',' if depth == 0 => {
                arguments.push(String::new());
                continue;
            }
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            _ => {}
        }
        if let Some(last) = arguments.last_mut() {
            last.push(letter);
        }
    }
    arguments.iter().map(|argument| argument.trim().to_owned()).collect()
}

#[test]
fn what_goes_by_the_zone_of_the_project_is_found() {
    for (sql, expected) in [
        ("where t >= timestamp '2026-11-30'", &["timestamp '2026-11-30'"][..]),
        ("where t >= timestamp '2026-11-30 00:00:00+00'", &[]),
        ("where t >= timestamp '2026-11-30 08:05:00+00'", &[]),
        ("where t >= timestamp '2026-11-30 08:05:00'", &["timestamp '2026-11-30 08:05:00'"]),
        ("select date(t), date(t, 'UTC'), date(t, s.timezone)", &["date(t)"]),
        ("date(timestamp_seconds(s), 'UTC')", &[]),
        ("extract(hour from t)", &["extract(hour from t)"]),
        ("extract(hour from t at time zone 'UTC')", &[]),
        ("format_timestamp('%F', t)", &["format_timestamp('%F', t)"]),
        ("timestamp_trunc(f(a, b), hour)", &["timestamp_trunc(f(a, b), hour)"]),
        ("timestamp_trunc(f(a, b), hour, 'UTC')", &[]),
        ("current_date()", &["current_date()"]),
        ("timestamp('2026-11-30')", &["timestamp('2026-11-30')"]),
        ("cast(t as date)", &["cast(t as date)"]),
        ("cast(null as date), cast(format_timestamp('%F %T', t, 'UTC') as datetime)", &[]),
        ("current_timestamp() > timestamp_sub(x, interval 7 day)", &[]),
    ] {
        assert_eq!(without_zone(sql), expected, "{sql}");
    }
}

/// The files in which statements stand: the code, the views, and the questions that people copy.
#[test]
fn every_statement_in_the_code_and_in_the_docs_names_its_zone() {
    let mut files =
        vec![repository_path("docs/BIGQUERY.md"), repository_path("src/sink/bigquery.rs")];
    let mut folders = vec![repository_path("src/sink/bigquery")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    assert!(
        files.iter().filter(|file| file.extension().is_some_and(|end| end == "sql")).count() > 5
    );
    for file in files {
        let found = without_zone(&fs::read_to_string(&file).unwrap());
        assert!(found.is_empty(), "{}: {found:?}", file.display());
    }
}

/// A run on each of some days.
async fn fill(database: &TestDatabase) {
    let store = &*database.store;
    store.take_in_sites(&sites(3), hour()).await.unwrap();
    for back in 0..3 {
        let time = hour() - TimeDelta::days(back);
        let run = open_run(store).await;
        store.load(&run, &[collected(1, time, full_values())], time).await.unwrap();
        store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
    }
}

/// The tables that are partitioned, and by what.
const DATED: [(&str, &str); 3] = [
    ("weather_observations", "observation_time"),
    ("collection_slots", "slot_time"),
    ("ingestion_runs", "started_at"),
];

/// The statement of a request, if it is one.
fn statement(asked: &Asked) -> Option<String> {
    let sent = asked.json();
    let job = &sent["configuration"]["query"]["query"];
    [job, &sent["query"], &sent["view"]["query"]]
        .into_iter()
        .find_map(Value::as_str)
        .map(str::to_owned)
}

/// A table that may only be read by day refuses what BigQuery refuses then: a statement that reads it and
/// does not compare the column of its partitions.
fn reads_without_a_filter(asked: &Asked) -> bool {
    let is_of_a_view = asked.json()["view"].is_object();
    let Some(sql) = statement(asked).filter(|_| !is_of_a_view) else { return false };
    let reads = |table: &str| sql.contains(&format!(".{table}`"));
    DATED
        .iter()
        .any(|(table, day_of)| reads(table) && !sql.contains(&format!("{day_of} >= timestamp")))
}

/// Everything that we do with BigQuery, once.
async fn asked_in_a_life() -> Vec<Asked> {
    let mut asked = Vec::new();
    with_sqlite(async |database| {
        let warehouse = Warehouse::new();
        let gateway = Gateway::deciding(&bigquery_url(), |asked| {
            let words =
                "Cannot query over table without a filter over column(s) 'observation_time'";
            if reads_without_a_filter(asked) {
                return Deed::refuse(400, "invalidQuery", words);
            }
            match asked.path.ends_with("/queries") {
                true => Deed::Alter(|answer| answer["totalBytesProcessed"] = "1073741824".into()),
                false => Deed::Pass,
            }
        });
        let program = warehouse.client(database, &gateway.url);
        fill(database).await;
        program.run(&["sync"]).expect(0);
        program.run(&["verify", "--deep"]).expect(0);
        program.run(&["verify", "--from", "2026-11-24", "--to", "2026-11-24"]).expect(0);
        warehouse.execute("delete from {d}.weather_observations where true").await;
        program.run(&["repair"]).expect(0);
        program.run(&["sync", "--rebase"]).expect(0);
        warehouse.assert_equals(database).await;
        asked = gateway.asked(|asked| statement(asked).is_some() || asked.is_upload());
    })
    .await;
    asked
}

#[tokio::test]
async fn every_statement_names_its_zone_filters_by_day_and_has_an_end_and_a_price() {
    let asked = asked_in_a_life().await;
    for sql in asked.iter().filter_map(statement) {
        let found = without_zone(&sql);
        assert!(found.is_empty(), "{found:?} in {sql}");
    }
    let jobs: Vec<Value> = asked
        .iter()
        .filter(|asked| asked.is_job())
        .map(|asked| asked.json()["configuration"].clone())
        .collect();
    let mut steps: Vec<_> =
        jobs.iter().map(|job| job["labels"]["step"].as_str().unwrap_or_default()).collect();
    steps.sort_unstable();
    steps.dedup();
    let all = [
        "differences",
        "load",
        "moved_sites",
        "rewrite",
        "roll_up_bounds",
        "roll_up_differences",
        "state",
        "sum_days",
        "write",
    ];
    assert_eq!(steps, all);
    let gibibyte = f64::from(1_u32 << 30);
    for job in &jobs {
        assert_eq!(job["labels"]["app"], "weather", "{job}");
        let table = job["labels"]["table"].as_str().unwrap();
        match job["labels"]["step"].as_str() {
            Some("state") => assert_eq!(table, "state", "{job}"),
            Some("write") => assert_eq!(table, "all", "{job}"),
            _ => assert!(
                job.to_string().contains(&format!(".{table}`")) || job["load"].is_object(),
                "{job}"
            ),
        }
        assert_eq!(job["jobTimeoutMs"], "3600000", "{job}");
        // Twenty times what a dry run says, which is a gibibyte for each table that is read. What is
        // staged is counted on top.
        let tables = match job["labels"]["step"].as_str() {
            Some("load") => continue,
            Some("state") => 0.05,
            Some("differences") => 2.0,
            // The day that is rewritten, and all four tables.
            Some("rewrite") => 5.0,
            // All four tables: of the first sync by what a day of each has, with the days around it.
            Some("write") if job.to_string().contains("rollup_since_0") => 36.0 / 7.0,
            Some("write") => 4.0,
            _ => 1.0,
        };
        let billed = job["query"]["maximumBytesBilled"].as_str().unwrap();
        let billed = billed.parse::<f64>().unwrap() / gibibyte;
        assert!((tables * 20.0..tables * 20.0 + 0.01).contains(&billed), "{billed} GiB of {job}");
    }
}
