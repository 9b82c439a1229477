//! The sites of a vault, where no sites file is named: what the answers say of them is their ids, where they
//! were asked for, and how often. Their zone is UTC and their name the id.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

use super::{is_of, read_by};
use crate::domain::{Coordinates, Interval, Site, SiteId};
use crate::http::Params;
use crate::replay::Reader;
use crate::replay::read::Said;
use crate::vault::{Line, Vault, VaultError};

/// The sites that the answers of these days were asked for, by their ids.
///
/// # Errors
/// When the vault fails; an object that is broken is passed over.
pub async fn sites_of(
    vault: &Vault,
    readers: &[Reader],
    days: Option<(NaiveDate, NaiveDate)>,
) -> Result<Vec<Site>, VaultError> {
    let mut seen = BTreeMap::<SiteId, Seen>::new();
    for stored in vault.list(None).await?.iter().filter(|stored| is_of(days, stored)) {
        let mut lines = vault.read(&stored.path).await?;
        while let Ok(Some(line)) = lines.next_line() {
            see(readers, &line, &mut seen).await;
        }
    }
    Ok(seen.into_iter().filter_map(|(site_id, seen)| seen.into_site(site_id)).collect())
}

/// What is known of a site.
#[derive(Default)]
struct Seen {
    coordinates: Option<Coordinates>,
    last_slot: Option<DateTime<Utc>>,
    interval: Option<Interval>,
    /// The first day that an answer is about.
    first_day: Option<NaiveDate>,
}

async fn see(readers: &[Reader], line: &Line, seen: &mut BTreeMap<SiteId, Seen>) {
    let said = read_by(readers, line).await;
    for (index, id) in line.site_ids.iter().enumerate() {
        let Some(site_id) = SiteId::parse(id) else { continue };
        let seen = seen.entry(site_id).or_default();
        seen.coordinates = coordinates(&line.params, index).or(seen.coordinates);
        let first = line.slot_time.or_else(|| first_hour(&said, id));
        seen.first_day =
            [seen.first_day, first.map(|time| time.date_naive())].into_iter().flatten().min();
        if let Some(slot_time) = line.slot_time {
            seen.see_slot(slot_time);
        }
    }
}

fn first_hour(said: &Said, site_id: &str) -> Option<DateTime<Utc>> {
    let Said::Past(of_hours) = said else { return None };
    of_hours.keys().filter(|(id, _)| id == site_id).map(|(_, hour)| *hour).min()
}

/// Where the site of this place in the list was asked for.
fn coordinates(params: &Params, index: usize) -> Option<Coordinates> {
    let number = |list: &Option<String>| list.as_ref()?.split(',').nth(index)?.parse().ok();
    let latitude = number(&params.lat).or_else(|| number(&params.latitude))?;
    let longitude = number(&params.lon).or_else(|| number(&params.longitude))?;
    Coordinates::parse(latitude, longitude)
}

impl Seen {
    /// The shortest time between two slots is the interval.
    fn see_slot(&mut self, slot_time: DateTime<Utc>) {
        let between = self.last_slot.map(|last| (slot_time - last).num_minutes().unsigned_abs());
        let between = between.and_then(|minutes| Interval::parse(u32::try_from(minutes).ok()?));
        self.interval = [self.interval, between].into_iter().flatten().min();
        self.last_slot = Some(slot_time);
    }

    fn into_site(self, site_id: SiteId) -> Option<Site> {
        Some(Site {
            name: site_id.to_string(),
            site_id,
            coordinates: self.coordinates?,
            timezone: Tz::UTC,
            country: None,
            elevation_m: None,
            interval: self.interval.unwrap_or(Interval::HOUR),
            active_from: self.first_day,
            active_until: None,
            tags: Vec::new(),
        })
    }
}
