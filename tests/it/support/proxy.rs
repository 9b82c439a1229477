//! A way to MySQL that breaks when it is told to.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::kills::Random;

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
    /// Nothing is heard on the connection from then on, and it stays: neither side learns why.
    Swallow,
}

/// The packet (<https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query.html>):
/// three bytes of length, a number, the command, its text.
const COMMIT: &[u8] = b"\x07\0\0\0\x03COMMIT";

/// Passes connections on to a server, unencrypted.
pub(crate) struct Proxy {
    /// The URL of the database through the proxy.
    pub(crate) url: String,
    orders: Arc<Orders>,
    is_closed: watch::Sender<bool>,
}

/// What is done to what passes.
#[derive(Default)]
struct Orders {
    commits: Mutex<VecDeque<AtCommit>>,
    /// A request with one of these words is swallowed, and what follows it.
    swallowed_words: Mutex<&'static [&'static str]>,
    /// How many were.
    swallowed: AtomicUsize,
    /// Cuts answers short, as packets that are whole.
    cutting: Mutex<Option<Random>>,
    answers: Answers,
    /// Connections made, and requests on all of them.
    passed: (AtomicUsize, AtomicUsize),
}

impl Orders {
    fn swallows(&self, request: &[u8]) -> bool {
        let words = *self.swallowed_words.lock().unwrap();
        let has = |word: &&str| request.windows(word.len()).any(|part| part == word.as_bytes());
        let is_swallowed = words.iter().any(has);
        self.swallowed.fetch_add(usize::from(is_swallowed), Ordering::Relaxed);
        is_swallowed
    }

    /// The answer, or what is left of its first packet: a head of three bytes of length and a number, and
    /// that many bytes.
    fn cut(&self, answer: &[u8]) -> Vec<u8> {
        let mut cutting = self.cutting.lock().unwrap();
        let Some(random) = cutting.as_mut().filter(|_| answer.len() > 5) else {
            return answer.to_vec();
        };
        if random.below(2) == 0 {
            return answer.to_vec();
        }
        let whole = u64::from(answer[0]).min(answer.len() as u64 - 4).max(1);
        let length = u8::try_from(random.below(whole) + 1).unwrap();
        let mut cut = vec![length, 0, 0, answer[3]];
        cut.extend(&answer[4..answer.len().min(4 + usize::from(length))]);
        if random.below(2) == 0 {
            cut[4] = [0xfa, 0xfc, 0xfe, 0x00, 0x03][usize::try_from(random.below(5)).unwrap()];
        }
        cut
    }
}

/// What the server may still say.
struct Answers {
    bytes_left: AtomicI64,
    /// Then it falls silent; else its connection ends.
    stalls: AtomicBool,
}

impl Default for Answers {
    fn default() -> Self {
        Self { bytes_left: AtomicI64::new(i64::MAX), stalls: AtomicBool::new(false) }
    }
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
        let orders = Arc::<Orders>::default();
        let given = orders.clone();
        let (is_closed, closing) = watch::channel(false);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (given, mut closing) = (given.clone(), closing.clone());
                given.passed.0.fetch_add(1, Ordering::SeqCst);
                if *closing.borrow() {
                    continue;
                }
                let server = TcpStream::connect(&server).await.unwrap();
                tokio::spawn(async move {
                    tokio::select! {
                        _ = pass_on(client, server, &given) => {}
                        _ = closing.wait_for(|is_closed| *is_closed) => {}
                    }
                });
            }
        });
        Self { url: url.into(), orders, is_closed }
    }

    /// Ends every connection, and lets none through.
    pub(crate) fn close(&self) {
        self.is_closed.send_replace(true);
    }

    /// Ends the connection on which the server has said so many bytes more, and those after it.
    pub(crate) fn break_after(&self, bytes: i64) {
        self.orders.answers.bytes_left.store(bytes, Ordering::SeqCst);
    }

    /// Lets the server say so many bytes more, and then nothing.
    pub(crate) fn stall_after(&self, bytes: i64) {
        self.orders.answers.stalls.store(true, Ordering::SeqCst);
        self.break_after(bytes);
    }

    /// Lets connections through again.
    pub(crate) fn open_again(&self) {
        self.is_closed.send_replace(false);
    }

    /// What happens at the next commits, in order; further ones pass.
    pub(crate) fn at_commits(&self, what: &[AtCommit]) {
        self.orders.commits.lock().unwrap().extend(what);
    }

    /// How many of them are still to come.
    pub(crate) fn commits_left(&self) -> usize {
        self.orders.commits.lock().unwrap().len()
    }

    /// Swallows every request with one of these words; none: nothing.
    pub(crate) fn swallow(&self, words: &'static [&'static str]) {
        *self.orders.swallowed_words.lock().unwrap() = words;
    }

    /// How many were swallowed so far.
    pub(crate) fn swallowed(&self) -> usize {
        self.orders.swallowed.load(Ordering::Relaxed)
    }

    /// How many connections were made so far, and how many times the server was asked on them: each is a way
    /// there and back.
    pub(crate) fn passed(&self) -> (usize, usize) {
        let (connections, requests) = &self.orders.passed;
        (connections.load(Ordering::SeqCst), requests.load(Ordering::SeqCst))
    }

    /// Cuts every second answer short, here or there.
    pub(crate) fn cut_answers(&self, random: Option<Random>) {
        *self.orders.cutting.lock().unwrap() = random;
    }
}

/// Until one side ends, or a commit is to be lost.
async fn pass_on(
    mut client: TcpStream,
    mut server: TcpStream,
    orders: &Orders,
) -> std::io::Result<()> {
    let (mut request, mut answer) = (vec![0; 65536], vec![0; 65536]);
    loop {
        tokio::select! {
            length = client.read(&mut request) => {
                let request = &request[..length?];
                orders.passed.1.fetch_add(1, Ordering::SeqCst);
                let next = if request == COMMIT {
                    orders.commits.lock().unwrap().pop_front()
                } else {
                    None
                };
                if next == Some(AtCommit::Swallow) || orders.swallows(request) {
                    return until_given_up(client).await;
                }
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
                if orders.answers.are_over(answer.len()) {
                    if orders.answers.stalls.load(Ordering::SeqCst) {
                        std::future::pending::<()>().await;
                    }
                    return Ok(());
                }
                client.write_all(&orders.cut(answer)).await?;
            }
        }
    }
}

/// Until the client closes its connection; the server's is closed then.
async fn until_given_up(mut client: TcpStream) -> std::io::Result<()> {
    let mut rest = vec![0; 65536];
    while client.read(&mut rest).await? > 0 {}
    Ok(())
}
