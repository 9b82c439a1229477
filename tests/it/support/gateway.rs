//! A way to BigQuery that remembers every request.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};

/// A request that came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) path: String,
}

impl Asked {
    /// A statement or a load.
    pub(crate) fn is_job(&self) -> bool {
        self.method == Method::POST && self.path.ends_with("/jobs")
    }
}

#[derive(Clone)]
struct Parts {
    origin: String,
    http: reqwest::Client,
    asked: Arc<Mutex<Vec<Asked>>>,
}

pub(crate) struct Gateway {
    /// The value of `BIGQUERY_BASE_URL`.
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Gateway {
    /// On a thread of its own: a test waits for programs without giving way.
    pub(crate) fn to(base: &str) -> Self {
        let base = url::Url::parse(base).unwrap();
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let parts = Parts {
            origin: base.origin().ascii_serialization(),
            http: super::warehouse::client(),
            asked: asked.clone(),
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
    let path = head.uri.path().to_owned();
    parts.asked.lock().unwrap().push(Asked { method: head.method.clone(), path });
    let url = format!("{}{}", parts.origin, head.uri);
    let mut forwarded = parts.http.request(head.method, url).body(body);
    if let Some(kind) = head.headers.get("content-type") {
        forwarded = forwarded.header("content-type", kind);
    }
    let Ok(answer) = forwarded.send().await else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    let status = answer.status().as_u16();
    let answer = answer.bytes().await.unwrap_or_default();
    (StatusCode::from_u16(status).unwrap(), answer).into_response()
}
