//! Behind nginx as Debian has it, with its defaults: HTTP/1.0 to the server, and buffering.

use std::process::{Child, Command, Stdio};

use weather_data_product::serve::access::Access;
use weather_data_product::serve::{Outside, PublicUrl};
use weather_data_product::store::StoreSettings;

use super::fill;
use crate::support::databases::{TestDatabase, on_both_databases, with_mysql};
use crate::support::program::repository_path;
use crate::support::proxy::Proxy;
use crate::support::samples::open_run;
use crate::support::server::Server;
use crate::support::{HUNG, http_client, until};

on_both_databases!(pages_events_documents_and_edr_are_whole_behind_nginx);

/// nginx before a server, under `/weather/`; ends with the test.
struct Nginx {
    child: Child,
    /// Its address, with the path.
    url: String,
    _folder: tempfile::TempDir,
}

/// A port that nothing listens on: nginx says none that it has taken.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

impl Nginx {
    /// On this port, which the public address of the server has to name; `to` is where it passes requests on to, with
    /// what else is set.
    async fn start(port: u16, to: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().display();
        let config = format!(
            "daemon off; master_process off; pid {at}/nginx.pid; error_log {at}/error.log;
            events {{}}
            http {{
              access_log off;
              client_body_temp_path {at}/body; proxy_temp_path {at}/proxy; fastcgi_temp_path {at}/f;
              uwsgi_temp_path {at}/u; scgi_temp_path {at}/s;
              server {{ listen 127.0.0.1:{port}; location /weather/ {{ {to} }} }}
            }}"
        );
        let path = folder.path().join("nginx.conf");
        std::fs::write(&path, config).unwrap();
        let mut command = Command::new("nginx");
        command.arg("-p").arg(folder.path()).arg("-c").arg(path);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.expect("nginx, which scripts/test installs");
        let nginx =
            Self { child, url: format!("http://127.0.0.1:{port}/weather"), _folder: folder };
        until("nginx", async || tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok())
            .await;
        nginx
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// With the path taken off, and with the path left on.
const WAYS: [&str; 2] = ["/", ""];

async fn pages_events_documents_and_edr_are_whole_behind_nginx(database: &TestDatabase) {
    fill(&*database.store, 5).await;
    for way in WAYS {
        let port = free_port();
        let public_url = PublicUrl::parse(&format!("http://127.0.0.1:{port}/weather")).unwrap();
        let outside = Outside { public_url, ..Outside::default() };
        let server = Server::seen(database, Access::Open, outside).await;
        let to = format!("proxy_pass http://{}{way};", server.address);
        let nginx = Nginx::start(port, &to).await;
        let client = http_client().timeout(HUNG).build().unwrap();
        let get = async |path: &str| {
            let url = format!("{}{path}", nginx.url);
            let answer = client.get(&url).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{url}");
            answer.text().await.unwrap()
        };
        let page = get("/").await;
        for name in ["page.css", "page.js", "icon.svg"] {
            let asset = page.split('"').find(|part| part.ends_with(name)).unwrap();
            assert!(!get(asset.strip_prefix("/weather").unwrap()).await.is_empty());
        }
        for path in ["/runs", "/api/v1/docs/", "/sites/site-00000", "/badge/fresh.svg"] {
            get(path).await;
        }
        assert!(get("/api/v1/openapi-3.0.json").await.contains(&format!("\"{}\"", nginx.url)));
        an_event_comes_at_once(database, &nginx).await;
        let mut script = tokio::process::Command::new(repository_path("scripts/read-edr"));
        let ran = script.arg(format!("{}/edr", nginx.url)).output().await.unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        let read = String::from_utf8_lossy(&ran.stdout);
        assert!(read.contains(&format!("\"{}/edr/collections", nginx.url)));
        assert!(!read.contains(&server.address), "an address that clients cannot reach");
    }
}

/// The first bytes at once, and a run when it has ended: nginx keeps nothing back until it has more.
async fn an_event_comes_at_once(database: &TestDatabase, nginx: &Nginx) {
    let client = http_client().build().unwrap();
    let url = format!("{}/api/v1/events", nginx.url);
    let mut events = client.get(url).send().await.unwrap();
    let mut next = async || {
        let bytes = tokio::time::timeout(HUNG, events.chunk()).await.expect("hung");
        String::from_utf8(bytes.unwrap().expect("an event").to_vec()).unwrap()
    };
    assert!(next().await.contains("listening"));
    let run = open_run(&*database.store).await;
    let end = crate::support::samples::run_end(Default::default());
    database.store.close_run(&run, &end).await.unwrap();
    while !next().await.contains("event: run") {}
}

/// Of what the database sends: well after the beginning and well before the end.
const SOME_BYTES: i64 = 300_000;

const LONG: &str =
    "/api/v1/sites/site-00000/observations?from=2026-07-01T00:00:00Z&to=2026-12-01T00:00:00Z";

/// What curl says of an answer that it reads whole or not.
async fn curl(version: &str, url: &str) -> Option<i32> {
    let mut curl = tokio::process::Command::new("curl");
    curl.args([
        "--silent",
        "--noproxy",
        "*",
        "--output",
        "/dev/null",
        "--max-time",
        "100",
        version,
    ]);
    curl.args(["--header", "accept: text/csv"]).arg(url).status().await.unwrap().code()
}

#[tokio::test]
async fn curl_sees_that_a_stream_is_cut_off_by_every_way_to_the_server() {
    with_mysql(async |database| {
        fill(&*database.store, 1500).await;
        let proxy = Proxy::to(&database.url).await;
        let store = StoreSettings::at(&proxy.url).open_reader().await.unwrap();
        let server = Server::of(store, Access::Open).await;
        let to = format!("proxy_pass http://{}/;", server.address);
        let old = Nginx::start(free_port(), &to).await;
        let new = Nginx::start(free_port(), &format!("{to} proxy_http_version 1.1;")).await;
        let direct = format!("http://{}", server.address);
        for (version, url) in [
            ("--http1.1", &direct),
            ("--http1.0", &direct),
            ("--http1.1", &old.url),
            ("--http1.1", &new.url),
        ] {
            let url = format!("{url}{LONG}");
            proxy.break_after(i64::MAX);
            until("the store is there", async || server.get("/readyz").await.status == 200).await;
            assert_eq!(curl(version, &url).await, Some(0), "{version} {url}");
            for time in 0..5 {
                proxy.break_after(i64::MAX);
                until("the store is there", async || server.get("/readyz").await.status == 200)
                    .await;
                proxy.break_after(SOME_BYTES);
                let code = curl(version, &url).await;
                assert!(code.is_some_and(|code| code != 0), "{version} {url}: time {time}");
            }
        }
    })
    .await;
}
