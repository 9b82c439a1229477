//! Forecasts held against what came: the rules of pairing, and what the simulator has planted.

use std::process::Command;

use chrono::{DateTime, TimeDelta, Utc};
use weather_data_product::domain::forecast::{
    ForecastOutcome, ForecastResult, ForecastValue, ForecastValues, Issue, IssueSeries, IssuedBy,
    LeadBucket, Product,
};
use weather_data_product::domain::observation::Values;
use weather_data_product::domain::{Interval, SlotResult, ValueKind};
use weather_data_product::views::skill::{Against, Asked, Skill, SkillRow, skill};

use crate::support::databases::{TestDatabase, on_both_databases, with_sqlite};
use crate::support::program::repository_path;
use crate::support::samples::{healed, hour, observed, of_source, open_run, site_id, sites};
use crate::support::service::{Job, Service};

on_both_databases!(
    a_truth_of_another_source_comes_first_and_an_own_healed_one_is_none,
    of_several_issues_in_a_bucket_the_newest_counts_alone_and_what_is_over_is_not_scored,
    sources_of_other_steps_have_a_pair_for_each_time_that_they_share,
    rain_is_scored_only_where_every_hour_of_its_window_was_observed,
);

fn warm(temperature_c: f64) -> Values {
    Values { temperature_c: Some(temperature_c), ..Values::default() }
}

/// An issue of a product, available so many hours from the tests' hour, and its values by hours.
fn issue(product: Product, available_h: i64, values: &[(i64, f64)]) -> ForecastResult {
    let available_at = hour() + TimeDelta::hours(available_h);
    let series = IssueSeries {
        site_id: site_id(1),
        source: product.source(),
        model: String::new(),
        product: product.as_str(),
    };
    let values = values.iter().map(|(ahead, temperature_c)| ForecastValue {
        valid_at: hour() + TimeDelta::hours(*ahead),
        window_minutes: 180,
        values: ForecastValues {
            temperature_c: Some(*temperature_c),
            precipitation_mm: Some(1.0),
            precipitation_probability_pct: Some(80.0),
            ..ForecastValues::default()
        },
    });
    let issue = Issue {
        series: series.clone(),
        available_at,
        issued_at: None,
        issued_by: IssuedBy::Unknown,
        answered_latitude: None,
        answered_longitude: None,
        answered_elevation_m: None,
        value_kind: ValueKind::Live,
        values: values.collect(),
        null_fields: Vec::new(),
        note: None,
    };
    ForecastResult {
        series,
        slot_time: available_at,
        attempts: 1,
        http_status: Some(200),
        latency_ms: 1,
        outcome: ForecastOutcome::Collected(Box::new(issue)),
        raw_ref: None,
        kept: None,
    }
}

async fn load(database: &TestDatabase, forecasts: &[ForecastResult], observations: &[SlotResult]) {
    let store = &*database.store;
    store.take_in_sites(&sites(2), hour()).await.unwrap();
    let run = open_run(store).await;
    store.load_forecasts(&run, forecasts, hour()).await.unwrap();
    store.load(&run, observations, hour()).await.unwrap();
}

async fn scored(database: &TestDatabase, bucket: &str) -> Skill {
    let asked = Asked {
        site_id: None,
        variable: None,
        bucket: LeadBucket::parse(bucket).unwrap(),
        truth: None,
        against: Against::Persistence,
        from: hour() - TimeDelta::days(1),
        to: hour() + TimeDelta::days(3),
    };
    skill(&database.reads, &asked).await.unwrap()
}

fn at(hours: i64) -> DateTime<Utc> {
    hour() + TimeDelta::hours(hours)
}

fn in_short(rows: &[SkillRow]) -> Vec<(&str, &str, bool, u64, f64)> {
    let short = |row: &SkillRow| (row.n, (row.bias * 1e6).round() / 1e6);
    rows.iter()
        .map(|row| (&*row.product, &*row.truth_source, row.independent, short(row).0, short(row).1))
        .collect()
}

async fn a_truth_of_another_source_comes_first_and_an_own_healed_one_is_none(
    database: &TestDatabase,
) {
    let forecasts = [issue(Product::Owm3h, 0, &[(3, 10.0), (6, 10.0)])];
    let observations = [
        // Its own: one live, one healed.
        observed(1, at(3), at(3) + TimeDelta::minutes(5), warm(9.0)),
        healed("openweathermap", observed(1, at(6), at(6), warm(1.0))),
        // Another's: near enough, and too far off.
        of_source("open-meteo", observed(1, at(3), at(3) - TimeDelta::minutes(15), warm(8.0))),
        of_source("open-meteo", observed(1, at(6), at(6) + TimeDelta::minutes(16), warm(7.0))),
    ];
    load(database, &forecasts, &observations).await;
    let found = scored(database, "1-3").await;
    assert_eq!(
        in_short(&found.variables),
        [("owm-3h", "open-meteo", true, 1, 2.0), ("owm-3h", "openweathermap", false, 1, 1.0)]
    );
    let later = scored(database, "3-6").await;
    assert!(later.variables.is_empty(), "{:?}", later.variables);
}

async fn of_several_issues_in_a_bucket_the_newest_counts_alone_and_what_is_over_is_not_scored(
    database: &TestDatabase,
) {
    let forecasts = [
        issue(Product::Owm3h, 0, &[(0, 1.0), (5, 11.0), (6, 12.0)]),
        issue(Product::Owm3h, 1, &[(0, 2.0), (5, 21.0), (6, 22.0)]),
    ];
    let observations = [0, 5, 6]
        .map(|ahead| of_source("open-meteo", observed(1, at(ahead), at(ahead), warm(10.0))));
    load(database, &forecasts, &observations).await;
    // Leads of 5 and 6 hours of the first, 4 and 5 of the second.
    let found = scored(database, "3-6").await;
    assert_eq!(in_short(&found.variables), [("owm-3h", "open-meteo", true, 2, 11.5)]);
    for bucket in ["0-1", "1-3"] {
        assert!(scored(database, bucket).await.variables.is_empty(), "{bucket}");
    }
}

async fn sources_of_other_steps_have_a_pair_for_each_time_that_they_share(database: &TestDatabase) {
    let hourly: Vec<_> = (13..=24).map(|ahead| (ahead, 10.0)).collect();
    let forecasts =
        [issue(Product::OmHourly, 0, &hourly), issue(Product::Owm3h, 0, &[(18, 10.5), (24, 10.5)])];
    // Observed every six hours.
    let observations = [12, 18, 24]
        .map(|ahead| of_source("netatmo", observed(1, at(ahead), at(ahead), warm(10.0))));
    load(database, &forecasts, &observations).await;
    let found = scored(database, "12-24").await;
    assert_eq!(
        in_short(&found.variables),
        [("om-hourly", "netatmo", true, 2, 0.0), ("owm-3h", "netatmo", true, 2, 0.5)]
    );
    assert!(found.variables.iter().all(|row| row.mae_low.is_none()), "a day is too few");
}

async fn rain_is_scored_only_where_every_hour_of_its_window_was_observed(database: &TestDatabase) {
    let forecasts = [issue(Product::Owm3h, 0, &[(5, 10.0), (6, 10.0)])];
    let rain = |mm| Values { rain_1h_mm: mm, ..warm(10.0) };
    let observations = [(4, Some(0.5)), (5, None), (6, Some(0.1))]
        .map(|(ahead, mm)| of_source("open-meteo", observed(1, at(ahead), at(ahead), rain(mm))));
    load(database, &forecasts, &observations).await;
    let found = scored(database, "3-6").await.precipitation;
    // Of the window that ends at 5 h, the hour of 3 h is not known.
    assert_eq!(found.len(), 3, "{found:?}");
    let light = &found[0];
    assert_eq!((light.amount_mm, light.n, light.pod, light.far), (0.2, 1, Some(1.0), Some(0.0)));
    assert!((light.brier.unwrap() - 0.04).abs() < 1e-12, "{light:?}");
    assert_eq!((found[2].amount_mm, found[2].pod, found[2].brier), (10.0, None, None));
}

/// Sites: few here, more by scripts/soak.
fn planted_sites() -> u16 {
    std::env::var("WEATHER_SOAK_SITES").map_or(10, |text| text.parse().unwrap())
}

/// A month of two issues a day: what is found is what the simulator has planted.
#[tokio::test]
async fn the_planted_bias_and_spread_are_found() {
    with_sqlite(async |database| {
        let service = Service::with_faults(&[]).await;
        let (job, forecaster) = (Job::new(database, &service), service.source.forecast_3h());
        let sites: Vec<_> = sites(planted_sites());
        let days = 31;
        for step in 0..days * 8 {
            service.set_time(at(step * 3 - 8) + TimeDelta::minutes(7));
            job.run(&sites).await;
            if step % 4 == 0 {
                let half_a_day = Interval::parse(720).unwrap();
                job.forecast(&forecaster, (&sites, half_a_day)).await;
            }
        }
        let (mut within, mut squares, mut planted) = (0, Vec::new(), 0.0);
        for site in &sites {
            let asked = Asked {
                site_id: Some(site.site_id.to_string()),
                variable: None,
                bucket: LeadBucket::parse("12-24").unwrap(),
                truth: None,
                against: Against::Persistence,
                from: at(-24),
                to: at(days * 24),
            };
            let found = skill(&database.reads, &asked).await.unwrap();
            let row = &found.variables[0];
            assert_eq!(
                (row.variable, row.days, row.independent),
                ("temperature_c", days as usize, false)
            );
            let truth =
                truth_of(&service, site.coordinates.latitude(), site.coordinates.longitude()).await;
            let bias = truth["temperature_bias_c"].as_f64().unwrap();
            let (low, high) = (row.bias_low.unwrap(), row.bias_high.unwrap());
            within += u32::from((low..=high).contains(&bias));
            squares.push(row.rmse.powi(2) - row.bias.powi(2));
            let spread = |lead_h: f64| {
                truth["spread_c"].as_f64().unwrap()
                    + truth["spread_per_hour_c"].as_f64().unwrap() * lead_h
            };
            // Issues of 0 and 12 h: of their steps of 3 hours, those that are more than 12 hours ahead at 7 past.
            planted =
                [15.0, 18.0, 21.0, 24.0].map(|lead| spread(lead).powi(2)).iter().sum::<f64>() / 4.0;
        }
        let deviation = (squares.iter().sum::<f64>() / squares.len() as f64).sqrt();
        println!(
            "{within} of {} biases, deviation {deviation:.3}, planted {:.3}",
            sites.len(),
            planted.sqrt()
        );
        assert!(f64::from(within) >= 0.9 * sites.len() as f64, "{within} of {}", sites.len());
        assert!((deviation / planted.sqrt() - 1.0).abs() < 0.05, "{deviation} {}", planted.sqrt());
    })
    .await;
}

async fn truth_of(service: &Service, latitude: f64, longitude: f64) -> serde_json::Value {
    let url =
        format!("{}_truth?service=openweathermap&lat={latitude}&lon={longitude}", service.url);
    let answer = crate::support::http_client().build().unwrap().get(url).send().await.unwrap();
    serde_json::from_str(&answer.text().await.unwrap()).unwrap()
}

/// By packages that are not ours; the year of real forecasts where its folder is given.
#[test]
fn skill_equals_what_other_packages_compute() {
    let mut command = Command::new(repository_path("scripts/check-skill"));
    command.arg(env!("CARGO_BIN_EXE_weather"));
    if let Ok(folder) = std::env::var("WEATHER_SKILL_FOLDER") {
        command.arg(folder);
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let lines = String::from_utf8_lossy(&output.stdout).lines().count();
    assert!(lines >= 3, "a line for each bucket");
}
