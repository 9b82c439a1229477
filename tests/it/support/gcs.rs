//! A stand-in of Google Cloud Storage: the XML API as far as our client uses it, with its generation
//! precondition (<https://cloud.google.com/storage/docs/xml-api/overview>), which the packaged ones ignore.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};

/// The one bucket that is there.
pub(crate) const BUCKET: &str = "weather-test";

/// Entries of a page of a list: few, so that lists have several.
const PAGE: usize = 5;

#[derive(Clone)]
struct Stored {
    body: Bytes,
    generation: u64,
}

#[derive(Default)]
struct Bucket {
    objects: BTreeMap<String, Stored>,
    uploads: HashMap<String, BTreeMap<u32, Bytes>>,
    generation: u64,
}

/// What it holds; on a thread of its own, ends with the process.
#[derive(Clone, Default)]
pub(crate) struct Gcs {
    bucket: Arc<Mutex<Bucket>>,
    url: String,
}

impl Gcs {
    pub(crate) fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let gcs = Self { url, ..Self::default() };
        let limit = DefaultBodyLimit::disable();
        let router = Router::new().fallback(answer).layer(limit).with_state(gcs.clone());
        std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                axum::serve(listener, router).await
            })
        });
        gcs
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Writes every object below a prefix into a folder, for readers that cannot be pointed here.
    pub(crate) fn copy_to(&self, prefix: &str, folder: &std::path::Path) {
        for (path, stored) in &self.bucket.lock().unwrap().objects {
            let Some(rest) = path.strip_prefix(prefix) else { continue };
            let file = folder.join(rest.trim_start_matches('/'));
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, &stored.body).unwrap();
        }
    }
}

impl Bucket {
    fn put(&mut self, path: &str, body: Bytes) -> Response {
        self.generation += 1;
        let generation = self.generation;
        self.objects.insert(path.into(), Stored { body, generation });
        let headers =
            [("etag", format!("\"{generation}\"")), ("x-goog-generation", generation.to_string())];
        (headers, "").into_response()
    }

    fn list(&self, query: &HashMap<String, String>) -> Response {
        let text = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
        let after = text("start-after").max(text("continuation-token"));
        let found = self
            .objects
            .iter()
            .filter(|(path, _)| path.starts_with(text("prefix")) && path.as_str() > after);
        let found: Vec<_> = found.take(PAGE + 1).collect();
        let mut xml = String::from("<?xml version='1.0'?><ListBucketResult>");
        for (path, stored) in found.iter().take(PAGE) {
            let Stored { body, generation } = stored;
            let _ = write!(
                xml,
                "<Contents><Key>{path}</Key><Size>{}</Size><ETag>{generation}</ETag>\
                 <LastModified>2026-11-30T08:00:00.000Z</LastModified></Contents>",
                body.len(),
            );
        }
        if found.len() > PAGE {
            let _ =
                write!(xml, "<NextContinuationToken>{}</NextContinuationToken>", found[PAGE - 1].0);
        }
        xml.push_str("</ListBucketResult>");
        xml.into_response()
    }

    fn upload(
        &mut self,
        method: &Method,
        path: &str,
        query: &HashMap<String, String>,
        body: Bytes,
    ) -> Response {
        let id = query.get("uploadId").cloned().unwrap_or_default();
        if query.contains_key("uploads") {
            self.generation += 1;
            let id = format!("upload-{}", self.generation);
            self.uploads.insert(id.clone(), BTreeMap::new());
            let begun = format!(
                "<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
            );
            return begun.into_response();
        }
        if *method == Method::PUT {
            let Some(parts) = self.uploads.get_mut(&id) else { return missing("NoSuchUpload") };
            let number = query["partNumber"].parse().unwrap();
            parts.insert(number, body);
            return ([("etag", format!("\"part-{number}\""))], "").into_response();
        }
        let Some(parts) = self.uploads.remove(&id) else { return missing("NoSuchUpload") };
        if *method == Method::DELETE {
            return StatusCode::NO_CONTENT.into_response();
        }
        let whole: Vec<u8> = parts.into_values().flatten().collect();
        let put = self.put(path, whole.into());
        let text =
            "<CompleteMultipartUploadResult><ETag>\"whole\"</ETag></CompleteMultipartUploadResult>";
        let mut answer = text.into_response();
        answer.headers_mut().extend(put.headers().clone());
        answer
    }
}

async fn answer(
    State(gcs): State<Gcs>,
    Query(query): Query<HashMap<String, String>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = decoded(uri.path());
    let path = path.trim_start_matches('/');
    let (name, path) = path.split_once('/').unwrap_or((path, ""));
    if name != BUCKET {
        return missing("NoSuchBucket");
    }
    let mut bucket = gcs.bucket.lock().unwrap();
    if query.contains_key("list-type") {
        return bucket.list(&query);
    }
    if query.contains_key("uploads") || query.contains_key("uploadId") {
        return bucket.upload(&method, path, &query, body);
    }
    let found = bucket.objects.get(path).cloned();
    match (method, found) {
        (Method::PUT, found) => {
            let expected =
                headers.get("x-goog-if-generation-match").map(|value| value.to_str().unwrap());
            let generation = found.map_or(0, |stored| stored.generation).to_string();
            if expected.is_some_and(|expected| expected != generation) {
                return error(StatusCode::PRECONDITION_FAILED, "PreconditionFailed");
            }
            bucket.put(path, body)
        }
        (_, None) => missing("NoSuchKey"),
        (Method::DELETE, _) => {
            bucket.objects.remove(path);
            StatusCode::NO_CONTENT.into_response()
        }
        (method, Some(stored)) => read(&method, &headers, &stored),
    }
}

fn read(method: &Method, headers: &HeaderMap, stored: &Stored) -> Response {
    let length = stored.body.len();
    let range = headers.get("range").and_then(|value| value.to_str().ok()?.strip_prefix("bytes="));
    let (status, first, end) = match range.and_then(|range| range.split_once('-')) {
        None => (StatusCode::OK, 0, length),
        Some(("", last)) => {
            let count: usize = last.parse().unwrap();
            (StatusCode::PARTIAL_CONTENT, length.saturating_sub(count), length)
        }
        Some((first, last)) => {
            let end = last.parse::<usize>().map_or(length, |last| length.min(last + 1));
            (StatusCode::PARTIAL_CONTENT, first.parse().unwrap(), end)
        }
    };
    if first > end {
        return error(StatusCode::RANGE_NOT_SATISFIABLE, "InvalidRange");
    }
    let headers = [
        ("etag", format!("\"{}\"", stored.generation)),
        ("last-modified", "Mon, 30 Nov 2026 08:00:00 GMT".into()),
        ("content-range", format!("bytes {first}-{}/{length}", end.saturating_sub(1))),
    ];
    let mut answer = if *method == Method::HEAD {
        let mut answer = "".into_response();
        answer.headers_mut().insert("content-length", length.into());
        answer
    } else {
        stored.body.slice(first..end).into_response()
    };
    *answer.status_mut() = status;
    for (name, value) in headers {
        if name != "content-range" || status == StatusCode::PARTIAL_CONTENT {
            answer.headers_mut().insert(name, value.parse().unwrap());
        }
    }
    answer
}

fn missing(code: &str) -> Response {
    error(StatusCode::NOT_FOUND, code)
}

fn error(status: StatusCode, code: &str) -> Response {
    (status, format!("<?xml version='1.0'?><Error><Code>{code}</Code></Error>")).into_response()
}

/// The path, its `%XX` read.
fn decoded(path: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next().unwrap(), rest.next().unwrap()];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}
