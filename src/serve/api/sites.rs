//! `sites`: the places that are observed.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::serve::answer::form::PointsForm;
use crate::serve::answer::format::Format;
use crate::serve::answer::parameters::{Nothing, OfSite, Queries, Query};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::{Answering, Content, EndpointQuery, Until};
use crate::serve::answer::reader::Reader;
use crate::serve::answer::refusals::RefusalsOfOne;
use crate::serve::answer::rows::{self, rows};
use crate::serve::answer::selection::{Listed, Selection};
use crate::store::{SiteRow, StoreError};

rows! {
    /// A place that is observed.
    #[derive(Serialize, ToSchema)]
    pub(super) struct Site {
        /// Its id.
        #[schema(examples("mad-retiro"))]
        site_id: String,
        /// Its name for people.
        name: String,
        /// Degrees north, -90 to 90.
        latitude: f64,
        /// Degrees east, -180 to 180.
        longitude: f64,
        /// IANA time zone, by which its local days go.
        #[schema(examples("Europe/Madrid"))]
        timezone: String,
        /// Country, two letters of ISO 3166-1.
        #[schema(required = true)]
        country: Option<String>,
        /// Height above mean sea level, metres.
        #[schema(required = true)]
        elevation_m: Option<f64>,
        /// How often it is observed, minutes.
        #[schema(examples(60))]
        interval_minutes: i64,
        /// First local day on which it is observed; null: always.
        #[schema(required = true)]
        active_from: Option<NaiveDate>,
        /// Last local day on which it is observed; null: for ever.
        #[schema(required = true)]
        active_until: Option<NaiveDate>,
        /// Its tags.
        tags: Vec<String>,
        /// Whether it is in the sites file; one that has left it is observed no more.
        in_file: bool,
    }
}

impl TryFrom<SiteRow> for Site {
    type Error = StoreError;

    fn try_from(row: SiteRow) -> Result<Self, StoreError> {
        Ok(Self {
            tags: row.tags()?,
            in_file: row.deactivated_at.is_none(),
            site_id: row.site_id,
            name: row.name,
            latitude: row.latitude,
            longitude: row.longitude,
            timezone: row.timezone,
            country: row.country,
            elevation_m: row.elevation_m,
            interval_minutes: row.interval_minutes,
            active_from: row.active_from,
            active_until: row.active_until,
        })
    }
}

/// The places that are observed.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is written row by row")]
pub(super) struct Sites {
    /// By id; those that have left the sites file too.
    sites: Vec<Site>,
}

/// Lists the sites, or those that are selected.
///
/// By id, with their coordinates, time zones and tags; those that have left the sites file too. With `format=geojson` as
/// a FeatureCollection (application/geo+json).
#[utoipa::path(
    get, path = "/api/v1/sites", tag = "sites", operation_id = "listSites",
    params(Selection, PointsForm),
    responses(
        (status = 200, description = "The sites.", content(
            (Sites = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"),
            (String = "application/vnd.apache.parquet"))),
        (status = 304, description = "The client has it."),
        RefusalsOfOne,
    )
)]
pub(super) async fn list(
    Queries((selection, form)): Queries<(Selection, PointsForm)>,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Result<Response, Problem> {
    let chosen = form.choose(&headers)?;
    let parameters = (&selection, &form);
    let query = EndpointQuery::new(&answering, "sites", &parameters, chosen, Until::Run).await?;
    let make = async {
        let rows = selection.sites(&reader, Listed::All).await?;
        let sites: Vec<Site> = rows.into_iter().map(Site::try_from).collect::<Result<_, _>>()?;
        rows::whole("sites", &sites, chosen)
    };
    query.named(chosen.file_name(&["sites"])).answer(&headers, make).await
}

/// Shows a site.
///
/// Its coordinates, its time zone, its tags, and whether it is still in the sites file.
#[utoipa::path(
    get, path = "/api/v1/sites/{site_id}", tag = "sites", operation_id = "showSite",
    params(OfSite),
    responses((status = 200, description = "The site.", body = Site), (status = 304, description = "The client has it."), RefusalsOfOne)
)]
pub(super) async fn one(
    site: OfSite,
    Query(query): Query<Nothing>,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Result<Response, Problem> {
    let format = Format::negotiate(&headers, Format::OBJECT)?;
    let parameters = (&site, query);
    let query = EndpointQuery::new(&answering, "site", &parameters, format, Until::Run).await?;
    let make = async { Content::json(&Site::try_from(reader.site(site.id()).await?)?) };
    query.answer(&headers, make).await
}
