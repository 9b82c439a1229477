//! One Call 4.0, the hourly timeline (<https://openweathermap.org/api/one-call-4#hourly>): pages of
//! twenty hours, from 1979 to two days ahead, each with the addresses of the pages beside it.
//!
//! A start within an hour is the hour's, as recorded answers without a start have it. A key that is
//! not known gets the words of a missing subscription, as the service is reported to do.

use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

use super::account::{self, Parameters, Product};
use super::answer::{self, HISTORY_SINCE, Units};
use super::call::finish;
use super::fault::play;
use super::refusal::{bad_parameter, no_data, refusal, unsubscribed};
use crate::simulator::config::SimulatorConfig;
use crate::simulator::faults::{self, FaultKind};
use crate::simulator::place::Site;
use crate::simulator::service::Simulator;

pub(super) const PATH: &str = "/data/4.0/onecall/timeline/1h";

/// Records of a page at most.
const PAGE: u32 = 20;

/// "48 hours of forecast".
const AHEAD: TimeDelta = TimeDelta::hours(48);

const HOUR: TimeDelta = TimeDelta::hours(1);

pub(super) async fn hourly(
    State(simulator): State<Simulator>,
    headers: HeaderMap,
    Query(parameters): Query<Parameters>,
) -> Response {
    let (response, fault) = match refused(&simulator, &parameters) {
        Some(response) => (response, None),
        None => answered(&simulator, &parameters, host(&headers)),
    };
    let asked = |name: &str| parameters.get(name).cloned().unwrap_or_default();
    let count = parameters.get("cnt").cloned().unwrap_or_else(|| PAGE.to_string());
    let past = parameters.get("start").map(|start| format!("{start}/{count}"));
    finish(&simulator, (PATH, past), (asked("lat"), asked("lon")), response, fault).await
}

/// The addresses of other pages are this service's own: who follows one is seen.
fn host(headers: &HeaderMap) -> &str {
    headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or("api.openweathermap.org")
}

fn refused(simulator: &Simulator, parameters: &Parameters) -> Option<Response> {
    let unsubscribed = || unsubscribed("4.0");
    let lacks_it = || (!simulator.state.config.has_one_call).then(unsubscribed);
    account::refused(simulator, parameters, Product::OneCall, unsubscribed).or_else(lacks_it)
}

fn answered(
    simulator: &Simulator,
    parameters: &Parameters,
    host: &str,
) -> (Response, Option<FaultKind>) {
    let now = simulator.state.clock.now();
    let page = match Page::parse(parameters, now) {
        Ok(page) => page,
        Err(response) => return (*response, None),
    };
    let config = &simulator.state.config;
    let calls = simulator.count_site(page.site);
    let fault = faults::find(&config.faults, page.site, calls, now, config.seed);
    let shift = match fault {
        Some(FaultKind::StaleDt) => TimeDelta::hours(-6),
        Some(FaultKind::BackwardDt) if calls.is_multiple_of(2) => TimeDelta::seconds(-133),
        _ => TimeDelta::zero(),
    };
    let mut body = page.records(shift, config);
    page.name_neighbours(&mut body, host, parameters);
    (play(fault, page.site, body, calls, config), fault)
}

/// A part of the timeline of a place.
struct Page {
    site: Site,
    start: DateTime<Utc>,
    count: u32,
    units: Units,
    now: DateTime<Utc>,
}

impl Page {
    /// The page that is asked for, or what the service says of the parameters.
    fn parse(parameters: &Parameters, now: DateTime<Utc>) -> Result<Self, Box<Response>> {
        let text = |name: &str| parameters.get(name).map(String::as_str);
        let site = Site::parse(text("lat").unwrap_or_default(), text("lon").unwrap_or_default())
            .map_err(|problem| refusal(axum::http::StatusCode::BAD_REQUEST, problem))?;
        let start = text("start").map_or(Some(now), time);
        let start = start.ok_or_else(|| bad_parameter("Invalid date format", "start"))?;
        let count = text("cnt").map_or(Some(PAGE), count);
        let count = count.ok_or_else(|| bad_parameter("Invalid value", "cnt"))?;
        let start = start.duration_trunc(HOUR).unwrap_or(start);
        if start < HISTORY_SINCE || start > now + AHEAD {
            return Err(Box::new(no_data()));
        }
        Ok(Self { site, start, count, units: Units::parse(text("units")), now })
    }

    /// What is ahead has a probability of precipitation; what is past has not.
    fn records(&self, shift: TimeDelta, config: &SimulatorConfig) -> Value {
        let hours = (0..self.count).map(|n| self.start + HOUR * i32::try_from(n).unwrap_or(0));
        let known = hours.take_while(|hour| *hour <= self.now + AHEAD);
        let record = |hour: DateTime<Utc>| {
            let mut record = answer::record(self.site, hour + shift, self.units, config.seed);
            if hour > self.now {
                record["pop"] = json!(0.25);
            }
            record
        };
        answer::records(self.site, &known.map(record).collect::<Vec<_>>())
    }

    /// `prev` and `next`, ready to be called: with the key.
    fn name_neighbours(&self, body: &mut Value, host: &str, parameters: &Parameters) {
        let length = HOUR * i32::try_from(self.count).unwrap_or(0);
        let (before, after) = (self.start - length, self.start + length);
        if before >= HISTORY_SINCE {
            body["prev"] = json!(self.address(before, host, parameters));
        }
        if after <= self.now + AHEAD {
            body["next"] = json!(self.address(after, host, parameters));
        }
    }

    fn address(&self, start: DateTime<Utc>, host: &str, parameters: &Parameters) -> String {
        let mut query = Serializer::new(String::new());
        query.append_pair("cnt", &self.count.to_string());
        query.append_pair("lat", &format!("{:.4}", self.site.latitude()));
        query.append_pair("lon", &format!("{:.4}", self.site.longitude()));
        query.append_pair("start", &start.timestamp().to_string());
        for name in ["appid", "units"] {
            if let Some(value) = parameters.get(name) {
                query.append_pair(name, value);
            }
        }
        format!("http://{host}{PATH}?{}", query.finish())
    }
}

fn time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(text.parse().ok()?, 0)
}

fn count(text: &str) -> Option<u32> {
    text.parse().ok().filter(|count| (1..=PAGE).contains(count))
}
