//! An emulator of BigQuery that one test has for itself, to be killed.

use std::net::TcpListener;
use std::process::Command;
use std::sync::Mutex;

use tempfile::TempDir;

use super::program::{Ran, repository_path};

/// Keeps its data in a folder; ends with the test.
pub(crate) struct Emulator {
    port: u16,
    data: TempDir,
    /// One crash at a time: it answers a little before its start has ended.
    crashes: Mutex<()>,
    /// The value of `BIGQUERY_BASE_URL`.
    pub(crate) url: String,
}

impl Emulator {
    pub(crate) fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let (crashes, url) = (Mutex::default(), String::new());
        let mut emulator = Self { port: free_port(), data, crashes, url };
        emulator.url = emulator.script("start").expect(0).stdout.trim().to_owned();
        emulator
    }

    /// Kills it, and starts it again with what it has kept.
    pub(crate) fn crash(&self) {
        let _one = self.crashes.lock().unwrap();
        self.script("kill").expect(0);
        self.script("start").expect(0);
    }

    fn script(&self, command: &str) -> Ran {
        let mut script = Command::new(repository_path("scripts/bigquery-emulator"));
        script.env("BIGQUERY_LOCAL_PORT", self.port.to_string());
        script.env("BIGQUERY_LOCAL_DATA", self.data.path());
        Ran::of(&script.arg(command).output().unwrap())
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.script("stop");
    }
}

/// A port that is free, as is the next one; below those that the kernel takes for outgoing
/// connections, which could take it while the emulator is dead. It is even: the two ports of another
/// test that looks at the same time are the same two, or none of these.
fn free_port() -> u16 {
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let first = 20_000 + 2 * u16::try_from(std::process::id() % 6_000).unwrap();
    (first..).step_by(2).find(|port| is_free(*port) && is_free(port + 1)).unwrap()
}
