//! Connecting: TLS, and what every session is set to.

use std::net::IpAddr;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions, MySqlSslMode};
use sqlx::{ConnectOptions, Connection, Executor, MySqlPool};

use super::error::store_error;
use crate::store::settings::{READER_PATIENCE, STATEMENT_LIMIT};
use crate::store::{StoreError, StoreSettings};

/// How long the first connection, and later one from the pool, may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an idle session lives on the server. A frozen process holds its locks no longer than
/// this, so it must end well before the lease does.
const MAX_IDLE_SESSION_SECONDS: u64 = 60;

/// Prepared statements kept per connection: one for each number of rows that a batch may end with.
const STATEMENTS: usize = 200;

/// The connections to the server at `url`.
pub(super) async fn connect(url: &str, settings: &StoreSettings) -> Result<MySqlPool, StoreError> {
    let options = options(url, settings)?;
    let session = session(settings);
    let patience = if settings.is_reader { READER_PATIENCE } else { CONNECT_TIMEOUT };
    // The pool tries a refused connection again until its time is over; the first one is made
    // outside it, so that a wrong address or password is known at once.
    let first = tokio::time::timeout(CONNECT_TIMEOUT, options.connect()).await;
    let first = first.map_err(|_| store_error(sqlx::Error::PoolTimedOut))?.map_err(store_error)?;
    first.close().await.map_err(store_error)?;
    Ok(MySqlPoolOptions::new()
        .max_connections(settings.database_max_connections)
        .acquire_timeout(patience)
        .idle_timeout(Duration::from_secs(MAX_IDLE_SESSION_SECONDS / 2))
        .after_connect(move |connection, _| {
            let session = session.clone();
            Box::pin(async move {
                connection.execute(sqlx::AssertSqlSafe(session)).await?;
                Ok(())
            })
        })
        .connect_lazy_with(options))
}

fn options(url: &str, settings: &StoreSettings) -> Result<MySqlConnectOptions, StoreError> {
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
    Ok(options.ssl_mode(mode).statement_cache_capacity(STATEMENTS))
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

/// UTC, strict, READ COMMITTED, and no wait that outlasts the lease.
fn session(settings: &StoreSettings) -> String {
    let idle_seconds = (settings.lease().as_secs() / 2).clamp(1, MAX_IDLE_SESSION_SECONDS);
    let limit_ms = STATEMENT_LIMIT.as_millis();
    let reader = match settings.is_reader {
        true => format!(", transaction_read_only = on, max_execution_time = {limit_ms}"),
        false => String::new(),
    };
    format!(
        "set time_zone = '+00:00', \
         transaction_isolation = 'READ-COMMITTED', \
         sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO', \
         innodb_lock_wait_timeout = 10, \
         wait_timeout = {idle_seconds}{reader}"
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
}
