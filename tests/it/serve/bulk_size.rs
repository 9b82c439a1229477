//! A month of very many sites in one answer: whole, within the memory that there is, and in nobody's way.

use std::process::Stdio;

use chrono::{DurationRound as _, TimeDelta, Utc};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use weather_data_product::domain::RunCounts;

use crate::support::HUNG;
use crate::support::databases::{TestDatabase, with_mysql, with_sqlite};
use crate::support::program::Program;
use crate::support::samples::{open_run, run_end, sites};
use crate::support::server::ServerProcess;

/// Sites: 200 in a test run, more by `scripts/soak`.
fn count() -> u16 {
    std::env::var("WEATHER_SOAK_SITES").map_or(200, |count| count.parse().unwrap())
}

const HOURS: u32 = 31 * 24;

/// Beside all else that a server holds.
const MAX_MIB: u64 = 128;

/// So many hours of so many sites, ending with the present one; written by the database itself, since by the job
/// it would take hours.
pub(super) async fn fill(database: &TestDatabase, count: u16, hours: u32) {
    let store = &*database.store;
    let now = Utc::now().duration_trunc(TimeDelta::hours(1)).unwrap();
    let first = now - TimeDelta::hours(i64::from(hours) - 1);
    store.take_in_sites(&sites(count), first).await.unwrap();
    let run = open_run(store).await;
    store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
    let first = first.format("%Y-%m-%d %H:%M:%S");
    let numbers = format!(
        "with recursive number (n) as (select 0 union all select n + 1 from number where n + 1 < {hours})"
    );
    let time = |minutes: u32| match database.url.starts_with("mysql:") {
        true => format!("timestampadd(minute, n * 60 + {minutes}, '{first}')"),
        false => format!(
            "strftime('%Y-%m-%dT%H:%M:%S+00:00', '{first}', '+' || (n * 60 + {minutes}) || ' minutes')"
        ),
    };
    let (slot, observed) = (time(0), time(5));
    let from = "from sites cross join number cross join (select run_id, run_seq from ingestion_runs limit 1) r \
        order by site_id, n";
    if database.url.starts_with("mysql:") {
        database.execute("set global cte_max_recursion_depth = 100000").await;
    }
    database
        .execute(&format!(
            "insert into collection_slots (site_id, source, slot_time, status, observation_time, attempts, \
            http_status, latency_ms, ingestion_run_id, run_seq, updated_at) {numbers} \
            select site_id, 'openweathermap', {slot}, 'collected', {observed}, 1, 200, 100, run_id, run_seq, \
            {observed} {from}"
        ))
        .await;
    database
        .execute(&format!(
            "insert into weather_observations (site_id, source, observation_time, temperature_c, feels_like_c, \
            humidity_pct, pressure_msl_hpa, wind_speed_ms, wind_gust_ms, wind_direction_deg, cloud_cover_pct, \
            visibility_m, condition_id, condition_group, condition_description, row_hash, ingestion_run_id, \
            run_seq, created_at, updated_at, value_kind, available_at) {numbers} \
            select site_id, 'openweathermap', {observed}, 9.46 + n % 24, 7.5 + n % 31, 50 + n % 50, \
            1000.25 + n % 30, 5.14, 9.2 + n % 7, (n * 7) % 360, n % 100, 10000, 803, 'Clouds', \
            'broken clouds', n, run_id, run_seq, {observed}, {observed}, 'live', {observed} {from}"
        ))
        .await;
}

/// What curl gets, through this command, as a line.
async fn curl(address: &str, path: &str, then: &str) -> String {
    let command = format!("curl -sS --fail --no-progress-meter 'http://{address}{path}' {then}");
    let mut shell = tokio::process::Command::new("bash");
    shell.args(["-o", "pipefail", "-c", &command]).stderr(Stdio::piped());
    let ran = shell.output().await.unwrap();
    assert!(ran.status.success(), "{command}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap().trim().to_owned()
}

#[tokio::test]
async fn a_month_of_very_many_sites_comes_whole_within_little_memory_and_holds_up_nobody() {
    with_sqlite(async |database| {
        let count = count();
        fill(database, count, HOURS).await;
        let program = Program::new().env("DATABASE_URL", &database.url);
        let server = ServerProcess::start(&program, &[]);
        server.get("/readyz").await.expect(200);
        let from = (Utc::now() - TimeDelta::days(40)).date_naive();
        let bulk = |form: &str| format!("/api/v1/hourly?format={form}&from={from}");
        let rows = u64::from(count) * u64::from(HOURS);
        let csv = async {
            let lines = curl(&server.address, &bulk("csv"), "| wc -l").await;
            assert_eq!(lines.parse::<u64>().unwrap(), rows + 1);
        };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hours.parquet");
        let parquet = async {
            curl(&server.address, &bulk("parquet"), &format!("-o {}", file.display())).await;
        };
        // Two streams at once, and another client is answered meanwhile.
        let others = async {
            let mut answered = 0;
            for _ in 0..20 {
                server.get("/api/v1/latest?site=site-00001").await.expect(200);
                answered += 1;
            }
            answered
        };
        let ((), (), answered) = tokio::join!(csv, parquet, others);
        assert_eq!(answered, 20);
        assert_eq!(parquet_rows(&std::fs::read(&file).unwrap()), rows);
        let peak = server.peak_mib();
        println!("{rows} hours twice, {peak} MiB");
        assert!(peak < MAX_MIB, "{peak} MiB");
    })
    .await;
}

/// How many rows a file of Parquet has, by its own footer.
fn parquet_rows(file: &[u8]) -> u64 {
    use parquet::file::reader::{FileReader as _, SerializedFileReader};
    let reader = SerializedFileReader::new(bytes::Bytes::copy_from_slice(file)).unwrap();
    let metadata = reader.metadata();
    assert!(metadata.row_groups().iter().all(|group| group.num_rows() <= 50_000));
    u64::try_from(metadata.file_metadata().num_rows()).unwrap()
}

/// Asks over a connection with room for little, and reads the beginning of the answer only.
async fn stalled(address: &str, path: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(address.parse().unwrap()).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = [0; 64];
    let read = tokio::time::timeout(HUNG, stream.read(&mut bytes)).await.expect("hung").unwrap();
    assert!(bytes[..read].starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&bytes));
    stream
}

#[tokio::test]
async fn clients_that_stop_reading_hold_no_connection_to_the_store_and_the_third_comes_later() {
    with_mysql(async |database| {
        fill(database, 40, 24 * 20).await;
        let program = Program::new().env("DATABASE_URL", &database.url);
        // There is one connection: who held it would keep all others from the store.
        let program = program.env("DATABASE_MAX_CONNECTIONS", "1");
        let server = ServerProcess::start(&program, &[]);
        server.get("/readyz").await.expect(200);
        let from = (Utc::now() - TimeDelta::days(30)).date_naive();
        let path = |form: &str| format!("/api/v1/hourly?format={form}&from={from}");
        let held = [
            stalled(&server.address, &path("csv")).await,
            stalled(&server.address, &path("ndjson")).await,
        ];
        for number in 0..10 {
            server.get(&format!("/api/v1/sites/site-{number:05}/latest")).await.expect(200);
        }
        let page = server.get("/api/v1/hourly?limit=5").await.expect(200).json();
        assert_eq!(page["hours"].as_array().unwrap().len(), 5);
        let third = server.get(&path("csv")).await.expect(503);
        assert_eq!(third.header("retry-after"), "1");
        let words = third.json()["detail"].clone();
        assert_eq!(words, "other answers of many sites are under way");
        drop(held);
        curl(&server.address, &path("csv"), "-o /dev/null --retry 5").await;
    })
    .await;
}
