//! A server that says the same to whoever asks: what no simulator of ours would say.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::AbortOnDropHandle;
use url::Url;

/// The server; ends with the test.
pub(crate) struct Scripted {
    pub(crate) url: Url,
    _serving: AbortOnDropHandle<()>,
}

impl Scripted {
    /// Answers with this status (`200 OK`), these header lines (each with its line break) and this
    /// body.
    pub(crate) async fn answering(status: &str, headers: &str, body: &str) -> Self {
        let length = body.len();
        let answer = format!(
            "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let answer = answer.clone();
                tokio::spawn(async move {
                    let _ = say(stream, &answer).await; // whoever asks may go
                });
            }
        });
        Self { url, _serving: AbortOnDropHandle::new(serving) }
    }
}

async fn say(mut stream: TcpStream, answer: &str) -> std::io::Result<()> {
    let mut asked = Vec::new();
    while !asked.windows(4).any(|part| part == b"\r\n\r\n") {
        if stream.read_buf(&mut asked).await? == 0 {
            return Ok(());
        }
    }
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}
