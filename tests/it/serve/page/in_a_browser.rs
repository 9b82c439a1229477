//! The demo's page in Chromium: live, without a complaint in the console, and open to everybody.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::support;
use crate::support::browser::Browser;
use crate::support::kills::signal;
use crate::support::program::{Program, repository_file};

/// `weather demo --serve`; ends with the test.
struct Demo {
    child: Child,
    url: String,
    _program: Program,
}

impl Demo {
    /// One that stays as it is: on a slow machine hours would pass while a page is looked at.
    fn still() -> Self {
        Self::start("3600")
    }

    /// One in which an hour passes every few seconds.
    fn live() -> Self {
        Self::start("4")
    }

    fn start(every: &str) -> Self {
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
        Self { child, url, _program: program }
    }

    /// The number of the newest run that has ended.
    async fn newest_run(&self, client: &reqwest::Client) -> i64 {
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

const PAGES: [(&str, &[&str]); 4] = [
    ("/", &["24 of 24 sites", "Madrid, El Retiro", "lon-city", "does not know the place"]),
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
        &["healed from openweathermap", "blocked the account", "Each hour of these 7 days"],
    ),
    ("/runs", &["succeeded", "partial", "heal", "ms"]),
];

const SERIOUS: &str = "
    const done = arguments[arguments.length - 1];
    axe.run(document).then((found) => done(found.violations
        .filter((fault) => ['serious', 'critical'].includes(fault.impact))
        .map((fault) => fault.id + ': ' + fault.nodes.map((node) => node.html).slice(0, 3).join(' '))));";

/// Serious faults of a page that axe-core finds.
async fn faults(browser: &Browser, axe: &str) -> Vec<Value> {
    browser.run(axe).await;
    browser.wait_for(SERIOUS).await.as_array().unwrap().clone()
}

#[tokio::test]
async fn the_demo_is_open_to_everybody_in_a_browser() {
    let demo = Demo::still();
    let browser = Browser::start().await;
    let axe = repository_file("tests/data/axe-core/axe.min.js");
    for scheme in ["light", "dark"] {
        browser.prefer(scheme).await;
        for (path, words) in PAGES {
            browser.open(&format!("{}{path}", demo.url)).await;
            let text = browser.run("return document.body.textContent").await;
            for word in words {
                assert!(text.as_str().unwrap().contains(word), "{path}: {word}: {text}");
            }
            let is_dark =
                browser.run("return matchMedia('(prefers-color-scheme: dark)').matches").await;
            assert_eq!(is_dark, scheme == "dark");
            assert_eq!(faults(&browser, &axe).await, [] as [Value; 0], "{scheme} {path}");
            assert_eq!(browser.complaints().await, [] as [String; 0], "{scheme} {path}");
        }
    }
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
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
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
    until(browser, sorted, "Last observation").await;
    assert_eq!(browser.run("return location.search").await, "?sort=age&q=madrid");
    assert_eq!(browser.run("return window.stays === true").await, true, "it was loaded anew");
}

async fn until(browser: &Browser, script: &str, value: impl Into<Value>) {
    let value = value.into();
    let what = format!("{script} is {value}");
    support::until(&what, async || browser.run(script).await == value).await;
}

/// What is not there has a page as well, compressed as a browser asks for it.
async fn an_error_is_a_page(demo: &Demo, browser: &Browser) {
    browser.open(&format!("{}/sites/nope", demo.url)).await;
    let text = browser.run("return document.body.textContent").await;
    let text = text.as_str().unwrap();
    assert!(text.contains("There is nothing here") && text.contains("no site has this"), "{text}");
}

#[tokio::test]
async fn without_scripts_every_page_has_its_data_and_the_demo_ends_when_it_is_told_to() {
    let mut demo = Demo::still();
    let browser = Browser::start().await;
    browser.forbid_scripts().await;
    for (path, words) in PAGES {
        browser.open(&format!("{}{path}", demo.url)).await;
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
