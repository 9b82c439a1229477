//! Observations as they come from the store; the newest ones with their place.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use arrow_array::RecordBatch;
use chrono::{DateTime, Utc};

use super::{Cell, Row, ToCell as _};
use crate::columnar;
use crate::domain::tables::{Column, WEATHER_OBSERVATIONS as TABLE};
use crate::domain::views::{Kind, OBSERVATIONS_LATEST, ViewColumn};
use crate::serve::answer::values::Columns;
use crate::store::{SiteRow, StoreError};
use crate::views::Place;

/// The columns that no request can name: of use to the sync only.
const INTERNAL: [&str; 1] = ["row_hash"];

/// The columns of an observation that are served, and their places in the table.
fn public() -> impl Iterator<Item = (usize, &'static Column)> {
    TABLE.columns.iter().enumerate().filter(|(_, column)| !INTERNAL.contains(&column.name))
}

/// What an observation has.
#[derive(Debug)]
pub(crate) struct Observations;

impl Columns for Observations {
    const KEY: &'static [&'static str] = TABLE.key;

    fn columns() -> &'static [ViewColumn] {
        static COLUMNS: LazyLock<Vec<ViewColumn>> =
            LazyLock::new(|| public().map(|(_, column)| column.into()).collect());
        &COLUMNS
    }
}

/// An observation.
pub(crate) struct Observation {
    batch: Arc<RecordBatch>,
    row: usize,
}

impl Observation {
    /// The rows of a batch.
    pub(crate) fn all(batch: RecordBatch) -> impl Iterator<Item = Self> {
        let batch = Arc::new(batch);
        (0..batch.num_rows()).map(move |row| Self { batch: batch.clone(), row })
    }

    fn row(&self) -> columnar::Row<'_> {
        columnar::Row::at(&TABLE, &self.batch, self.row)
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        self.row().text(name).unwrap_or_default()
    }

    /// The source's own time.
    pub(crate) fn time(&self) -> DateTime<Utc> {
        self.row().time("observation_time").unwrap_or_default()
    }
}

impl Row for Observation {
    type Columns = Observations;

    fn cells<'a>(&'a self, cells: &mut Vec<Cell<'a>>) {
        let row = self.row();
        cells.extend(public().map(|(index, _)| Cell::from(row.value(index))));
    }
}

/// What the newest observations have beside the columns of an observation: where the site stood then.
const OF_PLACE: [&str; 5] = ["site_name", "country", "timezone", "latitude", "longitude"];

const TAGS: ViewColumn = ViewColumn {
    name: "tags",
    kind: Kind::Texts,
    is_required: true,
    description: "The site's tags, as a JSON list.",
};

/// What the newest observations have.
#[derive(Debug)]
pub(crate) struct Latest;

impl Columns for Latest {
    const KEY: &'static [&'static str] = TABLE.key;

    /// The key, the place, and the rest.
    fn columns() -> &'static [ViewColumn] {
        static COLUMNS: LazyLock<Vec<ViewColumn>> = LazyLock::new(|| {
            let (key, rest) = Observations::columns().split_at(TABLE.key.len());
            let is_of_place = |column: &&ViewColumn| OF_PLACE.contains(&column.name);
            let place = OBSERVATIONS_LATEST.columns.iter().filter(is_of_place);
            let place = place.copied().chain([TAGS]);
            key.iter().copied().chain(place).chain(rest.iter().copied()).collect()
        });
        &COLUMNS
    }
}

/// A newest observation, and its site.
pub(crate) struct LatestObservation {
    observation: Observation,
    place: Place,
    tags: Vec<String>,
}

impl LatestObservation {
    /// An observation of this site.
    ///
    /// # Errors
    /// When the site's row cannot be read.
    pub(crate) fn of(observation: Observation, site: &SiteRow) -> Result<Self, StoreError> {
        Ok(Self { observation, tags: site.tags()?, place: Place::of(site.clone())? })
    }
}

impl Row for LatestObservation {
    type Columns = Latest;

    fn cells<'a>(&'a self, cells: &mut Vec<Cell<'a>>) {
        let (site, key) = (&self.place.site, TABLE.key.len());
        let then = self.place.life.spans.locality_at(self.observation.time());
        self.observation.cells(cells);
        let rest = cells.split_off(key);
        let country = then.map_or(&site.country, |then| &then.country);
        let timezone = then.map_or(site.timezone.as_str(), |then| then.timezone.name());
        let point = then.map_or((site.latitude, site.longitude), |then| {
            (then.coordinates.latitude(), then.coordinates.longitude())
        });
        cells.extend([
            site.name.cell(),
            country.cell(),
            Cell::Text(Cow::Borrowed(timezone)),
            Cell::Real(point.0),
            Cell::Real(point.1),
            self.tags.cell(),
        ]);
        cells.extend(rest);
    }
}
