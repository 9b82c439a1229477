//! Which sites are meant: by id, tag, country and place, all of which a site has to meet.
//!
//! One struct for every endpoint of many sites: it reads the request, is in the document, and is a part of
//! the cache key.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::problem::Problem;
use super::reader::Reader;
use super::values::{Bbox, Countries, Flag, Sites, Tags};
use crate::domain::{Coordinates, SiteId};
use crate::store::{SiteRow, StoreError};

/// Which sites a query is of; all that there are, if it says nothing.
#[derive(Debug, Clone, Default, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Selection {
    /// Only these sites, by commas.
    #[param(inline, style = Form, explode = false)]
    site: Option<Sites>,
    /// Only sites with any of these tags, by commas.
    #[param(inline, style = Form, explode = false)]
    tag: Option<Tags>,
    /// Only sites in these countries, by commas.
    #[param(inline, style = Form, explode = false)]
    country: Option<Countries>,
    /// Only sites in this box: west, south, east and north in degrees, edges included. One that begins east
    /// of where it ends goes over 180 degrees.
    #[param(inline, example = "-10,35,5,45")]
    bbox: Option<Bbox>,
    /// true: only sites that are in the sites file; false: those that have left it too. If it is missing, sites
    /// that `site` names are answered either way.
    #[param(inline)]
    in_file: Option<Flag>,
}

/// Which sites are meant where a query says neither `site` nor `in_file`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listed {
    /// Those that are in the sites file.
    InFile,
    /// Those that have left it too.
    All,
}

impl Selection {
    /// One site, and nothing else is said.
    pub(crate) fn only_site(&self) -> Option<&SiteId> {
        self.site.as_ref().and_then(Sites::only)
    }

    /// The sites that are meant, by id.
    ///
    /// # Errors
    /// When a site is named that there is not, or the store fails.
    pub(crate) async fn sites(
        &self,
        reader: &Reader,
        listed: Listed,
    ) -> Result<Vec<SiteRow>, Problem> {
        self.choose(reader.store.list_sites().await?, listed)
    }

    fn choose(&self, mut sites: Vec<SiteRow>, listed: Listed) -> Result<Vec<SiteRow>, Problem> {
        self.refuse_unknown(&sites)?;
        let mut failed = None;
        sites.retain(|site| {
            let is_meant = self.is_meant(site, listed);
            is_meant.unwrap_or_else(|error| {
                failed.get_or_insert(error);
                false
            })
        });
        if let Some(error) = failed {
            return Err(error.into());
        }
        sites.sort_by(|one, other| one.site_id.cmp(&other.site_id));
        Ok(sites)
    }

    fn refuse_unknown(&self, sites: &[SiteRow]) -> Result<(), Problem> {
        let Some(named) = &self.site else { return Ok(()) };
        let known: HashSet<&str> = sites.iter().map(|site| site.site_id.as_str()).collect();
        let unknown = named.ids().iter().find(|site_id| !known.contains(site_id.as_str()));
        unknown.map_or(Ok(()), |site_id| Err(Problem::unknown_named_site(site_id.as_str())))
    }

    fn is_meant(&self, site: &SiteRow, listed: Listed) -> Result<bool, StoreError> {
        let has_tag = match &self.tag {
            Some(tags) => tags.has_any_of(&site.tags()?),
            None => true,
        };
        let names = |sites: &Sites| sites.ids().iter().any(|id| id.as_str() == site.site_id);
        let place = Coordinates::parse(site.latitude, site.longitude);
        let is_in = |bbox: Bbox| place.is_some_and(|place| bbox.contains(place));
        let country = site.country.as_deref();
        let wants_in_file = match (self.in_file, &self.site) {
            (Some(Flag(in_file)), _) => in_file,
            (None, Some(_)) => false,
            (None, None) => listed == Listed::InFile,
        };
        Ok(has_tag
            && self.site.as_ref().is_none_or(names)
            && self.country.as_ref().is_none_or(|countries| countries.contains(country))
            && self.bbox.is_none_or(is_in)
            && (site.deactivated_at.is_none() || !wants_in_file))
    }
}
