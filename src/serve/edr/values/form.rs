//! `f`: the form of an answer, which outweighs `Accept`.

use std::marker::PhantomData;

use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use crate::serve::answer::format::Format;
use crate::serve::answer::problem::Problem;
use crate::serve::answer::values::{Unfit, text_schema};

/// The forms that `f` knows by name; the first is meant without it.
type Forms = &'static [(&'static str, Format)];

/// Which forms an endpoint has.
pub(crate) trait Offer {
    const FORMS: Forms;
}

/// The forms of data.
pub(crate) const DATA: Forms = &[
    ("CoverageJSON", Format::Coverage),
    ("CoverageJSON", Format::RegisteredCoverage),
    ("GeoJSON", Format::GeoJson),
];

/// Those of data.
pub(crate) struct Data;

impl Offer for Data {
    const FORMS: Forms = DATA;
}

/// Those of places.
pub(crate) struct Places;

impl Offer for Places {
    const FORMS: Forms = &[("GeoJSON", Format::GeoJson), ("JSON", Format::Json)];
}

/// Those of all else.
pub(crate) struct Pages;

impl Offer for Pages {
    const FORMS: Forms = &[("JSON", Format::Json)];
}

/// A name that the program knows.
type Name = &'static str;

/// A form, by its name.
#[derive(Deserialize, Serialize)]
#[serde(try_from = "String", bound(deserialize = "O: Offer", serialize = ""))]
pub(crate) struct Form<O> {
    name: Name,
    #[serde(skip)]
    offer: PhantomData<O>,
}

impl<O: Offer> TryFrom<String> for Form<O> {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        let known = O::FORMS.iter().find(|(name, _)| name.eq_ignore_ascii_case(&text));
        let unfit = || Unfit::shown(&text, "is no form of this", names::<O>().join(", "));
        known.map(|(name, _)| Self { name, offer: PhantomData }).ok_or_else(unfit)
    }
}

impl<O: Offer> Form<O> {
    /// The form that is asked for: `f` outweighs `Accept`, which then only chooses among forms of that
    /// name.
    pub(crate) fn negotiate(f: Option<&Self>, headers: &HeaderMap) -> Result<Format, Problem> {
        let is_meant = |name: &str| f.is_none_or(|form| form.name == name);
        let meant = O::FORMS.iter().filter(|(name, _)| is_meant(name)).map(|(_, format)| *format);
        let meant: Vec<_> = meant.collect();
        let negotiated = Format::negotiate(headers, &meant);
        match meant.first().filter(|_| f.is_some()) {
            Some(first) => Ok(negotiated.unwrap_or(*first)),
            None => negotiated,
        }
    }
}

pub(crate) type DataForm = Form<Data>;
pub(crate) type PlaceForm = Form<Places>;
pub(crate) type PageForm = Form<Pages>;

/// Each name once.
fn names<O: Offer>() -> Vec<&'static str> {
    let mut names: Vec<_> = O::FORMS.iter().map(|(name, _)| *name).collect();
    names.dedup();
    names
}

impl<O: Offer> ToSchema for Form<O> {}

impl<O: Offer> PartialSchema for Form<O> {
    fn schema() -> RefOr<Schema> {
        text_schema(match &names::<O>()[..] {
            [only] => format!("^{only}$"),
            names => format!("^({})$", names.join("|")),
        })
        .into()
    }
}

/// What a page of links or terms can be asked with.
#[derive(Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// The form; JSON if it is missing.
    #[param(inline)]
    pub(crate) f: Option<PageForm>,
}

#[cfg(test)]
mod tests {
    use axum::http::header::ACCEPT;

    use super::*;
    use crate::serve::answer::parameters::parse;

    #[derive(Deserialize)]
    struct Query {
        f: Option<Form<Data>>,
    }

    fn chosen(query: &str, accept: Option<&str>) -> Option<Format> {
        let accept = accept.map(|value| (ACCEPT, value.parse().unwrap()));
        let query: Query = parse(query).ok()?;
        Form::negotiate(query.f.as_ref(), &accept.into_iter().collect()).ok()
    }

    #[test]
    fn f_outweighs_accept() {
        for (query, accept, format) in [
            ("", None, Some(Format::Coverage)),
            ("", Some("*/*"), Some(Format::Coverage)),
            ("", Some("application/vnd.cov+json"), Some(Format::RegisteredCoverage)),
            ("", Some("application/geo+json"), Some(Format::GeoJson)),
            ("", Some("text/html"), None),
            ("f=GeoJSON", Some("text/html"), Some(Format::GeoJson)),
            ("f=geojson", None, Some(Format::GeoJson)),
            ("f=CoverageJSON", Some("application/vnd.cov+json"), Some(Format::RegisteredCoverage)),
            ("f=CoverageJSON", Some("application/geo+json"), Some(Format::Coverage)),
            ("f=GRIB", None, None),
            ("f=", None, None),
        ] {
            assert_eq!(chosen(query, accept), format, "{query} {accept:?}");
        }
    }
}
