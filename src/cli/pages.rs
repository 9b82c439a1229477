//! `weather pages`: writes the pages of `docs/`, and the files of `kits/`, that are made from the code.
//!
//! Flags, tables and views say themselves what they are; a page beside them would be a second list of
//! them, and grow old. Hidden, since it is for those who change the program: `scripts/check-files` and a
//! test compare what it writes with `docs/`.

use std::path::PathBuf;

use anyhow::Context as _;

use super::exit::Exit;
use crate::sink::bigquery;

mod configuration;
mod kits;
mod tables;

/// Write the pages of docs/, or the files of kits/, that are made from the code
#[derive(Debug, clap::Args)]
#[command(hide = true, after_help = "Examples:\n  weather pages docs\n  weather pages --kits kits")]
pub(super) struct Args {
    /// Write the files of kits/
    #[arg(long, hide = true)]
    kits: bool,

    /// The folder that they are written to
    folder: PathBuf,
}

pub(super) fn run(args: &Args, mut program: clap::Command) -> anyhow::Result<Exit> {
    program.build();
    let files = if args.kits { kits::files() } else { pages(&program) };
    for (name, text) in files {
        let path = args.folder.join(name);
        let written = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        let written = written.and_then(|()| std::fs::write(&path, text));
        written.with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(Exit::Done)
}

fn pages(program: &clap::Command) -> Vec<(String, String)> {
    let pages = [
        ("CONFIGURATION.md", configuration::page(program)),
        ("TABLES.md", tables::page()),
        ("BIGQUERY.md", bigquery::reference()),
    ];
    pages.map(|(name, page)| (name.to_owned(), page)).to_vec()
}
