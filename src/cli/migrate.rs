//! `weather migrate`: brings the store's schema up to date.

use super::exit::Exit;
use super::output;
use crate::store::StoreSettings;

/// Create or update the tables of the store
///
/// `etl` does this too when it may; where its database user has no such privileges, run this
/// as a user that has them.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  DATABASE_URL=mysql://admin:…@127.0.0.1/weather weather migrate"
)]
pub(super) struct Args {
    #[command(flatten)]
    store: StoreSettings,
}

pub(super) async fn run(args: Args) -> anyhow::Result<Exit> {
    let applied = args.store.open().await?.store.migrate().await?;
    if applied.is_empty() {
        output::say("the schema is up to date");
    } else {
        let versions: Vec<String> = applied.iter().map(ToString::to_string).collect();
        output::say(&format!("applied migration {}", versions.join(", ")));
    }
    Ok(Exit::Done)
}
