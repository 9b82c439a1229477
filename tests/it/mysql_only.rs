//! What only a server can be: in another time zone.

use sqlx::{Executor as _, MySqlPool};
use weather_data_product::domain::RunCounts;
use weather_data_product::store::{Opened, StoreSettings};

use crate::support::databases::{mysql_server, with_mysql};
use crate::support::samples::{collected, full_values, hour, open_run, run_end};

#[tokio::test]
async fn the_zone_of_the_server_does_not_matter() {
    with_mysql(async |database| {
        // No other test minds: every session of ours sets its own zone, which is what is shown.
        let admin = MySqlPool::connect(&mysql_server()).await.unwrap();
        admin.execute("set global time_zone = '+05:30'").await.unwrap();
        let Opened { store, reads, .. } = StoreSettings::at(&database.url).open().await.unwrap();
        let run = open_run(&*store).await;
        store.load(&run, &[collected(1, hour(), full_values())], hour()).await.unwrap();
        store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
        let observed = "select cast(observation_time as char) from weather_observations";
        assert_eq!(database.line(observed).await, "2026-11-25 08:05:00");
        let slot = "select concat_ws('|', slot_time, observation_time) from collection_slots";
        assert_eq!(database.line(slot).await, "2026-11-25 08:00:00|2026-11-25 08:05:00");
        let beat =
            "select timestampdiff(second, heartbeat_at, utc_timestamp(6)) from ingestion_runs";
        assert!((0..60).contains(&database.count(beat).await), "a heartbeat is in UTC");
        let state = reads.list_runs(1).await.unwrap().remove(0);
        assert_eq!(state.started_at, hour());
    })
    .await;
}
