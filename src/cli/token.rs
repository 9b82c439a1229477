//! `weather token`: who may ask the query API.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::error::UsageError;
use super::exit::Exit;
use super::output;
use crate::serve::access::{self, NewToken, TokenName};

/// Make tokens for the query API
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  weather token new grafana --append tokens.jsonl")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make a token: it is printed once, and kept nowhere
    ///
    /// The token goes to stdout; its line for API_TOKENS_FILE, which holds the hash only, to stderr
    /// or to the end of a file. The server reads the file when it starts.
    #[command(after_help = "Examples:\n  weather token new grafana --append tokens.jsonl\n  \
        TOKEN=$(weather token new bi --append tokens.jsonl)")]
    New {
        /// Whose it is, as logs will name it
        #[arg(value_name = "NAME", value_parser = parse_name)]
        name: TokenName,

        /// Add the line to this file, which is made if it is not there
        #[arg(long, value_name = "FILE")]
        append: Option<PathBuf>,
    },
}

fn parse_name(text: &str) -> Result<TokenName, String> {
    TokenName::parse(text)
        .ok_or_else(|| "expected 1 to 64 of lower-case letters, digits, _ and -".into())
}

pub(super) fn run(args: Args) -> anyhow::Result<Exit> {
    let Command::New { name, append } = args.command;
    if let Some(path) = &append {
        refuse_known(path, &name)?;
    }
    let token = NewToken::make(name).context("the system has no random bits")?;
    match &append {
        Some(path) => add(path, &token.line())
            .with_context(|| format!("cannot write to {}", path.display()))?,
        None => output::say(&token.line()),
    }
    output::text(&format!("{}\n", token.secret()))?;
    Ok(Exit::Done)
}

/// A file that the server would refuse is not added to.
fn refuse_known(path: &Path, name: &TokenName) -> Result<(), UsageError> {
    let Ok(text) = std::fs::read_to_string(path) else { return Ok(()) };
    if text.trim().is_empty() {
        return Ok(());
    }
    let tokens = access::parse(&text).map_err(|faults| {
        let faults: Vec<_> = faults.iter().map(|fault| format!("\n  {fault}")).collect();
        UsageError::new(format!("{}: {} faults{}", path.display(), faults.len(), faults.concat()))
    })?;
    match tokens.iter().any(|token| token.name() == name) {
        true => {
            Err(UsageError::new(format!("{}: {} is there already", path.display(), name.as_str()))
                .hint("delete its line first, or take another name"))
        }
        false => Ok(()),
    }
}

/// Adds the line. The other users of the machine need not know the names.
fn add(path: &Path, line: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    let is_cut = std::fs::read(path)?.last().is_some_and(|byte| *byte != b'\n');
    let before = if is_cut { "\n" } else { "" };
    file.write_all(format!("{before}{line}\n").as_bytes())
}
