//! The form of an answer, by `f` or else by `Accept`.

use axum::http::HeaderMap;

use crate::serve::answer::format::Format;
use crate::serve::answer::parameters::{Parameters, shown};
use crate::serve::answer::problem::Problem;

/// The form that is asked for: `f` outweighs `Accept`, which then only chooses among forms of that
/// name.
pub(super) fn asked(
    parameters: &Parameters,
    headers: &HeaderMap,
    offered: &[(&'static str, Format)],
) -> Result<Format, Problem> {
    let Some(name) = parameters.text("f") else {
        return Format::negotiate(headers, &formats(offered, None));
    };
    let named = formats(offered, Some(name));
    let first = named.first().copied().ok_or_else(|| unknown(name, offered))?;
    Ok(Format::negotiate(headers, &named).unwrap_or(first))
}

fn formats(offered: &[(&'static str, Format)], name: Option<&str>) -> Vec<Format> {
    let is_meant = |known: &str| name.is_none_or(|name| name.eq_ignore_ascii_case(known));
    offered.iter().filter(|(known, _)| is_meant(known)).map(|(_, format)| *format).collect()
}

fn unknown(name: &str, offered: &[(&'static str, Format)]) -> Problem {
    let mut names: Vec<_> = offered.iter().map(|(name, _)| *name).collect();
    names.dedup();
    Problem::parameter("f", shown(name, "is no form of this"), names.join(", "))
}

#[cfg(test)]
mod tests {
    use axum::http::header::ACCEPT;

    use super::super::DATA;
    use super::*;

    fn chosen(query: &str, accept: Option<&str>) -> Option<Format> {
        let accept = accept.map(|value| (ACCEPT, value.parse().unwrap()));
        let parameters = Parameters::parse(Some(query), &["f"]).unwrap();
        asked(&parameters, &accept.into_iter().collect(), DATA).ok()
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
