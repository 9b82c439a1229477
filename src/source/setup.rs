//! Whether a source may be set up as it is set.

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::http;

/// The key that the simulator is called with where it is not on this machine, as in
/// `docker-compose.yml`. Everybody knows it, so it may be heard on the way; no other key may.
pub const SIMULATED_KEY: &str = "simulated";

/// Why a source cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The source needs a key, and none is set.
    #[error("no API key: {variable} is not set")]
    NoKey {
        /// The setting of the key.
        variable: &'static str,
    },
    /// What is secret would pass over the network for everybody to read.
    #[error(
        "{variable}: the key, or the password in the address, would be sent in clear: expected https://, or http:// to this machine (a loopback address, or localhost)"
    )]
    InClear {
        /// The setting of the address.
        variable: &'static str,
    },
    /// The TLS backend cannot be set up.
    #[error("cannot set up the HTTP client")]
    Client(#[from] http::ClientError),
}

/// Passes an address at which what it gets is safe: the key, and what the address itself may hold.
///
/// # Errors
/// [`SetupError::InClear`].
pub(super) fn check(
    variable: &'static str,
    url: &Url,
    key: Option<&SecretString>,
) -> Result<(), SetupError> {
    let has_key = key.is_some_and(|key| key.expose_secret() != SIMULATED_KEY);
    if (has_key || url.password().is_some()) && !http::is_private(url) {
        return Err(SetupError::InClear { variable });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_goes_over_https_or_stays_here_and_the_simulators_may_go_anywhere() {
        for (url, key, is_good) in [
            ("https://api.example", Some("k"), true),
            ("http://127.0.0.1:8900", Some("k"), true),
            ("http://api.example", Some("k"), false),
            ("http://simulator:8080", Some("k"), false),
            ("http://simulator:8080", Some(SIMULATED_KEY), true),
            ("http://api.example", None, true),
            ("http://user:password@api.example", None, false),
            ("http://user:password@api.example", Some(SIMULATED_KEY), false),
        ] {
            let key = key.map(SecretString::from);
            let checked = check("X_BASE_URL", &url.parse().unwrap(), key.as_ref());
            assert_eq!(checked.is_ok(), is_good, "{url}");
            let said = checked.err().map(|error| error.to_string()).unwrap_or_default();
            assert!(is_good || said.starts_with("X_BASE_URL: ") && !said.contains("api.example"));
        }
    }

    #[test]
    fn compose_calls_its_simulator_with_the_key_that_is_no_secret() {
        let compose = include_str!("../../config/compose.env");
        let value = |name: &str| compose.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        let (key, url) = (value("OPENWEATHER_API_KEY="), value("OPENWEATHER_BASE_URL="));
        assert_eq!(key, SIMULATED_KEY);
        assert!(check("", &url.parse().unwrap(), Some(&key.into())).is_ok());
    }
}
