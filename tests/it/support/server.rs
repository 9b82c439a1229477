//! The query API on loopback, in this process and as one of its own.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::HeaderMap;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use weather_data_product::clock::{Clock, SteppedClock};
use weather_data_product::domain::Window;
use weather_data_product::serve::access::Access;
use weather_data_product::serve::{self, Outside, Parts};
use weather_data_product::store::{Reads, StoreSettings};

use super::HUNG;
use super::databases::TestDatabase;
use super::program::Program;
use super::samples::{SOURCE, budget, hour};

/// A server; ends with the test.
pub(crate) struct Server {
    pub(crate) address: String,
    client: reqwest::Client,
    end: CancellationToken,
}

/// What it answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }
}

impl Server {
    /// Reads the database of a test, as the program would; everybody may ask. It is 7 minutes past
    /// the tests' hour.
    pub(crate) async fn start(database: &TestDatabase) -> Self {
        let store = StoreSettings::at(&database.url).open_reader().await.unwrap();
        Self::of(store, Access::Open).await
    }

    /// The same at another time.
    pub(crate) async fn at(database: &TestDatabase, now: DateTime<Utc>) -> Self {
        let store = StoreSettings::at(&database.url).open_reader().await.unwrap();
        Self::with(store, Access::Open, now).await
    }

    pub(crate) async fn of(store: Reads, access: Access) -> Self {
        Self::with(store, access, hour() + TimeDelta::minutes(7)).await
    }

    /// The same as it is seen from outside.
    pub(crate) async fn seen(database: &TestDatabase, access: Access, outside: Outside) -> Self {
        let store = StoreSettings::at(&database.url).open_reader().await.unwrap();
        Self::whole(store, access, hour() + TimeDelta::minutes(7), outside).await
    }

    async fn with(store: Reads, access: Access, now: DateTime<Utc>) -> Self {
        Self::whole(store, access, now, Outside::default()).await
    }

    async fn whole(store: Reads, access: Access, now: DateTime<Utc>, outside: Outside) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let clock: Arc<dyn Clock> = Arc::new(SteppedClock::new(now));
        let sources: &[&str] = &[SOURCE, "open-meteo"];
        let store = Arc::new(store);
        let budgets = vec![(SOURCE, budget(&[(Window::Day, 1000), (Window::Month, 10_000)]))];
        let parts = Parts { store, clock, sources, budgets, access, cache: None, outside };
        let end = CancellationToken::new();
        tokio::spawn(serve::run(listener, parts, end.clone()));
        Self { address, client: client(), end }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(path, &[]).await
    }

    pub(crate) async fn ask(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send("GET", path, headers).await
    }

    pub(crate) async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        ask(&self.client, method, &self.address, path, headers).await
    }

    /// Headers and bytes of an answer, as they come.
    pub(crate) async fn send_raw(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> (HeaderMap, Vec<u8>) {
        let response = request(&self.client, method, &self.address, path, headers);
        let response = response.send().await.unwrap();
        (response.headers().clone(), response.bytes().await.unwrap().to_vec())
    }

    /// An answer as a client reads it that takes compressed ones.
    pub(crate) async fn send_decoded(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Answer {
        let client = super::http_client().timeout(HUNG).build().unwrap();
        let headers: Vec<_> =
            headers.iter().copied().filter(|(name, _)| *name != "accept-encoding").collect();
        ask(&client, method, &self.address, path, &headers).await
    }

    /// Status and length of an answer as a browser gets it.
    pub(crate) async fn compressed(&self, path: &str) -> (u16, usize) {
        let request = self.client.get(format!("http://{}{path}", self.address));
        let response = request.header("accept-encoding", "gzip").send().await.unwrap();
        assert_eq!(response.headers()["content-encoding"], "gzip");
        (response.status().as_u16(), response.bytes().await.unwrap().len())
    }

    /// An answer that is not over.
    pub(crate) async fn open(&self, path: &str) -> reqwest::Response {
        self.client.get(format!("http://{}{path}", self.address)).send().await.unwrap()
    }

    pub(crate) fn end(&self) {
        self.end.cancel();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end.cancel();
    }
}

async fn ask(
    client: &reqwest::Client,
    method: &str,
    address: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> Answer {
    let response = request(client, method, address, path, headers).send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, body: response.text().await.unwrap() }
}

fn request(
    client: &reqwest::Client,
    method: &str,
    address: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> reqwest::RequestBuilder {
    let request = client.request(method.parse().unwrap(), format!("http://{address}{path}"));
    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
}

fn client() -> reqwest::Client {
    let client = super::http_client().no_gzip().timeout(HUNG);
    client.redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// `weather serve` as a process; ends with the test.
pub(crate) struct ServerProcess {
    pub(crate) child: Child,
    pub(crate) address: String,
    client: reqwest::Client,
    log: Arc<Mutex<String>>,
}

impl ServerProcess {
    pub(crate) fn start(program: &Program, arguments: &[&str]) -> Self {
        let arguments = [&["serve", "--listen", "127.0.0.1:0"], arguments].concat();
        let mut command = program.command(&arguments);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        stderr.read_line(&mut line).unwrap();
        let log = Arc::new(Mutex::new(line.clone()));
        let writing = log.clone();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                writing.lock().unwrap().push_str(&(line + "\n"));
            }
        });
        let address = line.trim().rsplit('/').next().unwrap().to_owned();
        assert!(line.contains("http://127.0.0.1:"), "{line}");
        Self { child, address, client: client(), log }
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        ask(&self.client, "GET", &self.address, path, &[]).await
    }

    /// A figure of `/metrics`, by its name and labels.
    pub(crate) async fn figure(&self, name: &str) -> Option<f64> {
        let text = self.get("/metrics").await.expect(200).body;
        let line = text.lines().find(|line| line.starts_with(&format!("{name} ")));
        line.map(|line| line.rsplit(' ').next().unwrap().parse().unwrap())
    }

    /// Bytes that it has read so far, of files above all.
    pub(crate) fn bytes_read(&self) -> u64 {
        let io = std::fs::read_to_string(format!("/proc/{}/io", self.child.id())).unwrap();
        io.lines().find_map(|line| line.strip_prefix("rchar: ")).unwrap().parse().unwrap()
    }

    /// The most memory that it ever had, in MiB.
    pub(crate) fn peak_mib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
