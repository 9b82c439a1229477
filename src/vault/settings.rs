//! Whether answers are kept, and where.

use clap::Args;
use url::Url;

use super::{Vault, VaultError};
use crate::http;
use crate::objects::{Objects, ObjectsUrl};

/// Settings of the vault.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Vault")]
pub struct VaultSettings {
    /// Where every answer is kept as it came: file:./vault, file:///srv/vault, s3://bucket/prefix or
    /// gs://bucket/prefix. Unset: none is kept
    #[arg(long, value_name = "URL", env = "VAULT_URL", hide_env_values = true)]
    pub vault_url: Option<String>,

    /// A stand-in of the bucket's service, by https or on this machine; for tests
    #[arg(long, value_name = "URL", env = "VAULT_ENDPOINT", hide = true, value_parser = http::parse_base_url)]
    pub vault_endpoint: Option<Url>,

    /// Whether collecting stops where an answer cannot be kept; else it goes on without
    #[arg(
        long,
        value_name = "BOOL",
        env = "VAULT_REQUIRED",
        default_value_t = false,
        action = clap::ArgAction::Set
    )]
    pub vault_required: bool,
}

impl VaultSettings {
    /// Settings for the vault at `url`.
    #[must_use]
    pub fn at(url: &str) -> Self {
        Self { vault_url: Some(url.to_owned()), ..Self::default() }
    }

    /// Where it is, if one is set; an empty setting is none.
    ///
    /// # Errors
    /// What is wrong with the setting, and the forms that work.
    pub fn url(&self) -> Result<Option<ObjectsUrl>, String> {
        let text = self.vault_url.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let parse = |text: &str| text.parse().map_err(|error| format!("VAULT_URL: {error}"));
        text.map(parse).transpose()
    }

    /// The vault, if one is set; nothing is asked of it yet.
    ///
    /// # Errors
    /// When the setting cannot be used, or there are no credentials.
    pub fn open(&self) -> Result<Option<Vault>, VaultError> {
        let settings = |text| VaultError::Objects(crate::objects::ObjectsError::Settings(text));
        let Some(url) = self.url().map_err(settings)? else { return Ok(None) };
        let objects = Objects::open(&url, self.vault_endpoint.as_ref())?;
        Ok(Some(Vault::new(&objects, self.vault_required)))
    }
}
