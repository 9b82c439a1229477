//! A way to BigQuery that remembers every request, and answers otherwise when it is told to.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts as Head;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use serde_json::{Value, json};

/// A request that came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    /// The header with the token.
    pub(crate) authorization: String,
    pub(crate) body: Bytes,
}

impl Asked {
    /// A statement or a load.
    pub(crate) fn is_job(&self) -> bool {
        self.method == Method::POST && self.path.ends_with("/jobs")
    }

    /// The script that writes what was staged.
    pub(crate) fn is_write(&self) -> bool {
        self.is_job() && self.text().contains("weather not staged")
    }

    /// A load with its rows.
    pub(crate) fn is_upload(&self) -> bool {
        self.is_job() && self.path.starts_with("/upload")
    }

    /// A look at a job.
    pub(crate) fn is_look(&self) -> bool {
        self.method == Method::GET && self.path.contains("/jobs/")
    }

    /// A page of what a query gave.
    pub(crate) fn is_results(&self) -> bool {
        self.method == Method::GET && self.path.contains("/queries/")
    }

    /// The JSON that was sent; of an upload the job.
    pub(crate) fn json(&self) -> Value {
        let text = self.text();
        let text = text.split("\r\n").find(|line| line.starts_with('{')).unwrap_or(&text);
        serde_json::from_str(text).unwrap_or_default()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// How many rows an upload has, by its Parquet file: the second part, between a line that is empty
    /// and the last boundary.
    pub(crate) fn rows(&self) -> i64 {
        const BEGIN: &[u8] = b"application/octet-stream\r\n\r\n";
        let begin = self.body.windows(BEGIN.len()).position(|bytes| bytes == BEGIN).unwrap();
        let file = self.body.slice(begin + BEGIN.len()..);
        let end = file.windows(4).rposition(|bytes| bytes == b"\r\n--").unwrap();
        let file = SerializedFileReader::new(file.slice(..end)).unwrap();
        file.metadata().file_metadata().num_rows()
    }
}

/// What becomes of a request.
#[derive(Debug, Clone)]
pub(crate) enum Deed {
    Pass,
    /// It is carried out, and its answer is lost.
    LoseAnswer,
    /// Another one was faster with the same: it is carried out twice, the second's answer given.
    Repeat,
    /// It is not carried out; this is the answer.
    Answer(u16, Value),
    /// It is not carried out; this is the answer, which is not JSON.
    Text(u16, &'static str),
    /// It is carried out, and its answer is changed.
    Alter(fn(&mut Value)),
    /// It is taken, and never answered.
    Hang,
}

impl Deed {
    /// The answer is an error, as the API words it.
    pub(crate) fn refuse(status: u16, reason: &str, message: &str) -> Self {
        let error = json!({"code": status, "message": message, "status": reason,
            "errors": [{"reason": reason, "message": message, "domain": "global"}]});
        Self::Answer(status, json!({"error": error}))
    }

    /// The answer is a job that has failed: that is in its status, the answer itself a success.
    pub(crate) fn fail_job(reason: &str, message: &str) -> Self {
        let error = json!({"reason": reason, "message": message, "location": "query"});
        Self::Answer(
            200,
            json!({
                "kind": "bigquery#job",
                "id": "test-project:US.job",
                "jobReference": {"projectId": "test-project", "jobId": "job", "location": "US"},
                "status": {"state": "DONE", "errorResult": error, "errors": [error]},
            }),
        )
    }
}

type Decide = Arc<dyn Fn(&Asked) -> Deed + Send + Sync>;

#[derive(Clone)]
struct Parts {
    origin: String,
    http: reqwest::Client,
    asked: Arc<Mutex<Vec<Asked>>>,
    decide: Decide,
}

pub(crate) struct Gateway {
    /// The value of `BIGQUERY_BASE_URL`.
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Gateway {
    pub(crate) fn to(base: &str) -> Self {
        Self::deciding(base, |_| Deed::Pass)
    }

    /// On a thread of its own: a test waits for programs without giving way.
    pub(crate) fn deciding(
        base: &str,
        decide: impl Fn(&Asked) -> Deed + Send + Sync + 'static,
    ) -> Self {
        let base = url::Url::parse(base).unwrap();
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let parts = Parts {
            origin: base.origin().ascii_serialization(),
            http: super::warehouse::client(),
            asked: asked.clone(),
            decide: Arc::new(decide),
        };
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}{}", listener.local_addr().unwrap(), base.path());
        let router = Router::new().fallback(pass_on).with_state(parts);
        std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                axum::serve(listener, router).await
            })
        });
        Self { url, asked }
    }

    /// Every request so far, of which `is` is true.
    pub(crate) fn asked(&self, is: impl Fn(&Asked) -> bool) -> Vec<Asked> {
        self.asked.lock().unwrap().iter().filter(|asked| is(asked)).cloned().collect()
    }
}

async fn pass_on(State(parts): State<Parts>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let authorization = head.headers.get("authorization").and_then(|value| value.to_str().ok());
    let asked = Asked {
        method: head.method.clone(),
        path: head.uri.path().to_owned(),
        query: text(head.uri.query()),
        authorization: text(authorization),
        body: body.clone(),
    };
    parts.asked.lock().unwrap().push(asked.clone());
    let deed = (parts.decide)(&asked);
    match &deed {
        Deed::Answer(status, answer) => {
            return (StatusCode::from_u16(*status).unwrap(), answer.to_string()).into_response();
        }
        Deed::Text(status, answer) => {
            return (StatusCode::from_u16(*status).unwrap(), *answer).into_response();
        }
        Deed::Hang => std::future::pending().await,
        _ => {}
    }
    if matches!(deed, Deed::Repeat) {
        let _ = forward(&parts, &head, body.clone()).await;
    }
    let Ok(answer) = forward(&parts, &head, body).await else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    let status = answer.status().as_u16();
    let answer = answer.bytes().await.unwrap_or_default();
    if matches!(deed, Deed::LoseAnswer) {
        // A body that breaks off is a connection that breaks.
        let broken = futures::stream::iter([Err::<Bytes, _>(std::io::Error::other("lost"))]);
        return Response::new(Body::from_stream(broken));
    }
    if let Deed::Alter(alter) = deed {
        let mut answer = serde_json::from_slice(&answer).unwrap();
        alter(&mut answer);
        return (StatusCode::from_u16(status).unwrap(), answer.to_string()).into_response();
    }
    (StatusCode::from_u16(status).unwrap(), answer).into_response()
}

async fn forward(parts: &Parts, head: &Head, body: Bytes) -> reqwest::Result<reqwest::Response> {
    let url = format!("{}{}", parts.origin, head.uri);
    let mut forwarded = parts.http.request(head.method.clone(), url).body(body);
    if let Some(kind) = head.headers.get("content-type") {
        forwarded = forwarded.header("content-type", kind);
    }
    forwarded.send().await
}
