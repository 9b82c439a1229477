//! Many readers of very many sites at once, each live: at each run's end all fetch their pages again, compressed, as the
//! script of the page does. The server stays within its memory.

use std::time::{Duration, Instant};

use futures::future::join_all;
use weather_data_product::domain::RunCounts;
use weather_data_product::store::Store;

use crate::serve::bulk_size::fill;
use crate::support::databases::with_sqlite;
use crate::support::program::Program;
use crate::support::samples::{open_run, run_end};
use crate::support::server::ServerProcess;
use crate::support::{HUNG, http_client};

const READERS: usize = 20;

/// Sites, and for how long the readers stay: only as long as they renew their pages a few times, longer by
/// `scripts/soak`.
fn sites() -> u16 {
    std::env::var("WEATHER_SOAK_SITES").map_or(500, |count| count.parse().unwrap())
}

fn length() -> Duration {
    let minutes = std::env::var("WEATHER_SOAK_MINUTES").map_or(0, |count| count.parse().unwrap());
    Duration::from_secs(60 * minutes)
}

/// How often each page is renewed at least.
const LEAST_TIMES: usize = 4;

/// A debug build beside other work reads very many sites for longer than an answer may take, now and then.
const MOST_BUSY: usize = 100;

const MAX_MIB: u64 = 128;

/// What the readers look at: most the overview, each by an order of its own, and some a site, gaps and runs.
fn path(reader: usize) -> String {
    match reader {
        0..4 => "/".into(),
        4..8 => format!("/?page={}", reader - 3),
        8..10 => format!("/?q=site-0{reader:02}"),
        10..13 => format!("/sites/site-000{reader}?range=7d"),
        13..15 => format!("/gaps?page={}", reader - 12),
        15 => "/runs".into(),
        16 => "/?map=wind&lang=es".into(),
        17 => "/?sort=temperature&units=imperial".into(),
        18 => "/?group=tag".into(),
        _ => "/?bbox=-20,30,40,60".into(),
    }
}

/// A page that is open in a browser.
struct Reader {
    client: reqwest::Client,
    address: String,
    path: String,
    events: reqwest::Response,
    read: usize,
    /// How often the server had too much to do: the page stays, and is asked for again.
    busy: usize,
}

impl Reader {
    async fn open(server: &ServerProcess, number: usize) -> Self {
        let client = http_client().gzip(false).timeout(HUNG).build().unwrap();
        let address = format!("http://{}", server.address);
        let endless = http_client().gzip(false).build().unwrap();
        let events = endless.get(format!("{address}/api/v1/events")).send().await.unwrap();
        let mut reader = Self { client, address, path: path(number), events, read: 0, busy: 0 };
        reader.fetch().await;
        reader
    }

    async fn ask(&self) -> reqwest::Response {
        let request = self.client.get(format!("{}{}", self.address, self.path));
        let request = request.header("accept-encoding", "gzip").header("accept", "text/html");
        request.send().await.unwrap()
    }

    /// Fetches the page, as a browser asks for it.
    async fn fetch(&mut self) {
        let mut answer = self.ask().await;
        while answer.status() == 503 && self.busy < MOST_BUSY {
            self.busy += 1;
            tokio::time::sleep(Duration::from_secs(1)).await;
            answer = self.ask().await;
        }
        assert_eq!(answer.status(), 200, "{}", self.path);
        assert_eq!(answer.headers()["content-encoding"], "gzip");
        self.read += answer.bytes().await.unwrap().len();
    }

    /// Waits for the end of a run.
    async fn wait(&mut self) {
        let waiting = async {
            let mut text = String::new();
            while !text.contains("event: run") {
                let chunk = self.events.chunk().await.unwrap().expect("the end of the events");
                text.push_str(std::str::from_utf8(&chunk).unwrap());
            }
        };
        tokio::time::timeout(HUNG, waiting).await.expect("hung: no run has ended");
    }

    async fn renew(&mut self) {
        self.wait().await;
        self.fetch().await;
    }
}

/// Ends runs for ever: the server may look at the store for the first time after one has ended. One a second, so that the
/// test is short; a soak leaves the readers some time between two.
async fn end_runs(store: &dyn Store) {
    let pause = Duration::from_secs(if length().is_zero() { 1 } else { 10 });
    loop {
        let run = open_run(store).await;
        store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
        tokio::time::sleep(pause).await;
    }
}

#[tokio::test]
async fn twenty_readers_of_very_many_sites_stay_live_within_little_memory() {
    with_sqlite(async |database| {
        let store = &*database.store;
        fill(database, sites(), 48).await;
        // As the image has it: each thread would keep what the reading of all sites has taken.
        let program = Program::new().env("DATABASE_URL", &database.url);
        let program = program.env("MALLOC_ARENA_MAX", "1");
        let program = program.env("MALLOC_MMAP_THRESHOLD_", "131072");
        let program = program.env("MALLOC_TRIM_THRESHOLD_", "131072");
        let server = ServerProcess::start(&program, &[]);
        let mut readers = Vec::new();
        for number in 0..READERS {
            readers.push(Reader::open(&server, number).await);
        }
        let (began, mut times) = (Instant::now(), 0);
        let reading = async {
            while times < LEAST_TIMES || began.elapsed() < length() {
                join_all(readers.iter_mut().map(Reader::renew)).await;
                times += 1;
            }
        };
        tokio::select! {
            () = reading => {}
            () = end_runs(store) => {}
        }
        let read: usize = readers.iter().map(|reader| reader.read).sum();
        let (busy, peak) = (readers.iter().map(|reader| reader.busy).sum::<usize>(), server.peak_mib());
        let sites = sites();
        println!(
            "{sites} sites, {READERS} readers, {times} times: {read} bytes, {busy} × 503, {peak} MiB"
        );
        assert!(read > READERS * (LEAST_TIMES + 1) * 2000, "{read} bytes");
        assert!(peak < MAX_MIB, "{peak} MiB");
    })
    .await;
}
