//! The spans of a site: when it was in the sites file, at which interval and where.
//!
//! The past keeps the rules that it had. A site that leaves the file, comes back, changes its interval
//! or moves begins a new span.

use chrono::{DateTime, SubsecRound as _, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::coordinates::Coordinates;
use super::locality::{Locality, MOVE_KM, Move, Stay};
use super::site::{Interval, Site};

/// A stretch of time in which a site stood in the sites file, at one interval and in one place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "WrittenSpan", into = "WrittenSpan")]
pub struct Span {
    /// When it was taken in so.
    pub from: DateTime<Utc>,
    /// When that ended, exclusive; `None`: it goes on.
    pub until: Option<DateTime<Utc>>,
    /// How often it was observed.
    pub interval: Interval,
    /// Where it stood; `None`: where the site's row says. Programs before the places were kept wrote
    /// none.
    pub locality: Option<Locality>,
}

/// A span as the column has it.
#[derive(Serialize, Deserialize)]
struct WrittenSpan {
    from: DateTime<Utc>,
    until: Option<DateTime<Utc>>,
    interval_minutes: Interval,
    #[serde(skip_serializing_if = "Option::is_none")]
    latitude: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    longitude: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timezone: Option<Tz>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    elevation_m: Option<f64>,
}

impl From<Span> for WrittenSpan {
    fn from(Span { from, until, interval, locality }: Span) -> Self {
        let coordinates = locality.as_ref().map(|at| at.coordinates);
        Self {
            from,
            until,
            interval_minutes: interval,
            latitude: coordinates.map(Coordinates::latitude),
            longitude: coordinates.map(Coordinates::longitude),
            timezone: locality.as_ref().map(|at| at.timezone),
            elevation_m: locality.as_ref().and_then(|at| at.elevation_m),
            country: locality.and_then(|at| at.country),
        }
    }
}

impl TryFrom<WrittenSpan> for Span {
    type Error = &'static str;

    fn try_from(written: WrittenSpan) -> Result<Self, Self::Error> {
        let locality = match (written.latitude, written.longitude, written.timezone) {
            (Some(latitude), Some(longitude), Some(timezone)) => Some(Locality {
                coordinates: Coordinates::parse(latitude, longitude)
                    .ok_or("latitude and longitude are no place")?,
                timezone,
                country: written.country,
                elevation_m: written.elevation_m,
            }),
            (None, None, None) => None,
            _ => return Err("latitude, longitude and timezone belong together"),
        };
        let WrittenSpan { from, until, interval_minutes: interval, .. } = written;
        Ok(Self { from, until, interval, locality })
    }
}

/// The spans of a site, in order, none within another.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Spans(pub(super) Vec<Span>);

/// What the sites file says of a site, as it is taken in.
#[derive(Debug, Clone)]
pub struct TakenIn {
    /// How often it is observed.
    pub interval: Interval,
    /// Where it stands.
    pub locality: Locality,
    /// Start of the newest slot that was collected; needed only where the site moves.
    pub last_collected: Option<DateTime<Utc>>,
    /// When.
    pub now: DateTime<Utc>,
}

impl Spans {
    /// The spans written so, as JSON.
    ///
    /// # Errors
    /// When the text says something else.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// As JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::json!(self).to_string()
    }

    /// Those that do not say where have been at `locality`.
    #[must_use]
    pub fn known_at(mut self, locality: &Locality) -> Self {
        for span in &mut self.0 {
            span.locality.get_or_insert_with(|| locality.clone());
        }
        self
    }

    /// The move to where `site` stands now, if it is one of more than [`MOVE_KM`].
    #[must_use]
    pub fn move_to(&self, site: &Site) -> Option<Move> {
        let from = self.0.last()?.locality.as_ref()?.coordinates;
        let to = site.coordinates;
        let site_id = site.site_id.clone();
        (from.distance_km(to) > MOVE_KM).then_some(Move { site_id, from, to })
    }

    /// Whether the site stands elsewhere now, or in another time zone.
    #[must_use]
    pub fn ends_elsewhere(&self, locality: &Locality) -> bool {
        let last = self.0.last().and_then(|last| last.locality.as_ref());
        last.is_some_and(|last| last.is_elsewhere(locality))
    }

    /// What they become when the file that is taken in says this of the site. A span that begins
    /// later is of a clock that was wrong.
    #[must_use]
    pub fn taken_in(mut self, file: TakenIn) -> Self {
        let TakenIn { interval, locality, last_collected, now } = file;
        let has_moved = self.ends_elsewhere(&locality);
        if !has_moved {
            self.correct(&locality);
        }
        let goes_on = |last: &Span| last.until.is_none() && last.interval == interval;
        if !has_moved && self.0.last().is_some_and(goes_on) {
            return self;
        }
        let now = now.trunc_subsecs(6);
        let from = if has_moved { self.moves_at(interval, last_collected, now) } else { now };
        self.0.retain(|span| span.from < from);
        if let Some(last) = self.0.last_mut() {
            last.until = Some(last.until.map_or(from, |until| until.min(from)));
        }
        // A stay keeps its first coordinates: many small steps are a move in the end.
        let before = self.0.last().and_then(|last| last.locality.clone());
        let stays = before.filter(|before| !before.is_elsewhere(&locality));
        let locality = Some(stays.unwrap_or(locality));
        self.0.push(Span { from, until: None, interval, locality });
        self
    }

    /// Country and height of the place where the site still is may be mended.
    fn correct(&mut self, locality: &Locality) {
        for span in self.0.iter_mut().rev() {
            let Some(own) = span.locality.as_mut().filter(|own| !own.is_elsewhere(locality)) else {
                return;
            };
            own.country.clone_from(&locality.country);
            own.elevation_m = locality.elevation_m;
        }
    }

    /// A move begins with a slot: with the one that is under way, for which the new place is called,
    /// or the next if that one was collected before.
    fn moves_at(
        &self,
        interval: Interval,
        last_collected: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> DateTime<Utc> {
        let slot = DateTime::from_timestamp(interval.start_of(now), 0).unwrap_or(now);
        if last_collected.is_some_and(|last| last >= slot) {
            return slot + interval.span();
        }
        // Not before the site was taken in at all.
        let began = self.0.last().map(|last| last.from).filter(|from| *from <= now);
        began.map_or(slot, |began| began.max(slot))
    }

    /// Where the site stood at `time`; `None`: where its row says.
    #[must_use]
    pub fn locality_at(&self, time: DateTime<Utc>) -> Option<&Locality> {
        let span = self.0.iter().rev().find(|span| span.from <= time).or(self.0.first());
        span?.locality.as_ref()
    }

    /// The stays of a site whose row or file says `present`: at least one, in order, without a hole.
    #[must_use]
    pub fn stays(&self, present: &Locality) -> Vec<Stay> {
        let mut stays: Vec<Stay> = Vec::new();
        for span in &self.0 {
            let locality = span.locality.as_ref().unwrap_or(present);
            if stays.last().is_some_and(|last| !last.locality.is_elsewhere(locality)) {
                continue;
            }
            let from = if stays.is_empty() { DateTime::<Utc>::MIN_UTC } else { span.from };
            if let Some(last) = stays.last_mut() {
                last.until = span.from;
            }
            stays.push(Stay { from, until: DateTime::<Utc>::MAX_UTC, locality: locality.clone() });
        }
        match stays.last_mut() {
            None => stays.push(Stay {
                from: DateTime::<Utc>::MIN_UTC,
                until: DateTime::<Utc>::MAX_UTC,
                locality: present.clone(),
            }),
            // As it was corrected since. A file that says another place has not been taken in yet.
            Some(last) if !last.locality.is_elsewhere(present) => last.locality = present.clone(),
            Some(_) => {}
        }
        stays
    }
}

#[cfg(test)]
mod tests;
