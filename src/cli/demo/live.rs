//! `weather demo --serve`: a month behind it, a new hour every few seconds, and the page to look at.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::net::TcpListener;

use super::super::error::UsageError;
use super::super::exit::Exit;
use super::super::output;
use super::{Args, Demo, script, url};
use crate::clock::{Clock as _, SystemClock};
use crate::domain::{Allowance, Budget, Days};
use crate::heal::{self, Heal};
use crate::job::{JobSettings, Unwatched};
use crate::serve::access::Access;
use crate::serve::{self, Outside, Parts};
use crate::source::History;
use crate::source::openweathermap;
use crate::store::StoreSettings;

/// Only this machine may look: there is no token.
pub(super) async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    if !address.ip().is_loopback() {
        let problem =
            format!("{address} can be reached from other machines, and no token is asked for");
        return Err(UsageError::new(problem).hint("listen on 127.0.0.1").into());
    }
    let listening = TcpListener::bind(address).await;
    listening.with_context(|| format!("cannot listen on {address}: name another with --listen"))
}

/// Plays until it is stopped.
pub(super) async fn run(
    args: &Args,
    demo: &Demo<'_>,
    listener: TcpListener,
) -> anyhow::Result<Exit> {
    seed(demo).await?;
    demo.bar.finish_and_clear();
    if demo.shutdown.token().is_cancelled() {
        return Ok(demo.shutdown.exit());
    }
    let reads = StoreSettings::at(&url(args)).open_reader().await?;
    output::say(&format!(
        "the demo is live on http://{}: an hour every {} s; Ctrl-C ends it",
        listener.local_addr()?,
        args.every
    ));
    let parts = Parts {
        store: Arc::new(reads),
        clock: demo.clock.clone(),
        sources: &[openweathermap::NAME],
        budgets: vec![(openweathermap::NAME, super::budget())],
        access: Access::Open,
        cache: None,
        outside: Outside::default(),
    };
    let serving = serve::run(listener, parts, demo.shutdown.token().clone());
    let (served, played) = tokio::join!(serving, play(demo, args.every));
    served?;
    played?;
    Ok(Exit::Done)
}

/// The hours up to now, with what went wrong in them.
async fn seed(demo: &Demo<'_>) -> anyhow::Result<()> {
    for hour in 0..demo.hours {
        if demo.shutdown.token().is_cancelled() {
            return Ok(());
        }
        let ago = demo.hours - hour - 1;
        let time = hour_at(demo, hour);
        if !script::is_nobody_there(ago) {
            demo.start(time + TimeDelta::minutes(7)).await?;
        }
        if ago == script::HEALED_AGO {
            heal(demo, time + TimeDelta::minutes(20)).await?;
        }
        demo.bar.inc(1);
    }
    Ok(())
}

fn hour_at(demo: &Demo<'_>, hour: u32) -> DateTime<Utc> {
    demo.first_hour + TimeDelta::hours(i64::from(hour))
}

/// An hour after the other. A failing hour ends the play: the page would go on and never change.
async fn play(demo: &Demo<'_>, every_s: f64) -> anyhow::Result<()> {
    let every = Duration::from_secs_f64(every_s);
    let token = demo.shutdown.token();
    for hour in demo.hours.. {
        if token.run_until_cancelled(SystemClock.sleep(every)).await.is_none() {
            break;
        }
        let started = demo.start(hour_at(demo, hour) + TimeDelta::minutes(7)).await;
        if token.is_cancelled() {
            break;
        }
        if let Err(error) = started {
            token.cancel();
            return Err(error);
        }
    }
    Ok(())
}

/// Fills what is missing so far from the history.
async fn heal(demo: &Demo<'_>, time: DateTime<Utc>) -> anyhow::Result<()> {
    demo.clock.set(time);
    let histories: Vec<Box<dyn History>> = vec![Box::new(demo.source.one_call_4())];
    let (host, budget) = (Demo::host(), Budget::unlimited(String::new()));
    let budget: Allowance<'_> = budget.for_heal(&[]);
    let parts = Heal {
        job: demo.job(&host),
        source: openweathermap::NAME,
        histories: &histories,
        settings: &JobSettings::default(),
        calls_per_minute: 0.0,
        budget,
        max_calls: None,
        again: false,
        progress: &Unwatched,
    };
    let days = Days { from: Some(demo.first_hour.date_naive()), to: None };
    heal::run(parts, demo.sites, days).await.map(drop)
}
