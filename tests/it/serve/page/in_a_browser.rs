//! The demo's page in Chromium: live, without a complaint in the console, and open to everybody.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::languages::english_in;
use crate::support;
use crate::support::browser::Browser;
use crate::support::kills::signal;
use crate::support::program::{Program, repository_file};

/// `weather demo --serve`; ends with the test.
pub(super) struct Demo {
    child: Child,
    pub(super) url: String,
    program: Program,
}

impl Demo {
    /// One that stays as it is: on a slow machine hours would pass while a page is looked at.
    pub(super) fn still() -> Self {
        Self::start("3600")
    }

    /// One in which an hour passes every few seconds.
    fn live() -> Self {
        Self::start("4")
    }

    pub(super) fn start(every: &str) -> Self {
        let program = Program::new();
        let arguments =
            ["demo", "--serve", "--listen", "127.0.0.1:0", "--every", every, "--hours", "60"];
        let mut command = program.command(&arguments);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let line = lines.find(|line| line.contains("live on")).expect("the address");
        let url = line.split_whitespace().find(|word| word.starts_with("http://")).unwrap();
        let url = url.trim_end_matches(':').to_owned();
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url, program }
    }

    /// The program in the folder of the demo's store.
    pub(super) fn program(&self) -> &Program {
        &self.program
    }

    /// The file of its store.
    pub(super) fn database(&self) -> String {
        self.program.folder.path().join("weather-demo.db").display().to_string()
    }

    /// The number of the newest run that has ended.
    pub(super) async fn newest_run(&self, client: &reqwest::Client) -> i64 {
        let answer = client.get(format!("{}/api/v1/runs?limit=2", self.url)).send().await.unwrap();
        let answer: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        let runs = answer["runs"].as_array().unwrap();
        let ended = runs.iter().find(|run| run["status"] != "open").unwrap();
        ended["run_seq"].as_i64().unwrap()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Pages of the demo, and words that each has in English.
const PAGES: [(&str, &[&str]); 11] = [
    ("/", &["23 of 24 sites are fresh", "Madrid, El Retiro", "does not know the place"]),
    ("/settings?next=/runs", &["Europe/Madrid", "imperial: °F"]),
    ("/?group=tag&map=wind&units=imperial", &["office", "mph"]),
    (
        "/sites/mad-retiro",
        &[
            "Europe/Madrid",
            "never tried",
            "the source stood still: it repeated",
            "Temperature",
            "hPa",
        ],
    ),
    (
        "/sites/mad-retiro?range=7d",
        &["healed from openweathermap", "blocked the account", "in the last hour"],
    ),
    ("/sites/mad-retiro?range=30d", &["Madrid"]),
    ("/gaps", &["Madrid"]),
    ("/gaps/lon-city/TODAY", &["London, City", "weather heal --site lon-city"]),
    ("/runs", &["succeeded", "partial", "heal", "ms"]),
    ("/runs/1", &["1"]),
    ("/calls", &["openweathermap"]),
];

impl Demo {
    /// The address of one of the pages; the day is that of the newest observation of a site whose clocks are not
    /// those of UTC all year.
    fn address(&self, path: &str) -> String {
        let today = chrono::Utc::now().with_timezone(&chrono_tz::Tz::Europe__London).date_naive();
        format!("{}{}", self.url, path.replace("TODAY", &today.to_string()))
    }
}

const FAULTS: &str = "
    const done = arguments[arguments.length - 1];
    axe.run(document).then((found) => done(found.violations
        .map((fault) => fault.id + ': ' + fault.nodes.map((node) => node.html).slice(0, 3).join(' '))));";

/// Faults of a page, of any grade, that axe-core finds.
pub(super) async fn faults(browser: &Browser) -> Vec<Value> {
    browser.run(&repository_file("tests/data/axe-core/axe.min.js")).await;
    browser.wait_for(FAULTS).await.as_array().unwrap().clone()
}

#[tokio::test]
async fn the_demo_is_open_to_everybody_in_a_browser() {
    let demo = Demo::still();
    let browser = Browser::start().await;
    for (scheme, language) in [("light", "en"), ("dark", "es"), ("dark", "en"), ("light", "es")] {
        browser.prefer(scheme).await;
        browser.open(&format!("{}/settings?lang={language}", demo.url)).await;
        for (path, words) in PAGES {
            browser.open(&demo.address(path)).await;
            let text = browser.run("return document.body.textContent").await;
            for word in words.iter().filter(|_| language == "en") {
                assert!(text.as_str().unwrap().contains(word), "{path}: {word}: {text}");
            }
            if language == "es" {
                let html = browser.run("return document.documentElement.outerHTML").await;
                assert_eq!(english_in(html.as_str().unwrap()), [""; 0], "{path}");
            }
            let spoken = browser.run("return document.documentElement.lang").await;
            assert_eq!(spoken, language, "{path}");
            let is_dark =
                browser.run("return matchMedia('(prefers-color-scheme: dark)').matches").await;
            assert_eq!(is_dark, scheme == "dark");
            assert_eq!(faults(&browser).await, [] as [Value; 0], "{scheme} {path}");
            assert_eq!(browser.complaints().await, [] as [String; 0], "{scheme} {path}");
        }
    }
    for path in ["/nowhere", "/sites/nope", "/?page=99", "/?map=moon", "/?units=x", "/?moon=1"] {
        browser.open(&format!("{}{path}", demo.url)).await;
        let html = browser.run("return document.documentElement.outerHTML").await;
        let html = html.as_str().unwrap();
        assert!(html.contains("Volver al resumen"), "{path}: {html}");
        assert_eq!(english_in(html), [""; 0], "{path}");
    }
    // What is not there is a line in the console.
    let _ = browser.complaints().await;
    browser.open(&format!("{}/settings?lang=en", demo.url)).await;
    the_table_is_filtered_and_sorted_in_place(&demo, &browser).await;
    assert_eq!(browser.complaints().await, [] as [String; 0]);
    an_error_is_a_page(&demo, &browser).await;
}

#[tokio::test]
async fn a_run_that_ends_appears_on_the_page_in_place() {
    let demo = Demo::live();
    let browser = Browser::start().await;
    a_run_that_ends_appears(&demo, &browser).await;
    assert_eq!(browser.complaints().await, [] as [String; 0]);
}

async fn a_run_that_ends_appears(demo: &Demo, browser: &Browser) {
    let client = crate::support::http_client().build().unwrap();
    browser.open(&format!("{}/runs", demo.url)).await;
    browser.run("window.stays = true; document.getElementById('earlier').focus()").await;
    for _ in 0..3 {
        let before = demo.newest_run(&client).await;
        let run = loop {
            let newest = demo.newest_run(&client).await;
            if newest > before {
                break newest;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        let is_there = format!(
            "const row = document.getElementById('r-{run}'); \
             return Boolean(row && !row.parentElement.textContent.includes('at work'))"
        );
        until(browser, &is_there, true).await;
    }
    assert_eq!(browser.run("return window.stays === true").await, true, "it was loaded anew");
    assert_eq!(browser.run("return document.activeElement.id").await, "earlier", "the focus");
}

async fn the_table_is_filtered_and_sorted_in_place(demo: &Demo, browser: &Browser) {
    browser.open(&demo.url).await;
    browser.run("window.stays = true").await;
    let shown = "return document.getElementById('sites').textContent.split(' ')[0]";
    browser
        .run(
            "const q = document.getElementById('q'); q.focus(); q.value = 'madrid'; \
              q.dispatchEvent(new Event('input', { bubbles: true }))",
        )
        .await;
    until(browser, shown, "1").await;
    assert_eq!(browser.run("return document.activeElement.id").await, "q");
    browser.run("document.getElementById('by-age').click()").await;
    let sorted =
        "const by = document.querySelector('[aria-sort]'); return by ? by.textContent : ''";
    until(browser, sorted, "Age").await;
    assert_eq!(browser.run("return location.search").await, "?q=madrid&sort=age");
    browser.run("history.back()").await;
    until(browser, "return location.search", "?q=madrid").await;
    until(browser, sorted, "").await;
    assert_eq!(browser.run("return window.stays === true").await, true, "it was loaded anew");
}

pub(super) async fn until(browser: &Browser, script: &str, value: impl Into<Value>) {
    let value = value.into();
    let what = format!("{script} is {value}");
    support::until(&what, async || browser.run(script).await == value).await;
}

/// What is not there has a page as well, compressed as a browser asks for it.
async fn an_error_is_a_page(demo: &Demo, browser: &Browser) {
    browser.open(&format!("{}/sites/nope", demo.url)).await;
    let text = browser.run("return document.body.textContent").await;
    let text = text.as_str().unwrap();
    assert!(text.contains("There is nothing here") && text.contains("No site has this"), "{text}");
}

#[tokio::test]
async fn without_scripts_every_page_has_its_data_and_the_demo_ends_when_it_is_asked_to() {
    let mut demo = Demo::still();
    let browser = Browser::start().await;
    browser.forbid_scripts().await;
    for (path, words) in PAGES {
        browser.open(&demo.address(path)).await;
        let document = browser.run("return document.body.textContent").await;
        let document = document.as_str().unwrap();
        for word in words {
            assert!(document.contains(word), "{path}: {word}: {document}");
        }
        assert!(document.contains("This page is of the moment it was asked for."), "{path}");
    }
    signal(&demo.child, "-INT");
    assert_eq!(demo.child.wait().unwrap().code(), Some(0));
}
