//! Forecasts are only added, and what says nothing new is not.

use chrono::{DateTime, TimeDelta, Utc};
use weather_data_product::domain::forecast::{
    ForecastOutcome, ForecastResult, ForecastValue, ForecastValues, Issue, IssueSeries, IssuedBy,
    Kept, Product,
};
use weather_data_product::domain::{ErrorKind, ValueKind};
use weather_data_product::store::{Run, StoreError};

use crate::support::databases::{TestDatabase, on_both_databases};
use crate::support::samples::{hour, open_run, site_id};

on_both_databases!(
    a_forecast_comes_back_as_it_was_loaded,
    a_forecast_is_there_once_however_often_its_batch_is_written,
    a_forecast_that_is_there_with_other_values_is_refused_and_nothing_is_written,
    an_answer_that_says_nothing_new_has_a_slot_and_no_rows,
    of_each_time_the_newest_issue_counts_and_as_of_a_time_the_newest_of_then,
    a_run_that_was_set_aside_adds_no_forecast,
    a_forecast_slot_once_collected_does_not_become_failed,
);

/// An issue of a site with a value at each of these hours from the tests' hour on.
fn issue(number: u16, available_at: DateTime<Utc>, hours: &[(i64, f64)]) -> Issue {
    let values = hours.iter().map(|(ahead, temperature_c)| ForecastValue {
        valid_at: hour() + TimeDelta::hours(*ahead),
        window_minutes: 180,
        values: ForecastValues {
            temperature_c: Some(*temperature_c),
            rain_mm: Some(0.2),
            wind_direction_deg: Some(240),
            condition_group: Some("Rain".into()),
            precipitation_probability_pct: Some(63.5),
            ..ForecastValues::default()
        },
    });
    Issue {
        series: IssueSeries {
            site_id: site_id(number),
            source: Product::Owm3h.source(),
            model: String::new(),
            product: Product::Owm3h.as_str(),
        },
        available_at,
        issued_at: None,
        issued_by: IssuedBy::Unknown,
        answered_latitude: Some(40.4153),
        answered_longitude: Some(-3.6827),
        answered_elevation_m: None,
        value_kind: ValueKind::Live,
        values: values.collect(),
        null_fields: vec!["cloud_cover_pct"],
        note: Some("2 times, expected 40".into()),
    }
}

fn result(slot_time: DateTime<Utc>, outcome: ForecastOutcome, number: u16) -> ForecastResult {
    ForecastResult {
        series: issue(number, slot_time, &[]).series,
        slot_time,
        attempts: 1,
        http_status: Some(200),
        latency_ms: 12,
        outcome,
        raw_ref: None,
        kept: None,
    }
}

fn collected(slot_time: DateTime<Utc>, issue: Issue) -> ForecastResult {
    let number = issue.series.site_id.as_str()[5..].parse().unwrap();
    result(slot_time, ForecastOutcome::Collected(Box::new(issue)), number)
}

async fn load(
    database: &TestDatabase,
    run: &Run,
    batch: &[ForecastResult],
) -> Result<Vec<Option<Kept>>, StoreError> {
    database.store.load_forecasts(run, batch, hour()).await
}

async fn count(database: &TestDatabase) -> [i64; 3] {
    let mut counts = [0; 3];
    for (count, table) in
        counts.iter_mut().zip(["forecast_issues", "forecast_values", "forecast_slots"])
    {
        *count = database.count(&format!("select count(*) from {table}")).await;
    }
    counts
}

async fn a_forecast_comes_back_as_it_was_loaded(database: &TestDatabase) {
    let run = open_run(&*database.store).await;
    let issue = issue(1, hour() + TimeDelta::seconds(90), &[(3, -9.46), (6, 2.0)]);
    let (issue_id, row_hash) = (issue.issue_id(), issue.row_hash(&issue.values[0]));
    let kept = load(database, &run, &[collected(hour(), issue)]).await.unwrap();
    assert_eq!(kept, [Some(Kept::New(2))]);
    let head = database
        .line(
            "select concat_ws('|', issue_id, issued_by, step_minutes, value_count, answered_latitude, \
            value_kind, run_seq) from forecast_issues",
        )
        .await;
    assert_eq!(head, format!("{issue_id}|unknown|180|2|40.4153|live|{}", run.run_seq));
    let values = database
        .lines(
            "select concat_ws('|', lead_minutes, window_minutes, temperature_c, rain_mm, \
            wind_direction_deg, condition_group, precipitation_probability_pct, \
            coalesce(snow_mm, '-'), row_hash) from forecast_values order by valid_at",
        )
        .await;
    assert_eq!(values[0], format!("179|180|-9.46|0.2|240|Rain|63.5|-|{row_hash}"));
    assert!(values[1].starts_with("359|180|2|"), "{values:?}");
    let slot = database
        .line(
            "select concat_ws('|', status, unchanged, error_message, http_status, attempts) \
            from forecast_slots",
        )
        .await;
    assert_eq!(slot, "collected|0|2 times, expected 40|200|1");
    let fields = database.texts("select cast(null_fields as char) from forecast_slots").await;
    assert_eq!(fields, ["[\"cloud_cover_pct\"]"]);
}

async fn a_forecast_is_there_once_however_often_its_batch_is_written(database: &TestDatabase) {
    let run = open_run(&*database.store).await;
    let batch = [
        collected(hour(), issue(1, hour(), &[(3, 1.0), (6, 2.0)])),
        collected(hour(), issue(2, hour(), &[(3, 1.0)])),
        result(hour(), ForecastOutcome::failed(ErrorKind::Timeout, "late"), 3),
    ];
    for _ in 0..2 {
        let kept = load(database, &run, &batch).await.unwrap();
        assert_eq!(kept, [Some(Kept::New(2)), Some(Kept::New(1)), None]);
        assert_eq!(count(database).await, [2, 3, 3]);
        let unchanged = database.count("select count(*) from forecast_slots where unchanged = 1");
        assert_eq!(unchanged.await, 0);
    }
    let tried = database.store.list_tried_forecasts("owm-3h", "", hour()).await.unwrap();
    let settled: Vec<bool> = tried.iter().map(|slot| slot.is_settled()).collect();
    assert_eq!((tried.len(), settled), (3, vec![true, true, false]));
    assert!(database.store.list_tried_forecasts("om-hourly", "", hour()).await.unwrap().is_empty());
}

async fn a_forecast_that_is_there_with_other_values_is_refused_and_nothing_is_written(
    database: &TestDatabase,
) {
    let run = open_run(&*database.store).await;
    load(database, &run, &[collected(hour(), issue(2, hour(), &[(3, 1.0)]))]).await.unwrap();
    let batch = [
        collected(hour(), issue(1, hour(), &[(3, 1.0)])),
        collected(hour(), issue(2, hour(), &[(3, 1.5)])),
    ];
    let refused = load(database, &run, &batch).await.unwrap_err();
    assert!(matches!(refused, StoreError::IssueChanged { .. }), "{refused}");
    assert_eq!(refused.kind(), "issue_changed");
    assert_eq!(count(database).await, [1, 1, 1]);
    assert_eq!(database.line("select concat(temperature_c, '') from forecast_values").await, "1");
}

async fn an_answer_that_says_nothing_new_has_a_slot_and_no_rows(database: &TestDatabase) {
    let run = open_run(&*database.store).await;
    let at = |hours: i64| hour() + TimeDelta::hours(hours);
    let first = [(3, 1.0), (6, 2.0), (9, 3.0)];
    for (hours, values, kept) in [
        (0, &first[..], Kept::New(3)),
        // The same, and the same without the time that is over.
        (1, &first[..], Kept::Unchanged(at(0))),
        (4, &first[1..], Kept::Unchanged(at(0))),
        // A new value, then a new time.
        (5, &[(6, 2.0), (9, 3.1)][..], Kept::New(2)),
        (6, &[(6, 2.0), (9, 3.1), (12, 4.0)][..], Kept::New(3)),
        // As the one before the last said: that is new again.
        (7, &[(6, 2.0), (9, 3.0), (12, 4.0)][..], Kept::New(3)),
    ] {
        let batch = [collected(at(hours), issue(1, at(hours), values))];
        assert_eq!(load(database, &run, &batch).await.unwrap(), [Some(kept)], "{hours}");
    }
    assert_eq!(count(database).await, [4, 11, 6]);
    let key = database.time(at(0));
    let unchanged = format!(
        "select count(*) from forecast_slots where unchanged = 1 and status = 'collected' \
        and issue_key = {key}"
    );
    assert_eq!(database.count(&unchanged).await, 2);
}

async fn of_each_time_the_newest_issue_counts_and_as_of_a_time_the_newest_of_then(
    database: &TestDatabase,
) {
    let run = open_run(&*database.store).await;
    let at = |hours: i64| hour() + TimeDelta::hours(hours);
    let issues =
        [issue(1, at(0), &[(3, 1.0), (6, 2.0), (9, 3.0)]), issue(1, at(3), &[(6, 2.5), (12, 4.5)])];
    for issue in issues {
        let slot_time = issue.available_at;
        load(database, &run, &[collected(slot_time, issue)]).await.unwrap();
    }
    let said = async |as_of, from, to| {
        let site = site_id(1);
        let rows = database.reads.list_said(site.as_str(), as_of, (from, to)).await.unwrap();
        rows.iter()
            .map(|row| (row.lead_minutes / 60, row.temperature_c.unwrap()))
            .collect::<Vec<_>>()
    };
    let newest = said(at(4), at(3), at(100)).await;
    assert_eq!(newest, [(3, 1.0), (3, 2.5), (9, 3.0), (9, 4.5)]);
    assert_eq!(said(at(2), at(3), at(100)).await, [(3, 1.0), (6, 2.0), (9, 3.0)]);
    assert_eq!(said(at(4), at(6), at(9)).await, [(3, 2.5)]);
    assert!(said(at(-1), at(0), at(100)).await.is_empty());
    let (reads, site) = (&database.reads, site_id(1));
    let first = reads.first_issue(Some(site.as_str())).await.unwrap();
    assert_eq!(first, Some(at(0)));
    assert_eq!(reads.first_issue(None).await.unwrap(), Some(at(0)));
    let newest = reads.list_newest_issues(None, at(1)).await.unwrap();
    assert_eq!((newest.len(), newest[0].available_at), (1, at(0)));
    let newest = reads.list_newest_issues(Some(site.as_str()), at(9)).await.unwrap();
    assert_eq!((newest.len(), newest[0].available_at), (1, at(3)));
    assert_eq!(reads.list_issues(site.as_str(), at(9), 10).await.unwrap().len(), 2);
}

async fn a_run_that_was_set_aside_adds_no_forecast(database: &TestDatabase) {
    let run = open_run(&*database.store).await;
    load(database, &run, &[collected(hour(), issue(1, hour(), &[(3, 1.0)]))]).await.unwrap();
    database.let_fall_silent(run.run_seq, 7200).await;
    let lease = std::time::Duration::from_secs(60);
    let gone = database.store.set_aside_silent_runs(lease, hour()).await.unwrap();
    assert_eq!(gone.len(), 1);
    let batch = [collected(hour(), issue(2, hour(), &[(3, 1.0)]))];
    let refused = load(database, &run, &batch).await.unwrap_err();
    assert!(matches!(refused, StoreError::Fenced { .. }), "{refused}");
    assert_eq!(count(database).await, [1, 1, 1]);
    let counted = "select concat_ws('|', collected, rows_loaded) from ingestion_runs";
    assert_eq!(database.line(counted).await, "1|1");
}

async fn a_forecast_slot_once_collected_does_not_become_failed(database: &TestDatabase) {
    let run = open_run(&*database.store).await;
    let failed = || result(hour(), ForecastOutcome::failed(ErrorKind::Timeout, "late"), 1);
    let status = async || database.line("select status from forecast_slots").await;
    load(database, &run, &[failed()]).await.unwrap();
    assert_eq!(status().await, "failed");
    let unfillable = ForecastOutcome::unfillable("forecast not archived by the source");
    load(database, &run, &[result(hour(), unfillable, 1)]).await.unwrap();
    load(database, &run, &[failed()]).await.unwrap();
    assert_eq!(status().await, "unfillable");
    load(database, &run, &[collected(hour(), issue(1, hour(), &[(3, 1.0)]))]).await.unwrap();
    load(database, &run, &[failed()]).await.unwrap();
    assert_eq!(status().await, "collected");
}
