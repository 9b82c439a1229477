//! Kills a process of ours at some moment, and says what it was at.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::program::Program;

/// Kills: 10 in a test run, more by `scripts/soak`.
pub(crate) fn kills() -> u32 {
    std::env::var("WEATHER_SOAK_KILLS").map_or(10, |text| text.parse().unwrap())
}

/// The command as a process whose log is read by whoever has it.
pub(crate) fn spawn(program: &Program, arguments: &[&str]) -> Child {
    let mut command = program.command(arguments);
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

pub(crate) fn signal(child: &Child, name: &str) {
    let pid = child.id().to_string();
    assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
}

/// Knuth's linear congruential generator: the same moments in every run of the test.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// From 0 up to, and without, `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    /// Some time within `whole`.
    pub(crate) fn part_of(&mut self, whole: Duration) -> Duration {
        Duration::from_micros(self.below(u64::try_from(whole.as_micros()).unwrap()))
    }
}

/// A phase that a job tells in its log.
pub(crate) struct Phase {
    pub(crate) name: &'static str,
    /// How often it comes; a kill falls into one of them.
    pub(crate) times: u64,
    /// How long it takes, about.
    pub(crate) length: Duration,
}

/// When to kill: at some time of the run, or some time into a phase, which may be short.
pub(crate) enum Moment {
    After(Duration),
    In { phase: &'static str, occurrence: u64, wait: Duration },
}

impl Moment {
    /// Half of them by time, half by phase; `whole` is how long the job takes.
    pub(crate) fn random(random: &mut Random, whole: Duration, phases: &[Phase]) -> Self {
        if random.below(2) == 0 {
            return Self::After(random.part_of(whole));
        }
        let phase = &phases[usize::try_from(random.below(phases.len() as u64)).unwrap()];
        let occurrence = random.below(phase.times);
        Self::In { phase: phase.name, occurrence, wait: random.part_of(phase.length) }
    }
}

/// What a killed process was at.
pub(crate) struct Killed {
    /// Every phase that it told, in order.
    pub(crate) phases: Vec<String>,
    /// It had ended by itself.
    pub(crate) has_ended: bool,
}

impl Killed {
    /// The phase that it was killed in.
    pub(crate) fn phase(&self) -> String {
        let last = self.phases.last().map_or("start", String::as_str);
        if self.has_ended { "after_the_end" } else { last }.to_owned()
    }
}

/// Kills the process at that moment; `watch` hears every phase when it comes.
pub(crate) fn kill_at(
    mut child: Child,
    moment: &Moment,
    watch: impl Fn(&str) + Send + 'static,
) -> Killed {
    let log = BufReader::new(child.stderr.take().unwrap());
    let (sender, phases) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || {
        let mut all = Vec::new();
        for line in log.lines().map_while(Result::ok) {
            let line: Value = serde_json::from_str(&line).unwrap_or_default();
            if let Some(phase) = line["phase"].as_str() {
                let _ = sender.send(phase.to_owned());
                watch(phase);
                all.push(phase.to_owned());
            }
        }
        all
    });
    match moment {
        Moment::After(time) => std::thread::sleep(*time),
        Moment::In { phase, occurrence, wait } => {
            let seen = phases
                .iter()
                .filter(|each| each == phase)
                .nth(usize::try_from(*occurrence).unwrap());
            if seen.is_some() {
                std::thread::sleep(*wait);
            }
        }
    }
    let has_ended = child.try_wait().unwrap().is_some();
    child.kill().unwrap();
    child.wait().unwrap();
    Killed { phases: reader.join().unwrap(), has_ended }
}

/// Prints the count, and asserts of a long one that no phase was left out.
pub(crate) fn assert_all_hit(counts: &BTreeMap<String, u32>, phases: &[&str]) {
    println!("{} kills, by phase: {counts:?}", kills());
    if kills() >= 100 {
        for phase in phases {
            assert!(counts.contains_key(*phase), "no kill fell into `{phase}`: {counts:?}");
        }
    }
}
