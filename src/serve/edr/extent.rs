//! From where to where and from when to when there are observations.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::terms::{CRS84, interval};
use super::values::{Bbox, Interval};
use crate::domain::{Coordinates, source_time};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::reader::Reader;

/// Where and when there are observations.
#[derive(Serialize, ToSchema)]
#[schema(as = EdrExtent)]
pub(super) struct Extent {
    /// Where; without a site, anywhere.
    spatial: Spatial,
    /// When; missing: there is no observation.
    #[serde(skip_serializing_if = "Option::is_none")]
    temporal: Option<Temporal>,
}

/// Where there are sites, or were while they were observed.
#[derive(Serialize, ToSchema)]
#[schema(as = EdrSpatialExtent)]
struct Spatial {
    /// West, south, east and north edge, degrees.
    bbox: [[f64; 4]; 1],
    /// The coordinate reference system.
    crs: &'static str,
}

/// When there are observations.
#[derive(Serialize, ToSchema)]
#[schema(as = EdrTemporalExtent)]
struct Temporal {
    /// The first and the newest observation.
    interval: [[DateTime<Utc>; 2]; 1],
    /// The same as an interval of ISO 8601.
    values: [String; 1],
    /// The calendar.
    trs: &'static str,
}

const GREGORIAN: &str = "TIMECRS[\"DateTime\",TDATUM[\"Gregorian Calendar\"],CS[TemporalDateTime,1],AXIS[\"Time (T)\",future]]";

impl Extent {
    pub(super) async fn read(reader: &Reader, now: DateTime<Utc>) -> Result<Self, Problem> {
        let until = source_time::last_believed(now);
        let sites = reader.store.list_sites().await?;
        let mut whole: Option<(DateTime<Utc>, DateTime<Utc>)> = None;
        for source in reader.sources {
            let spans = reader.store.list_observed_spans(source, until).await?;
            for (first, last) in spans.iter().filter_map(|span| span.first_time.zip(span.last_time))
            {
                let (from, to) = whole.unwrap_or((first, last));
                whole = Some((from.min(first), to.max(last)));
            }
        }
        let mut places = Vec::new();
        for site in &sites {
            places.extend(site.stays()?.into_iter().map(|stay| stay.locality.coordinates));
        }
        Ok(Self { spatial: spatial(&places), temporal: whole.map(temporal) })
    }
}

impl Extent {
    /// Whether it has anything of a box and of a time.
    pub(super) fn meets(&self, bbox: Option<Bbox>, datetime: Option<Interval>) -> bool {
        let [own] = self.spatial.bbox;
        let is_then = |datetime: Interval| {
            let times = self.temporal.as_ref().map(|temporal| temporal.interval);
            times.is_some_and(|[[first, last]]| datetime.meets((first, last)))
        };
        bbox.is_none_or(|bbox| bbox.meets(own)) && datetime.is_none_or(is_then)
    }
}

/// The smallest box that does not go over the date line.
fn spatial(places: &[Coordinates]) -> Spatial {
    let Some(first) = places.first() else {
        return Spatial { bbox: [[-180.0, -90.0, 180.0, 90.0]], crs: CRS84 };
    };
    let corner = [first.longitude(), first.latitude(), first.longitude(), first.latitude()];
    let bbox = places.iter().fold(corner, |[west, south, east, north], place| {
        let (longitude, latitude) = (place.longitude(), place.latitude());
        [west.min(longitude), south.min(latitude), east.max(longitude), north.max(latitude)]
    });
    Spatial { bbox: [bbox], crs: CRS84 }
}

fn temporal((first, last): (DateTime<Utc>, DateTime<Utc>)) -> Temporal {
    Temporal { interval: [[first, last]], values: [interval(first, last)], trs: GREGORIAN }
}
