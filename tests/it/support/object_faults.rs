//! A way to objects that breaks when it is told to: a proxy before a stand-in, and the same before a folder
//! or memory.

use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{Method, Request, Response, StatusCode};
use futures::StreamExt as _;
use futures::stream::BoxStream;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use object_store::client::{HttpError, HttpErrorKind};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, ObjectStoreExt as _, PutMode, PutMultipartOptions, PutOptions, PutPayload,
    PutResult, Result,
};

/// What is done to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing happens to it.
    Pass,
    /// It is carried out, and its answer is lost.
    LoseAnswer,
    /// It is not carried out, and answered with this status.
    Answer(u16),
    /// Half of the answer's body comes.
    CutBody,
}

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask {
    Put,
    Get,
    List,
    Delete,
}

/// What is to go wrong, and what came.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    next: Mutex<VecDeque<(Ask, Fault)>>,
    /// Requests of this kind are refused, with this status.
    refused: Mutex<Option<(Ask, u16)>>,
    /// One put in so many loses its answer; 0: none.
    lost_puts: AtomicU64,
    puts: AtomicU64,
    /// An object that is to be created is written whether it is there or not.
    forgets_to_look: AtomicBool,
    /// Who puts an object that is there is refused, whatever he says.
    keeps_what_is_there: AtomicBool,
}

impl Faults {
    /// At the next requests of that kind, in order.
    pub(crate) fn at_next(&self, ask: Ask, faults: &[Fault]) {
        self.next.lock().unwrap().extend(faults.iter().map(|fault| (ask, *fault)));
    }

    /// From now on one put in so many is carried out and its answer lost.
    pub(crate) fn lose_one_put_in(&self, count: u64) {
        self.lost_puts.store(count, Ordering::SeqCst);
    }

    /// From now on every request of that kind is answered with that status.
    pub(crate) fn refuse(&self, ask: Ask, status: u16) {
        *self.refused.lock().unwrap() = Some((ask, status));
    }

    /// From now on an object that is to be created is written whether it is there or not.
    pub(crate) fn forget_to_look(&self) {
        self.forgets_to_look.store(true, Ordering::SeqCst);
    }

    /// Whether from now on a put of an object that is there is answered 403, as where the right to delete is missing.
    pub(crate) fn keep_what_is_there(&self, keeps: bool) {
        self.keeps_what_is_there.store(keeps, Ordering::SeqCst);
    }

    /// How many faults are still to come.
    pub(crate) fn left(&self) -> usize {
        self.next.lock().unwrap().len()
    }

    fn take(&self, ask: Ask) -> Option<Fault> {
        if let Some((_, status)) = self.refused.lock().unwrap().filter(|(of, _)| *of == ask) {
            return Some(Fault::Answer(status));
        }
        let mut next = self.next.lock().unwrap();
        if let Some(index) = next.iter().position(|(of, _)| *of == ask) {
            return next.remove(index).map(|(_, fault)| fault);
        }
        let one_in = self.lost_puts.load(Ordering::SeqCst);
        if ask != Ask::Put || one_in == 0 {
            return None;
        }
        let count = self.puts.fetch_add(1, Ordering::SeqCst) + 1;
        count.is_multiple_of(one_in).then_some(Fault::LoseAnswer)
    }
}

/// A proxy on a thread of its own, before a stand-in; ends with the process.
pub(crate) fn proxy(origin: &str, faults: Arc<Faults>) -> url::Url {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let origin = origin.trim_end_matches('/').to_owned();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(serve(listener, origin, faults));
    });
    url
}

async fn serve(listener: std::net::TcpListener, origin: String, faults: Arc<Faults>) {
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    let http = super::http_client().build().unwrap();
    while let Ok((stream, _)) = listener.accept().await {
        let (origin, faults, http) = (origin.clone(), faults.clone(), http.clone());
        let service = service_fn(move |request| {
            let (origin, faults, http) = (origin.clone(), faults.clone(), http.clone());
            async move { pass_on(&origin, &faults, &http, request).await }
        });
        tokio::spawn(
            hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service),
        );
    }
}

/// An error ends the connection without an answer.
async fn pass_on(
    origin: &str,
    faults: &Faults,
    http: &reqwest::Client,
    request: Request<Incoming>,
) -> std::io::Result<Response<Body>> {
    let (head, body) = request.into_parts();
    let body = to_bytes(Body::new(body), usize::MAX).await.unwrap_or_default();
    let is_list = head.uri.query().is_some_and(|query| query.contains("list-type"));
    let ask = match head.method {
        Method::PUT | Method::POST if !is_delete(&head.uri) => Ask::Put,
        Method::DELETE | Method::POST => Ask::Delete,
        _ if is_list => Ask::List,
        _ => Ask::Get,
    };
    let fault = faults.take(ask);
    if let Some(Fault::Answer(status)) = fault {
        return Ok(answer(status, Bytes::from_static(b"<Error><Code>Test</Code></Error>")));
    }
    let with_headers = |mut request: reqwest::RequestBuilder, without: &[&str]| {
        for (name, value) in &head.headers {
            if !without.iter().any(|prefix| name.as_str().starts_with(prefix)) {
                request = request.header(name, value);
            }
        }
        request
    };
    const OF_THE_MESSAGE: [&str; 3] = ["host", "content-length", "transfer-encoding"];
    let url = format!("{origin}{}", head.uri);
    if ask == Ask::Put && faults.keeps_what_is_there.load(Ordering::SeqCst) {
        let object = url.split('?').next().unwrap_or_default();
        let conditions = ["host", "content-", "transfer-encoding", "if-", "x-goog-if-"];
        let looked = with_headers(http.head(object), &conditions).send().await;
        let found = looked.map_err(std::io::Error::other)?;
        if found.status().is_success() {
            return Ok(answer(
                403,
                Bytes::from_static(b"<Error><Code>AccessDenied</Code></Error>"),
            ));
        }
    }
    let forwarded = http.request(head.method.clone(), url).body(body);
    let forwarded = with_headers(forwarded, &OF_THE_MESSAGE);
    let found = forwarded.send().await.map_err(std::io::Error::other)?;
    let (status, headers) = (found.status(), found.headers().clone());
    let body = found.bytes().await.map_err(std::io::Error::other)?;
    if fault == Some(Fault::LoseAnswer) {
        return Err(std::io::Error::other("lost"));
    }
    let mut answer = answer(status.as_u16(), body.clone());
    *answer.headers_mut() = headers;
    answer.headers_mut().remove("transfer-encoding");
    if fault == Some(Fault::CutBody) {
        let half = Ok(body.slice(..body.len() / 2));
        let broken = Err(std::io::Error::other("cut"));
        *answer.body_mut() = Body::from_stream(futures::stream::iter([half, broken]));
    }
    Ok(answer)
}

fn is_delete(uri: &axum::http::Uri) -> bool {
    uri.query().is_some_and(|query| query.split('&').any(|pair| pair.starts_with("delete")))
}

fn answer(status: u16, body: Bytes) -> Response<Body> {
    let mut answer = Response::new(Body::from(body));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    answer
}

/// The same before what needs no network.
#[derive(Debug)]
pub(crate) struct Faulty {
    pub(crate) inner: Arc<dyn ObjectStore>,
    pub(crate) faults: Arc<Faults>,
}

impl fmt::Display for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "faulty {}", self.inner)
    }
}

impl Faulty {
    /// Carries out what is to be carried out.
    async fn meet<T>(&self, ask: Ask, operation: impl Future<Output = Result<T>>) -> Result<T> {
        match self.faults.take(ask) {
            None | Some(Fault::Pass) => operation.await,
            Some(Fault::Answer(status)) => Err(refused(status)),
            Some(Fault::LoseAnswer | Fault::CutBody) => {
                operation.await?;
                Err(lost())
            }
        }
    }
}

fn lost() -> Error {
    let lost = HttpError::new(HttpErrorKind::Interrupted, std::io::Error::other("lost"));
    Error::Generic { store: "test", source: lost.into() }
}

fn refused(status: u16) -> Error {
    let source = format!("Server returned non-2xx status code: {status}").into();
    let path = "test".into();
    match status {
        409 => Error::AlreadyExists { path, source },
        412 => Error::Precondition { path, source },
        _ => Error::Generic { store: "test", source },
    }
}

#[async_trait]
impl ObjectStore for Faulty {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        mut options: PutOptions,
    ) -> Result<PutResult> {
        if self.faults.forgets_to_look.load(Ordering::SeqCst) {
            options.mode = PutMode::Overwrite;
        }
        let keeps = self.faults.keeps_what_is_there.load(Ordering::SeqCst);
        if keeps && self.inner.head(location).await.is_ok() {
            return Err(refused(403));
        }
        self.meet(Ask::Put, self.inner.put_opts(location, payload, options)).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.meet(Ask::Get, self.inner.get_opts(location, options)).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.meet(Ask::Get, self.inner.get_ranges(location, ranges)).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        match self.faults.take(Ask::Delete) {
            Some(Fault::Answer(status)) => {
                futures::stream::once(async move { Err(refused(status)) }).boxed()
            }
            None | Some(Fault::Pass) => self.inner.delete_stream(locations),
            Some(_) => {
                let deleted = self.inner.delete_stream(locations);
                deleted.map(|deleted| deleted.and_then(|_| Err(lost()))).boxed()
            }
        }
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.faults.take(Ask::List) {
            Some(Fault::Answer(status)) => {
                futures::stream::once(async move { Err(refused(status)) }).boxed()
            }
            None | Some(Fault::Pass) => self.inner.list(prefix),
            Some(_) => futures::stream::once(async { Err(lost()) }).boxed(),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}
