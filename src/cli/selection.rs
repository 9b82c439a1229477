//! Which sites of the store a command is about.

use std::collections::BTreeSet;

use super::error::UsageError;
use super::similar::{did_you_mean, similar};
use crate::domain::SiteId;
use crate::store::{Reads, SiteRow};

/// Which sites.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct SelectionArgs {
    /// Only this site; several by commas, or the flag several times
    #[arg(long = "site", value_name = "ID", value_delimiter = ',', value_parser = parse_site_id)]
    pub(super) sites: Vec<SiteId>,

    /// Only sites that have this tag; several by commas: any of them
    #[arg(long = "tag", value_name = "TAG", value_delimiter = ',')]
    pub(super) tags: Vec<String>,
}

/// How a list is made shorter, and whether the exit code says what it shows.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct ListArgs {
    /// So many rows at most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) limit: Option<u32>,

    /// End with exit code 1 if there is trouble among what is selected
    #[arg(long)]
    pub(super) exit_code: bool,
}

impl ListArgs {
    /// Rows at most, of so many otherwise.
    pub(super) fn rows(self, otherwise: usize) -> usize {
        self.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(otherwise)
    }
}

pub(super) fn parse_site_id(text: &str) -> Result<SiteId, String> {
    SiteId::parse(text).ok_or_else(|| {
        "no id of a site: lower-case letters, digits, `_` and `-`, at most 64".into()
    })
}

impl SelectionArgs {
    /// True when every site is meant.
    fn is_all(&self) -> bool {
        self.sites.is_empty() && self.tags.is_empty()
    }

    /// The ids of the sites that are meant; `None`: all.
    pub(super) async fn site_ids(&self, reads: &Reads) -> anyhow::Result<Option<BTreeSet<String>>> {
        if self.is_all() {
            return Ok(None);
        }
        let sites = reads.list_sites().await?;
        check_ids(&self.sites, &sites)?;
        check_tags(&self.tags, &sites)?;
        let mut selected = BTreeSet::new();
        for site in sites {
            let is_named =
                self.sites.is_empty() || self.sites.iter().any(|id| id.as_str() == site.site_id);
            let is_tagged =
                self.tags.is_empty() || site.tags()?.iter().any(|tag| self.tags.contains(tag));
            if is_named && is_tagged {
                selected.insert(site.site_id);
            }
        }
        Ok(Some(selected))
    }
}

/// Fails when the store knows no site of one of these ids, and says which may be meant.
pub(super) fn check_ids(wanted: &[SiteId], sites: &[SiteRow]) -> Result<(), UsageError> {
    let is_known = |id: &&SiteId| sites.iter().any(|site| site.site_id == id.as_str());
    let unknown: Vec<&str> = wanted.iter().filter(|id| !is_known(id)).map(SiteId::as_str).collect();
    let Some(first) = unknown.first() else { return Ok(()) };
    let meant = similar(first, sites.iter().map(|site| site.site_id.as_str()));
    let hint = did_you_mean(&meant).unwrap_or_else(|| {
        "`weather status` lists the sites; one that is new in the file is taken in by `weather etl`".into()
    });
    let problem = format!("the store knows no site `{}`", unknown.join("`, `"));
    Err(UsageError::new(problem).hint(hint))
}

/// Fails when no site has one of these tags: a slip would select nothing, and look well.
pub(super) fn check_tags(wanted: &[String], sites: &[SiteRow]) -> anyhow::Result<()> {
    let mut known = BTreeSet::new();
    for site in sites.iter().filter(|_| !wanted.is_empty()) {
        known.extend(site.tags()?);
    }
    let Some(unknown) = wanted.iter().find(|tag| !known.contains(*tag)) else { return Ok(()) };
    let meant = similar(unknown, known.iter().map(String::as_str));
    let all = || format!("the tags are: {}", known.iter().cloned().collect::<Vec<_>>().join(", "));
    let hint = did_you_mean(&meant).unwrap_or_else(all);
    Err(UsageError::new(format!("no site has the tag `{unknown}`")).hint(hint).into())
}
