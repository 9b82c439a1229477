//! The findings of a source, and the one call that `doctor` makes of it: reserved as every call is.

use super::finding::{Finding, Verdict};
use crate::cli::sites::SitesSettings;
use crate::cli::sources::{self, Ready, SourceName, SourcesSettings};
use crate::cli::spend::spend;
use crate::clock::{Clock as _, SystemClock};
use crate::domain::{BudgetWindow, Site};
use crate::source::SetupError;
use crate::store::Store;

/// Whether the sources are tried, and for which site.
pub(super) enum Trial {
    /// The command says not to.
    NotWanted,
    /// The sites file has none.
    NoSite,
    /// The first one of the file.
    For(Box<Site>),
}

impl Trial {
    /// By the sites file, unless no call is to be made.
    pub(super) fn of(sites: &SitesSettings, no_call: bool) -> Self {
        if no_call {
            return Self::NotWanted;
        }
        let first = sites.read().ok().and_then(|sites| sites.into_iter().next());
        first.map_or(Self::NoSite, |site| Self::For(Box::new(site)))
    }
}

/// The service, and on which terms it is used.
pub(super) async fn findings(
    entry: SourceName,
    settings: &SourcesSettings,
    trial: &Trial,
    store: Option<&dyn Store>,
) -> Vec<Finding> {
    let ready = match settings.try_build(entry) {
        Ok(ready) => ready,
        Err(error) => return vec![not_set_up(entry, &error)],
    };
    let mut findings = vec![try_out(&ready, trial, store).await];
    findings.extend((entry.check.terms)(settings).map(Finding::of_terms));
    findings
}

/// A source that cannot even be called.
fn not_set_up(entry: SourceName, error: &SetupError) -> Finding {
    let hint = sources::hint(entry, error);
    let verdict = if hint.is_some() { Verdict::WrongConfiguration } else { Verdict::Refused };
    Finding::bad(entry.check.name, verdict, error.to_string(), hint.unwrap_or("see the cause"))
}

/// Calls a source once, if it is to be tried.
async fn try_out(ready: &Ready, trial: &Trial, store: Option<&dyn Store>) -> Finding {
    let Ready { entry, source, budget, .. } = ready;
    let sources::Check { name: check, set, remedy, .. } = entry.check;
    let site = match trial {
        Trial::For(site) => site,
        Trial::NotWanted => return Finding::good(check, format!("{set}, not tried")),
        Trial::NoSite => {
            return Finding::good(check, format!("{set}, not tried: no site to ask for"));
        }
    };
    if let Err(spent) = spend(store, budget).await {
        let until = spent.iter().map(BudgetWindow::end).max().unwrap_or_default();
        let found = format!("{set}, not tried: no calls left until {}", until.format("%F %T UTC"));
        let remedy = "`weather quota` shows what was spent";
        return Finding::bad(check, Verdict::Warning, found, remedy);
    }
    match source.observe(site, SystemClock.now()).await {
        Ok(_) => Finding::good(check, format!("{} answered", source.name())),
        Err(error) => Finding::bad(
            check,
            Verdict::Refused,
            &error.message,
            remedy(error.kind, &error.message),
        ),
    }
}
