//! Addresses of services, and whether what is sent to one can be read on the way.

use url::{Host, Url};

/// The address of a service: http or https, and a host.
///
/// # Errors
/// What is expected; the text, which may hold a password, is not repeated.
pub fn parse_base_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).ok().filter(|url| ["http", "https"].contains(&url.scheme()));
    url.ok_or_else(|| "expected http:// or https://, and a host".to_owned())
}

/// Whether what is sent to `url` cannot be read on the way: it goes by https, or to this machine.
#[must_use]
pub fn is_private(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.has_host(),
        "http" => is_here(url),
        _ => false,
    }
}

/// Whether the host is this machine, by a loopback address or as `localhost`.
pub(super) fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_by_https_or_to_this_machine_is_private() {
        for url in [
            "https://api.openweathermap.org",
            "https://10.0.0.1:8443/x",
            "http://127.0.0.1:8900",
            "http://127.9.9.9",
            "http://[::1]:8900",
            "http://[::ffff:127.0.0.1]",
            "http://localhost:8900",
            "http://LOCALHOST",
        ] {
            assert!(is_private(&url.parse().unwrap()), "{url}");
        }
        for url in [
            "http://api.openweathermap.org",
            "http://10.0.0.1",
            "http://simulator:8080",
            "http://localhost.example.com",
            "http://127.0.0.1.example.com",
            "http://localhost@example.com",
            "ftp://127.0.0.1",
            "file:///etc/passwd",
            "data:text",
        ] {
            assert!(!is_private(&url.parse().unwrap()), "{url}");
        }
    }
}
