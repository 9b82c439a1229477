//! `/settings`: how pages are written for this reader. Its form keeps the choice in a cookie, and leads back.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};

use super::lang::{self, Language};
use super::view::{self, Asked, Given, UnitsChoice, View};
use super::{Frame, answer};
use crate::domain::units::Unit;
use crate::domain::{Dimension, Units};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::public::PublicUrl;
use crate::serve::answer::values::Unfit;

/// What the form sends beside `units`, `times` and `lang`. What is empty is not chosen.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SettingsQuery {
    #[serde(default)]
    temperature: Code,
    #[serde(default)]
    wind: Code,
    #[serde(default)]
    rain: Code,
    #[serde(default)]
    pressure: Code,
    #[serde(default)]
    visibility: Code,
    next: Option<String>,
}

/// The unit of one dimension; empty: that of the system.
#[derive(Default, Deserialize, Serialize)]
#[serde(try_from = "String")]
struct Code(Option<Word>);

/// A word that the program knows.
type Word = &'static str;

impl TryFrom<String> for Code {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        let units = || Dimension::ALL.into_iter().flat_map(Dimension::units);
        let found = units().find(|unit| unit.code == text).map(|unit| unit.code);
        if found.is_none() && !text.is_empty() {
            return Err(Unfit::shown(&text, "is no unit", Units::forms()));
        }
        Ok(Self(found))
    }
}

impl SettingsQuery {
    /// In the order of [`Dimension`].
    fn codes(&self) -> [Option<&'static str>; 5] {
        [&self.temperature, &self.wind, &self.rain, &self.pressure, &self.visibility]
            .map(|code| code.0)
    }

    /// The units of the system, and what differs from it.
    fn units(&self, system: Units) -> Result<Units, Problem> {
        let mut text = system.to_string();
        for (dimension, code) in Dimension::ALL.into_iter().zip(self.codes()) {
            if let Some(code) = code {
                text.push_str(&format!(",{}:{code}", dimension.name()));
            }
        }
        let problem = |_| Problem::parameter("units", "is no choice of units", Units::forms());
        text.parse().map_err(problem)
    }

    /// Where the form leads.
    fn next(&self) -> &str {
        self.next.as_deref().filter(|next| is_path(next)).unwrap_or("/")
    }
}

/// A path of this page and nothing else: browsers take `//` and `/\` for the beginning of another server, and leave
/// out tabs and line ends before they look.
fn is_path(text: &str) -> bool {
    let has_one_slash = text.starts_with('/') && !text.starts_with("//");
    has_one_slash && !text.contains('\\') && text.chars().all(|c| c.is_ascii_graphic())
}

#[derive(Template)]
#[template(path = "settings.html")]
struct Settings {
    frame: Frame,
    t: View,
    languages: &'static [Language],
    is_imperial: bool,
    apart: Vec<Apart>,
    zones: Vec<&'static str>,
    times: String,
    next: String,
}

/// A dimension, its units, and the one that is chosen.
struct Apart {
    name: &'static str,
    key: String,
    units: Vec<(&'static str, &'static str, bool)>,
}

impl Settings {
    fn of(frame: Frame, t: View, languages: &'static [Language], next: &str) -> Self {
        let (units, times) = (t.units(), t.times());
        let is_imperial = units.to_string().starts_with("imperial");
        let system = if is_imperial { Units::IMPERIAL } else { Units::METRIC };
        let apart = Dimension::ALL.into_iter().map(|dimension| Apart::of(dimension, system, units));
        let mut zones: Vec<_> = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()).collect();
        zones.retain(|name| is_place(name) || *name == times.to_string());
        Self {
            frame,
            t,
            languages,
            is_imperial,
            apart: apart.collect(),
            zones,
            times: times.to_string(),
            next: next.to_owned(),
        }
    }
}

/// Areas of older names, and of offsets.
const OLDER: [&str; 6] = ["Brazil", "Canada", "Chile", "Etc", "Mexico", "US"];

/// A zone by the name of a place in it.
fn is_place(name: &str) -> bool {
    name.split_once('/').is_some_and(|(area, _)| !OLDER.contains(&area))
}

impl Apart {
    fn of(dimension: Dimension, system: Units, chosen: Units) -> Self {
        let is_apart = system.of(dimension) != chosen.of(dimension);
        let choice = |unit: &'static Unit| {
            (unit.code, unit.symbol, is_apart && unit == chosen.of(dimension))
        };
        Self {
            name: dimension.name(),
            key: format!("settings-{}", dimension.name()),
            units: dimension.units().iter().map(choice).collect(),
        }
    }
}

/// Shows the form, or keeps what it sends: an address with a choice in it is one that was sent.
pub(super) async fn show(
    asked: Asked<SettingsQuery>,
    State(public): State<PublicUrl>,
) -> Result<Response, Problem> {
    let Asked { query, view, here } = asked;
    let given = view.given();
    if given.is_empty() && query.codes().iter().all(Option::is_none) {
        let frame = Frame::of(&public, "settings", &here);
        return answer(&Settings::of(frame, view, lang::all(), query.next()));
    }
    let units = match given.units {
        Some(UnitsChoice(system)) => query.units(system)?,
        None => query.units(view.units())?,
    };
    let (units, times) = (Some(UnitsChoice(units)), Some(view.times()));
    let lang = Some(view::Lang(view.language()));
    let cookie = view::kept(Given { units, times, lang }, public.path());
    Ok(lead(&public, query.next(), cookie))
}

/// Leads to a path of this page, with the cookie.
fn lead(public: &PublicUrl, next: &str, cookie: Option<HeaderValue>) -> Response {
    let next = HeaderValue::try_from(format!("{}{next}", public.path()));
    let next = next.unwrap_or_else(|_| HeaderValue::from_static("/"));
    let mut headers = HeaderMap::from_iter([(header::LOCATION, next)]);
    headers.extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    (StatusCode::SEE_OTHER, headers).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_third_language_is_a_copy_of_a_file_and_can_be_chosen() {
        let english = include_str!("../../../assets/lang/en.ftl");
        let copy = english.replace("language-name = English", "language-name = Anglais");
        let all = vec![
            Language::of("en", english),
            Language::of("es", include_str!("../../../assets/lang/es.ftl")),
            Language::of("fr", &copy),
        ];
        let frame = Frame::of(&PublicUrl::default(), "settings", "/settings");
        let page = Settings::of(frame, View::of_nobody(), Box::leak(all.into_boxed_slice()), "/");
        let html = page.render().unwrap();
        assert!(html.contains("<option value=\"fr\" lang=\"fr\">Anglais</option>"), "{html}");
        assert_eq!(html.matches("<option value=\"e").count(), 2, "{html}");
    }
}
