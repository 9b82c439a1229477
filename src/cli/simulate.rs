//! `weather simulate`: OpenWeatherMap and Open-Meteo on this machine.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpListener;

use super::error::UsageError;
use super::exit::Exit;
use super::output;
use super::shutdown::Shutdown;
use super::sources::SOURCES;
use crate::clock::SystemClock;
use crate::simulator::{self, Call, FaultRule, Simulator, SimulatorConfig};

/// Play OpenWeatherMap and Open-Meteo, with faults on demand
///
/// OpenWeatherMap's current weather, forecast in steps of 3 hours, One Call 4.0 hourly timeline and One Call 3.0 timemachine,
/// Open-Meteo's forecast and archive: the same made-up weather, in the form of each.
///
/// Prints a JSON line for each call to stdout; the key is not in it.
///
/// Kinds of faults: unauthorized, bad_request, not_found, rate_limited, rate_limited_retry_after,
/// server_error, slow, dropped, truncated, html, wrong_json, empty, stale_dt, backward_dt,
/// out_of_range, status_in_body, other_place, forbidden (403 with a page), sentence (200, no JSON),
/// future_dt, crowded (429, too many calls at once); of Open-Meteo's places also bare_nan, null_place,
/// lost_place, other_unit; of forecasts forecast_hole, forecast_short, forecast_hourly,
/// forecast_null_field, forecast_in_parts, moving_meta (a model's description is another one at each
/// reading); an issue that is not renewed is stale_dt.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    weather simulate --listen 127.0.0.1:8900\n  \
    weather simulate --listen 127.0.0.1:8900 --fault server_error=5%:1 --fault not_found=1%\n  \
    weather simulate --calls-per-minute 60 --calls-per-day 1000 --block-for 7200\n  \
    OPENWEATHER_BASE_URL=http://127.0.0.1:8900 OPENWEATHER_API_KEY=any weather etl\n  \
    OPEN_METEO_BASE_URL=http://127.0.0.1:8900 SOURCES=open-meteo weather etl")]
pub(super) struct Args {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8900")]
    listen: SocketAddr,

    /// A fault: KIND=SHARE% of the sites, KIND@LATITUDE,LONGITUDE, or KIND>PLACES for calls of more
    /// than so many; with :N only for the first N calls of each site; may be given several times,
    /// and hits different sites then
    #[arg(long = "fault", value_name = "FAULT")]
    faults: Vec<FaultRule>,

    /// A key that is good; may be given several times [default: every key is]
    #[arg(long = "accept-key", value_name = "KEY", hide_env_values = true)]
    keys: Vec<String>,

    /// Calls per minute until the account (the key) is blocked for the rest of it
    #[arg(long, value_name = "N")]
    calls_per_minute: Option<u32>,

    /// Calls per day (UTC) until the account is blocked for the rest of it, One Call apart
    #[arg(long, value_name = "N")]
    calls_per_day: Option<u32>,

    /// Calls per month (UTC) until the account is blocked for the rest of it, One Call apart
    #[arg(long, value_name = "N")]
    calls_per_month: Option<u32>,

    /// Calls per day (UTC) of One Call until it is blocked for the rest of it
    #[arg(long, value_name = "N")]
    one_call_calls_per_day: Option<u32>,

    /// Seconds that an account over a limit is blocked [default: until the minute, day or month ends]
    #[arg(long, value_name = "S")]
    block_for: Option<u64>,

    /// OpenWeatherMap's account has no subscription of One Call, neither 4.0 nor 3.0
    #[arg(long)]
    without_one_call: bool,

    /// Seconds that Retry-After asks for
    #[arg(long, value_name = "S", default_value_t = 30)]
    retry_after_seconds: u64,

    /// Seconds that a slow answer takes
    #[arg(long, value_name = "S", default_value_t = 30.0)]
    slow_seconds: f64,

    /// Seconds that each answer of Open-Meteo takes
    #[arg(long, value_name = "S")]
    answer_seconds: Option<f64>,

    /// Calls that Open-Meteo takes at once; it refuses those beyond [default: any number]
    #[arg(long, value_name = "N")]
    calls_at_once: Option<u32>,

    /// Changes the climate and which sites a share hits
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// Print no calls
    #[arg(long)]
    quiet: bool,
}

pub(super) async fn run(args: Args) -> anyhow::Result<Exit> {
    FaultRule::check_shares(&args.faults).map_err(UsageError::new)?;
    let shutdown = Shutdown::listen().context("cannot listen for signals")?;
    let listener = TcpListener::bind(args.listen)
        .await
        .with_context(|| format!("cannot listen on {}: name another with --listen", args.listen))?;
    let services = SOURCES.map(|source| source.simulated);
    let names = services.map(|service| service.name).join(" and ");
    output::say(&format!("simulating {names} on http://{}", listener.local_addr()?));
    let config = SimulatorConfig {
        api_keys: args.keys,
        calls_per_minute: args.calls_per_minute,
        calls_per_day: args.calls_per_day,
        calls_per_month: args.calls_per_month,
        one_call_calls_per_day: args.one_call_calls_per_day,
        block_for: args.block_for.map(Duration::from_secs),
        has_one_call: !args.without_one_call,
        faults: args.faults,
        seed: args.seed,
        retry_after: Duration::from_secs(args.retry_after_seconds),
        slow_for: Duration::try_from_secs_f64(args.slow_seconds)?,
        answers_after: args.answer_seconds.map(Duration::try_from_secs_f64).transpose()?,
        calls_at_once: args.calls_at_once,
        keeps_calls: false,
    };
    let print: simulator::Watcher = Arc::new(print);
    let watcher = (!args.quiet).then_some(print);
    let simulator = Simulator::watched(config, Arc::new(SystemClock), watcher);
    let token = shutdown.token().clone();
    let until_the_end = async move { token.cancelled().await };
    simulator::run(listener, &services, simulator, until_the_end).await?;
    Ok(Exit::Done)
}

fn print(call: &Call) {
    if let Ok(line) = serde_json::to_string(call) {
        // The reader of the log may go away; the service goes on.
        let _ = output::text(&format!("{line}\n"));
    }
}
