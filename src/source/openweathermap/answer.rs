//! What an answer other than a good one means.

use serde::Deserialize;
use serde_json::Value;

use crate::http::StatusCode;
use crate::source::fault::{Fault, beginning, one_line};
use crate::source::object::Object;
use crate::source::wire;

/// The part of an error body that some services of the vendor fill. `cod` is a number or a text
/// for one and the same status, and newer products call it `code`.
#[derive(Deserialize)]
pub(super) struct ErrorBody {
    #[serde(alias = "code")]
    cod: Option<Value>,
    message: Option<Value>,
}

impl ErrorBody {
    /// The status that the body claims, if it claims one.
    pub(super) fn status(&self) -> Option<u16> {
        match self.cod.as_ref()? {
            Value::Number(number) => u16::try_from(number.as_u64()?).ok(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// The message that the body holds, if it is a text.
    pub(super) fn message(&self) -> Option<&str> {
        self.message.as_ref()?.as_str()
    }
}

/// The fault of an answer of `path` whose status is not 200.
pub(super) fn fault(path: &str, status: StatusCode, body: &[u8]) -> Fault {
    let said = said(body);
    let said = if said.is_empty() { "no message".to_owned() } else { said };
    Fault {
        kind: wire::kind(status.as_u16()),
        message: format!("HTTP {} at {path}: {said}", status.as_u16()),
    }
}

/// Whether a 404 says that there is nothing of the place or time: it comes in the service's own form,
/// neither from something in between, nor for an address that the service does not know ("Internal
/// error").
pub(super) fn says_it_lacks(body: &[u8]) -> bool {
    let Ok(body) = serde_json::from_slice::<Object<ErrorBody>>(body) else { return false };
    body.status().is_some() && body.message().is_none_or(|said| !said.contains("Internal error"))
}

/// The body's message, else its beginning, in one line: it may be HTML, cut off, or no text.
fn said(body: &[u8]) -> String {
    match serde_json::from_slice::<Object<ErrorBody>>(body) {
        Ok(Object(ErrorBody { message: Some(Value::String(message)), .. })) => one_line(&message),
        _ => beginning(body),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ErrorKind;

    fn fault_of(status: u16, body: &str) -> Fault {
        fault("/data/2.5/weather", StatusCode::from_u16(status).unwrap(), body.as_bytes())
    }

    #[test]
    fn the_servers_own_message_is_kept_with_status_and_path() {
        let fault = fault_of(401, r#"{"cod":401, "message": "Invalid API key."}"#);
        assert_eq!(fault.kind, ErrorKind::Unauthorized);
        assert_eq!(fault.message, "HTTP 401 at /data/2.5/weather: Invalid API key.");
    }

    #[test]
    fn a_body_that_is_not_json_is_quoted_in_one_line() {
        let vendor_sample =
            "{ \"cod\": 429,\n\"message\": \"Your account is\n temporary blocked\"}";
        let fault = fault_of(429, vendor_sample);
        assert_eq!(fault.kind, ErrorKind::RateLimited);
        assert!(fault.message.contains("Your account is temporary blocked"), "{}", fault.message);
        assert_eq!(fault_of(502, "<html>\r\n<h1>Bad</h1>").kind, ErrorKind::ServerError);
        assert_eq!(fault_of(404, "").message, "HTTP 404 at /data/2.5/weather: no message");
    }

    #[test]
    fn that_there_is_nothing_is_the_services_own_word() {
        assert!(says_it_lacks(br#"{"cod": "404", "message": "no data"}"#));
        assert!(says_it_lacks(br#"{"code": 404}"#));
        for body in [
            "",
            "<html>404</html>",
            r#"[404, "no data"]"#,
            r#"{"message": "Not Found"}"#,
            r#"{"cod": "404", "message": "Internal error"}"#,
        ] {
            assert!(!says_it_lacks(body.as_bytes()), "{body}");
        }
    }

    #[test]
    fn a_redirect_is_not_the_sites_fault() {
        assert_eq!(fault_of(301, "").kind, ErrorKind::Malformed);
        assert_eq!(fault_of(204, "").kind, ErrorKind::Malformed);
    }

    #[test]
    fn the_status_in_a_body_is_read_as_number_and_as_text() {
        for body in [r#"{"cod":404}"#, r#"{"cod":"404"}"#, r#"{"code":"404"}"#] {
            let body: ErrorBody = serde_json::from_str(body).unwrap();
            assert_eq!(body.status(), Some(404));
        }
    }
}
