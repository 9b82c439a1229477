//! Loads observations through the store as `etl` does, new and again, and says how long it took:
//! `cargo bench --bench load -- [OBSERVATIONS [SITES]]`, on the empty, migrated store of `DATABASE_URL`.
//! `scripts/bench load` sets it beside other ways in.
#![expect(clippy::print_stdout, reason = "its output is what it is for")]

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;
use weather_data_product::domain::observation::Values;
use weather_data_product::domain::{
    Observation, Outcome, RunCounts, Shard, SiteId, Slot, SlotOutcome, SlotResult, ValueKind,
};
use weather_data_product::job::JobSettings;
use weather_data_product::store::{RunEnd, RunHost, RunStart, Start, Store, StoreSettings};

const SOURCE: &str = "openweathermap";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let observations: usize = arguments.next().map_or(Ok(1_000_000), |text| text.parse())?;
    let sites: usize = arguments.next().map_or(Ok(1000), |text| text.parse())?;
    #[expect(clippy::disallowed_methods, reason = "a bench has no command line of its own")]
    let url = std::env::var("DATABASE_URL")?;
    let store = StoreSettings::at(&url).open().await?.store;
    for name in ["new", "again"] {
        let seconds = load(&*store, observations, sites).await?.as_secs_f64();
        println!("{name} {seconds:.3}");
    }
    Ok(())
}

/// Hour after hour of the same sites, in one run.
async fn load(store: &dyn Store, observations: usize, sites: usize) -> anyhow::Result<Duration> {
    let first: DateTime<Utc> = "2026-01-01T00:00:00Z".parse()?;
    let start = RunStart {
        run_id: Uuid::now_v7(),
        kind: "etl",
        source: Some(SOURCE),
        shard: Shard::WHOLE,
        lease: Duration::from_secs(3600),
        started_at: first,
        host: RunHost::default(),
    };
    let Start::Opened(run) = store.start_run(&start).await? else {
        anyhow::bail!("another run is open");
    };
    let sites = (0..sites).filter_map(|number| SiteId::parse(&format!("site-{number:06}")));
    let sites: Vec<SiteId> = sites.collect();
    let batch_rows = usize::try_from(JobSettings::default().batch_rows)?;
    let started = Instant::now();
    let mut loaded = 0;
    let mut hour = first;
    while loaded < observations {
        let count = sites.len().min(observations - loaded);
        let results: Vec<_> = sites[..count].iter().map(|site| result(site, hour)).collect();
        for batch in results.chunks(batch_rows) {
            store.load(&run, batch, hour).await?;
        }
        loaded += count;
        hour += TimeDelta::hours(1);
    }
    let took = started.elapsed();
    let (outcome, counts) = (Outcome::Succeeded, RunCounts::default());
    store.close_run(&run, &RunEnd { outcome, finished_at: hour, counts, stop: None }).await?;
    Ok(took)
}

fn result(site_id: &SiteId, slot_time: DateTime<Utc>) -> SlotResult {
    let observation = Observation {
        site_id: site_id.clone(),
        source: SOURCE,
        observation_time: slot_time + TimeDelta::minutes(5),
        values: Values {
            temperature_c: Some(9.46),
            feels_like_c: Some(7.5),
            temperature_area_min_c: Some(8.1),
            temperature_area_max_c: Some(10.5),
            humidity_pct: Some(81.0),
            pressure_msl_hpa: Some(1013.0),
            pressure_ground_hpa: Some(939.0),
            wind_speed_ms: Some(5.14),
            wind_gust_ms: Some(9.2),
            wind_direction_deg: Some(240),
            cloud_cover_pct: Some(75.0),
            visibility_m: Some(10000.0),
            condition_id: Some(803),
            condition_group: Some("Clouds".into()),
            condition_description: Some("broken clouds".into()),
            answered_latitude: Some(40.4153),
            answered_longitude: Some(-3.6827),
            ..Values::default()
        },
    };
    SlotResult {
        slot: Slot { site_id: site_id.clone(), slot_time },
        source: SOURCE,
        attempts: 1,
        http_status: Some(200),
        latency_ms: 83,
        value_kind: ValueKind::Live,
        outcome: SlotOutcome::Collected(Box::new(observation)),
        raw_ref: None,
    }
}
