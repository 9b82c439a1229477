//! Looks at the sink all the time while syncs write: what a reader sees is whole at every moment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use chrono::{DateTime, Utc};
use weather_data_product::domain::SiteId;

use super::warehouse::Warehouse;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// All tables in one query: every run; every slot, and whether the observation that fills it is missing.
const LOOK: &str = "select 'run', run_seq, '', false from {d}.ingestion_runs
union all
select 'slot', s.run_seq, concat(s.site_id, ' ', cast(unix_seconds(s.slot_time) as string)),
  s.status = 'collected' and o.site_id is null
from {d}.collection_slots s left join {d}.weather_observations o
  on o.site_id = s.site_id and o.source = coalesce(s.observation_source, s.source)
    and o.observation_time = s.observation_time";

/// The runs that have collected each slot, in the order in which they wrote it: runs that are open at the
/// same time may take a slot from each other, whatever their numbers. Of one source.
#[derive(Clone, Default)]
pub(crate) struct Written(Arc<Mutex<BTreeMap<String, Vec<i64>>>>);

impl Written {
    /// To be noted before it is written: a run that has ended has collected no slot that is not here.
    pub(crate) fn note(&self, run_seq: i64, site_id: &SiteId, slot_time: DateTime<Utc>) {
        let slot = format!("{site_id} {}", slot_time.timestamp());
        self.0.lock().unwrap().entry(slot).or_default().push(run_seq);
    }
}

/// What was seen at one moment.
#[derive(Debug, Default)]
struct Seen {
    runs: BTreeSet<i64>,
    /// The run that wrote each slot last.
    slots: BTreeMap<String, i64>,
    /// Slots that are collected, without their observation.
    bare: Vec<String>,
}

impl Seen {
    fn of(rows: Vec<Vec<Option<String>>>) -> Self {
        let mut seen = Self::default();
        for row in rows {
            let row: Vec<String> = row.into_iter().map(Option::unwrap).collect();
            let run_seq: i64 = row[1].parse().unwrap();
            if row[0] == "run" {
                seen.runs.insert(run_seq);
                continue;
            }
            if row[3] == "true" {
                seen.bare.push(row[2].clone());
            }
            seen.slots.insert(row[2].clone(), run_seq);
        }
        seen
    }

    /// No slot is seen without its observation, and no run without its slots: those that another run has
    /// written after it are seen as of that run.
    fn assert_whole(&self, written: &Written) {
        assert!(self.bare.is_empty(), "collected, and the observation is missing: {:?}", self.bare);
        let written = written.0.lock().unwrap().clone();
        for (slot, runs) in written {
            let last = |run_seq: &i64| runs.iter().rposition(|run| run == run_seq);
            let seen = self.slots.get(&slot).and_then(last);
            let lacks = |run: &&i64| self.runs.contains(run) && seen < last(run);
            let lacking: Vec<_> = runs.iter().filter(lacks).collect();
            assert!(lacking.is_empty(), "runs {lacking:?} are there, and not their slot {slot}");
        }
    }
}

/// Looks until it is ended.
pub(crate) struct Observer {
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<u32>,
}

impl Observer {
    /// On a thread of its own: a test waits for programs without giving way. The tables have to be there.
    pub(crate) fn of(warehouse: Warehouse, written: Written) -> Self {
        let is_over = Arc::<AtomicBool>::default();
        let ends = is_over.clone();
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(look(&warehouse, &written, &ends))
        });
        Self { is_over, thread }
    }

    /// How often it has looked; fails if what it saw was not whole.
    pub(crate) fn end(self) -> u32 {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

async fn look(warehouse: &Warehouse, written: &Written, is_over: &AtomicBool) -> u32 {
    let mut looks = 0;
    while !is_over.load(Ordering::Relaxed) {
        Seen::of(warehouse.query(LOOK).await).assert_whole(written);
        looks += 1;
        tokio::time::sleep(PAUSE).await;
    }
    looks
}

#[test]
fn a_slot_or_an_observation_that_is_missing_is_seen() {
    let row = |cells: [&str; 4]| cells.map(|cell| Some(cell.to_owned())).to_vec();
    let written = Written::default();
    let [first, second] = ["site-1", "site-2"].map(|id| SiteId::parse(id).unwrap());
    for site in [&first, &second] {
        written.note(1, site, DateTime::UNIX_EPOCH);
    }
    written.note(2, &second, DateTime::UNIX_EPOCH);
    let [run, later] = ["1", "2"].map(|run| row(["run", run, "", "false"]));
    let slot = |site: &str, run: &str| row(["slot", run, &format!("{site} 0"), "false"]);
    let whole = |rows: &[Vec<Option<String>>]| {
        let seen = Seen::of(rows.to_vec());
        std::panic::catch_unwind(|| seen.assert_whole(&written)).is_ok()
    };
    assert!(whole(&[]), "nothing is synced");
    assert!(whole(&[run.clone(), slot("site-1", "1"), slot("site-2", "1")]));
    assert!(whole(&[run.clone(), slot("site-1", "1"), slot("site-2", "2")]), "written again");
    assert!(!whole(&[run.clone(), slot("site-1", "1")]), "a slot is missing");
    assert!(!whole(&[run, later, slot("site-1", "1"), slot("site-2", "1")]), "as of a run before");
    assert!(!whole(&[row(["slot", "1", "site-1 0", "true"])]), "an observation is missing");
}
