//! `position`: the time series of the site that is nearest to a point.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use chrono_tz::Tz;

use super::locations::place;
use super::names::ParameterName;
use super::schema::{Coverage, Crs, Interval, PointText, SeriesFeatures};
use super::series::{self, Asked};
use super::span::Span;
use crate::domain::Coordinates;
use crate::domain::expected::is_between;
use crate::serve::App;
use crate::serve::answer::Content;
use crate::serve::api::refusals::Refusals;
use crate::serve::parameters::{Parameters, shown};
use crate::serve::problem::Problem;
use crate::store::SiteRow;

/// How far a site may be for its weather to stand for the point's. Beyond some tens of kilometres
/// two places differ in rain and wind more often than not.
const MAX_KM: f64 = 25.0;

/// What the query is called, which says how far.
pub(super) const TITLE: &str = "The time series of the nearest site within 25 km";

/// Shows the time series of the site that is nearest to a point, if one is within 25 km.
///
/// Of the sites that are in the sites file and within their days in the time that is asked for. The
/// answer says where the site is.
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
            (Coverage = "application/prs.coverage+json"), (Coverage = "application/vnd.cov+json"), (SeriesFeatures = "application/geo+json"))),
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
        match find(&sites, point, asked.span) {
            Some(site) => series::read(&app, site, &asked).await,
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

/// The nearest site that is observed in that time, if it is near enough.
fn find(sites: &[SiteRow], point: Coordinates, span: Span) -> Option<&SiteRow> {
    let active = sites.iter().filter(|site| is_active(site, span));
    let near = active.filter_map(|site| Some((place(site)?.distance_km(point), site)));
    let near = near.filter(|(distance_km, _)| *distance_km <= MAX_KM);
    near.min_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, site)| site)
}

fn is_active(site: &SiteRow, span: Span) -> bool {
    let Ok(timezone) = site.timezone.parse::<Tz>() else { return false };
    site.deactivated_at.is_none()
        && is_between(timezone, site.active_from, None, span.to)
        && is_between(timezone, None, site.active_until, span.from)
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
