//! `weather serve`: the query API.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::error::UsageError;
use super::exit::Exit;
use super::left;
use super::output;
use super::platform::Platform;
use super::shutdown::Shutdown;
use super::sources::{self, SourcesSettings};
use crate::clock::SystemClock;
use crate::serve::access::{self, Access};
use crate::serve::{self, Origins, Outside, Parts, PublicUrl, SharedCache};
use crate::sink::LakeSettings;
use crate::store::{Reads, StoreError, StoreSettings};

/// Answer programs over HTTP, read-only, from the store
///
/// Sites, latest observations, series, gaps, runs and status as JSON (series as CSV and lines of
/// JSON too); /api/v1/docs shows and tries them, docs/API.md describes it. Without tokens it listens
/// on this machine only; `weather token new` makes one.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  weather serve\n  curl http://127.0.0.1:8080/api/v1/latest\n  \
    weather serve --listen 0.0.0.0:8080 --api-tokens-file tokens.jsonl"
)]
pub(super) struct Args {
    /// Address to listen on; port 0 takes a free one [default: 127.0.0.1:8080; with PORT set, as on
    /// Cloud Run, 0.0.0.0:PORT]
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,

    /// File with the names and hashes of the tokens that may ask; without one everybody who reaches the
    /// port may
    #[arg(long, value_name = "FILE", env = "API_TOKENS_FILE")]
    api_tokens_file: Option<PathBuf>,

    /// Redis in which instances share their answers: redis://[[user]:password@]host[:port][/number],
    /// or rediss:// for TLS. While it is away each makes its own
    #[arg(long, value_name = "URL", env = "CACHE_URL", hide_env_values = true)]
    cache_url: Option<SecretString>,

    /// Seconds that Redis is waited for, for tests
    #[arg(long, env = "WEATHER_CACHE_SECONDS", hide = true, value_parser = clap::value_parser!(u64).range(1..=3600))]
    cache_seconds: Option<u64>,

    /// Address by which clients reach the server through a proxy, as in https://host/weather: every link
    /// begins with it. Requests may come with its path or without
    #[arg(long, value_name = "URL", env = "PUBLIC_URL", hide_env_values = true)]
    public_url: Option<String>,

    /// Origin whose pages may read the API in a browser, as in https://bi.example.com; * is any. Several by
    /// commas, or the flag again
    #[arg(long, value_name = "ORIGIN", env = "CORS_ORIGINS", value_delimiter = ',')]
    cors_origin: Vec<String>,

    /// Show the badge of all sites (/badge/fresh.svg) without a token
    #[arg(long, env = "PUBLIC_BADGE", value_parser = clap::builder::BoolishValueParser::new())]
    public_badge: bool,

    #[arg(long, env = "PORT", hide = true)]
    port: Option<u16>,

    #[command(flatten)]
    sources: SourcesSettings,
    #[command(flatten)]
    store: StoreSettings,
    #[command(flatten)]
    lake: LakeSettings,
}

pub(super) async fn run(args: Args, platform: &Platform) -> anyhow::Result<Exit> {
    let (address, outside) = (address(&args), outside(&args)?);
    let access = match args.api_tokens_file.as_deref().filter(|path| !path.as_os_str().is_empty()) {
        Some(path) => tokens(path)?,
        None => open_access(address, platform)?,
    };
    platform.check_store(&args.store)?;
    let cache = shared_cache(&args)?;
    let shutdown = Shutdown::listen().context("cannot listen for signals")?;
    platform.check_lake(&args.lake)?;
    let store = Arc::new(args.store.reader().await?.with_lake(left::of(&args.lake)?));
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}: name another with --listen"))?;
    output::say(&format!("serving the store on http://{}", listener.local_addr()?));
    let clock = Arc::new(SystemClock);
    let (sources, budgets) = (&sources::NAMES, args.sources.budgets());
    let parts = Parts { store: store.clone(), clock, sources, budgets, access, cache, outside };
    let serving = serve::run(listener, parts, shutdown.token().clone());
    let connecting = connect(&args.store, &store, shutdown.token());
    let (served, connected) = tokio::join!(serving, connecting);
    served?;
    connected?;
    Ok(Exit::Done)
}

/// Waits for the store, while `/readyz` says that it is not there yet. Without one the server ends.
async fn connect(
    settings: &StoreSettings,
    reads: &Reads,
    shutdown: &CancellationToken,
) -> Result<(), StoreError> {
    let connected = shutdown.run_until_cancelled(settings.wait_until_ready(reads)).await;
    connected.unwrap_or(Ok(())).inspect_err(|_| shutdown.cancel())
}

fn address(args: &Args) -> SocketAddr {
    let any = |port| SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port);
    let here = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
    args.listen.or(args.port.map(any)).unwrap_or(here)
}

/// How the server is seen from outside; every fault at once.
fn outside(args: &Args) -> Result<Outside, UsageError> {
    let mut faults = Vec::new();
    let url = args.public_url.as_deref().map(str::trim).filter(|url| !url.is_empty());
    let public_url = url.map(PublicUrl::parse).transpose().unwrap_or_else(|fault| {
        faults.push(format!("--public-url (PUBLIC_URL): {fault}"));
        None
    });
    let origins = args.cors_origin.iter().map(|origin| origin.trim());
    let origins = Origins::parse(origins).unwrap_or_else(|found| {
        let named = found.iter().map(|fault| format!("--cors-origin (CORS_ORIGINS): {fault}"));
        faults.extend(named);
        Origins::default()
    });
    if !faults.is_empty() {
        return Err(UsageError::new(faults.join("\n")));
    }
    let public_url = public_url.unwrap_or_default();
    Ok(Outside { public_url, origins, public_badge: args.public_badge })
}

fn shared_cache(args: &Args) -> Result<Option<SharedCache>, UsageError> {
    let url = args.cache_url.as_ref().map(|url| url.expose_secret().trim());
    let parse = |url| {
        SharedCache::parse(url).map_err(|error| UsageError::new(format!("CACHE_URL: {error}")))
    };
    let cache = url.filter(|url| !url.is_empty()).map(parse).transpose()?;
    Ok(cache.map(|cache| match args.cache_seconds {
        Some(seconds) => cache.within(Duration::from_secs(seconds)),
        None => cache,
    }))
}

/// Without tokens only callers on this machine are answered, or those that the platform has checked.
fn open_access(address: SocketAddr, platform: &Platform) -> Result<Access, UsageError> {
    if address.ip().is_loopback() || platform.checks_callers() {
        return Ok(Access::Open);
    }
    let problem =
        format!("{address} can be reached from other machines, and no token is asked for");
    Err(UsageError::new(problem).hint(
        "make a token (`weather token new NAME --append tokens.jsonl`) and name the file with \
         --api-tokens-file or API_TOKENS_FILE; or listen on 127.0.0.1",
    ))
}

fn tokens(path: &Path) -> anyhow::Result<Access> {
    let name = path.display();
    let read = access::read(path)
        .map_err(|error| UsageError::new(format!("API_TOKENS_FILE: {name}: {error}")))?;
    match read {
        Ok(tokens) => Ok(Access::Tokens(tokens.into())),
        Err(faults) => {
            let faults: Vec<_> =
                faults.iter().map(|fault| format!("\n  {name}: {fault}")).collect();
            let (count, ending) = (faults.len(), if faults.len() == 1 { "" } else { "s" });
            let problem = format!("{name}: {count} fault{ending}{}", faults.concat());
            Err(UsageError::new(problem).hint("`weather token new NAME` prints a line").into())
        }
    }
}
