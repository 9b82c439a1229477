//! `format` and `bom`: in which form an answer comes. The address outweighs `Accept`, which a browser's bar
//! and a spreadsheet cannot set.

use std::marker::PhantomData;

use axum::http::HeaderMap;
use serde::{Deserialize, Serialize, Serializer};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::format::Format;
use super::problem::Problem;
use super::values::{Flag, Unfit};

/// The forms that an endpoint has, the one that is meant if all will do first.
pub(crate) trait Offer {
    /// The forms.
    const FORMS: &'static [Format];
}

/// The name of a form that an endpoint has.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String", bound = "O: Offer")]
pub(crate) struct Named<O>(Format, PhantomData<O>);

impl<O: Offer> TryFrom<String> for Named<O> {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        let named = O::FORMS.iter().find(|format| format.name() == Some(text.as_str()));
        let unfit = || Unfit::shown(&text, "is no form of this answer", names::<O>().join(", "));
        named.map(|format| Self(*format, PhantomData)).ok_or_else(unfit)
    }
}

/// The form stands in the cache key as it was chosen.
impl<O> Serialize for Named<O> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_none()
    }
}

fn names<O: Offer>() -> Vec<&'static str> {
    O::FORMS.iter().filter_map(|format| format.name()).collect()
}

impl<O: Offer> ToSchema for Named<O> {}

impl<O: Offer> PartialSchema for Named<O> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names::<O>())).into()
    }
}

/// The parameters of an endpoint's form.
macro_rules! form {
    ($(#[$doc:meta])* $form:ident, $named:ident, $forms:expr) => {
        /// The name of one of its forms.
        type $named = Named<$form>;

        $(#[$doc])*
        #[derive(Debug, Deserialize, Serialize, IntoParams)]
        #[serde(deny_unknown_fields)]
        #[into_params(parameter_in = Query)]
        pub(crate) struct $form {
            /// The form of the answer; it outweighs `Accept`. CSV, NDJSON and Parquet then come as a file with a
            /// name.
            #[param(inline)]
            format: Option<$named>,
            /// true: CSV begins with the mark by which Excel knows UTF-8.
            #[param(inline)]
            bom: Option<Flag>,
        }

        impl Offer for $form {
            const FORMS: &'static [Format] = $forms;
        }

        impl $form {
            /// The form that is asked for.
            pub(crate) fn choose(&self, headers: &HeaderMap) -> Result<Form, Problem> {
                choose(self.format.as_ref(), self.bom, headers)
            }
        }
    };
}

form!(
    /// In which form rows come.
    RowsForm, RowsFormat, Format::ROWS
);
form!(
    /// In which form rows come of which each is of a place.
    PointsForm, PointsFormat, Format::POINTS
);
form!(
    /// In which form the status comes.
    StatusForm, StatusFormat, Format::STATUS
);

/// The form that was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) format: Format,
    /// Whether it begins with the mark of UTF-8.
    pub(crate) has_bom: bool,
    /// Whether the address names it.
    is_named: bool,
}

impl From<Format> for Form {
    fn from(format: Format) -> Self {
        Self { format, has_bom: false, is_named: false }
    }
}

fn choose<O: Offer>(
    named: Option<&Named<O>>,
    bom: Option<Flag>,
    headers: &HeaderMap,
) -> Result<Form, Problem> {
    let format = named.map_or_else(|| Format::negotiate(headers, O::FORMS), |named| Ok(named.0))?;
    let has_bom = bom == Some(Flag(true));
    if has_bom && format != Format::Csv {
        return Err(Problem::parameter("bom", "is of CSV only", "false, or format=csv"));
    }
    Ok(Form { format, has_bom, is_named: named.is_some() })
}

impl Form {
    /// The name of the file that it is, if it is one: `weather-hourly-2026-11-01-2026-11-30.csv`.
    pub(crate) fn file_name(self, parts: &[&str]) -> Option<String> {
        let ending = self.format.name().filter(|_| self.is_named && self.format.is_file())?;
        Some(format!("weather-{}.{ending}", parts.join("-")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::answer::parameters::parse;

    fn chosen(query: &str, accept: &'static str) -> Result<Form, String> {
        let headers = [(axum::http::header::ACCEPT, accept.parse().unwrap())];
        let form: RowsForm = parse(query).map_err(|problem| problem.in_words().to_owned())?;
        let form = form.choose(&headers.into_iter().collect());
        form.map_err(|problem| problem.in_words().to_owned())
    }

    #[test]
    fn the_address_outweighs_accept_and_names_a_file() {
        let form = chosen("format=csv&bom=true", "application/json").unwrap();
        assert_eq!((form.format, form.has_bom), (Format::Csv, true));
        assert_eq!(form.file_name(&["hourly", "2026"]).unwrap(), "weather-hourly-2026.csv");
        let form = chosen("", "text/csv").unwrap();
        assert_eq!((form.format, form.file_name(&["latest"])), (Format::Csv, None));
        assert_eq!(chosen("format=json", "*/*").unwrap().file_name(&["latest"]), None);
    }

    #[test]
    fn a_form_that_is_not_there_and_a_mark_of_json_are_refused() {
        for (query, words) in [
            ("format=xlsx", "format: `xlsx` is no form of this answer"),
            ("format=geojson", "format: `geojson` is no form of this answer"),
            ("format=CSV", "format: `CSV` is no form of this answer"),
            ("bom=true", "bom: is of CSV only"),
            ("bom=true&format=parquet", "bom: is of CSV only"),
            ("bom=1&format=csv", "bom: `1` is neither yes nor no"),
        ] {
            assert_eq!(chosen(query, "*/*").unwrap_err(), words, "{query}");
        }
    }
}
