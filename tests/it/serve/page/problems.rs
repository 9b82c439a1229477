//! Pages of problems in Chromium: open to everybody, compressed as a browser asks for them, in both languages, light
//! and dark.

use serde_json::Value;

use super::in_a_browser::faults;
use crate::languages::english_in;
use crate::serve::fill;
use crate::support::browser::Browser;
use crate::support::databases::with_sqlite;
use crate::support::server::Server;

/// Opens a page of a problem, and looks for what is wrong with it beside its status.
async fn judge(browser: &Browser, server: &Server, path: &str, status: u16) {
    for (scheme, language) in [("light", "en"), ("dark", "es"), ("dark", "en"), ("light", "es")] {
        browser.prefer(scheme).await;
        let address = format!("http://{}{path}lang={language}", server.address);
        browser.open(&address).await;
        assert_eq!(browser.run("return document.documentElement.lang").await, language, "{path}");
        let entry = "return performance.getEntriesByType('navigation')[0].responseStatus";
        assert_eq!(browser.run(entry).await, status, "{path}");
        assert_eq!(faults(browser).await, [] as [Value; 0], "{scheme} {path}");
        if language == "es" {
            let html = browser.run("return document.documentElement.outerHTML").await;
            assert_eq!(english_in(html.as_str().unwrap()), [""; 0], "{path}");
        }
        // That it is a problem is a line in the console.
        let line = format!("the server responded with a status of {status}");
        let others = browser.complaints().await.into_iter().filter(|said| !said.contains(&line));
        assert_eq!(others.collect::<Vec<_>>(), [] as [String; 0], "{scheme} {path}");
    }
}

#[tokio::test]
async fn pages_of_problems_are_open_to_everybody() {
    with_sqlite(async |database| {
        fill(&*database.store, 2).await;
        let server = Server::start(database).await;
        let browser = Browser::start().await;
        judge(&browser, &server, "/?bbox=1,2,3&", 400).await;
        judge(&browser, &server, "/sites/nope?", 404).await;
        database.execute("alter table ingestion_runs rename to elsewhere").await;
        judge(&browser, &server, "/runs?", 503).await;
    })
    .await;
}
