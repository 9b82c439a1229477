//! Which sites stood where, in the time that is asked for.
//!
//! Sites that are in the sites file and within their days then. A site that has moved stands for a place while it stood
//! in it.

use std::collections::BTreeMap;

use super::values::Span;
use crate::domain::days::is_between;
use crate::domain::{Coordinates, Stay};
use crate::store::{SiteRow, StoreError};

/// A site, and the stays of it that count, in order.
pub(super) struct Standing<'a> {
    pub(super) site: &'a SiteRow,
    pub(super) stays: Vec<Stay>,
}

/// Every site that stood anywhere in that time, by id.
pub(super) fn all(sites: &[SiteRow], span: Span) -> Result<Vec<Standing<'_>>, StoreError> {
    let mut all = Vec::new();
    for site in sites.iter().filter(|site| site.deactivated_at.is_none()) {
        let mut stays = site.stays()?;
        if is_active(site, &stays, span) {
            stays.retain(|stay| stay.within((span.from, span.to)).is_some());
            all.push(Standing { site, stays });
        }
    }
    Ok(all)
}

fn is_active(site: &SiteRow, stays: &[Stay], span: Span) -> bool {
    let is_between = |first, last, time| {
        let stay = stays.iter().rev().find(|stay| stay.from <= time);
        stay.is_some_and(|stay| is_between(stay.locality.timezone, first, last, time))
    };
    is_between(site.active_from, None, span.to) && is_between(None, site.active_until, span.from)
}

/// Those that stood there.
pub(super) fn there(
    mut all: Vec<Standing<'_>>,
    is_there: impl Fn(Coordinates) -> bool,
) -> Vec<Standing<'_>> {
    for standing in &mut all {
        standing.stays.retain(|stay| is_there(stay.locality.coordinates));
    }
    all.retain(|standing| !standing.stays.is_empty());
    all
}

/// For each point the site that was the nearest, if it was near enough; each once, by id.
pub(super) fn nearest<'a>(
    all: &[Standing<'a>],
    points: &[Coordinates],
    most_km: f64,
) -> Vec<Standing<'a>> {
    let mut found = BTreeMap::new();
    for point in points {
        let km = |stay: &Stay| stay.locality.coordinates.distance_km(*point);
        let distances = all.iter().filter_map(|one| {
            let least_km = one.stays.iter().map(km).reduce(f64::min)?;
            Some((least_km, one)).filter(|(km, _)| *km <= most_km)
        });
        // Of equal ones the first.
        let Some((_, one)) = distances.min_by(|(a, _), (b, _)| a.total_cmp(b)) else { continue };
        let stays = one.stays.iter().filter(|stay| km(stay) <= most_km).cloned();
        let known: &mut Standing<'_> = found
            .entry(&*one.site.site_id)
            .or_insert_with(|| Standing { site: one.site, stays: Vec::new() });
        known.stays.extend(stays);
        known.stays.sort_by_key(|stay| stay.from);
        known.stays.dedup();
    }
    found.into_values().collect()
}
