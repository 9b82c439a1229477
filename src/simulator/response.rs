//! Answers that every service has in common, and how one is sent: its date, a late one, the pages and
//! the silence of what stands before a service.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde_json::json;

const BAD_GATEWAY: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
    <center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>openresty</center>\r\n</body>\r\n\
    </html>\r\n";

const FORBIDDEN: &str = "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n\
    <center><h1>403 Forbidden</h1></center>\r\n</body>\r\n</html>\r\n";

/// What some proxies say with a 200.
const SENTENCE: &str = "You have exceeded your quota of requests.\nPlease try again tomorrow.";

/// The server's clock is the simulator's: a client reads in its `Date` how old an answer is.
pub(super) fn date(response: &mut Response, now: DateTime<Utc>) {
    let date = now.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(date) = HeaderValue::try_from(date) {
        response.headers_mut().insert(header::DATE, date);
    }
}

/// In real time, as the client's timeout runs: a stepped clock would let a late answer come at
/// once, and go forward for all.
#[expect(clippy::disallowed_methods, reason = "the client's timeout goes by real time")]
pub(super) async fn wait(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// JSON from the service, HTML from the proxy before it, and nothing at all, in turn.
pub(super) fn server_error(turn: u64) -> Response {
    match turn % 3 {
        0 => {
            let body = json!({"cod": "500", "message": "Internal error: 500001"});
            json_response(StatusCode::INTERNAL_SERVER_ERROR, body.to_string())
        }
        1 => response(StatusCode::BAD_GATEWAY, "text/html", BAD_GATEWAY.to_owned()),
        _ => json_response(StatusCode::SERVICE_UNAVAILABLE, String::new()),
    }
}

/// A page of a firewall, which no key changes.
pub(super) fn forbidden() -> Response {
    response(StatusCode::FORBIDDEN, "text/html", FORBIDDEN.to_owned())
}

/// Words in place of JSON.
pub(super) fn sentence() -> Response {
    response(StatusCode::OK, "text/plain", SENTENCE.to_owned())
}

/// A page in place of an answer.
pub(super) fn page() -> Response {
    response(StatusCode::OK, "text/html", BAD_GATEWAY.to_owned())
}

/// A body that breaks before its first byte closes the connection.
pub(super) fn dropped() -> Response {
    let broken = futures::stream::once(async {
        Err::<Bytes, _>(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
    });
    Response::new(Body::from_stream(broken))
}

pub(super) fn json_response(status: StatusCode, body: String) -> Response {
    response(status, "application/json; charset=utf-8", body)
}

fn response(status: StatusCode, content_type: &'static str, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::SERVER, HeaderValue::from_static("openresty"));
    response
}
