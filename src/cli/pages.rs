//! `weather pages`: writes the pages of `docs/` that are made from the code.
//!
//! Flags, tables and views say themselves what they are; a page beside them would be a second list of
//! them, and grow old. Hidden, since it is for those who change the program: `scripts/check-files` and a
//! test compare what it writes with `docs/`.

use std::path::PathBuf;

use anyhow::Context as _;

use super::exit::Exit;
use crate::sink::bigquery;

mod configuration;
mod tables;

/// Write the pages of docs/ that are made from the code
#[derive(Debug, clap::Args)]
#[command(hide = true, after_help = "Example:\n  weather pages docs")]
pub(super) struct Args {
    /// The folder that they are written to
    folder: PathBuf,
}

pub(super) fn run(args: &Args, mut program: clap::Command) -> anyhow::Result<Exit> {
    program.build();
    let pages = [
        ("CONFIGURATION.md", configuration::page(&program)),
        ("TABLES.md", tables::page()),
        ("BIGQUERY.md", bigquery::reference()),
    ];
    for (name, page) in pages {
        let path = args.folder.join(name);
        std::fs::write(&path, page).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(Exit::Done)
}
