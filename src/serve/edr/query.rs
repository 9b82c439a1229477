//! What every query for time series can be asked with.

use super::values::{Crs, DataForm, Interval, Names};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::values::Source;

/// The parameters of a query for time series: those of its own, which may all be missing, and those that all such queries
/// have. With `fill`, which fills time and source, and gives what is selected.
macro_rules! series_query {
    ($(#[$doc:meta])* $name:ident {
        $($(#[$own:meta])* $field:ident: $kind:ident,)*
    }) => {
        $(#[$doc])*
        #[derive(serde::Deserialize, serde::Serialize, utoipa::IntoParams)]
        #[serde(deny_unknown_fields)]
        #[into_params(parameter_in = Query)]
        pub(super) struct $name {
            $($(#[$own])* $field: Option<$kind>,)*
            /// A time, a day, or an interval of them, with `..` for an open end; 366 days at most; the last
            /// 24 hours if it is missing.
            #[param(example = "2026-11-25T00:00:00Z/..")]
            datetime: Option<Interval>,
            /// Only these quantities, by commas.
            #[serde(rename = "parameter-name")]
            #[param(inline, style = Form, explode = false)]
            parameter_name: Option<Names>,
            /// The same, as OWSLib writes it.
            #[param(inline, style = Form, explode = false)]
            parameter_names: Option<Names>,
            /// The source; the first in use if it is missing.
            #[param(inline, example = "openweathermap")]
            source: Option<Source>,
            /// The coordinate reference system: there is one.
            crs: Option<Crs>,
            /// The form; CoverageJSON if it is missing. It outweighs Accept.
            #[param(inline)]
            pub(super) f: Option<DataForm>,
        }

        impl $name {
            /// Fills time and source, and gives what is selected.
            pub(super) fn fill(
                &mut self,
                reader: &crate::serve::answer::reader::Reader,
            ) -> Result<$crate::serve::edr::series::Selected, Problem> {
                let names = [self.parameter_name.as_ref(), self.parameter_names.as_ref()];
                let names = $crate::serve::edr::values::Quantities::of(names);
                let (datetime, source) = (&mut self.datetime, &mut self.source);
                $crate::serve::edr::series::Selected::fill(reader, datetime, source, names)
            }
        }
    };
}

pub(super) use series_query;

series_query! {
    /// What the time series of a site can be asked with.
    SeriesQuery {}
}
