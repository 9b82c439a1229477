//! The charts of a site in Chromium: the slider by keys and by touch, the drag that zooms, the picture and the file,
//! and what stays where the script of the charts cannot be loaded. And the command of a gap's cell, run.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};

use super::calendar::shown;
use super::in_a_browser::{Demo, faults, until};
use crate::support;
use crate::support::browser::Browser;
use crate::support::program::{SimulatorProcess, repository_file};

const IS_READY: &str = "const box = document.getElementById('charts'); \
    return Boolean(box) && box.getAttribute('role') === 'slider'";

async fn open(browser: &Browser, demo: &Demo, path: &str) {
    browser.open(&format!("{}{path}", demo.url)).await;
    support::until("the charts are there", async || browser.run(IS_READY).await == true).await;
}

/// What the page gives its script.
async fn sheet(browser: &Browser) -> Value {
    browser.run("return JSON.parse(document.getElementById('charts').dataset.sheet)").await
}

async fn get(url: &str) -> String {
    let client = support::http_client().build().unwrap();
    client.get(url).send().await.unwrap().text().await.unwrap()
}

/// The hours of the API that the charts are drawn of, by their times.
async fn hours(demo: &Demo, sheet: &Value) -> BTreeMap<i64, Value> {
    let text = get(&format!("{}{}", demo.url, sheet["values"].as_str().unwrap())).await;
    let answer: Value = serde_json::from_str(&text).unwrap();
    let time = |hour: &Value| hour["hour"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    let hours = answer["hours"].as_array().unwrap().iter();
    hours.map(|hour| (time(hour).timestamp(), hour.clone())).collect()
}

/// Holds what the slider says of each hour against the API.
fn check(said: &[String], sheet: &Value, hours: &BTreeMap<i64, Value>) {
    let from = sheet["from"].as_i64().unwrap();
    assert_eq!(said.len(), 24);
    let mut missing = 0;
    for (said, time) in said.iter().zip((0..).map(|number| from + 3600 * number)) {
        match hours.get(&time) {
            Some(hour) => {
                let words = format!(": {:.1}\u{a0}°C", hour["temperature_c"].as_f64().unwrap());
                assert!(said.contains(&words), "{said}: {words}");
            }
            None => {
                missing += 1;
                let is_reason = said.contains("missing: never tried")
                    || said.contains("missing: failed")
                    || said.contains("missing: paused")
                    || said.contains("no value");
                assert!(is_reason, "{said}");
            }
        }
    }
    assert!(missing >= 3, "{said:?}");
}

const SAID: &str = "return document.getElementById('charts').getAttribute('aria-valuetext')";

async fn by_keys(browser: &Browser) -> Vec<String> {
    browser.run("document.getElementById('charts').focus()").await;
    let mut said = Vec::new();
    for number in 0..24 {
        browser.press(if number == 0 { "\u{e011}" } else { "\u{e014}" }).await; // Home, then right
        said.push(browser.run(SAID).await.as_str().unwrap().to_owned());
    }
    said
}

/// Where the plot lies: left, top, width, height.
async fn plot(browser: &Browser) -> [f64; 4] {
    let script = "const over = document.querySelector('#plot-temperature .u-over'); \
        over.scrollIntoView({ block: 'center' }); const box = over.getBoundingClientRect(); \
        return [box.left, box.top, box.width, box.height]";
    serde_json::from_value(browser.run(script).await).unwrap()
}

async fn by_touch(browser: &Browser) -> Vec<String> {
    let [left, top, width, height] = plot(browser).await;
    let at = |hour: f64| Some((left + width * (hour + 0.5) / 24.0, top + height / 2.0));
    let mut said = Vec::new();
    browser.touch("touchStart", at(0.0)).await;
    for hour in 0..24_u8 {
        browser.touch("touchMove", at(f64::from(hour))).await;
        let value = "return document.getElementById('charts').getAttribute('aria-valuenow')";
        let number = hour.to_string();
        let is_there = async || browser.run(value).await == number.as_str();
        support::until(&format!("the finger is at hour {hour}"), is_there).await;
        said.push(browser.run(SAID).await.as_str().unwrap().to_owned());
    }
    browser.touch("touchEnd", None).await;
    said
}

#[tokio::test]
async fn the_slider_reads_every_hour_as_the_api_has_it_and_dragging_zooms() {
    let demo = Demo::still();
    let browser = Browser::start().await;
    open(&browser, &demo, "/sites/mad-retiro").await;
    let sheet = sheet(&browser).await;
    let hours = hours(&demo, &sheet).await;
    check(&by_keys(&browser).await, &sheet, &hours);
    check(&by_touch(&browser).await, &sheet, &hours);
    a_drag_zooms_and_back_returns(&browser, &demo, &sheet).await;
    the_picture_has_colours(&browser).await;
    the_file_is_that_of_the_api(&browser, &demo).await;
    assert_eq!(browser.complaints().await, [] as [String; 0]);
}

fn moment(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0).unwrap().format("%FT%H:%MZ").to_string()
}

async fn until_from(browser: &Browser, from: i64) {
    let is_there =
        async || sheet(browser).await["from"] == from && browser.run(IS_READY).await == true;
    support::until(&format!("the charts begin at {}", moment(from)), is_there).await;
}

async fn a_drag_zooms_and_back_returns(browser: &Browser, demo: &Demo, before: &Value) {
    let [left, top, width, height] = plot(browser).await;
    let from = before["from"].as_i64().unwrap();
    let at = |hour: f64| {
        json!({"type": "pointerMove", "duration": 50,
        "x": (left + width * hour / 24.0).round(), "y": (top + height / 2.0).round()})
    };
    let drag = json!([at(6.1), {"type": "pointerDown", "button": 0}, at(9.0), at(12.1),
        {"type": "pointerUp", "button": 0}]);
    browser.point("mouse", drag).await;
    let (first, last) = (from + 6 * 3600, from + 12 * 3600);
    until_from(browser, first).await;
    let search = browser.run("return location.search").await;
    assert_eq!(search, format!("?from={}&to={}", moment(first), moment(last)));
    browser.run("document.getElementById('range-7d').click()").await;
    until_from(browser, before["to"].as_i64().unwrap() - 7 * 86_400).await;
    browser.run("history.back()").await;
    until_from(browser, first).await;
    browser.run("history.back()").await;
    until_from(browser, from).await;
    open(browser, demo, &format!("/sites/mad-retiro{}", search.as_str().unwrap())).await;
    let again = sheet(browser).await;
    assert_eq!((&again["from"], &again["to"]), (&json!(first), &json!(last)));
}

async fn the_picture_has_colours(browser: &Browser) {
    let colours = browser
        .wait_for(
            "const done = arguments[arguments.length - 1];
            URL.createObjectURL = (blob) => {
                createImageBitmap(blob).then((image) => {
                    const canvas = document.createElement('canvas');
                    canvas.width = image.width; canvas.height = image.height;
                    const ctx = canvas.getContext('2d');
                    ctx.drawImage(image, 0, 0);
                    const data = new Uint32Array(ctx.getImageData(0, 0, image.width, image.height).data.buffer);
                    done([blob.type, image.height, new Set(data).size]);
                });
                return '#';
            };
            document.getElementById('png').click();",
        )
        .await;
    assert_eq!(colours[0], "image/png");
    assert!(colours[1].as_i64().unwrap() > 900 && colours[2].as_i64().unwrap() > 10, "{colours}");
}

async fn the_file_is_that_of_the_api(browser: &Browser, demo: &Demo) {
    let sheet = sheet(browser).await;
    let [from, to] = ["from", "to"].map(|edge| moment(sheet[edge].as_i64().unwrap()));
    let link = browser.run("return document.getElementById('csv').href").await;
    let own = format!(
        "{}/api/v1/sites/mad-retiro/hourly?from={from}&to={to}&format=csv&source=openweathermap",
        demo.url
    );
    let (linked, own) = (get(link.as_str().unwrap()).await, get(&own).await);
    assert!(own.lines().count() > 5 && own.starts_with("site_id,"));
    assert_eq!(linked, own);
}

#[tokio::test]
async fn without_the_script_of_the_charts_the_drawings_stay_and_the_foot_says_so() {
    let demo = Demo::still();
    let browser = Browser::start().await;
    browser.block("*uPlot.iife.min.js").await;
    browser.open(&format!("{}/sites/mad-retiro", demo.url)).await;
    let said = "return document.querySelector('footer').textContent";
    let is_said =
        async || browser.run(said).await.as_str().unwrap().contains("could not be loaded");
    support::until("the foot says so", is_said).await;
    let drawings = browser
        .run("return document.querySelectorAll('#charts .plot > svg path.grid').length")
        .await;
    assert_eq!(drawings, 5);
    browser.run("document.getElementById('range-7d').click()").await;
    let days = "return document.querySelectorAll('details.day').length";
    let is_week = async || browser.run(days).await.as_i64().unwrap() > 2;
    support::until("the week is there", is_week).await;
}

/// Charts of before would be taken for those of the time that was asked for.
#[tokio::test]
async fn where_values_cannot_be_fetched_later_the_drawings_of_the_new_time_take_the_place_of_the_charts()
 {
    let demo = Demo::still();
    let browser = Browser::start().await;
    open(&browser, &demo, "/sites/mad-retiro").await;
    browser.block("*/hourly*").await;
    browser.run("document.getElementById('range-7d').click()").await;
    let failed = "return document.getElementById('charts-failed').textContent";
    until(&browser, &format!("{failed} !== ''"), true).await;
    let shown = "return [document.querySelectorAll('.uplot').length, \
        document.querySelectorAll('#charts .plot > svg path.grid').length, \
        document.querySelectorAll('#charts .plot:first-of-type text.x').length > 5, \
        document.getElementById('charts').hasAttribute('role')]";
    assert_eq!(browser.run(shown).await, json!([0, 5, true, false]));
    browser.unblock().await;
    browser.run("document.getElementById('range-24h').click()").await;
    until(&browser, IS_READY, true).await;
    assert_eq!(browser.run(failed).await, "");
}

#[tokio::test]
async fn the_command_of_a_cell_fills_it_and_the_calendar_is_what_the_command_lists() {
    let demo = Demo::still();
    let now = Utc::now();
    let today = now.date_naive();
    let first = today - TimeDelta::days(5);
    let calendar =
        get(&format!("{}/gaps?from={first}&to={}", demo.url, today + TimeDelta::days(1))).await;
    let program = demo.program();
    let listed = program
        .run(&["gaps", "--database-url", "sqlite://weather-demo.db", "--output", "json"])
        .expect(0);
    assert_eq!(shown(&calendar), of_list(&listed.stdout, &sample_zones()), "{calendar}");
    let own = "<a href=\"/gaps/mad-retiro/";
    let days: Vec<_> =
        calendar.split(own).skip(1).map(|link| link.split('"').next().unwrap()).collect();
    let path = format!("{}/gaps/mad-retiro/{}", demo.url, days.first().expect("a hole of Madrid"));
    let cell = get(&path).await;
    let command =
        cell.split("<code>").nth(1).and_then(|rest| rest.split("</code>").next()).unwrap();
    let arguments: Vec<_> = command.split(' ').collect();
    assert_eq!(arguments[..2], ["weather", "heal"], "{command}");
    let simulator = SimulatorProcess::start(&[]);
    let mut sites: Value =
        serde_json::from_str(&repository_file("config/sites_sample.json")).unwrap();
    for site in sites["sites"].as_array_mut().unwrap() {
        let site = site.as_object_mut().unwrap();
        site.remove("active_from");
        site.remove("active_until");
    }
    let healing = simulator
        .client(&format!("sqlite://{}", demo.database()))
        .file("sites.json", &sites.to_string());
    healing.env("SITES_FILE", "sites.json").run(&arguments[1..]).expect(0);
    let whole = async || get(&path).await.contains("Nothing is missing");
    support::until("the day is whole", whole).await;
}

/// The zones of the sites that the program comes with.
fn sample_zones() -> BTreeMap<String, Tz> {
    let sites: Value = serde_json::from_str(&repository_file("config/sites_sample.json")).unwrap();
    let text = |site: &Value, name: &str| site[name].as_str().unwrap().to_owned();
    let sites = sites["sites"].as_array().unwrap().iter();
    sites.map(|site| (text(site, "site_id"), text(site, "timezone").parse().unwrap())).collect()
}

/// Missing slots of sites and days by a list of gaps, counted into days by the clocks of each site.
pub(super) fn of_list(
    text: &str,
    zones: &BTreeMap<String, Tz>,
) -> BTreeMap<(String, NaiveDate), u32> {
    let mut days = BTreeMap::new();
    for gap in serde_json::from_str::<Vec<Value>>(text).unwrap() {
        let site_id = gap["site_id"].as_str().unwrap();
        let length = TimeDelta::minutes(gap["interval_minutes"].as_i64().unwrap());
        let mut slot: DateTime<Utc> = gap["first_slot"].as_str().unwrap().parse().unwrap();
        // What is under way and was not called for is not late yet.
        let is_late =
            |slot: DateTime<Utc>| gap["reason"] != "never_tried" || slot + length <= Utc::now();
        for _ in 0..gap["slots"].as_u64().unwrap() {
            if is_late(slot) {
                let day = slot.with_timezone(&zones[site_id]).date_naive();
                *days.entry((site_id.to_owned(), day)).or_default() += 1;
            }
            slot += length;
        }
    }
    days
}

#[tokio::test]
async fn a_site_gaps_runs_and_calls_are_open_to_everybody_and_fit_a_phone() {
    let demo = Demo::still();
    let browser = Browser::start().await;
    let cell = format!("/gaps/lon-city/{}", Utc::now().date_naive());
    let pages = [
        "/sites/mad-retiro?range=7d",
        "/sites/mad-retiro?range=30d",
        "/gaps",
        &cell,
        "/runs",
        "/runs/1",
        "/calls",
    ];
    for (scheme, language, width) in [("light", "en", 1280), ("dark", "es", 320)] {
        browser.prefer(scheme).await;
        browser.narrow_to(width).await;
        browser.open(&format!("{}/settings?lang={language}&next=/calls", demo.url)).await;
        for path in pages {
            browser.open(&format!("{}{path}", demo.url)).await;
            assert_eq!(browser.run("return document.documentElement.lang").await, language);
            let wide = browser.run("return document.documentElement.scrollWidth").await;
            assert!(wide.as_i64().unwrap() <= width, "{path}: {wide} of {width}");
            assert_eq!(faults(&browser).await, [] as [Value; 0], "{scheme} {path}");
            assert_eq!(browser.complaints().await, [] as [String; 0], "{scheme} {path}");
        }
    }
}
