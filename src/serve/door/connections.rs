//! Connections: how many, how long a slow one is waited for, and how they end.
//!
//! Not `axum::serve`, since that has no limit to any of it: a client that sends a head byte by byte, or takes
//! an answer byte by byte, would hold a connection and its buffers for ever.
//!
//! A connection whose answer breaks off is reset, whatever breaks it off: the store, a client that takes
//! nothing, the end of the program. Over HTTP/1.0 the end of a connection is the end of the answer, and
//! an orderly one would make half of it look like all of it.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;

use answer::Answer;
use socket::Socket;

mod answer;
mod socket;

/// Connections at once at most; the next wait to be accepted. Each may hold two buffers.
const MAX_CONNECTIONS: usize = 4096;

/// Files that the process needs for anything but connections.
const OTHER_FILES: u64 = 128;

/// What a connection buffers at most, of what it reads and of what it writes.
const BUFFER_BYTES: usize = 64 << 10;

/// The longest head of a request: its first line and its headers.
const HEAD_BYTES: usize = 64 << 10;

/// The most headers of a request.
const HEADERS: usize = 100;

/// How long the head of a request may take.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);

/// How long a client may take nothing of an answer.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// What the requests under way get when the program ends; Cloud Run kills after 10 s.
const END_TIMEOUT: Duration = Duration::from_secs(7);

/// Serves until `shutdown`; then no connection more, and the requests under way to their end.
pub(crate) async fn serve(listener: TcpListener, router: Router, shutdown: CancellationToken) {
    let graceful = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(max_connections()));
    while let Some((stream, permit)) = next(&listener, &room, &shutdown).await {
        tokio::spawn(connection(stream, router.clone(), graceful.watcher(), permit));
    }
    drop(listener);
    if tokio::time::timeout(END_TIMEOUT, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests under way were cut off: they took longer than {END_TIMEOUT:?}");
    }
}

/// As many as there may be files, of which the system allows a process more than it begins with.
fn max_connections() -> usize {
    let files = rlimit::increase_nofile_limit(MAX_CONNECTIONS as u64 + OTHER_FILES);
    let files = files.unwrap_or(1024).saturating_sub(OTHER_FILES).max(1);
    usize::try_from(files).unwrap_or(MAX_CONNECTIONS).min(MAX_CONNECTIONS)
}

/// The next connection; `None` when the program ends.
async fn next(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
    shutdown: &CancellationToken,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let accept = async {
        let permit = room.clone().acquire_owned().await.ok()?;
        loop {
            match listener.accept().await {
                Ok((stream, _)) => return Some((stream, permit)),
                Err(error) => pause_after(&error).await,
            }
        }
    };
    tokio::select! {
        accepted = accept => accepted,
        () = shutdown.cancelled() => None,
    }
}

/// A client that went away in between is nobody's fault; else the machine has run out of something,
/// which takes a moment to come back.
#[expect(
    clippy::disallowed_methods,
    reason = "the machine's own shortage goes by no injected clock"
)]
async fn pause_after(error: &std::io::Error) {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionReset) {
        tracing::error!("no connection can be accepted: {error}");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn connection(
    stream: TcpStream,
    router: Router,
    watcher: Watcher,
    _permit: OwnedSemaphorePermit,
) {
    let _ = stream.set_nodelay(true);
    let answer = Answer::default();
    let mut stream = TimeoutStream::new(Socket::new(stream, answer.clone()));
    stream.set_write_timeout(Some(WRITE_TIMEOUT));
    let stream: Pin<Box<_>> = Box::pin(stream);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    http.max_buf_size(BUFFER_BYTES).max_header_size(HEAD_BYTES).max_headers(HEADERS);
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |request| {
        let (watching, answering) = (answer.watch(&request), router.call(request));
        async move { answering.await.map(|response| watching.response(response)) }
    });
    let serving = http.serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(serving).await {
        tracing::debug!("a connection ended: {error}");
    }
}
