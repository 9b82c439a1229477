//! Sites, and when and where each was observed.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::FromRow;

use super::{Reads, malformed};
use crate::domain::{Coordinates, Interval, Life, Locality, Move, Site, SiteId, Spans, Stay};
use crate::store::StoreError;
use crate::store::pool::Statement;

/// A site, as the store has it.
#[derive(Debug, Clone, PartialEq, FromRow)]
#[expect(missing_docs, reason = "the columns of sites, see domain::tables")]
pub struct SiteRow {
    pub site_id: String,
    pub name: String,
    pub latitude: f64,
    pub longitude: f64,
    pub timezone: String,
    pub country: Option<String>,
    pub elevation_m: Option<f64>,
    pub interval_minutes: i64,
    pub active_from: Option<NaiveDate>,
    pub active_until: Option<NaiveDate>,
    tags: String,
    spans: String,
    pub deactivated_at: Option<DateTime<Utc>>,
}

impl SiteRow {
    /// Its tags.
    ///
    /// # Errors
    /// When the column holds something else.
    pub fn tags(&self) -> Result<Vec<String>, StoreError> {
        serde_json::from_str(&self.tags).map_err(|_| malformed_site(&self.site_id, "tags"))
    }

    /// The site as the sites file had it when it was last taken in.
    ///
    /// # Errors
    /// When a column holds something else.
    pub fn site(&self) -> Result<Site, StoreError> {
        let malformed = |what| malformed_site(&self.site_id, what);
        let Locality { coordinates, timezone, country, elevation_m } = self.locality()?;
        let interval = u32::try_from(self.interval_minutes).ok().and_then(Interval::parse);
        Ok(Site {
            site_id: SiteId::parse(&self.site_id).ok_or_else(|| malformed("site_id"))?,
            name: self.name.clone(),
            coordinates,
            timezone,
            country,
            elevation_m,
            interval: interval.ok_or_else(|| malformed("interval_minutes"))?,
            active_from: self.active_from,
            active_until: self.active_until,
            tags: self.tags()?,
        })
    }

    /// What decides which slots of it are expected.
    ///
    /// # Errors
    /// When a column holds something else.
    pub fn life(&self) -> Result<Life, StoreError> {
        let (site_id, timezone) = (self.site_id.clone(), self.timezone.clone());
        let (active_from, active_until) = (self.active_from, self.active_until);
        let spans = self.spans.clone();
        LifeRow { site_id, timezone, active_from, active_until, spans }.try_into()
    }

    /// Where it stood when: at least one stay, in order, without a hole.
    ///
    /// # Errors
    /// When a column holds something else.
    pub fn stays(&self) -> Result<Vec<Stay>, StoreError> {
        Ok(self.life()?.spans.stays(&self.locality()?))
    }

    /// The move to where `site` of the sites file stands, if it is one.
    ///
    /// # Errors
    /// When a column holds something else.
    pub fn move_to(&self, site: &Site) -> Result<Option<Move>, StoreError> {
        Ok(self.life()?.spans.known_at(&self.locality()?).move_to(site))
    }

    fn locality(&self) -> Result<Locality, StoreError> {
        let (timezone, country) = (self.timezone.clone(), self.country.clone());
        let Self { latitude, longitude, elevation_m, .. } = *self;
        LocalityRow { latitude, longitude, timezone, country, elevation_m }.parse(&self.site_id)
    }
}

/// What decides which slots of a site are expected, as it is written.
#[derive(FromRow)]
pub(in crate::store) struct LifeRow {
    pub(in crate::store) site_id: String,
    pub(in crate::store) timezone: String,
    pub(in crate::store) active_from: Option<NaiveDate>,
    pub(in crate::store) active_until: Option<NaiveDate>,
    pub(in crate::store) spans: String,
}

impl TryFrom<LifeRow> for Life {
    type Error = StoreError;

    fn try_from(row: LifeRow) -> Result<Self, StoreError> {
        let malformed = |what| malformed_site(&row.site_id, what);
        Ok(Self {
            site_id: SiteId::parse(&row.site_id).ok_or_else(|| malformed("site_id"))?,
            timezone: row.timezone.parse().map_err(|_| malformed("timezone"))?,
            active_from: row.active_from,
            active_until: row.active_until,
            spans: spans_of(&row.site_id, &row.spans)?,
        })
    }
}

/// Where a site stands, as its row has it.
#[derive(FromRow)]
pub(in crate::store) struct LocalityRow {
    pub(in crate::store) latitude: f64,
    pub(in crate::store) longitude: f64,
    pub(in crate::store) timezone: String,
    pub(in crate::store) country: Option<String>,
    pub(in crate::store) elevation_m: Option<f64>,
}

impl LocalityRow {
    /// What is written there.
    pub(in crate::store) fn parse(&self, site_id: &str) -> Result<Locality, StoreError> {
        Ok(Locality {
            coordinates: Coordinates::parse(self.latitude, self.longitude)
                .ok_or_else(|| malformed_site(site_id, "latitude or longitude"))?,
            timezone: self.timezone.parse().map_err(|_| malformed_site(site_id, "timezone"))?,
            country: self.country.clone(),
            elevation_m: self.elevation_m,
        })
    }
}

/// The spans of a site, read.
pub(in crate::store) fn spans_of(site_id: &str, text: &str) -> Result<Spans, StoreError> {
    Spans::parse(text).map_err(|_| malformed_site(site_id, "spans"))
}

fn malformed_site(site_id: &str, column: &str) -> StoreError {
    malformed(format!("sites: {site_id}: {column} cannot be read"))
}

/// `select … from sites` and what follows.
macro_rules! select_sites {
    ($rest:literal) => {
        concat!(
            "select site_id, name, latitude, longitude, timezone, country, elevation_m, \
             interval_minutes, active_from, active_until, cast(tags as char) as tags, \
             cast(spans as char) as spans, deactivated_at from sites ",
            $rest
        )
    };
}

impl Reads {
    /// What decides which slots of a site are expected, of every site by id, those that have left the
    /// file too.
    ///
    /// # Errors
    /// When the store cannot be read, or holds what cannot be.
    pub async fn list_lives(&self) -> Result<Vec<Life>, StoreError> {
        let statement = Statement::of(
            "select site_id, timezone, active_from, active_until, cast(spans as char) as spans \
            from sites order by site_id",
        );
        let rows: Vec<LifeRow> = self.all(statement).await?;
        rows.into_iter().map(Life::try_from).collect()
    }

    /// Every site by id, those that have left the file too.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn list_sites(&self) -> Result<Vec<SiteRow>, StoreError> {
        self.all(Statement::of(select_sites!("order by site_id"))).await
    }

    /// The site with this id.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn find_site(&self, site_id: &str) -> Result<Option<SiteRow>, StoreError> {
        self.optional(Statement::of(select_sites!("where site_id = ?")).bind(site_id)).await
    }
}
