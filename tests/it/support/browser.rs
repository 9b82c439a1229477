//! Chromium without a window, driven by WebDriver (<https://www.w3.org/TR/webdriver2/>), which is JSON over
//! HTTP: what of it the tests need is here.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::HUNG;

/// A browser with one tab; ends with the test.
pub(crate) struct Browser {
    session: String,
    client: reqwest::Client,
    /// The browser, which has a process group of its own.
    process: Option<i64>,
    _driver: Driver,
    /// All that driver and browser write: removed last.
    folder: TempDir,
}

/// The driver, at the head of a process group.
struct Driver(Child);

/// Options of every browser. Root, which tests in a container are, has no sandbox.
const OPTIONS: [&str; 5] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--window-size=1280,1000",
];

impl Browser {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let driver = Command::new("chromedriver")
            .arg("--port=0")
            .env("TMPDIR", folder.path())
            .env("XDG_CONFIG_HOME", folder.path())
            .env("XDG_CACHE_HOME", folder.path())
            .process_group(0)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver, which scripts/test installs");
        let mut driver = Driver(driver);
        let mut lines = BufReader::new(driver.0.stdout.take().unwrap()).lines();
        let started = "was started successfully on port ";
        let port = lines.find_map(|line| {
            Some(line.ok()?.split_once(started)?.1.trim_end_matches('.').to_owned())
        });
        std::thread::spawn(move || lines.for_each(drop));
        let client = super::http_client().build().unwrap();
        let session = format!("http://127.0.0.1:{}/session", port.unwrap());
        let mut browser = Self { session, client, process: None, _driver: driver, folder };
        let profile = browser.folder.path().join("profile");
        let folder = format!("--user-data-dir={}", profile.display());
        let arguments: Vec<_> = OPTIONS.iter().copied().chain([folder.as_str()]).collect();
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {"args": arguments},
            "goog:loggingPrefs": {"browser": "ALL"},
            "timeouts": {"script": HUNG.as_millis(), "pageLoad": HUNG.as_millis()},
        }}});
        let made = browser.call(Method::POST, "", wanted).await;
        browser.session = format!("{}/{}", browser.session, made["sessionId"].as_str().unwrap());
        browser.process = made["capabilities"]["goog:processID"].as_i64();
        browser
    }

    async fn call(&self, method: Method, path: &str, body: Value) -> Value {
        let url = format!("{}{path}", self.session);
        let request = self.client.request(method.clone(), url);
        let request = if method == Method::POST { request.body(body.to_string()) } else { request };
        let text = request.send().await.unwrap().text().await.unwrap();
        let answer: Value = serde_json::from_str(&text).unwrap();
        assert!(answer["value"]["error"].is_null(), "{path}: {text}");
        answer["value"].clone()
    }

    /// Goes to an address, and waits until it is there.
    pub(crate) async fn open(&self, url: &str) {
        self.call(Method::POST, "/url", json!({"url": url})).await;
    }

    /// What a function with this body returns.
    pub(crate) async fn run(&self, script: &str) -> Value {
        self.call(Method::POST, "/execute/sync", json!({"script": script, "args": []})).await
    }

    /// What a function with this body hands to its last argument.
    pub(crate) async fn wait_for(&self, script: &str) -> Value {
        self.call(Method::POST, "/execute/async", json!({"script": script, "args": []})).await
    }

    /// Presses a key where the focus is; special ones by WebDriver's code points.
    pub(crate) async fn press(&self, key: &str) {
        let keys = json!([{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]);
        self.act(json!([{"type": "key", "id": "keys", "actions": keys}])).await;
    }

    /// Moves a pointer of this kind, such as `mouse`, and presses and releases its button.
    pub(crate) async fn point(&self, kind: &str, actions: Value) {
        let pointer = json!({"type": "pointer", "id": kind, "parameters": {"pointerType": kind},
            "actions": actions});
        self.act(json!([pointer])).await;
    }

    /// Puts a finger on the page, moves it or lifts it. By the browser's own protocol: of WebDriver's actions
    /// the driver forgets between two calls that a finger is down.
    pub(crate) async fn touch(&self, kind: &str, at: Option<(f64, f64)>) {
        let points: Vec<_> = at.iter().map(|(x, y)| json!({"x": x, "y": y})).collect();
        let parameters = json!({"type": kind, "touchPoints": points});
        let command = json!({"cmd": "Input.dispatchTouchEvent", "params": parameters});
        self.call(Method::POST, "/goog/cdp/execute", command).await;
    }

    async fn act(&self, actions: Value) {
        self.call(Method::POST, "/actions", json!({"actions": actions})).await;
    }

    /// Makes the page as wide as a device of so many pixels.
    pub(crate) async fn narrow_to(&self, width: i64) {
        let size = json!({"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": false});
        let command = json!({"cmd": "Emulation.setDeviceMetricsOverride", "params": size});
        self.call(Method::POST, "/goog/cdp/execute", command).await;
    }

    /// Loads nothing from addresses of this form.
    pub(crate) async fn block(&self, address: &str) {
        for (command, parameters) in
            [("Network.enable", json!({})), ("Network.setBlockedURLs", json!({"urls": [address]}))]
        {
            let command = json!({"cmd": command, "params": parameters});
            self.call(Method::POST, "/goog/cdp/execute", command).await;
        }
    }

    /// Loads everything again.
    pub(crate) async fn unblock(&self) {
        let command = json!({"cmd": "Network.setBlockedURLs", "params": {"urls": []}});
        self.call(Method::POST, "/goog/cdp/execute", command).await;
    }

    /// Clicks in the middle of what a selector finds first.
    pub(crate) async fn click(&self, selector: &str) {
        let find = json!({"using": "css selector", "value": selector});
        let element = self.call(Method::POST, "/element", find).await;
        let id = element.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned();
        self.call(Method::POST, &format!("/element/{id}/click"), json!({})).await;
    }

    /// The page on paper of A4, as PDF.
    pub(crate) async fn print(&self) -> Vec<u8> {
        let paper = json!({"page": {"width": 21.0, "height": 29.7}});
        let pdf = self.call(Method::POST, "/print", paper).await;
        BASE64_STANDARD.decode(pdf.as_str().unwrap()).unwrap()
    }

    /// Makes the window so wide and high, pixels.
    pub(crate) async fn resize(&self, width: u32, height: u32) {
        let size = json!({"width": width, "height": height});
        self.call(Method::POST, "/window/rect", size).await;
    }

    /// Lets pages believe that the window is so wide: none is as narrow as a phone.
    pub(crate) async fn emulate_width(&self, width: u32) {
        let size = json!({"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false});
        let command = json!({"cmd": "Emulation.setDeviceMetricsOverride", "params": size});
        self.call(Method::POST, "/goog/cdp/execute", command).await;
    }

    /// Lets pages believe that the reader wants them light or dark.
    pub(crate) async fn prefer(&self, scheme: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        let command =
            json!({"cmd": "Emulation.setEmulatedMedia", "params": {"features": features}});
        self.call(Method::POST, "/goog/cdp/execute", command).await;
    }

    /// Runs no script of any page from now on.
    pub(crate) async fn forbid_scripts(&self) {
        let command =
            json!({"cmd": "Emulation.setScriptExecutionDisabled", "params": {"value": true}});
        self.call(Method::POST, "/goog/cdp/execute", command).await;
    }

    /// What the console has of errors and warnings since this was last called.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let log = self.call(Method::POST, "/se/log", json!({"type": "browser"})).await;
        let is_bad =
            |entry: &&Value| ["SEVERE", "WARNING"].contains(&entry["level"].as_str().unwrap());
        log.as_array().unwrap().iter().filter(is_bad).map(ToString::to_string).collect()
    }
}

impl Browser {
    /// Asks the driver to end the browser, and waits until it has. Without a runtime: a test that
    /// panics has none to wait in.
    fn delete_session(&self) -> std::io::Result<()> {
        let (host, path) = self.session["http://".len()..].split_once('/').unwrap_or_default();
        let mut stream = TcpStream::connect(host)?;
        stream.set_read_timeout(Some(HUNG))?;
        write!(stream, "DELETE /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n")?;
        // It answers when the browser has ended, and may keep the connection.
        stream.read(&mut [0; 1024]).map(drop)
    }
}

impl Drop for Browser {
    /// The session first, since a driver that is killed leaves its browser behind; then whatever is
    /// still there of both.
    fn drop(&mut self) {
        let Some(process) = self.process else { return };
        let _ = self.delete_session();
        end_group(process);
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        end_group(i64::from(self.0.id()));
        let _ = self.0.wait();
    }
}

/// Kills a process and those of its group; most often none is left.
fn end_group(process: i64) {
    let group = format!("-{process}");
    let kill = |target: &str| {
        let mut command = Command::new("kill");
        command.args(["-KILL", "--", target]).stderr(Stdio::null());
        let _ = command.status();
    };
    kill(&group);
    kill(&process.to_string());
}
