//! Clients that take their answers slowly: memory stays bounded, and others are answered.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use super::fill;
use super::hostile::raw;
use crate::support::HUNG;
use crate::support::databases::with_mysql;
use crate::support::program::Program;
use crate::support::server::ServerProcess;

const READERS: usize = 1000;

/// Beside what it needs for itself: streams, their buffers, 32 MiB of whole answers and 16 MiB
/// of kept ones.
const MAX_MIB: u64 = 256;

/// A connection with room for little, on which a long range has been asked for.
async fn reader(address: &str, number: usize) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(address.parse().unwrap()).await.unwrap();
    let request = format!(
        "GET {} HTTP/1.1\r\nhost: x\r\naccept: {}\r\naccept-encoding: gzip\r\n\r\n",
        target(number),
        ["application/json, */*;q=0.1", "application/x-ndjson, */*;q=0.1", "text/csv, */*;q=0.1"]
            [number % 3],
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// Each asks something else, so that nothing is kept for another: one in four by the standard.
fn target(number: usize) -> String {
    let (site, minute, second) = (number % 2, number / 60 % 60, number % 60);
    let from = format!("2026-07-01T00:{minute:02}:{second:02}Z");
    match number % 4 {
        3 => format!("/edr/collections/observations/locations/site-0000{site}?datetime={from}/.."),
        _ => format!("/api/v1/sites/site-0000{site}/observations?from={from}&limit=10000"),
    }
}

#[tokio::test]
async fn a_thousand_slow_readers_of_a_long_range_hold_little_and_hold_up_nobody() {
    rlimit::increase_nofile_limit(4096).unwrap();
    with_mysql(async |database| {
        fill(&*database.store, 3000).await;
        let program = Program::new().env("DATABASE_URL", &database.url);
        let server = ServerProcess::start(&program, &[]);
        let mut readers = Vec::new();
        for number in 0..READERS {
            readers.push(reader(&server.address, number).await);
        }
        let latest =
            b"GET /api/v1/sites/site-00001/latest HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        let (mut refused, mut served) = (0, 0);
        for round in 0..20 {
            for reader in &mut readers {
                let mut bytes = [0; 16];
                let read = tokio::time::timeout(HUNG, reader.read(&mut bytes)).await;
                let length = read.expect("hung: every reader gets something").unwrap();
                if round == 0 {
                    assert_eq!(length, 16);
                    refused += u32::from(bytes.starts_with(b"HTTP/1.1 503"));
                    served += u32::from(bytes.starts_with(b"HTTP/1.1 200"));
                }
            }
            // While they hold what they have not taken, another is answered.
            let answer = raw(&server.address, latest).await;
            assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
        }
        let peak = server.peak_mib();
        println!("{served} served, {refused} asked to come later, {peak} MiB");
        assert_eq!(served + refused, u32::try_from(READERS).unwrap());
        assert!(served >= 100, "{served}");
        assert!(peak < MAX_MIB, "{peak} MiB");
    })
    .await;
}
