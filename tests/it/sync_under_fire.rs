//! The chunk protocol, by breaking it: syncs killed and started at once, answers lost, and an
//! emulator that dies, while runs write.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use futures::future::join_all;
use tokio::sync::mpsc;
use weather_data_product::domain::observation::Values;
use weather_data_product::domain::{ErrorKind, RunCounts, SlotResult};
use weather_data_product::store::{Run, Store, StoreSettings};

use crate::support::databases::{TestDatabase, on_both_databases, with_mysql, with_sqlite};
use crate::support::emulator::Emulator;
use crate::support::gateway::{Asked, Deed, Gateway};
use crate::support::kills::{Killed, Moment, Phase, Random, assert_all_hit, kill_at, kills, spawn};
use crate::support::observer::{Observer, Written};
use crate::support::program::{Program, Ran};
use crate::support::proxy::{AtCommit, Proxy};
use crate::support::samples::{
    LONG_LEASE, collected, failed, full_values, hour, opened, run_end, run_start, sites,
};
use crate::support::until;
use crate::support::warehouse::{Warehouse, bigquery_url};

on_both_databases!(
    a_sync_killed_at_any_moment_is_completed_and_nothing_is_lost_or_twice,
    lost_answers_lose_nothing_and_write_nothing_twice,
    two_syncs_at_once_write_nothing_twice,
    a_slot_that_open_runs_take_from_each_other_is_seen_with_the_run_before,
);

/// The phases that the job tells in its log, besides its start. The next chunk is read while one is
/// written: only the first reading is one by itself.
const PHASES: [Phase; 6] = [
    phase("preparing", 1, 60_000),
    phase("reading", 1, 2_000),
    phase("loading", 8, 20_000),
    phase("before_script", 3, 20),
    phase("script", 3, 60_000),
    phase("after_script", 3, 20),
];

const fn phase(name: &'static str, times: u64, length_us: u64) -> Phase {
    Phase { name, times, length: Duration::from_micros(length_us) }
}

/// Small chunks and groups, so that there are many.
fn syncing(database: &TestDatabase, warehouse: &Warehouse, base: &str) -> Program {
    let program = warehouse.client(database, base);
    let program = program.env("WEATHER_CHUNK_ROWS", "20").env("WEATHER_GROUP_ROWS", "60");
    program.env("LOG_LEVEL", "debug")
}

/// Writes two runs at once, which write rows anew and again, a step at a time.
struct Writer<'a> {
    store: &'a dyn Store,
    random: Random,
    open: [Option<Run>; 2],
    written: Written,
}

impl<'a> Writer<'a> {
    fn new(store: &'a dyn Store) -> Self {
        let (random, written) = (Random(0x517C_C1B7), Written::default());
        Self { store, random, open: [None, None], written }
    }

    /// Opens one of the runs, writes a batch of it, or closes it.
    async fn step(&mut self) {
        let shard = self.below(2);
        self.open[usize::from(shard)] = match self.open[usize::from(shard)].take() {
            None => {
                let count = 30 + self.below(10);
                self.store.take_in_sites(&sites(count), hour()).await.unwrap();
                let start = run_start(&format!("{shard}/2"), LONG_LEASE);
                Some(opened(self.store.start_run(&start).await.unwrap()))
            }
            Some(run) if self.below(4) == 0 => {
                self.close(&run).await;
                None
            }
            Some(run) => {
                self.load(&run).await;
                Some(run)
            }
        };
    }

    async fn steps(&mut self, count: u32) {
        for _ in 0..count {
            self.step().await;
        }
    }

    /// A batch of one hour of one of three days; some sites fail.
    async fn load(&mut self, run: &Run) {
        let day = i64::from(self.below(3));
        let slot = hour() - TimeDelta::days(day) - TimeDelta::hours(day % 2);
        let first = self.below(40);
        let values = Values { temperature_c: Some(self.below(400).into()), ..full_values() };
        let result = |offset| match ((first + offset) % 40, offset) {
            (site, 13..) => failed(site, slot, ErrorKind::NotFound),
            (site, _) => collected(site, slot, values.clone()),
        };
        let batch: Vec<_> = (0..15).map(result).collect();
        // One that fails leaves a slot as it is that was collected before.
        let is_collected = |result: &&SlotResult| result.outcome.observation().is_some();
        for SlotResult { slot, .. } in batch.iter().filter(is_collected) {
            self.written.note(run.run_seq, &slot.site_id, slot.slot_time);
        }
        self.store.load(run, &batch, hour()).await.unwrap();
    }

    async fn close(&self, run: &Run) {
        self.store.close_run(run, &run_end(RunCounts::default())).await.unwrap();
    }

    /// Closes the runs that are open.
    async fn end(&mut self) {
        for run in std::mem::take(&mut self.open).into_iter().flatten() {
            self.close(&run).await;
        }
    }

    fn below(&mut self, end: u16) -> u16 {
        u16::try_from(self.random.below(end.into())).unwrap()
    }
}

/// The sink holds what the store holds, every row once, and that is something.
async fn assert_complete(warehouse: &Warehouse, database: &TestDatabase) {
    let counts = warehouse.assert_equals(database).await;
    assert!(counts.values().all(|count| *count > 0), "{counts:?}");
    println!("0 rows lost, 0 twice of {counts:?}");
}

async fn a_sync_killed_at_any_moment_is_completed_and_nothing_is_lost_or_twice(
    database: &TestDatabase,
) {
    let warehouse = Warehouse::new();
    let gateway = Gateway::to(&bigquery_url());
    let program = syncing(database, &warehouse, &gateway.url);
    let mut writer = Writer::new(&*database.store);
    writer.steps(40).await;
    let started = Instant::now();
    program.run(&["sync"]).expect(0);
    let whole = started.elapsed();
    let observer = Observer::of(warehouse.clone(), writer.written.clone());
    let mut phases = BTreeMap::<String, u32>::new();
    let mut moments = Random(0x9E37_79B9);
    while phases.values().sum::<u32>() < kills() {
        writer.steps(20).await;
        let before = gateway.asked(Asked::is_write).len();
        let moment = Moment::random(&mut moments, whole, &PHASES);
        let killed = kill_while_runs_write(&program, moment, &mut writer).await;
        let arrived = gateway.asked(Asked::is_write).len() - before;
        if !killed.has_ended {
            *phases.entry(phase_of(&killed.phases, arrived)).or_default() += 1;
        }
    }
    writer.end().await;
    program.run(&["sync"]).expect(0);
    println!("whole each of {} times that it was looked at", observer.end());
    assert_complete(&warehouse, database).await;
    assert_all_hit(&phases, &PHASES.map(|phase| phase.name));
}

/// Kills a sync at that moment; with every phase that it tells, a run goes on by a step.
async fn kill_while_runs_write(
    program: &Program,
    moment: Moment,
    writer: &mut Writer<'_>,
) -> Killed {
    let child = spawn(program, &["sync"]);
    let (step, mut steps) = mpsc::channel(1);
    let watch = move |_: &str| {
        let _ = step.try_send(());
    };
    let killing = tokio::task::spawn_blocking(move || kill_at(child, &moment, watch));
    while steps.recv().await.is_some() {
        writer.step().await;
    }
    killing.await.unwrap()
}

/// The phase of the chunk that was on its way. The next one is read while a chunk is written, and at once
/// after a script; and a script that the sink has not heard of was not sent.
fn phase_of(phases: &[String], arrived: usize) -> String {
    let mut last = "start";
    for phase in phases {
        if phase != "reading" || ["start", "preparing"].contains(&last) {
            last = phase;
        }
    }
    let told = phases.iter().filter(|phase| *phase == "script").count();
    if last == "script" && told > arrived { "before_script" } else { last }.into()
}

async fn lost_answers_lose_nothing_and_write_nothing_twice(database: &TestDatabase) {
    let warehouse = Warehouse::new();
    // Of the scripts one in ten, and of the other calls.
    let counts = [AtomicUsize::new(5), AtomicUsize::new(0)];
    let gateway = Gateway::deciding(&bigquery_url(), move |asked| {
        let count = counts[usize::from(asked.is_write())].fetch_add(1, Ordering::Relaxed);
        if count % 10 == 9 { Deed::LoseAnswer } else { Deed::Pass }
    });
    let program = syncing(database, &warehouse, &gateway.url);
    let mut writer = Writer::new(&*database.store);
    for _ in 0..5 {
        writer.steps(25).await;
        writer.end().await;
        program.run(&["sync"]).expect(0);
        assert_complete(&warehouse, database).await;
    }
    assert!(gateway.asked(Asked::is_write).len() >= 10, "no answer of a script was lost");
}

async fn two_syncs_at_once_write_nothing_twice(database: &TestDatabase) {
    let warehouse = Warehouse::new();
    let program = syncing(database, &warehouse, &bigquery_url());
    let mut writer = Writer::new(&*database.store);
    let mut overtaken = false;
    for round in 0..20 {
        if overtaken && round >= 3 {
            break;
        }
        writer.steps(25).await;
        writer.end().await;
        let syncs = [spawn(&program, &["sync"]), spawn(&program, &["sync"])];
        for sync in syncs.map(|child| std::thread::spawn(|| child.wait_with_output().unwrap())) {
            let ran = Ran::of(&sync.join().unwrap()).expect(0);
            overtaken |= ran.stderr.contains("another writer was faster");
        }
        assert_complete(&warehouse, database).await;
    }
    assert!(overtaken, "the two never met");
}

/// A run has ended whose slot an open run has taken. While the rows of open runs are staged, chunk by chunk,
/// another open run takes it, whose number is lower: its rows are past already.
async fn a_slot_that_open_runs_take_from_each_other_is_seen_with_the_run_before(
    database: &TestDatabase,
) {
    const TAKEN: u16 = 89;
    const PATIENCE: Duration = Duration::from_secs(60);
    let store = &*database.store;
    let start =
        async |shard: &str| opened(store.start_run(&run_start(shard, LONG_LEASE)).await.unwrap());
    let load = async |run: &Run, sites: std::ops::RangeInclusive<u16>| {
        let batch: Vec<_> = sites.map(|site| collected(site, hour(), full_values())).collect();
        store.load(run, &batch, hour()).await.unwrap();
    };
    let warehouse = Warehouse::new();
    let (is_reached, reached) = std::sync::mpsc::channel();
    let (is_taken, taken) = std::sync::mpsc::channel();
    let (chunks, taken) = (AtomicUsize::new(0), Mutex::new(taken));
    let gateway = Gateway::deciding(&bigquery_url(), move |asked| {
        let is_of_slots = asked.is_upload() && asked.text().contains("staging_of_collection_slots");
        if is_of_slots && chunks.fetch_add(1, Ordering::Relaxed) == 0 {
            is_reached.send(()).unwrap();
            taken.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        }
        Deed::Pass
    });
    let ended = start("0/3").await;
    load(&ended, TAKEN..=TAKEN + 1).await;
    store.close_run(&ended, &run_end(RunCounts::default())).await.unwrap();
    let (lower, higher) = (start("1/3").await, start("2/3").await);
    load(&lower, 0..=24).await;
    load(&higher, 25..=TAKEN).await;

    let sync = spawn(&syncing(database, &warehouse, &gateway.url), &["sync"]);
    let sync = tokio::task::spawn_blocking(|| sync.wait_with_output().unwrap());
    let is_reached = tokio::task::spawn_blocking(move || reached.recv_timeout(PATIENCE));
    is_reached.await.unwrap().expect("the rows of open runs are staged");
    load(&lower, TAKEN..=TAKEN).await;
    is_taken.send(()).unwrap();
    Ran::of(&sync.await.unwrap()).expect(0);

    let run =
        format!("select count(*) from {{d}}.ingestion_runs where run_seq = {}", ended.run_seq);
    assert_eq!(warehouse.count(&run).await, 1);
    let slot = "select count(*) from {d}.collection_slots where site_id = 'site-00089'";
    assert_eq!(warehouse.count(slot).await, 1, "the run is there, and not its slot");
}

/// Writers, and rows that each writes: five in a transaction, fifty in a run.
const WRITERS: u16 = 8;
const ROWS: u16 = 250;

#[tokio::test]
async fn rows_of_transactions_that_commit_late_are_not_missed() {
    with_mysql(async |database| {
        let proxy = Proxy::to(&database.url).await;
        let late = |number: u64| AtCommit::Late(Duration::from_millis(number * 7 % 40));
        proxy.at_commits(&(0..500).map(late).collect::<Vec<_>>());
        let warehouse = Warehouse::new();
        let program = syncing(database, &warehouse, &bigquery_url());
        let program = program.env("WEATHER_CHUNK_ROWS", "200").env("WEATHER_GROUP_ROWS", "2000");
        let program = Arc::new(program);
        let is_over = Arc::new(AtomicBool::new(false));
        let syncs = tokio::task::spawn_blocking({
            let (program, is_over) = (program.clone(), is_over.clone());
            move || {
                let mut rows = 0;
                while !is_over.load(Ordering::Relaxed) {
                    rows += rows_synced(&program.run(&["sync"]).expect(0));
                }
                rows
            }
        });
        join_all((0..WRITERS).map(|index| write_rows(&proxy.url, index))).await;
        is_over.store(true, Ordering::Relaxed);
        assert!(syncs.await.unwrap() > 0, "no sync took rows while others were written");
        program.run(&["sync"]).expect(0);
        let counts = warehouse.assert_equals(database).await;
        assert_eq!(counts["weather_observations"], usize::from(WRITERS * ROWS));
    })
    .await;
}

fn rows_synced(ran: &Ran) -> u64 {
    let mut log = ran.log().into_iter();
    let summary = log.find(|line| line["message"] == "sync_summary").expect("a sync_summary");
    summary["rowsSynced"].as_u64().unwrap()
}

/// Writes rows of sites that no other writer has.
async fn write_rows(url: &str, index: u16) {
    let store = StoreSettings::at(url).open().await.unwrap().store;
    let numbers: Vec<u16> = (0..ROWS).map(|row| row * WRITERS + index).collect();
    for of_run in numbers.chunks(50) {
        let start = run_start(&format!("{index}/{WRITERS}"), LONG_LEASE);
        let run = opened(store.start_run(&start).await.unwrap());
        for of_batch in of_run.chunks(5) {
            let batch: Vec<_> =
                of_batch.iter().map(|number| collected(*number, hour(), full_values())).collect();
            store.load(&run, &batch, hour()).await.unwrap();
        }
        store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
    }
}

/// Loads and scripts of a sync, by their number, at which the emulator is killed.
const DEATHS: [usize; 3] = [3, 9, 16];

#[tokio::test]
async fn a_sync_outlives_the_death_of_the_sink() {
    with_sqlite(async |database| {
        let emulator = Arc::new(Emulator::start());
        let warehouse = Warehouse::at(&emulator.url);
        let (jobs, deaths) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let moments = Mutex::new(Random(0x2545_F491));
        let gateway = Gateway::deciding(&emulator.url, {
            // The gateway outlives the test; the emulator must not.
            let (emulator, jobs, deaths) =
                (Arc::downgrade(&emulator), jobs.clone(), deaths.clone());
            move |asked| {
                let is_next = asked.is_write() || asked.is_upload();
                if is_next && DEATHS.contains(&jobs.fetch_add(1, Ordering::Relaxed)) {
                    let wait = moments.lock().unwrap().part_of(Duration::from_millis(60));
                    let (emulator, deaths) = (emulator.clone(), deaths.clone());
                    std::thread::spawn(move || {
                        std::thread::sleep(wait);
                        emulator.upgrade().unwrap().crash();
                        deaths.fetch_add(1, Ordering::Relaxed);
                    });
                }
                Deed::Pass
            }
        });
        let program = syncing(database, &warehouse, &gateway.url);
        let mut writer = Writer::new(&*database.store);
        for round in 1..=usize::try_from(kills().div_ceil(10)).unwrap() {
            writer.steps(40).await;
            writer.end().await;
            jobs.store(0, Ordering::Relaxed);
            program.run(&["sync"]).expect(0);
            // The last death may come when the sync has ended, and must not meet the test's own questions.
            let died = DEATHS.len() * round;
            until("every death", async || deaths.load(Ordering::Relaxed) == died).await;
            assert_complete(&warehouse, database).await;
            println!("the sink died {died} times");
        }
    })
    .await;
}
