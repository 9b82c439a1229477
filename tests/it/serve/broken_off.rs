//! An answer that breaks off is seen to, over HTTP/1.0 too, where the end of the connection is the end
//! of the answer.

use std::io::ErrorKind;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use weather_data_product::serve::access::Access;
use weather_data_product::store::StoreSettings;

use super::fill;
use crate::support::HUNG;
use crate::support::databases::{TestDatabase, on_both_databases, with_mysql};
use crate::support::kills::signal;
use crate::support::program::Program;
use crate::support::proxy::Proxy;
use crate::support::server::{Server, ServerProcess};

on_both_databases!(an_answer_that_is_whole_ends_in_order);

/// Of what the database sends for [`LONG`]: well after the beginning and well before the end.
const HOURS: u16 = 1500;
const SOME_BYTES: i64 = 300_000;

const LONG: &str =
    "/api/v1/sites/site-00000/observations?from=2026-07-01T00:00:00Z&to=2026-12-01T00:00:00Z";

/// All sites at once, which are a stream from the first part on.
const BULK: &str = "/api/v1/hourly?from=2026-07-01&to=2026-12-01";

/// Asks over a connection with room for little, in this version of HTTP.
async fn ask(address: &str, version: &str, headers: &str) -> TcpStream {
    ask_for(LONG, address, version, headers).await
}

async fn ask_for(path: &str, address: &str, version: &str, headers: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(address.parse().unwrap()).await.unwrap();
    let request = format!("GET {path} HTTP/{version}\r\nhost: x\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// What comes until the end, and how that is.
async fn rest(stream: &mut TcpStream) -> (Vec<u8>, Result<(), ErrorKind>) {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(HUNG, stream.read_to_end(&mut bytes)).await.expect("hung");
    (bytes, read.map(drop).map_err(|error| error.kind()))
}

/// The first bytes of an answer that has begun well.
async fn begin(stream: &mut TcpStream) {
    let mut bytes = [0; 1024];
    tokio::time::timeout(HUNG, stream.read_exact(&mut bytes)).await.expect("hung").unwrap();
    let head = String::from_utf8_lossy(&bytes).into_owned();
    assert!(head.starts_with("HTTP/1.") && head.contains(" 200 "), "{head}");
}

const CSV: &str = "accept: text/csv\r\n";

#[tokio::test]
async fn an_answer_whose_store_goes_away_ends_by_a_reset_in_every_version() {
    with_mysql(async |database| {
        fill(&*database.store, HOURS).await;
        for (version, headers) in [
            ("1.0", CSV.to_owned()),
            ("1.0", format!("{CSV}accept-encoding: gzip\r\n")),
            ("1.0", "accept: application/x-ndjson\r\nconnection: keep-alive\r\n".to_owned()),
            ("1.1", CSV.to_owned()),
            ("1.1", format!("{CSV}accept-encoding: gzip\r\nconnection: close\r\n")),
        ] {
            let proxy = Proxy::to(&database.url).await;
            let store = StoreSettings::at(&proxy.url).open_reader().await.unwrap();
            let server = Server::of(store, Access::Open).await;
            server.get("/readyz").await.expect(200);
            proxy.break_after(SOME_BYTES);
            let mut stream = ask(&server.address, version, &headers).await;
            let (bytes, ended) = rest(&mut stream).await;
            assert_eq!(ended, Err(ErrorKind::ConnectionReset), "{version} {headers}");
            assert!(!bytes.ends_with(b"0\r\n\r\n"), "{version} {headers}: as if it were whole");
            let is_begun = bytes.is_empty()
                || bytes.starts_with(b"HTTP/1.") && bytes[8..].starts_with(b" 200");
            assert!(is_begun, "{}", String::from_utf8_lossy(&bytes));
        }
    })
    .await;
}

#[tokio::test]
async fn an_answer_of_all_sites_whose_store_goes_away_ends_by_a_reset_too() {
    with_mysql(async |database| {
        fill(&*database.store, HOURS).await;
        for (version, form) in
            [("1.0", "csv"), ("1.1", "csv"), ("1.0", "ndjson"), ("1.1", "ndjson")]
        {
            let proxy = Proxy::to(&database.url).await;
            let store = StoreSettings::at(&proxy.url).open_reader().await.unwrap();
            let server = Server::of(store, Access::Open).await;
            server.get("/readyz").await.expect(200);
            proxy.break_after(SOME_BYTES);
            let path = format!("{BULK}&format={form}");
            let mut stream = ask_for(&path, &server.address, version, "").await;
            let (bytes, ended) = rest(&mut stream).await;
            assert_eq!(ended, Err(ErrorKind::ConnectionReset), "{version} {form}");
            assert!(!bytes.ends_with(b"0\r\n\r\n"), "{version} {form}: as if it were whole");
        }
    })
    .await;
}

// The proxy goes on while this waits for curl.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn curl_never_takes_a_part_for_all_of_it() {
    with_mysql(async |database| {
        fill(&*database.store, HOURS).await;
        let mut codes = Vec::new();
        for number in 0..20 {
            let proxy = Proxy::to(&database.url).await;
            let store = StoreSettings::at(&proxy.url).open_reader().await.unwrap();
            let server = Server::of(store, Access::Open).await;
            server.get("/readyz").await.expect(200);
            proxy.break_after(SOME_BYTES + 20_000 * number);
            let version = ["--http1.0", "--http1.1"][usize::try_from(number % 2).unwrap()];
            let form = ["csv", "ndjson"][usize::try_from(number / 2 % 2).unwrap()];
            let url = format!("http://{}{BULK}&format={form}", server.address);
            let mut curl = tokio::process::Command::new("curl");
            curl.args(["--silent", "--fail", version, "--output", "/dev/null", &url]);
            codes.push(curl.status().await.unwrap().code());
        }
        println!("{codes:?}");
        assert!(codes.iter().all(|code| *code != Some(0)), "{codes:?}");
    })
    .await;
}

async fn an_answer_that_is_whole_ends_in_order(database: &TestDatabase) {
    fill(&*database.store, 700).await;
    let server = Server::start(database).await;
    let whole = server.ask(LONG, &[("accept", "text/csv")]).await.expect(200).body;
    let mut stream = ask(&server.address, "1.0", CSV).await;
    let (bytes, ended) = rest(&mut stream).await;
    assert_eq!(ended, Ok(()));
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(text.split_once("\r\n\r\n").unwrap().1, whole);
    // Nor does a head or an answer without a body leave a mark on what follows.
    let mut stream = TcpStream::connect(&server.address).await.unwrap();
    let many = "HEAD /api/v1/latest HTTP/1.1\r\nhost: x\r\n\r\n\
                HEAD /nope HTTP/1.1\r\nhost: x\r\n\r\n\
                GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    stream.write_all(many.as_bytes()).await.unwrap();
    let (bytes, ended) = rest(&mut stream).await;
    assert_eq!((String::from_utf8_lossy(&bytes).matches("HTTP/1.1 ").count(), ended), (3, Ok(())));
}

// The proxy goes on while this waits for the program.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_the_end_of_the_program_cuts_off_ends_by_a_reset() {
    with_mysql(async |database| {
        fill(&*database.store, HOURS).await;
        let proxy = Proxy::to(&database.url).await;
        let program = Program::new().env("DATABASE_URL", &proxy.url);
        let mut server = ServerProcess::start(&program, &[]);
        server.get("/readyz").await.expect(200);
        // The database says no more, so that the answer cannot come to its end.
        proxy.stall_after(SOME_BYTES);
        let mut stream = ask(&server.address, "1.0", CSV).await;
        begin(&mut stream).await;
        signal(&server.child, "-TERM");
        let ended = tokio::task::spawn_blocking(move || server.child.wait().unwrap().code());
        let (_, broken) = rest(&mut stream).await;
        assert_eq!((ended.await.unwrap(), broken), (Some(0), Err(ErrorKind::ConnectionReset)));
    })
    .await;
}
