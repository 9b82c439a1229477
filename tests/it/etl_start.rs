//! What stands before the first call of a collection, counted: ways to the store and back, readings of the
//! sites file, and the memory that its text takes.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tokio::net::TcpListener;

use crate::support::databases::with_mysql;
use crate::support::program::{Program, Ran, SimulatorProcess, sites_file};
use crate::support::proxy::Proxy;

/// Ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A file that can be read once: what was read is gone.
fn pipe(program: &Program, name: &str) -> PathBuf {
    let path = program.folder.path().join(name);
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    path
}

/// With the store's answers unencrypted and on the network that a test has, these are: three to connect, one
/// to set the session, one for the schema, one for the privileges, ten to open the run, four to take the sites
/// in, two for what was tried, two for the pauses.
const REQUESTS: usize = 24;

#[tokio::test(flavor = "multi_thread")]
async fn the_first_call_leaves_after_few_ways_to_the_store_on_one_connection() {
    with_mysql(async |database| {
        let proxy = Proxy::to(&database.url).await;
        let source = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", source.local_addr().unwrap());
        let program = Program::new().with_sites(24).env("DATABASE_URL", &proxy.url);
        let program = program.env("OPENWEATHER_BASE_URL", &url).env("OPENWEATHER_API_KEY", "k");
        let program = program.env("OPENWEATHER_CALLS_PER_MINUTE", "0");
        program.run(&["etl", "--dry-run"]).expect(0);
        let (connections, requests) = proxy.passed();
        let child = program.command(&["pipeline"]).stderr(Stdio::null()).spawn().unwrap();
        let _running = Running(child);
        let _call = source.accept().await.unwrap();
        let (connected, requested) = proxy.passed();
        assert_eq!(connected - connections, 1);
        let requested = requested - requests;
        assert!((10..=REQUESTS).contains(&requested), "{requested}");
    })
    .await;
}

#[test]
fn a_pipeline_that_collects_heals_and_mirrors_reads_the_sites_file_once() {
    let simulator = SimulatorProcess::start(&[]);
    let program = simulator.client("sqlite://weather.db").env("SITES_FILE", "sites.json");
    let sites = pipe(&program, "sites.json");
    let child = program.command(&["pipeline", "--heal-calls", "1"]).stderr(Stdio::piped()).spawn();
    let child = child.unwrap();
    std::fs::write(sites, sites_file(2, 1440)).unwrap();
    let ran = Ran::of(&child.wait_with_output().unwrap()).expect(0);
    assert!(ran.stderr.contains("collected"), "{}", ran.stderr);
}

/// The most memory that a process has had, in KiB.
fn peak_kib(process: u32) -> u64 {
    let status =
        std::fs::read_to_string(Path::new("/proc").join(process.to_string()).join("status"));
    let status = status.unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn a_sites_file_takes_the_memory_of_its_sites_and_not_of_its_text() {
    const MIB: usize = 1024 * 1024;
    let program = Program::new();
    let sites = pipe(&program, "sites.json");
    let child = program.command(&["sites", "check", "sites.json"]).stdout(Stdio::null()).spawn();
    let mut running = Running(child.unwrap());
    let mut file = std::fs::File::create(sites).unwrap();
    // The pipe holds little: what was written has been read but for its end.
    let mut write_mib = |numbers: std::ops::Range<usize>| {
        for number in numbers {
            let start = if number == 0 { "{\"sites\": [" } else { "," };
            let mut entry = format!(
                r#"{start}{{"site_id": "s{number}", "name": "s", "latitude": 1, "longitude": 1, "timezone": "UTC"}}"#
            );
            entry.extend(std::iter::repeat_n(' ', MIB - entry.len()));
            file.write_all(entry.as_bytes()).unwrap();
        }
    };
    write_mib(0..4);
    let before = peak_kib(running.0.id());
    write_mib(4..64);
    let grown = peak_kib(running.0.id()) - before;
    assert!(grown < 8 * 1024, "{grown} KiB for 60 MiB of text");
    file.write_all(b"]}").unwrap();
    drop(file);
    assert!(running.0.wait().unwrap().success());
}
