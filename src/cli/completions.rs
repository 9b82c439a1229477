//! `weather completions`: for the shell.

use clap_complete::{Shell, generate};

use super::exit::Exit;
use super::output;

/// Print completions for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  weather completions bash > /etc/bash_completion.d/weather")]
pub(super) struct Args {
    /// The shell
    shell: Shell,
}

pub(super) fn run(args: &Args, cli: &mut clap::Command) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    generate(args.shell, cli, "weather", &mut script);
    output::text(&String::from_utf8(script)?)?;
    Ok(Exit::Done)
}
