//! `position`: the time series of the site that is nearest to a point.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;

use super::names::ParameterName;
use super::schema::{Crs, Interval, PointText, Series, SeriesFeatures};
use super::series::{self, Asked};
use super::span::Span;
use crate::domain::days::is_between;
use crate::domain::{Coordinates, Stay};
use crate::serve::App;
use crate::serve::answer::parameters::{Parameters, shown};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::Content;
use crate::serve::answer::refusals::Refusals;
use crate::store::{SiteRow, StoreError};

/// How far a site may be for its weather to stand for the point's. Beyond some tens of kilometres
/// two places differ in rain and wind more often than not.
const MAX_KM: f64 = 25.0;

/// What the query is called, which says how far.
pub(super) const TITLE: &str = "The time series of the nearest site within 25 km";

/// Shows the time series of the site that is nearest to a point, if one is within 25 km.
///
/// Of the sites that are in the sites file and within their days in the time that is asked for. A site
/// that has moved stands for a point while it stood near it. The answer says where the site is.
#[utoipa::path(
    get, path = "/edr/collections/observations/position", tag = "edr", operation_id = "showEdrPosition",
    params(
        ("coords" = PointText, Query, description = "A point, longitude first (well-known text).", example = "POINT(-3.7 40.4)"),
        ("datetime" = Option<Interval>, Query, description = "A time, a day, or an interval of them, with `..` for an open end; 366 days at most; the last 24 hours if it is missing.", example = "2026-11-25T00:00:00Z/.."),
        ("parameter-name" = Option<Vec<ParameterName>>, Query, description = "Only these quantities, by commas."),
        ("parameter_names" = Option<Vec<ParameterName>>, Query, description = "The same, as OWSLib writes it."),
        ("source" = Option<String>, Query, description = "The source; the first in use if it is missing.", pattern = "^[a-z0-9_-]{1,32}$", example = "openweathermap"),
        ("crs" = Option<Crs>, Query, description = "The coordinate reference system: there is one."),
        ("f" = Option<String>, Query, description = "The form; CoverageJSON if it is missing. It outweighs Accept.", pattern = "^(CoverageJSON|GeoJSON)$"),
    ),
    responses(
        (status = 200, description = "The time series.", content(
            (Series = "application/prs.coverage+json"), (Series = "application/vnd.cov+json"), (SeriesFeatures = "application/geo+json"))),
        (status = 204, description = "No site is near enough, or there is no observation in that time."),
        (status = 304, description = "The client has it."),
        Refusals,
    )
)]
pub(super) async fn nearest(
    State(app): State<Arc<App>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let known = [&["coords"][..], &series::KNOWN].concat();
    let parameters = Parameters::parse(uri.query(), &known)?;
    let point = coords(&parameters)?;
    let asked = Asked::parse(&app, &parameters, &uri, &headers)?;
    let text = format!("{} {}", point.longitude(), point.latitude());
    let question = asked.question(&app, "edr-position", &text).await?;
    let make = async {
        let sites = app.store.list_sites().await?;
        match find(&sites, point, asked.span)? {
            Some((site, stays)) => series::read(&app, site, &stays, &asked).await,
            None => Ok(Content::Nothing),
        }
    };
    question.answer(&app, &headers, make).await
}

fn coords(parameters: &Parameters) -> Result<Coordinates, Problem> {
    let allowed = "POINT(longitude latitude) in degrees, as in POINT(-3.7 40.4)";
    let text = parameters.text("coords");
    let text = text.ok_or_else(|| Problem::parameter("coords", "is missing", allowed))?;
    let refused = || Problem::parameter("coords", shown(text, "is no point"), allowed);
    parse_point(text).ok_or_else(refused)
}

/// A point as well-known text, without height.
fn parse_point(text: &str) -> Option<Coordinates> {
    let (kind, rest) = text.trim().split_at_checked("POINT".len())?;
    let inside = rest.trim_start().strip_prefix('(')?.strip_suffix(')')?;
    let mut numbers = inside.split_whitespace().map(str::parse);
    let (Some(Ok(longitude)), Some(Ok(latitude)), None) =
        (numbers.next(), numbers.next(), numbers.next())
    else {
        return None;
    };
    Coordinates::parse(latitude, longitude).filter(|_| kind.eq_ignore_ascii_case("POINT"))
}

/// The site that was the nearest in that time, if it was near enough, and its stays that were.
fn find(
    sites: &[SiteRow],
    point: Coordinates,
    span: Span,
) -> Result<Option<(&SiteRow, Vec<Stay>)>, StoreError> {
    let distance_km = |stay: &Stay| stay.locality.coordinates.distance_km(point);
    let mut nearest: Option<(f64, &SiteRow, Vec<Stay>)> = None;
    for site in sites.iter().filter(|site| site.deactivated_at.is_none()) {
        let mut stays = site.stays()?;
        if !is_active(site, &stays, span) {
            continue;
        }
        stays.retain(|stay| {
            stay.within((span.from, span.to)).is_some() && distance_km(stay) <= MAX_KM
        });
        let Some(own_km) = stays.iter().map(distance_km).reduce(f64::min) else { continue };
        if nearest.as_ref().is_none_or(|(least_km, ..)| own_km < *least_km) {
            nearest = Some((own_km, site, stays));
        }
    }
    Ok(nearest.map(|(_, site, stays)| (site, stays)))
}

fn is_active(site: &SiteRow, stays: &[Stay], span: Span) -> bool {
    let is_between = |first, last, time| {
        let stay = stays.iter().rev().find(|stay| stay.from <= time);
        stay.is_some_and(|stay| is_between(stay.locality.timezone, first, last, time))
    };
    is_between(site.active_from, None, span.to) && is_between(None, site.active_until, span.from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_longitude_and_latitude() {
        let parse = |text| parse_point(text).map(|at| (at.longitude(), at.latitude()));
        for good in ["POINT(-3.7 40.4)", "point (-3.7 40.4)", " POINT( -3.70  4.04e1 ) "] {
            assert_eq!(parse(good), Some((-3.7, 40.4)), "{good}");
        }
        for bad in [
            "",
            "POINT",
            "POINT()",
            "POINT(40)",
            "POINT(-3.7,40.4)",
            "POINT(-3.7 40.4 600)",
            "POINT Z (-3.7 40.4 600)",
            "POINT(40.4 -93.7)",
            "POINT(200 0)",
            "POINT(nan 0)",
            "POINT(-3.7 40.4",
            "LINES(-3.7 40.4)",
            "MULTIPOINT((-3.7 40.4))",
            "POLYGON((0 0,1 0,1 1,0 0))",
            "PÖINT(-3.7 40.4)",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
