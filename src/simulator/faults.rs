//! Faults on demand: what, for whom, when.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::place::Site;

/// How far ahead of its time an answer is whose clock is wrong.
pub(super) const AHEAD: TimeDelta = TimeDelta::days(3 * 365);

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// 401.
    Unauthorized,
    /// 400.
    BadRequest,
    /// 404.
    NotFound,
    /// 429 without `Retry-After`.
    RateLimited,
    /// 429 with `Retry-After`.
    RateLimitedRetryAfter,
    /// 500 as JSON, 502 as HTML and an empty 503, in turn.
    ServerError,
    /// The answer comes late.
    Slow,
    /// The connection breaks within the answer.
    Dropped,
    /// 200, the JSON cut in the middle.
    Truncated,
    /// 200 with a page.
    Html,
    /// 200 with JSON of another shape.
    WrongJson,
    /// 200 with nothing.
    Empty,
    /// `dt` stands still for six hours; past days are as many days before.
    StaleDt,
    /// `dt` goes back at every other call.
    BackwardDt,
    /// A temperature that cannot be.
    OutOfRange,
    /// 200 outside, 500 inside.
    StatusInBody,
    /// The weather of a place 500 km to the south or north.
    OtherPlace,
    /// Open-Meteo: not a number, written as C writes it, in place of the latitude.
    BareNan,
    /// Open-Meteo: null in place of what is said of the place.
    NullPlace,
    /// Open-Meteo: nothing in place of what is said of the place.
    LostPlace,
    /// Open-Meteo: temperatures in another unit.
    OtherUnit,
    /// 403 with a page, as a firewall answers.
    Forbidden,
    /// 200 with a sentence that is no JSON.
    Sentence,
    /// A time three years ahead.
    FutureDt,
    /// 429 that says no more than that too many calls are in flight.
    Crowded,
    /// A forecast lacks four of its times.
    ForecastHole,
    /// A forecast has 33 times.
    ForecastShort,
    /// A forecast has steps of an hour.
    ForecastHourly,
    /// The cloud cover of a forecast is null throughout.
    ForecastNullField,
    /// The later half of a forecast is that of the issue before.
    ForecastInParts,
    /// Open-Meteo: the description of a model is another one at each reading.
    MovingMeta,
}

impl FaultKind {
    /// Every kind with its name.
    pub const ALL: [(Self, &str); 31] = [
        (Self::Unauthorized, "unauthorized"),
        (Self::BadRequest, "bad_request"),
        (Self::NotFound, "not_found"),
        (Self::RateLimited, "rate_limited"),
        (Self::RateLimitedRetryAfter, "rate_limited_retry_after"),
        (Self::ServerError, "server_error"),
        (Self::Slow, "slow"),
        (Self::Dropped, "dropped"),
        (Self::Truncated, "truncated"),
        (Self::Html, "html"),
        (Self::WrongJson, "wrong_json"),
        (Self::Empty, "empty"),
        (Self::StaleDt, "stale_dt"),
        (Self::BackwardDt, "backward_dt"),
        (Self::OutOfRange, "out_of_range"),
        (Self::StatusInBody, "status_in_body"),
        (Self::OtherPlace, "other_place"),
        (Self::BareNan, "bare_nan"),
        (Self::NullPlace, "null_place"),
        (Self::LostPlace, "lost_place"),
        (Self::OtherUnit, "other_unit"),
        (Self::Forbidden, "forbidden"),
        (Self::Sentence, "sentence"),
        (Self::FutureDt, "future_dt"),
        (Self::Crowded, "crowded"),
        (Self::ForecastHole, "forecast_hole"),
        (Self::ForecastShort, "forecast_short"),
        (Self::ForecastHourly, "forecast_hourly"),
        (Self::ForecastNullField, "forecast_null_field"),
        (Self::ForecastInParts, "forecast_in_parts"),
        (Self::MovingMeta, "moving_meta"),
    ];
}

impl FromStr for FaultKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|(_, name)| *name == text);
        found.map(|(kind, _)| kind).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|(_, name)| *name).collect();
            format!("`{text}` is no kind of fault: expected one of {}", names.join(", "))
        })
    }
}

/// For whom.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Whom {
    /// This share of the sites, in percent; one rule's sites are not another's.
    Share(f64),
    /// One site.
    At(Site),
    /// Calls for more than so many places.
    Above(usize),
}

/// A fault, for whom and when.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FaultRule {
    kind: FaultKind,
    whom: Whom,
    first_calls: Option<u32>,
    between: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

impl FaultRule {
    /// For one site, always.
    #[must_use]
    pub fn at(kind: FaultKind, latitude: f64, longitude: f64) -> Option<Self> {
        let site = Site::parse(&latitude.to_string(), &longitude.to_string()).ok()?;
        Some(Self { kind, whom: Whom::At(site), first_calls: None, between: None })
    }

    /// For this share of the sites, 0 to 100 %, always.
    #[must_use]
    pub fn share(kind: FaultKind, percent: f64) -> Self {
        Self { kind, whom: Whom::Share(percent), first_calls: None, between: None }
    }

    /// Only for the first calls of each site.
    #[must_use]
    pub fn first(self, calls: u32) -> Self {
        Self { first_calls: Some(calls), ..self }
    }

    /// Only from `start` on and before `end`, by the simulator's clock.
    #[must_use]
    pub fn between(self, start: DateTime<Utc>, end: DateTime<Utc>) -> Self {
        Self { between: Some((start, end)), ..self }
    }

    /// Fails when the shares of the sites are more than there are. A rule with a time does not
    /// count: it takes its share of all sites, whatever the others do.
    ///
    /// # Errors
    /// Says what the shares come to.
    pub fn check_shares(rules: &[Self]) -> Result<(), String> {
        let shares = rules.iter().filter(|rule| rule.between.is_none()).map(|rule| rule.whom);
        let sum: f64 =
            shares.map(|whom| if let Whom::Share(share) = whom { share } else { 0.0 }).sum();
        // A share of a thousandth of a percent more is a sum of binary fractions.
        if sum > 100.001 {
            return Err(format!("the shares of the faults come to {sum}%: expected at most 100%"));
        }
        Ok(())
    }

    /// Whether it is of this kind, for whomever and whenever.
    pub(super) fn is(&self, kind: FaultKind) -> bool {
        self.kind == kind
    }

    pub(super) fn counts_calls(&self) -> bool {
        self.first_calls.is_some()
            || matches!(self.kind, FaultKind::BackwardDt | FaultKind::ServerError)
    }

    fn is_on(&self, calls: u32, now: DateTime<Utc>) -> bool {
        self.first_calls.is_none_or(|first| calls <= first)
            && self.between.is_none_or(|(start, end)| start <= now && now < end)
    }
}

/// The fault that a call for several places meets, if any: by their number, else by the first of them.
pub(super) fn find_for_call(
    rules: &[FaultRule],
    places: &[Site],
    calls: u32,
    now: DateTime<Utc>,
    seed: u64,
) -> Option<FaultKind> {
    let is_above = |rule: &&FaultRule| {
        matches!(rule.whom, Whom::Above(most) if places.len() > most) && rule.is_on(calls, now)
    };
    let by_number = rules.iter().find(is_above).map(|rule| rule.kind);
    by_number.or_else(|| find(rules, *places.first()?, calls, now, seed))
}

/// The fault that a call meets, if any: the first rule that is for its site decides.
pub(super) fn find(
    rules: &[FaultRule],
    site: Site,
    calls: u32,
    now: DateTime<Utc>,
    seed: u64,
) -> Option<FaultKind> {
    #[expect(clippy::cast_precision_loss, reason = "a share of 100 needs no 64 bits")]
    let place = (site.hash(seed) % 1_000_000) as f64 / 10_000.0;
    let mut from = 0.0;
    for rule in rules {
        let is_meant = match rule.whom {
            Whom::At(other) => other == site,
            Whom::Above(_) => false,
            Whom::Share(percent) if rule.between.is_some() => place < percent,
            Whom::Share(percent) => {
                let is_meant = (from..from + percent).contains(&place);
                from += percent;
                is_meant
            }
        };
        if is_meant && rule.is_on(calls, now) {
            return Some(rule.kind);
        }
    }
    None
}

/// `KIND=SHARE%`, `KIND@LATITUDE,LONGITUDE` or `KIND>PLACES`, and `:N` for the first N calls of each
/// site only.
impl FromStr for FaultRule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (rest, first_calls) = match text.rsplit_once(':') {
            None => (text, None),
            Some((rest, calls)) => {
                let calls = calls.parse().map_err(|_| {
                    format!("`{calls}` is no number of calls: expected KIND=SHARE%:N")
                })?;
                (rest, Some(calls))
            }
        };
        let rule = if let Some((kind, share)) = rest.split_once('=') {
            Self::share(kind.parse()?, parse_share(share)?)
        } else if let Some((kind, place)) = rest.split_once('@') {
            let site = place.split_once(',').and_then(|(lat, lon)| Site::parse(lat, lon).ok());
            let site = site.ok_or_else(|| format!("`{place}`: expected LATITUDE,LONGITUDE"))?;
            Self { kind: kind.parse()?, whom: Whom::At(site), first_calls: None, between: None }
        } else if let Some((kind, most)) = rest.split_once('>') {
            let most = most
                .parse()
                .map_err(|_| format!("`{most}` is no number of places: expected KIND>PLACES"))?;
            let whom = Whom::Above(most);
            Self { kind: kind.parse()?, whom, first_calls: None, between: None }
        } else {
            return Err("expected KIND=SHARE%, as in not_found=1%, KIND@LATITUDE,LONGITUDE, or \
                KIND>PLACES"
                .into());
        };
        Ok(Self { first_calls, ..rule })
    }
}

fn parse_share(text: &str) -> Result<f64, String> {
    match text.strip_suffix('%').map(str::parse) {
        Some(Ok(percent)) if (0.0..=100.0).contains(&percent) => Ok(percent),
        _ => Err(format!("`{text}`: expected a share from 0% to 100%")),
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(kind, _)| kind == self).map_or("", |(_, name)| name);
        f.write_str(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds_of_1000_sites(rules: &[FaultRule], calls: u32) -> Vec<Option<FaultKind>> {
        let now = DateTime::UNIX_EPOCH;
        (0..1000)
            .map(|i| {
                let site = Site { latitude_e4: i * 37, longitude_e4: i * 91 };
                find(rules, site, calls, now, 7)
            })
            .collect()
    }

    #[test]
    fn shares_hit_different_sites_and_about_as_many_as_asked_for() {
        let rules: Vec<FaultRule> = ["server_error=5%:1", "not_found=10%"]
            .iter()
            .map(|text| text.parse().unwrap())
            .collect();
        let first = kinds_of_1000_sites(&rules, 1);
        let count = |kinds: &[_], kind| kinds.iter().filter(|each| **each == Some(kind)).count();
        assert!((30..=70).contains(&count(&first, FaultKind::ServerError)));
        assert!((70..=130).contains(&count(&first, FaultKind::NotFound)));
        let second = kinds_of_1000_sites(&rules, 2);
        assert_eq!(count(&second, FaultKind::ServerError), 0);
        assert_eq!(count(&second, FaultKind::NotFound), count(&first, FaultKind::NotFound));
    }

    #[test]
    fn shares_of_more_sites_than_there_are_are_refused_unless_they_have_a_time() {
        let all = FaultRule::share(FaultKind::Slow, 100.0);
        let more = FaultRule::share(FaultKind::NotFound, 30.0);
        let error = FaultRule::check_shares(&[all, more]).unwrap_err();
        assert!(error.contains("130%"), "{error}");
        let later = more.between(DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH);
        assert_eq!(FaultRule::check_shares(&[all, later]), Ok(()));
    }

    #[test]
    fn one_site_may_be_named() {
        let rule: FaultRule = "truncated@40.4153,-3.6827".parse().unwrap();
        let site = Site::parse("40.4153", "-3.6827").unwrap();
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(find(&[rule], site, 1, now, 0), Some(FaultKind::Truncated));
        let other = Site::parse("40.4154", "-3.6827").unwrap();
        assert_eq!(find(&[rule], other, 1, now, 0), None);
    }

    #[test]
    fn a_call_for_many_places_may_be_named_by_their_number() {
        let rules = ["truncated>2".parse().unwrap(), "html@2,2".parse().unwrap()];
        let places = ["1", "2", "3"].map(|degrees| Site::parse(degrees, degrees).unwrap());
        let now = DateTime::UNIX_EPOCH;
        let fault = |places: &[Site]| find_for_call(&rules, places, 1, now, 0);
        assert_eq!(fault(&places), Some(FaultKind::Truncated));
        assert_eq!(fault(&places[..2]), None);
        assert_eq!(fault(&places[1..]), Some(FaultKind::Html));
        assert_eq!(find(&rules[..1], places[0], 1, now, 0), None);
    }

    #[test]
    fn a_rule_that_cannot_be_read_says_what_is_expected() {
        for (text, expected) in [
            ("nonsense=1%", "no kind of fault"),
            ("slow", "KIND=SHARE%"),
            ("slow=101%", "0% to 100%"),
            ("slow=5", "0% to 100%"),
            ("slow=NaN%", "0% to 100%"),
            ("slow=1%:x", "number of calls"),
            ("slow@91,0", "LATITUDE,LONGITUDE"),
            ("slow>many", "KIND>PLACES"),
        ] {
            let error = text.parse::<FaultRule>().unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn every_kind_is_found_by_its_name() {
        for (kind, name) in FaultKind::ALL {
            assert_eq!(name.parse::<FaultKind>().unwrap(), kind);
            assert_eq!(kind.to_string(), name);
        }
    }
}
