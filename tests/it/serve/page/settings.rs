//! `/settings`, and how the choice that it keeps is respected: the address, the cookie, the browser.

use super::{check_in, fill, page};
use crate::support::databases::with_sqlite;
use crate::support::server::{Answer, Server};

/// The cookie that an answer sets, as a browser sends it again.
fn cookie(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_choice_is_kept_in_a_cookie_and_leads_back() {
    with_sqlite(async |database| {
        fill(&*database.store, 2).await;
        let server = Server::start(database).await;
        let form = page(&server, "/settings?next=/runs").await;
        assert!(form.contains("name=\"next\" value=\"/runs\""), "{form}");
        let sent = "/settings?next=%2Fruns&lang=es&times=utc&units=imperial&temperature=&wind=kn\
            &rain=&pressure=&visibility=";
        let kept = server.get(sent).await.expect(303);
        assert_eq!(kept.header("location"), "/runs");
        let header = kept.header("set-cookie");
        assert!(header.contains("; Max-Age=31536000; SameSite=Lax") && header.len() < 200 + 60);
        let kept = cookie(&kept);
        assert_eq!(kept, "view=v=1&units=imperial%2Cwind%3Akn&times=utc&lang=es");
        let spanish = server.ask("/settings", &[("cookie", &kept)]).await.expect(200);
        check_in(&spanish, "es");
        assert!(spanish.body.contains("<option value=\"kn\" selected>"), "{}", spanish.body);
        assert!(spanish.body.contains("<option value=\"utc\" selected>"));
        let vary = spanish.header("vary").to_lowercase();
        assert!(vary.contains("cookie") && vary.contains("accept-language"), "{vary}");
        // One part is changed, the others stay.
        let changed = server.ask("/settings?lang=en", &[("cookie", &kept)]).await.expect(303);
        assert_eq!(cookie(&changed), kept.replace("=es", "=en"));
        assert_eq!(changed.header("location"), "/");
    })
    .await;
}

#[tokio::test]
async fn nothing_leads_to_another_server() {
    with_sqlite(async |database| {
        let server = Server::start(database).await;
        for next in [
            "//elsewhere.example",
            "https://elsewhere.example",
            "/%5Celsewhere.example",
            "/%09/elsewhere.example",
            "%5C%5Celsewhere.example",
            "elsewhere",
            "/%0d%0aset-cookie:%20a=b",
            "",
        ] {
            let led = server.get(&format!("/settings?lang=es&next={next}")).await.expect(303);
            assert_eq!(led.header("location"), "/", "{next}");
        }
        let led = server.get("/settings?lang=es&next=/%3Fq%3Da%2520b%26lang%3Den").await;
        assert_eq!(led.header("location"), "/?q=a%20b&lang=en");
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_chosen_is_refused_in_the_readers_language() {
    with_sqlite(async |database| {
        fill(&*database.store, 2).await;
        let server = Server::start(database).await;
        for path in ["/", "/settings", "/runs", "/sites/site-00000"] {
            for (query, name, allowed) in [
                ("units=imperial,wind:furlong", "units", "wind:ms|kmh|mph|kn|bft"),
                ("times=Mars/Base", "times", "Europe/Madrid"),
                ("lang=xx", "lang", "en, es"),
                ("lang=", "lang", "en, es"),
            ] {
                for (browser, words) in [
                    ("en", format!("The parameter {name} cannot be")),
                    ("es-ES,es;q=0.9,en;q=0.1", format!("El parámetro {name} no puede")),
                ] {
                    let headers = [("accept-language", browser)];
                    let refused = server.ask(&format!("{path}?{query}"), &headers).await;
                    let refused = refused.expect(400);
                    check_in(&refused, &browser[..2]);
                    let body = &refused.body;
                    assert!(body.contains(&words) && body.contains(allowed), "{query}: {body}");
                }
            }
        }
        let unknown = server.get("/?moon=1&lang=es").await.expect(400);
        check_in(&unknown, "es");
        assert!(unknown.body.contains("ningún parámetro moon"), "{}", unknown.body);
        assert!(unknown.body.contains("units, times, lang"), "{}", unknown.body);
        let twice = server.get("/?lang=es&lang=en").await.expect(400);
        assert!(twice.body.contains("is given more than once"), "{}", twice.body);
    })
    .await;
}

#[tokio::test]
async fn a_damaged_cookie_is_ignored_and_the_page_is_whole() {
    with_sqlite(async |database| {
        fill(&*database.store, 2).await;
        let server = Server::start(database).await;
        let long = format!("view=v=1&lang=es&times={}", "a".repeat(300));
        let damaged = ["view=v=2&lang=es", "view=%00%ff", "view=v=1&lang=es&more=1", "view", &long];
        for cookie in damaged {
            for path in ["/", "/settings", "/runs"] {
                let page = server.ask(path, &[("cookie", cookie)]).await.expect(200);
                check_in(&page, "en");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn pages_of_two_languages_are_kept_apart() {
    with_sqlite(async |database| {
        fill(&*database.store, 2).await;
        let server = Server::start(database).await;
        for _ in 0..2 {
            for (cookie, lang) in [("view=v=1&lang=es", "es"), ("a=b", "en")] {
                let page = server.ask("/", &[("cookie", cookie)]).await.expect(200);
                check_in(&page, lang);
            }
        }
        let english = server.get("/").await.expect(200);
        let spanish = server.get("/?lang=es").await.expect(200);
        assert_ne!(english.header("etag"), spanish.header("etag"));
    })
    .await;
}
