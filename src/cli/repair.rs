//! `weather repair`: rewrites in each sink the days that differ.

use super::exit::Exit;
use super::verify::{self, CompareArgs, PartsArgs};
use crate::sync::repair;
use crate::sync::verify::{Verify, run as compare_only};

/// Rewrite in the sinks the days that differ from the store, and no others
///
/// Compares as `weather verify` does, then deletes and inserts each day that differs in one
/// transaction. Rows that only the sink has stay, with the whole day, unless --allow-delete is given.
/// May run beside a sync. Ends with exit code 1 when a difference is left.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    weather repair --dry-run\n  \
    weather repair --from 2026-11-01 --to 2026-11-07\n  \
    weather repair --deep --allow-delete")]
#[group(skip)]
pub(super) struct Args {
    /// Say which days differ, and rewrite none
    #[arg(long)]
    dry_run: bool,

    /// Also remove rows that only the sink has
    #[arg(long, conflicts_with = "dry_run")]
    allow_delete: bool,

    #[command(flatten)]
    compare: CompareArgs,
    #[command(flatten)]
    parts: PartsArgs,
}

pub(super) async fn run(args: Args, is_json: bool) -> anyhow::Result<Exit> {
    let Args { dry_run, allow_delete, compare, parts } = args;
    if dry_run {
        let found =
            verify::compare(&compare, &parts, is_json, async |parts| compare_only(parts).await);
        return found.await.map(|exit| if exit == Exit::TooManyFailed { Exit::Done } else { exit });
    }
    let repair = async |parts: Verify<'_>| repair::run(parts, allow_delete).await;
    verify::compare(&compare, &parts, is_json, repair).await
}
