//! A way to MySQL that breaks when it is told to.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What happens at a commit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum AtCommit {
    Pass,
    /// The connection ends and the server hears nothing of it.
    LoseRequest,
    /// The server carries it out, and its answer is lost with the connection.
    LoseAnswer,
    /// The server hears of it later.
    Late(Duration),
}

/// The packet (<https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query.html>):
/// three bytes of length, a number, the command, its text.
const COMMIT: &[u8] = b"\x07\0\0\0\x03COMMIT";

/// Passes connections on to a server, unencrypted.
pub(crate) struct Proxy {
    /// The URL of the database through the proxy.
    pub(crate) url: String,
    commits: Arc<Mutex<VecDeque<AtCommit>>>,
    answers: Arc<Answers>,
    is_closed: watch::Sender<bool>,
}

/// What the server may still say.
struct Answers {
    bytes_left: AtomicI64,
    /// Then it falls silent; else its connection ends.
    stalls: AtomicBool,
}

impl Answers {
    /// Takes what has come; true if that is all that may.
    fn are_over(&self, length: usize) -> bool {
        let length = i64::try_from(length).unwrap();
        self.bytes_left.fetch_sub(length, Ordering::SeqCst) < length
    }
}

impl Proxy {
    pub(crate) async fn to(url: &str) -> Self {
        let mut url = url::Url::parse(url).unwrap();
        let server = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(3306));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
        url.set_query(Some("ssl-mode=DISABLED"));
        let commits = Arc::<Mutex<VecDeque<AtCommit>>>::default();
        let coming = commits.clone();
        let stalls = AtomicBool::new(false);
        let answers = Arc::new(Answers { bytes_left: AtomicI64::new(i64::MAX), stalls });
        let saying = answers.clone();
        let (is_closed, closing) = watch::channel(false);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (coming, mut closing) = (coming.clone(), closing.clone());
                let saying = saying.clone();
                if *closing.borrow() {
                    continue;
                }
                let server = TcpStream::connect(&server).await.unwrap();
                tokio::spawn(async move {
                    tokio::select! {
                        _ = pass_on(client, server, &coming, &saying) => {}
                        _ = closing.wait_for(|is_closed| *is_closed) => {}
                    }
                });
            }
        });
        Self { url: url.into(), commits, answers, is_closed }
    }

    /// Ends every connection, and lets none through.
    pub(crate) fn close(&self) {
        self.is_closed.send_replace(true);
    }

    /// Ends the connection on which the server has said so many bytes more, and those after it.
    pub(crate) fn break_after(&self, bytes: i64) {
        self.answers.bytes_left.store(bytes, Ordering::SeqCst);
    }

    /// Lets the server say so many bytes more, and then nothing.
    pub(crate) fn stall_after(&self, bytes: i64) {
        self.answers.stalls.store(true, Ordering::SeqCst);
        self.break_after(bytes);
    }

    /// Lets connections through again.
    pub(crate) fn open_again(&self) {
        self.is_closed.send_replace(false);
    }

    /// What happens at the next commits, in order; further ones pass.
    pub(crate) fn at_commits(&self, what: &[AtCommit]) {
        self.commits.lock().unwrap().extend(what);
    }

    /// How many of them are still to come.
    pub(crate) fn commits_left(&self) -> usize {
        self.commits.lock().unwrap().len()
    }
}

/// Until one side ends, or a commit is to be lost.
async fn pass_on(
    mut client: TcpStream,
    mut server: TcpStream,
    commits: &Mutex<VecDeque<AtCommit>>,
    answers: &Answers,
) -> std::io::Result<()> {
    let (mut request, mut answer) = (vec![0; 65536], vec![0; 65536]);
    loop {
        tokio::select! {
            length = client.read(&mut request) => {
                let request = &request[..length?];
                let next = if request == COMMIT { commits.lock().unwrap().pop_front() } else { None };
                if request.is_empty() || next == Some(AtCommit::LoseRequest) {
                    return Ok(());
                }
                if let Some(AtCommit::Late(wait)) = next {
                    tokio::time::sleep(wait).await;
                }
                server.write_all(request).await?;
                if next == Some(AtCommit::LoseAnswer) {
                    return server.read(&mut answer).await.map(drop);
                }
            }
            length = server.read(&mut answer) => {
                let answer = &answer[..length?];
                if answer.is_empty() {
                    return Ok(());
                }
                if answers.are_over(answer.len()) {
                    if answers.stalls.load(Ordering::SeqCst) {
                        std::future::pending::<()>().await;
                    }
                    return Ok(());
                }
                client.write_all(answer).await?;
            }
        }
    }
}
