//! What is drawn beside a site: another of its sources, or another site; and how they differ.

use chrono::TimeDelta;

use super::Scope;
use super::asked::Beside;
use super::series::Series;
use crate::domain::{Dimension, SiteId};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::reader::Reader;
use crate::views::gaps::ExpectedSource;
use crate::views::{self, Place};

/// What is drawn beside, and of what it is.
pub(super) struct Other {
    /// As the page names it.
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) asked: ExpectedSource,
    pub(super) series: Series,
}

/// Whose values those are.
pub(super) async fn find(
    reader: &Reader,
    scope: &Scope,
    beside: &Beside,
) -> Result<(String, Place, ExpectedSource), Problem> {
    match beside {
        Beside::Source(name) => of_source(reader, scope, name).await,
        Beside::Site(site_id) => of_site(reader, scope, site_id).await,
    }
}

async fn of_source(
    reader: &Reader,
    scope: &Scope,
    name: &str,
) -> Result<(String, Place, ExpectedSource), Problem> {
    let all = views::sources(&reader.store, &scope.place, None).await?;
    let names: Vec<_> = all.iter().filter_map(|asked| asked.source.clone()).collect();
    let found = all.into_iter().find(|asked| asked.source.as_deref() == Some(name));
    let asked = found.ok_or_else(|| {
        let allowed = names.iter().map(|name| format!("source:{name}")).collect::<Vec<_>>();
        Problem::parameter(
            "with",
            "names a source that was never asked for this site",
            allowed.join(", "),
        )
    })?;
    Ok((name.to_owned(), scope.place.clone(), asked))
}

async fn of_site(
    reader: &Reader,
    scope: &Scope,
    site_id: &SiteId,
) -> Result<(String, Place, ExpectedSource), Problem> {
    let site = reader.store.find_site(site_id.as_str()).await?;
    let place = Place::of(site.ok_or_else(|| Problem::unknown_named_site(site_id.as_str()))?)?;
    let all = views::sources(&reader.store, &place, None).await?;
    // The same source, if that site has it too.
    let own = all.iter().position(|asked| asked.source == scope.asked.source).unwrap_or(0);
    let asked = all.into_iter().nth(own);
    let asked = asked.unwrap_or(ExpectedSource { source: None, first_slot: None });
    Ok((place.site.name.clone(), place, asked))
}

impl Other {
    /// How much warmer it is here on the mean, over what both have; `None`: there is nothing that both have.
    pub(super) fn difference(&self, own: &Series, scope: &Scope) -> Option<String> {
        let differences = differences(own, &self.series);
        let count = differences.len();
        #[expect(clippy::cast_precision_loss, reason = "hours of a year")]
        let mean = (count > 0).then(|| differences.iter().sum::<f64>() / count as f64)?;
        let view = &scope.view;
        let by_hour = own.step() < TimeDelta::days(1);
        let key = if by_hour { "site-with-hours" } else { "site-with-days" };
        let sign = if mean < 0.0 { "−" } else { "+" };
        let difference = view.difference(Dimension::Temperature, mean.abs());
        let said = view.say(key).with("difference", format!("{sign}{difference}"));
        Some(said.with("count", count).with("name", self.name.as_str()).to_string())
    }
}

/// What the temperatures differ by, of each time that both have.
fn differences(own: &Series, other: &Series) -> Vec<f64> {
    let Some(temperature) = super::measured::KINDS[0].shown.first() else { return Vec::new() };
    let (own, other) = (own.samples(temperature), other.samples(temperature));
    let mut other = other.into_iter().peekable();
    let both = own.into_iter().filter_map(|(time, _, value)| {
        while other.next_if(|(before, ..)| *before < time).is_some() {}
        other.next_if(|(same, ..)| *same == time).map(|(.., beside)| value - beside)
    });
    both.collect()
}
