//! The program as its user runs it.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

/// What a command printed and how it ended.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The lines of a JSON log; each must be one.
    pub(crate) fn log(&self) -> Vec<Value> {
        let parse = |line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
        self.stderr.lines().map(parse).collect()
    }

    /// The figures of the run.
    pub(crate) fn run_summary(&self) -> Value {
        let mut log = self.log().into_iter();
        log.find(|line| line["message"] == "run_summary").expect("a run_summary")
    }

    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }
}

/// `weather` in a folder of its own, with an environment that is empty but for the form of the log: tests
/// read its lines. `.env("LOG_FORMAT", "")` is what a user has.
pub(crate) struct Program {
    pub(crate) folder: TempDir,
    environment: Vec<(String, String)>,
}

impl Program {
    pub(crate) fn new() -> Self {
        let environment = vec![("LOG_FORMAT".into(), "json".into())];
        Self { folder: tempfile::tempdir().unwrap(), environment }
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Writes a file of the folder.
    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        std::fs::write(self.folder.path().join(name), text).unwrap();
        self
    }

    /// Writes a sites file of so many sites and points to it. They have a slot a day: the hour may
    /// end while a test runs.
    pub(crate) fn with_sites(self, count: u32) -> Self {
        self.file("sites.json", &sites_file(count, 1440)).env("SITES_FILE", "sites.json")
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.command_of(env!("CARGO_BIN_EXE_weather"));
        command.args(arguments);
        command
    }

    /// Another program, in the same folder and environment.
    pub(crate) fn command_of(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().current_dir(self.folder.path()).stdin(Stdio::null());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(&self.command(arguments).output().unwrap())
    }

    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Ran {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        Ran::of(&child.wait_with_output().unwrap())
    }
}

/// A sites file of so many sites, no two within two hundredths of a degree.
pub(crate) fn sites_file(count: u32, interval_minutes: u32) -> String {
    let site = |number: u32| {
        json!({
            "site_id": format!("site-{number:05}"),
            "name": format!("Site {number}"),
            "latitude": f64::from(number / 300) * 0.05 - 60.0,
            "longitude": f64::from(number % 300) - 150.0,
            "timezone": "Europe/Madrid",
            "interval_minutes": interval_minutes,
        })
    };
    json!({"sites": (0..count).map(site).collect::<Vec<_>>()}).to_string()
}

/// `weather simulate` as a process, its log of calls in a file; ends with the test.
pub(crate) struct SimulatorProcess {
    child: Child,
    pub(crate) url: String,
    log: std::path::PathBuf,
    _folder: TempDir,
}

impl SimulatorProcess {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("calls.ndjson");
        let mut child = Command::new(env!("CARGO_BIN_EXE_weather"))
            .args(["simulate", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .env_clear()
            .stdout(File::create(&log).unwrap())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().rsplit(' ').next().unwrap().to_owned();
        assert!(url.starts_with("http://"), "{line}");
        Self { child, url, log, _folder: folder }
    }

    /// The log so far, as it was written.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// The calls so far.
    pub(crate) fn calls(&self) -> Vec<Value> {
        self.log().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// `weather` with the settings to call this simulator.
    pub(crate) fn client(&self, database_url: &str) -> Program {
        Program::new()
            .env("DATABASE_URL", database_url)
            .env("OPENWEATHER_BASE_URL", &self.url)
            .env("OPENWEATHER_API_KEY", "0123456789abcdef")
            .env("OPENWEATHER_CALLS_PER_MINUTE", "0")
    }
}

impl Drop for SimulatorProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where a file of the repository is.
pub(crate) fn repository_path(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A file of the repository.
pub(crate) fn repository_file(path: &str) -> String {
    std::fs::read_to_string(repository_path(path)).unwrap()
}
