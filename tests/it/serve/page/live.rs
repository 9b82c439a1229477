//! What a reader does survives what happens: the page changes under a selection, an open list and a scrolled table only
//! when they are over, and only what differs; a server that goes away leaves the page.

use std::time::Duration;

use serde_json::json;

use super::in_a_browser::{Demo, until};
use crate::support;
use crate::support::browser::Browser;

/// Waits for so many runs that have ended.
async fn runs(demo: &Demo, count: i64) {
    let client = support::http_client().build().unwrap();
    let first = demo.newest_run(&client).await;
    while demo.newest_run(&client).await < first + count {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

const NOTE: &str = "
    window.stays = true;
    window.row = document.getElementById('s-mad-retiro');
    window.said = document.getElementById('sites').textContent;
    window.same = () => window.stays === true && window.row === document.getElementById('s-mad-retiro');";

#[tokio::test]
async fn what_the_reader_does_survives_ten_runs() {
    let demo = Demo::start("1");
    let browser = Browser::start().await;
    browser.resize(800, 900).await;
    browser.open(&demo.url).await;
    browser.run(NOTE).await;
    browser.run("document.querySelector('.wide').scrollLeft = 60").await;
    browser
        .run("getSelection().selectAllChildren(document.querySelector('#s-mad-retiro a'))")
        .await;
    runs(&demo, 5).await;
    assert_eq!(browser.run("return String(getSelection())").await, "Madrid, El Retiro");
    let kept = "return document.getElementById('sites').textContent === window.said";
    assert_eq!(browser.run(kept).await, true, "it changed under the selection");
    let line = "return document.getElementById('live').textContent";
    until(&browser, line, "There is news; it is shown as soon as you have finished.").await;
    browser.run("getSelection().removeAllRanges()").await;
    until(&browser, kept, false).await;
    // A list that is open.
    browser.run("document.getElementById('show').focus()").await;
    browser.press(" ").await;
    browser.run("window.said = document.getElementById('sites').textContent").await;
    let is_open = "return document.getElementById('show').matches(':open')";
    assert_eq!(browser.run(is_open).await, true);
    runs(&demo, 5).await;
    assert_eq!(browser.run(kept).await, true, "it changed under an open list");
    browser.press("\u{E00C}").await;
    browser.run("document.getElementById('show').blur()").await;
    until(&browser, kept, false).await;
    assert_eq!(browser.run("return window.same()").await, true, "the row was made anew");
    assert_eq!(browser.run("return document.querySelector('.wide').scrollLeft").await, 60);
    assert_eq!(browser.complaints().await, [] as [String; 0]);
}

#[tokio::test]
async fn a_crosshair_and_the_focus_on_it_survive_ten_runs() {
    let demo = Demo::start("1");
    let browser = Browser::start().await;
    browser.open(&format!("{}/sites/mad-retiro", demo.url)).await;
    let slider = "return document.getElementById('charts').getAttribute('role')";
    until(&browser, slider, "slider").await;
    browser.run("document.getElementById('charts').focus()").await;
    browser.press("\u{e012}").await;
    let said = "return document.getElementById('charts').getAttribute('aria-valuetext')";
    let readout = "return document.getElementById('readout').textContent";
    let newest = "return document.querySelector('.now .at').textContent";
    let (hour, words) = (browser.run(said).await, browser.run(readout).await);
    let before = browser.run(newest).await;
    runs(&demo, 10).await;
    assert_eq!(browser.run(said).await, hour);
    assert_eq!(browser.run(readout).await, words);
    assert_eq!(browser.run(newest).await, before, "it changed under the crosshair");
    // Without the crosshair the page goes on, and the focus stays for the next key.
    browser.press("\u{E00C}").await;
    until(&browser, &format!("{newest} === {before}"), false).await;
    until(&browser, slider, "slider").await;
    assert_eq!(browser.run("return document.activeElement.id").await, "charts");
    assert_eq!(browser.complaints().await, [] as [String; 0]);
}

#[tokio::test]
async fn the_map_is_dragged_and_a_circle_is_a_link() {
    let demo = Demo::still();
    let browser = Browser::start().await;
    browser.open(&demo.url).await;
    let at = |script: &str| {
        format!(
            "const box = document.querySelector('{script}').getBoundingClientRect(); \
        return [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)]"
        )
    };
    let middle = browser.run(&at(".map")).await;
    let (x, y) = (middle[0].as_i64().unwrap(), middle[1].as_i64().unwrap());
    let view = "return document.querySelector('.map').getAttribute('viewBox')";
    let before = browser.run(view).await;
    browser
        .point(
            "mouse",
            json!([
                {"type": "pointerMove", "x": x, "y": y, "duration": 0},
                {"type": "pointerDown", "button": 0},
                {"type": "pointerMove", "x": x - 120, "y": y + 40, "duration": 50},
                {"type": "pointerUp", "button": 0},
            ]),
        )
        .await;
    assert_ne!(browser.run(view).await, before);
    assert_eq!(browser.run("return location.pathname").await, "/");
    let circle = browser.run(&at(".dots a circle")).await;
    let link = "return document.querySelector('.dots a').getAttribute('href')";
    let link = browser.run(link).await;
    browser
        .point(
            "mouse",
            json!([
                {"type": "pointerMove", "x": circle[0], "y": circle[1], "duration": 0},
                {"type": "pointerDown", "button": 0},
                {"type": "pointerUp", "button": 0},
            ]),
        )
        .await;
    until(&browser, "return location.pathname", link).await;
}

#[tokio::test]
async fn without_what_renews_it_the_page_stays_and_says_so() {
    let demo = Demo::still();
    let browser = Browser::start().await;
    browser.block("*idiomorph*").await;
    browser.open(&demo.url).await;
    let line = "return document.getElementById('live').textContent";
    until(
        &browser,
        line,
        "What renews this page could not be loaded: it is of the moment it was asked for.",
    )
    .await;
    browser.run("document.getElementById('by-age').click()").await;
    until(&browser, "return location.search", "?sort=age").await;
    until(&browser, "return document.querySelector('[aria-sort]')?.textContent", "Age").await;
}

#[tokio::test]
async fn a_server_that_goes_away_leaves_the_page_and_a_sentence() {
    let demo = Demo::still();
    let browser = Browser::start().await;
    browser.open(&demo.url).await;
    browser.run("window.stays = true").await;
    let url = demo.url.clone();
    drop(demo);
    let is_said = "const said = document.getElementById('live').textContent; \
        return said.includes('since') && said.includes('trying again')";
    until(&browser, is_said, true).await;
    let whole =
        "return window.stays === true && document.querySelectorAll('.sites tbody tr').length";
    assert_eq!(browser.run(whole).await, 24, "{url}");
}

/// Three widths: only tables, maps and charts of their own are wider than the window.
#[tokio::test]
async fn no_page_scrolls_sideways_on_a_phone() {
    let demo = Demo::still();
    let browser = Browser::start().await;
    for path in ["/", "/?group=tag&lang=es", "/settings", "/settings?times=x", "/nowhere"] {
        browser.open(&format!("{}{path}", demo.url)).await;
        for width in [320, 800, 1280] {
            browser.emulate_width(width).await;
            let wide = browser.run("return document.documentElement.scrollWidth").await;
            assert!(wide.as_u64().unwrap() <= u64::from(width), "{path}: {wide} of {width}");
        }
    }
}
