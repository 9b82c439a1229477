//! Whether an answer could be kept.

use super::finding::{Finding, Verdict, with_cause};
use crate::cli::platform::Platform;
use crate::vault::{VaultError, VaultSettings};

/// The finding for the vault; none where none is set.
pub(super) async fn finding(settings: &VaultSettings, platform: &Platform) -> Option<Finding> {
    let check = "vault";
    if let Err(error) = platform.check_vault(settings) {
        let remedy = "set VAULT_URL=s3://bucket/prefix or gs://bucket/prefix";
        return Some(Finding::bad(check, Verdict::WrongConfiguration, error.to_string(), remedy));
    }
    let tried = match settings.open() {
        Ok(None) => return None,
        Ok(Some(vault)) => vault.check().await.map(|()| vault.name().to_owned()),
        Err(error) => Err(error),
    };
    Some(match tried {
        Ok(name) => Finding::good(check, format!("answers can be kept in {name}")),
        Err(error) => of(check, &error),
    })
}

fn of(check: &'static str, error: &VaultError) -> Finding {
    let verdict = match error.kind() {
        "settings" => Verdict::WrongConfiguration,
        _ => Verdict::Refused,
    };
    Finding::bad(check, verdict, with_cause(error), error.hint())
}
