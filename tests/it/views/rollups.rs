//! The roll-ups beside their definition over all rows, after whatever happened.

use chrono::{DateTime, Utc};
use weather_data_product::domain::Days;
use weather_data_product::sink::bigquery::{BigQuery, Span};
use weather_data_product::sink::{RollUpDay, RolledUp, Sink as _, State};

use super::lines;
use crate::support::kills::Random;
use crate::support::warehouse::{Warehouse, bigquery_url};

mod history;

use history::{History, Written};

/// So many steps of each history.
fn steps() -> u32 {
    std::env::var("WEATHER_SOAK_STEPS").map_or(3, |text| text.parse().unwrap())
}

const STORE: &str = "a-store";

/// The sink, and what it knows of the store.
struct Rolling {
    sink: BigQuery,
    state: State,
}

impl Rolling {
    async fn roll_up(&mut self, span: &Span) {
        let definition = self.sink.roll_up_definition().unwrap();
        self.state.rolled_up = Some(RolledUp { at: span.as_of, definition });
        self.sink.roll_up(STORE, &self.state, span).await.unwrap();
        self.state = self.sink.find_state(STORE).await.unwrap().unwrap();
    }

    async fn differences(&self, days: Days) -> Vec<RollUpDay> {
        self.sink.list_roll_up_differences(&self.state, days).await.unwrap()
    }
}

/// A warehouse with empty tables, and the sink that rolls them up.
async fn warehouse() -> (Warehouse, Rolling) {
    let warehouse = Warehouse::new();
    let url = bigquery_url().parse().unwrap();
    let sink = BigQuery::open("test-project", &warehouse.dataset, None, Some(&url)).await.unwrap();
    sink.prepare().await.unwrap();
    sink.create_state(STORE).await.unwrap();
    let state = sink.find_state(STORE).await.unwrap().unwrap();
    (warehouse, Rolling { sink, state })
}

fn everything(as_of: DateTime<Utc>) -> Span {
    Span { touched: None, since: None, as_of, sites: vec![] }
}

/// Late rows, heals, restated observations, changed zones, intervals and lives, silent days, 12 zones,
/// both changes of the clock, observations that fill several slots and days.
#[tokio::test]
async fn roll_ups_equal_the_definition_after_random_histories_in_spring() {
    roll_ups_equal_the_definition(1, "2025-03-26T07:00:00Z").await;
}

#[tokio::test]
async fn roll_ups_equal_the_definition_after_random_histories_in_autumn() {
    roll_ups_equal_the_definition(2, "2025-10-22T07:00:00Z").await;
}

async fn roll_ups_equal_the_definition(seed: u64, begin: &str) {
    let (warehouse, mut rolling) = warehouse().await;
    let seed = std::env::var("WEATHER_SOAK_SEED").map_or(seed, |text| text.parse().unwrap());
    let mut history = History::new(Random(seed), begin.parse().unwrap());
    warehouse.execute(&history.first_sites()).await;
    rolling.roll_up(&everything(history.now)).await;
    for step in 0..steps() {
        let since = history.now;
        let Written { statements, touched, sites } = history.step();
        for statement in &statements {
            warehouse.execute(statement).await;
        }
        let span = Span { touched: Some(touched), since: Some(since), as_of: history.now, sites };
        rolling.roll_up(&span).await;
        let odd = rolling.differences(Days::ALL).await;
        assert!(odd.is_empty(), "seed {seed}, step {step}, {span:?}: {odd:#?}");
    }
    let rows = "select (select count(*) from {d}.observations_by_hour where value_kind = 'backfill'), \
        (select count(*) from {d}.observations_by_day where source is null), \
        (select count(*) from {d}.observations_by_day where rain_sum_mm > 0)";
    let counts = lines(&warehouse, rows).await.concat();
    assert!(counts.split('|').all(|count| count != "0"), "seed {seed}: {counts}");
}

/// Of a few days the comparison reads those only, and finds the same.
#[tokio::test]
async fn a_day_that_was_altered_is_found_and_made_anew() {
    let (warehouse, mut rolling) = warehouse().await;
    let mut history = History::new(Random(3), "2025-03-26T07:00:00Z".parse().unwrap());
    warehouse.execute(&history.first_sites()).await;
    for _ in 0..2 {
        for statement in history.step().statements {
            warehouse.execute(&statement).await;
        }
    }
    rolling.roll_up(&everything(history.now)).await;
    let days = |first: &str, last: &str| Days {
        from: Some(first.parse().unwrap()),
        to: Some(last.parse().unwrap()),
    };
    let last = history.now.date_naive();
    let from = last - chrono::Days::new(20);
    let span = days(&from.to_string(), &last.to_string());
    let of_hour = "select cast(date(max(hour), 'UTC') as string) from {d}.observations_by_hour";
    let hour_day = lines(&warehouse, of_hour).await.concat();
    let alter = format!(
        "update {{d}}.observations_by_hour set temperature_c = coalesce(temperature_c, 0) + 0.01 \
        where date(hour, 'UTC') = '{hour_day}'"
    );
    warehouse.execute(&alter).await;
    let of_day = "select cast(max(local_date) as string) from {d}.observations_by_day";
    let local_day = lines(&warehouse, of_day).await.concat();
    let lose = format!("delete from {{d}}.observations_by_day where local_date = '{local_day}'");
    warehouse.execute(&lose).await;
    for asked in [Days::ALL, span] {
        let asked = Days { to: asked.to.map(|_| local_day.parse().unwrap()), ..asked };
        let found = rolling.differences(asked).await;
        let found: Vec<_> =
            found.iter().map(|odd| (odd.table, odd.day.unwrap().to_string())).collect();
        let expected = [
            ("observations_by_day", local_day.clone()),
            ("observations_by_hour", hour_day.clone()),
        ];
        assert_eq!(found, expected);
    }
    let day = |text: &str| Some(text.parse().unwrap());
    let odd = [
        RollUpDay { table: "observations_by_hour", day: day(&hour_day) },
        RollUpDay { table: "observations_by_day", day: day(&local_day) },
    ];
    rolling.sink.roll_up_again(STORE, &odd, &rolling.state).await.unwrap();
    assert_eq!(rolling.differences(span).await, []);
}
