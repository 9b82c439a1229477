//! Without scripts in Chromium: sorting, filters, pages, clusters of the map, ranges and settings are links and forms,
//! clicked through.

use weather_data_product::domain::RunCounts;
use weather_data_product::store::Store;

use crate::support;
use crate::support::browser::Browser;
use crate::support::databases::with_sqlite;
use crate::support::samples::{collected, full_values, hour, open_run, run_end, sites};
use crate::support::server::Server;

const SITES: u16 = 420;

/// So many sites that the map shows clusters; every third has a tag of its own, and the coldest is the first.
async fn fill(store: &dyn Store) {
    let mut all = sites(SITES);
    all.iter_mut().step_by(3).for_each(|site| site.tags.push("third".into()));
    store.take_in_sites(&all, hour()).await.unwrap();
    let run = open_run(store).await;
    let one = |number: u16| {
        let mut values = full_values();
        values.temperature_c = Some(f64::from(number) / 20.0);
        collected(number, hour(), values)
    };
    store.load(&run, &(0..SITES).map(one).collect::<Vec<_>>(), hour()).await.unwrap();
    store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
}

/// A reader without scripts.
struct Reader {
    browser: Browser,
    url: String,
}

impl Reader {
    async fn open(&self, path: &str) {
        self.browser.open(&format!("{}{path}", self.url)).await;
    }

    /// Follows a link or sends a form, and waits for its page.
    async fn click(&self, selector: &str, search: &str) {
        self.browser.click(selector).await;
        let there = async || self.run("return location.pathname + location.search").await == search;
        support::until(&format!("{selector} leads to {search}"), there).await;
    }

    async fn run(&self, script: &str) -> serde_json::Value {
        self.browser.run(script).await
    }

    /// The site of the first row.
    async fn first(&self) -> String {
        let row = self.run("return document.querySelector('.sites tbody tr').id").await;
        row.as_str().unwrap().trim_start_matches("s-site-").to_owned()
    }

    async fn count(&self, selector: &str) -> i64 {
        let count = format!("return document.querySelectorAll('{selector}').length");
        self.run(&count).await.as_i64().unwrap()
    }

    /// Chooses values of a form, each by the id of its field.
    async fn choose(&self, values: &[(&str, &str)]) {
        for (id, value) in values {
            self.run(&format!("document.getElementById('{id}').value = '{value}'")).await;
        }
    }
}

#[tokio::test]
async fn without_scripts_all_that_a_reader_does_is_a_link_or_a_form() {
    with_sqlite(async |database| {
        fill(&*database.store).await;
        let server = Server::start(database).await;
        let browser = Browser::start().await;
        browser.forbid_scripts().await;
        let reader = Reader { browser, url: format!("http://{}", server.address) };
        sort_and_turn_pages(&reader).await;
        filter_and_group(&reader).await;
        go_into_a_cluster(&reader).await;
        choose_a_range(&reader).await;
        look_for_gaps(&reader).await;
        keep_settings(&reader).await;
        let script = "return document.getElementById('live').textContent";
        assert_eq!(reader.run(script).await, "Esta página es del momento en que se pidió.");
    })
    .await;
}

async fn sort_and_turn_pages(reader: &Reader) {
    reader.open("/").await;
    reader.click("#by-temperature", "/?sort=temperature").await;
    assert_eq!(reader.first().await, "00000");
    reader.click("#by-temperature", "/?sort=temperature&order=desc").await;
    assert_eq!(reader.first().await, "00419");
    reader.click("#page-after", "/?sort=temperature&order=desc&page=2").await;
    assert_eq!(reader.first().await, "00319");
    reader.click("#map-wind", "/?map=wind&sort=temperature&order=desc&page=2").await;
    assert_eq!(reader.first().await, "00319");
    reader.click("#page-before", "/?map=wind&sort=temperature&order=desc").await;
}

async fn filter_and_group(reader: &Reader) {
    reader.open("/").await;
    reader.choose(&[("tag", "third"), ("group", "country"), ("q", "site 41")]).await;
    reader.click(".filter button", "/?q=site+41&tag=third&country=&show=all&group=country").await;
    // 41, of which no third; 411, 414 and 417.
    assert_eq!(reader.count("tr[id^=s-site]").await, 3);
    let group = reader.run("return document.querySelector('tr.group').textContent").await;
    assert!(group.as_str().unwrap().contains("Spain"), "{group}");
    reader.click(".filter a", "/").await;
    assert_eq!(reader.count("tr[id^=s-site]").await, 100);
}

async fn go_into_a_cluster(reader: &Reader) {
    reader.open("/").await;
    let link = "return document.querySelector('.dots a').getAttribute('href')";
    for _ in 0..4 {
        let to = reader.run(link).await.as_str().unwrap().to_owned();
        let to = to.split('#').next().unwrap().replace(',', "%2C");
        reader.click(".dots a", &to).await;
        if to.starts_with("/sites/") {
            let title = reader.run("return document.querySelector('h1').textContent").await;
            assert!(title.as_str().unwrap().starts_with("Site "), "{title}");
            return;
        }
        assert!(reader.count("#map-whole").await == 1, "{to}");
    }
    panic!("four clusters lead to no site");
}

async fn choose_a_range(reader: &Reader) {
    reader.open("/sites/site-00003").await;
    reader.click("#range-7d", "/sites/site-00003?range=7d").await;
    reader.choose(&[("from", "2026-11-24"), ("to", "2026-11-25")]).await;
    reader.click(".range button", "/sites/site-00003?from=2026-11-24&to=2026-11-25").await;
    assert_eq!(reader.count("#charts .plot > svg path.grid").await, 5);
    assert_eq!(reader.count("#d-2026-11-25[open]").await, 1);
}

async fn look_for_gaps(reader: &Reader) {
    reader.open("/gaps").await;
    reader.click("#after", "/gaps?page=2").await;
    reader.choose(&[("q", "site-0041"), ("reason", "never_tried")]).await;
    let sent = "/gaps?q=site-0041&reason=never_tried&from=2026-10-27&to=2026-11-25";
    reader.click(".filter button", sent).await;
    assert_eq!(reader.count("tr[id^=g-site]").await, 10);
    reader.open("/gaps/site-00003/2026-11-25").await;
    reader.click("#weather", "/sites/site-00003?from=2026-11-25&to=2026-11-25").await;
}

async fn keep_settings(reader: &Reader) {
    reader.open("/sites/site-00003").await;
    reader.click(".choice a", "/settings?next=%2Fsites%2Fsite-00003").await;
    reader.choose(&[("lang", "es"), ("units", "imperial"), ("wind", "kn")]).await;
    reader.click(".settings button", "/sites/site-00003").await;
    let now = reader.run("return document.querySelector('.now').textContent").await;
    let now = now.as_str().unwrap();
    assert!(now.contains("32,3\u{a0}°F") && now.contains("viento 10\u{a0}kn"), "{now}");
}
