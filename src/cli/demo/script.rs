//! What happens in the demo: sites, and what goes wrong when.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::{Coordinates, Site, SiteId};
use crate::simulator::{FaultKind, FaultRule, SimulatorConfig};

/// The site that the service knows nothing of.
const UNKNOWN_SITE: &str = "lon-city";

/// A day's events, at these hours from the start; a shorter demo has them all in its hours.
const BUSY_SERVICE_HOUR: u32 = 3;
const SHORT_BLOCK_HOUR: u32 = 6;
const LONG_BLOCK_HOUR: u32 = 9;

/// Calls that are sent at once at the start of a run. The last of them meets the long block: the
/// others are in flight and come back, the sites behind them wait for the next start.
pub(super) const FIRST_CALLS: u32 = 20;

/// The simulator's part.
pub(super) fn config(sites: &[Site], first_hour: DateTime<Utc>, hours: u32) -> SimulatorConfig {
    let at = |hour: u32, minute: i64| {
        let hour = i64::from(hour.min(hours.saturating_sub(1)));
        first_hour + TimeDelta::hours(hour) + TimeDelta::minutes(minute)
    };
    let unknown = sites.iter().find(|site| site.site_id.as_str() == UNKNOWN_SITE);
    let unknown = unknown.or_else(|| sites.get(1)).map(|site| at_site(FaultKind::NotFound, site));
    let blocked = sites.iter().take(FIRST_CALLS as usize).next_back();
    let blocked = blocked.map(|site| at_site(FaultKind::RateLimited, site));
    let first_seconds = |hour| (at(hour, 7), at(hour, 7) + TimeDelta::milliseconds(1));
    let (busy_from, busy_until) = first_seconds(BUSY_SERVICE_HOUR);
    let (short_from, short_until) = first_seconds(SHORT_BLOCK_HOUR);
    let mut faults = Vec::from_iter(unknown.flatten());
    faults.extend(
        blocked.flatten().map(|rule| rule.between(at(LONG_BLOCK_HOUR, 7), at(LONG_BLOCK_HOUR, 20))),
    );
    faults.extend([
        FaultRule::share(FaultKind::ServerError, 40.0).between(busy_from, busy_until),
        FaultRule::share(FaultKind::RateLimitedRetryAfter, 40.0).between(short_from, short_until),
    ]);
    SimulatorConfig { faults, ..SimulatorConfig::default() }
}

/// Hours before the end at which what is missing is healed; what comes later stays missing.
pub(super) const HEALED_AGO: u32 = 33;

/// The month before the live demo: whole hours in which no run was started, of which the early ones
/// were healed.
pub(super) fn is_nobody_there(ago: u32) -> bool {
    matches!(ago, 9..=11 | 37..=41 | 200..=220)
}

/// What else went wrong in it, and goes wrong from then on: a source that stands still, a blocked
/// account, a value that cannot be, and a fault of the service now and then.
pub(super) fn of_a_month(sites: &[Site], first_hour: DateTime<Utc>, hours: u32) -> Vec<FaultRule> {
    let ago = |ago: i64| first_hour + TimeDelta::hours(i64::from(hours) - 1 - ago);
    let one = |site_id: &str, kind, from: i64, to: i64| {
        let site = sites.iter().find(|site| site.site_id.as_str().starts_with(site_id));
        let rule = site.and_then(|site| at_site(kind, site));
        rule.map(|rule| rule.between(ago(from), ago(to)))
    };
    let sites = [
        one("mad-retiro", FaultKind::StaleDt, 18, 12),
        one("osl-sentrum", FaultKind::StaleDt, 34, 29),
        one("cai-zamalek", FaultKind::OutOfRange, 8, 6),
        one("mad-retiro", FaultKind::ServerError, 6, 4),
        one("den-union", FaultKind::Dropped, 3, 0),
    ];
    let blocked = FaultRule::share(FaultKind::RateLimited, 100.0).between(ago(22), ago(20));
    // The future of the demo: as many hours as anybody looks at it.
    let later = (0..2000).filter(|hour| hour % 7 == 3).map(|hour| {
        let kind = if hour % 2 == 0 { FaultKind::Truncated } else { FaultKind::ServerError };
        FaultRule::share(kind, 12.0).between(ago(-hour), ago(-hour - 1))
    });
    sites.into_iter().flatten().chain([blocked]).chain(later).collect()
}

fn at_site(kind: FaultKind, site: &Site) -> Option<FaultRule> {
    FaultRule::at(kind, site.coordinates.latitude(), site.coordinates.longitude())
}

/// So many sites, each a little off one of `sample`.
pub(super) fn sites_around(sample: &[Site], count: u32) -> Vec<Site> {
    (0..)
        .zip(sample.iter().cycle())
        .take(count as usize)
        .filter_map(|(number, site)| near(site, number))
        .collect()
}

fn near(site: &Site, number: u32) -> Option<Site> {
    let site_id = SiteId::parse(&format!("{}-{number}", site.site_id))?;
    // Two hundredths of a degree: the service rounds to one.
    let (row, column) = (f64::from(number / 24 / 50), f64::from(number / 24 % 50));
    let latitude = (site.coordinates.latitude() + 0.02 * row).clamp(-90.0, 90.0);
    let longitude = (site.coordinates.longitude() + 0.02 * column).clamp(-180.0, 180.0);
    let coordinates = Coordinates::parse(latitude, longitude)?;
    Some(Site { site_id, name: format!("{} {number}", site.name), coordinates, ..site.clone() })
}
