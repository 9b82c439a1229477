//! The forms of answers, and which of them `Accept` names.

use axum::http::{HeaderMap, StatusCode, header};

use super::problem::Problem;

/// The media type of Parquet.
pub(crate) const PARQUET: &str = "application/vnd.apache.parquet";

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Format {
    Json,
    /// A JSON object a line.
    Ndjson,
    Csv,
    /// Server-sent events.
    Events,
    /// A page for people.
    Html,
    /// Apache Parquet.
    Parquet,
    /// `CoverageJSON`, as EDR 1.1 names it.
    Coverage,
    /// The same, as it is registered since.
    RegisteredCoverage,
    GeoJson,
    /// A picture.
    Svg,
    /// Figures for Prometheus.
    OpenMetrics,
}

impl Format {
    /// The forms that rows come in; the first is what is meant if all will do.
    pub(crate) const ROWS: &[Self] = &[Self::Json, Self::Ndjson, Self::Csv, Self::Parquet];

    /// The forms that rows come in of which each is of a place.
    pub(crate) const POINTS: &[Self] =
        &[Self::Json, Self::Ndjson, Self::Csv, Self::Parquet, Self::GeoJson];

    /// The forms that an object with rows comes in which depends on the moment.
    pub(crate) const STATUS: &[Self] = &[Self::Json, Self::Csv];

    /// The form that everything else comes in.
    pub(crate) const OBJECT: &[Self] = &[Self::Json];

    /// The form that messages come in.
    pub(crate) const EVENTS: &[Self] = &[Self::Events];

    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Events => "text/event-stream",
            Self::Html => "text/html; charset=utf-8",
            Self::Parquet => PARQUET,
            Self::Coverage => "application/prs.coverage+json",
            Self::RegisteredCoverage => "application/vnd.cov+json",
            Self::GeoJson => "application/geo+json",
            Self::Svg => "image/svg+xml",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// Type and subtype.
    fn essence(self) -> (&'static str, &'static str) {
        match self {
            Self::Json => ("application", "json"),
            Self::Ndjson => ("application", "x-ndjson"),
            Self::Csv => ("text", "csv"),
            Self::Events => ("text", "event-stream"),
            Self::Html => ("text", "html"),
            Self::Parquet => ("application", "vnd.apache.parquet"),
            Self::Coverage => ("application", "prs.coverage+json"),
            Self::RegisteredCoverage => ("application", "vnd.cov+json"),
            Self::GeoJson => ("application", "geo+json"),
            Self::Svg => ("image", "svg+xml"),
            Self::OpenMetrics => ("application", "openmetrics-text"),
        }
    }

    /// What `format` calls it, which is the ending of a file too; `None`: it cannot be asked for so.
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            Self::Json => Some("json"),
            Self::Ndjson => Some("ndjson"),
            Self::Csv => Some("csv"),
            Self::Parquet => Some("parquet"),
            Self::GeoJson => Some("geojson"),
            _ => None,
        }
    }

    /// Whether it is kept as a file rather than shown.
    pub(crate) fn is_file(self) -> bool {
        matches!(self, Self::Ndjson | Self::Csv | Self::Parquet)
    }

    /// The one of `offered` that the client would rather have.
    pub(crate) fn negotiate(headers: &HeaderMap, offered: &[Self]) -> Result<Self, Problem> {
        let mut ranges = Vec::new();
        for value in headers.get_all(header::ACCEPT) {
            ranges.extend(value.to_str().unwrap_or_default().split(',').filter_map(Range::parse));
        }
        if !headers.contains_key(header::ACCEPT) {
            ranges.push(Range { kind: "*", subtype: "*", quality: 1000 });
        }
        let quality = |format: &Self| Range::quality(&ranges, format.essence());
        // Of equal ones `max_by_key` takes the last, and the first is meant.
        let best = offered.iter().rev().max_by_key(|format| quality(format));
        best.copied().filter(|format| quality(format) > 0).ok_or_else(|| not_acceptable(offered))
    }
}

/// How much a client would like this version of a type that it names, in thousandths; without a version the newest is
/// meant, which is every other than `3.0`.
pub(crate) fn quality_of_version(headers: &HeaderMap, media_type: &str, version: &str) -> u16 {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let ranges = accepted.flat_map(|value| value.split(','));
    let of_range = |text: &str| {
        let (name, parameters) = text.split_once(';').unwrap_or((text, ""));
        let named = parameters.split(';').filter_map(|pair| pair.split_once('='));
        let named = named.map(|(name, value)| (name.trim(), value.trim().trim_matches('"')));
        let own = named.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("version"));
        let is_version =
            own.is_none_or(|(_, own)| own == version) && (own.is_some() || version != "3.0");
        let is_meant = name.trim().eq_ignore_ascii_case(media_type) && is_version;
        is_meant.then(|| Range::parse(text)).flatten().map(|range| range.quality)
    };
    ranges.filter_map(of_range).max().unwrap_or_default()
}

fn not_acceptable(offered: &[Format]) -> Problem {
    let types: Vec<_> = offered.iter().map(|format| format.media_type()).collect();
    Problem::of(StatusCode::NOT_ACCEPTABLE)
        .detail("Accept names no form that this comes in")
        .allowed(&types.join(", "))
}

/// A range of media types and its weight in thousandths
/// ([RFC 9110, 12.5.1](https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1)).
struct Range<'a> {
    kind: &'a str,
    subtype: &'a str,
    quality: u16,
}

impl<'a> Range<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let quality = parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim().eq_ignore_ascii_case("q").then(|| parse_quality(value.trim()))
        });
        Some(Self { kind, subtype, quality: quality.unwrap_or(1000) })
    }

    /// The weight of the range that says most of `essence`.
    fn quality(ranges: &[Self], (kind, subtype): (&str, &str)) -> u16 {
        let fit = |range: &Self| {
            let is_kind = range.kind.eq_ignore_ascii_case(kind);
            match (range.kind, range.subtype) {
                ("*", "*") => 1,
                (_, "*") if is_kind => 2,
                (_, other) if is_kind && other.eq_ignore_ascii_case(subtype) => 3,
                _ => 0,
            }
        };
        let best = ranges.iter().filter(|range| fit(range) > 0).max_by_key(|range| fit(range));
        best.map_or(0, |range| range.quality)
    }
}

/// A weight that cannot be read is none.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "0 to 1000 after the clamp"
)]
fn parse_quality(text: &str) -> u16 {
    let quality: f64 = text.parse().unwrap_or(0.0);
    (quality.clamp(0.0, 1.0) * 1000.0) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(accept: Option<&str>) -> Option<Format> {
        let accept = accept.map(|value| (header::ACCEPT, value.parse().unwrap()));
        Format::negotiate(&accept.into_iter().collect(), Format::ROWS).ok()
    }

    #[test]
    fn the_client_gets_what_it_would_rather_have_and_else_json() {
        for (accept, format) in [
            (None, Format::Json),
            (Some("*/*"), Format::Json),
            (Some("text/csv"), Format::Csv),
            (Some("TEXT/*"), Format::Csv),
            (Some("application/x-ndjson, */*;q=0.1"), Format::Ndjson),
            (Some("application/vnd.apache.parquet"), Format::Parquet),
            (Some("text/csv;q=0.5, application/json;q=0.9"), Format::Json),
            (Some("application/*;q=0.2, text/csv; q=0.3"), Format::Csv),
            (Some("application/json;q=0, */*"), Format::Ndjson),
            (Some("text/html, application/xhtml+xml, */*;q=0.8"), Format::Json),
        ] {
            assert_eq!(chosen(accept), Some(format), "{accept:?}");
        }
        for accept in ["text/html", "image/*", "application/json;q=0", "nonsense", ""] {
            assert_eq!(chosen(Some(accept)), None, "{accept}");
        }
    }
}
