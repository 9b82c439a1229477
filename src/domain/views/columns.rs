//! Columns that several views have.

use super::view::{Kind, ViewColumn, optional, required};

pub(super) const SITE_ID: ViewColumn = required("site_id", Kind::Text, "The site, as in `sites`.");
pub(super) const SOURCE: ViewColumn =
    optional("source", Kind::Text, "The weather service that said it.");
pub(super) const SOURCE_ASKED: ViewColumn =
    optional("source", Kind::Text, "The weather service that was asked; NULL: none ever was.");
pub(super) const SITE_NAME: ViewColumn =
    required("site_name", Kind::Text, "The site's name for people.");
pub(super) const TIMEZONE: ViewColumn =
    required("timezone", Kind::Text, "The site's IANA time zone.");
pub(super) const TIMEZONE_THEN: ViewColumn =
    required("timezone", Kind::Text, "The IANA time zone that the site had then.");
pub(super) const COUNTRY_THEN: ViewColumn = optional(
    "country",
    Kind::Text,
    "Country where the site stood then, two letters of ISO 3166-1.",
);
pub(super) const LOCAL_TIME: ViewColumn =
    required("local_time", Kind::LocalTime, "The same moment on the site's clocks.");
pub(super) const LOCAL_DATE: ViewColumn =
    required("local_date", Kind::Date, "The site's local day.");
pub(super) const OBSERVATION_TIME: ViewColumn =
    required("observation_time", Kind::Time, "The source's own time of the observation, UTC.");
