//! Connecting: TLS, and what every session is set to.

use std::net::IpAddr;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use sqlx::ConnectOptions as _;
use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};
use url::Url;

use super::connections::{Connections, MAX_IDLE, Settings};
use crate::store::settings::{CONNECTION_PATIENCE, READER_PATIENCE, STATEMENT_LIMIT};
use crate::store::{StoreError, StoreSettings};

/// How long an idle session lives on the server. A frozen process holds its locks no longer than
/// this, so it must end well before the lease does.
const MAX_IDLE_SESSION_SECONDS: u64 = 2 * MAX_IDLE.as_secs();

/// Prepared statements kept per connection: one for each number of rows that a batch may end with.
const STATEMENTS: usize = 200;

/// The connections to the server at `url`, none of them made yet.
pub(super) fn connections(url: &str, settings: &StoreSettings) -> Result<Connections, StoreError> {
    Ok(Connections::new(Settings {
        options: options(url, settings)?,
        session: session(settings),
        max_connections: usize::try_from(settings.database_max_connections).unwrap_or(1),
        connect: settings.bounds().connect,
        patience: if settings.is_reader { READER_PATIENCE } else { CONNECTION_PATIENCE },
    }))
}

fn options(url: &str, settings: &StoreSettings) -> Result<MySqlConnectOptions, StoreError> {
    let url = without_charset(url);
    let mut options: MySqlConnectOptions = url
        .parse()
        .map_err(|error: sqlx::Error| StoreError::Settings(format!("DATABASE_URL: {error}")))?;
    if options.get_database().is_none_or(str::is_empty) {
        let problem =
            "DATABASE_URL: no database named: expected mysql://user:password@host/database";
        return Err(StoreError::Settings(problem.into()));
    }
    if let Some(file) = &settings.database_ca {
        let pem = std::fs::read(file).map_err(|error| {
            StoreError::Settings(format!("DATABASE_CA: {}: {error}", file.display()))
        })?;
        if CertificateDer::pem_slice_iter(&pem).next().is_none_or(|first| first.is_err()) {
            let problem = format!("DATABASE_CA: {}: no certificate in it (PEM)", file.display());
            return Err(StoreError::Settings(problem));
        }
        options = options.ssl_ca_from_pem(pem);
    }
    let mode = ssl_mode(&options, settings.database_ca.is_some());
    // A statement whose rows are streamed is as slow as who takes them.
    let options = options.disable_statement_logging();
    let options = without_settings(options);
    Ok(options.ssl_mode(mode).statement_cache_capacity(STATEMENTS))
}

/// Without the statement by which the driver sets a session up: [`session`] sets all of it, and more.
fn without_settings(options: MySqlConnectOptions) -> MySqlConnectOptions {
    options.pipes_as_concat(false).no_engine_substitution(false).timezone(None).set_names(false)
}

/// Every session speaks UTF-8: the sites' names and the sources' words are written as they are.
fn without_charset(text: &str) -> String {
    let is_charset = |key: &str| key == "charset" || key == "collation";
    let Ok(mut url) = Url::parse(text) else { return text.to_owned() };
    let (ignored, kept): (Vec<_>, Vec<_>) =
        url.query_pairs().into_owned().partition(|(key, _)| is_charset(key));
    for (key, value) in ignored.iter().filter(|(_, value)| !value.starts_with("utf8mb4")) {
        tracing::warn!("DATABASE_URL: {key}={value} is ignored: the store speaks utf8mb4");
    }
    if ignored.is_empty() {
        return text.to_owned();
    }
    url.set_query(None);
    if !kept.is_empty() {
        url.query_pairs_mut().extend_pairs(kept);
    }
    url.into()
}

/// A server that is not on this machine is always spoken to over TLS, whatever the URL says; one
/// whose authority we know is verified as well.
fn ssl_mode(options: &MySqlConnectOptions, has_ca: bool) -> MySqlSslMode {
    let asked = options.get_ssl_mode();
    let is_verifying = matches!(asked, MySqlSslMode::VerifyCa | MySqlSslMode::VerifyIdentity);
    if is_verifying {
        asked
    } else if has_ca {
        MySqlSslMode::VerifyCa
    } else if is_local(options) {
        asked
    } else {
        MySqlSslMode::Required
    }
}

fn is_local(options: &MySqlConnectOptions) -> bool {
    let host = options.get_host();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    options.get_socket().is_some()
        || host == "localhost"
        || address.is_ok_and(|address| address.is_loopback())
}

/// What a session is set to, whatever the server begins one with: UTC, strict, READ COMMITTED, a statement
/// that commits itself, every row that a statement selects, and no wait that outlasts the lease.
fn session(settings: &StoreSettings) -> String {
    let idle_seconds = (settings.lease().as_secs() / 2).clamp(1, MAX_IDLE_SESSION_SECONDS);
    let (read_only, limit_ms) = match settings.is_reader {
        true => ("on", STATEMENT_LIMIT.as_millis()),
        false => ("off", 0),
    };
    // `default` would be what the server begins a session with.
    format!(
        "set autocommit = 1, \
         completion_type = 'NO_CHAIN', \
         transaction_read_only = {read_only}, \
         transaction_isolation = 'READ-COMMITTED', \
         sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO', \
         sql_safe_updates = 0, \
         sql_select_limit = 18446744073709551615, \
         sql_big_selects = 1, \
         time_zone = '+00:00', \
         innodb_lock_wait_timeout = 10, \
         lock_wait_timeout = 10, \
         max_execution_time = {limit_ms}, \
         wait_timeout = {idle_seconds}, \
         names utf8mb4"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(url: &str, has_ca: bool) -> MySqlSslMode {
        ssl_mode(&url.parse().unwrap(), has_ca)
    }

    #[test]
    fn a_server_elsewhere_is_spoken_to_over_tls_whatever_the_url_says() {
        for url in ["mysql://u:p@10.0.0.5/d", "mysql://u:p@db.example/d?ssl-mode=DISABLED"] {
            assert!(matches!(mode(url, false), MySqlSslMode::Required), "{url}");
        }
    }

    #[test]
    fn a_server_here_may_be_spoken_to_plainly() {
        for url in
            ["mysql://u:p@127.0.0.1/d", "mysql://u:p@localhost/d", "mysql://u:p@x/d?socket=/s"]
        {
            assert!(matches!(mode(url, false), MySqlSslMode::Preferred), "{url}");
        }
    }

    #[test]
    fn a_certificate_authority_is_for_verifying() {
        assert!(matches!(mode("mysql://u:p@127.0.0.1/d", true), MySqlSslMode::VerifyCa));
        let url = "mysql://u:p@db.example/d?ssl-mode=VERIFY_IDENTITY";
        assert!(matches!(mode(url, true), MySqlSslMode::VerifyIdentity));
    }

    #[test]
    fn the_charset_of_the_url_is_ignored_and_what_else_it_says_is_not() {
        for (url, kept) in [
            ("mysql://u:p%23@h/d?charset=latin1", "mysql://u:p%23@h/d"),
            (
                "mysql://u:p@h/d?ssl-mode=VERIFY_CA&charset=latin1&collation=latin1_bin",
                "mysql://u:p@h/d?ssl-mode=VERIFY_CA",
            ),
            ("mysql://u:p@h/d?socket=/s%20s", "mysql://u:p@h/d?socket=/s%20s"),
            ("no url", "no url"),
        ] {
            assert_eq!(without_charset(url), kept);
        }
    }
}
