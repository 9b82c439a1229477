//! Coordinates of places that have none: one call each, paced, counted, and tried again where that may help.

use std::fmt;
use std::time::Duration;

use super::{Args, refused};
use crate::cli::error::{StoppedError, UsageError};
use crate::cli::output;
use crate::cli::sources::{self, SOURCES};
use crate::cli::spend::spend;
use crate::clock::SystemClock;
use crate::domain::sites_file::{Draft, Drafts, Fault};
use crate::domain::{Budget, BudgetWindow, Coordinates, ErrorKind};
use crate::job::Stop;
use crate::job::gate::{Charge, Gate};
use crate::retry::{RetryPolicy, retry};
use crate::source::openweathermap::{FoundPlace, NAME, OpenWeatherMap};
use crate::source::{SetupError, SourceError};
use crate::store::{Store, StoreError, StoreSettings};

/// Places of one name that are no further apart are one place: a city and its centre.
const SAME_PLACE_KM: f64 = 50.0;

/// Places that are listed of those which have no coordinates.
const LISTED: usize = 5;

/// Somebody waits for it.
const POLICY: RetryPolicy = RetryPolicy {
    max_attempts: 3,
    first_wait: Duration::from_secs(1),
    longest_wait: Duration::from_secs(10),
};

/// A place that was found.
pub(super) struct LookedUp {
    asked: String,
    found: FoundPlace,
}

impl fmt::Display for LookedUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.asked, with_coordinates(&self.found))
    }
}

fn with_coordinates(place: &FoundPlace) -> String {
    let at = place.coordinates;
    format!("{place} ({:.4}, {:.4})", at.latitude(), at.longitude())
}

/// Looks up every place that has no coordinates. What is not found, or not clear, is said of all at once.
pub(super) async fn fill(args: &Args, drafts: &mut Drafts) -> anyhow::Result<Vec<LookedUp>> {
    let missing = drafts.places.iter_mut().filter(|draft| draft.coordinates().is_none());
    let mut missing: Vec<&mut Draft> = missing.collect();
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    let service = Service::build(args).await.map_err(|error| unbuilt(&missing, error))?;
    let (mut looked_up, mut faults) = (Vec::new(), Vec::new());
    for draft in &mut missing {
        let asked = draft.query();
        let places = service.find(&asked).await?;
        match choose(draft, &asked, &places, args.first) {
            Ok(found) => {
                draft.set_coordinates(rounded(found.coordinates));
                found.country.iter().for_each(|country| draft.set_country(country));
                looked_up.push(LookedUp { asked, found });
            }
            Err(fault) => faults.push(fault),
        }
    }
    match faults.is_empty() {
        true => Ok(looked_up),
        false => Err(refused(args, &faults).into()),
    }
}

/// Four decimals are ten metres: no city is as exact.
fn rounded(at: Coordinates) -> Coordinates {
    let round = |degrees: f64| (degrees * 1e4).round() / 1e4;
    Coordinates::parse(round(at.latitude()), round(at.longitude())).unwrap_or(at)
}

/// The place that is meant, if that is clear.
fn choose(
    draft: &Draft,
    asked: &str,
    places: &[FoundPlace],
    takes_first: bool,
) -> Result<FoundPlace, Fault> {
    let Some(first) = places.first().cloned() else {
        let remedy = "expected a city, perhaps its state, and its country, such as Madrid,ES; or add its latitude and longitude";
        return Err(draft.fault(format!("OpenWeatherMap knows no {asked:?}"), remedy));
    };
    let is_elsewhere =
        |place: &FoundPlace| place.coordinates.distance_km(first.coordinates) > SAME_PLACE_KM;
    if takes_first || !places.iter().any(is_elsewhere) {
        return Ok(first);
    }
    let shown: Vec<String> = places.iter().map(with_coordinates).collect();
    let problem = format!("{asked:?} is several places: {}", shown.join("; "));
    let remedy = "add its country or state, or its latitude and longitude, or take the first of each by --first";
    Err(draft.fault(problem, remedy))
}

/// There are places to look up, and nothing to look them up with.
fn unbuilt(missing: &[&mut Draft], error: SetupError) -> anyhow::Error {
    let Some(hint) = sources::hint(SOURCES[0], &error) else { return error.into() };
    let mut names: Vec<&str> = missing.iter().take(LISTED).map(|draft| draft.name()).collect();
    if missing.len() > LISTED {
        names.push("…");
    }
    let (count, names) = (missing.len(), names.join(", "));
    let places = if count == 1 { "place has" } else { "places have" };
    let problem = format!(
        "{count} {places} no coordinates ({names}), and OpenWeatherMap cannot be asked for them: {error}"
    );
    UsageError::new(problem)
        .hint(format!("add the columns latitude and longitude, or {hint}"))
        .into()
}

/// OpenWeatherMap with its pace and its budget.
struct Service {
    openweathermap: OpenWeatherMap,
    gate: Gate<'static>,
    budget: Budget,
    store: Option<Box<dyn Store>>,
}

impl Service {
    async fn build(args: &Args) -> Result<Self, SetupError> {
        let settings = args.sources.openweather();
        Ok(Self {
            openweathermap: settings.build()?,
            gate: Gate::new(&SystemClock, NAME, settings.limits.calls_per_minute()),
            budget: settings.budget(),
            store: counting_store(&args.store).await,
        })
    }

    /// The places that go by a name.
    async fn find(&self, query: &str) -> anyhow::Result<Vec<FoundPlace>> {
        let found = retry(&SystemClock, POLICY, async || {
            let _ = self.gate.pass(Charge::Live).await;
            Ok(match spend(self.store.as_deref(), &self.budget).await {
                Ok(()) => Ok(self.openweathermap.find_places(query).await?),
                Err(spent) => Err(spent),
            })
        });
        match found.await {
            Ok(Ok(places)) => Ok(places),
            Ok(Err(spent)) => Err(no_calls_left(&spent)),
            Err(error) => Err(stopped(query, &error)),
        }
    }
}

/// The store that counts calls, if there is one: without it no other task can be calling.
async fn counting_store(settings: &StoreSettings) -> Option<Box<dyn Store>> {
    match settings.open_ready().await {
        Ok(opened) => Some(opened.store),
        Err(StoreError::Absent { .. }) => None,
        Err(error) => {
            output::say(&format!("warning: the store does not count these calls: {error}"));
            None
        }
    }
}

fn no_calls_left(spent: &[BudgetWindow]) -> anyhow::Error {
    let longest = spent.iter().max_by_key(|window| window.end());
    match longest {
        Some(window) => {
            Stop::BudgetSpent { source: NAME, window: window.window, until: window.end() }.into()
        }
        None => Stop::Interrupted.into(),
    }
}

/// Why nothing is looked up any more: what one place meets, the next would too.
fn stopped(query: &str, error: &SourceError) -> anyhow::Error {
    let remedy = match error.kind {
        ErrorKind::BadRequest | ErrorKind::NotFound => {
            "check the name, and OPENWEATHER_BASE_URL; or add the place's latitude and longitude"
        }
        kind => (SOURCES[0].check.remedy)(kind, &error.message),
    };
    let problem = format!("{query:?} was not looked up: {}", error.message);
    StoppedError::new(error.kind.as_str(), problem, format!("{remedy}. Nothing was written")).into()
}
