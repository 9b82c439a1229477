//! The command line: builds the parts, hands them to a job, shows what came of it.

use std::io::{self, IsTerminal as _};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

mod archive;
mod colour;
mod completions;
mod days;
mod demo;
mod doctor;
mod error;
mod etl;
mod exit;
mod explain;
mod export;
mod forecast;
mod forecasts;
mod gaps;
mod heal;
mod housekeep;
mod init;
mod lake;
mod left;
mod migrate;
mod output;
mod pages;
mod parts;
mod pipeline;
mod platform;
mod progress;
mod quota;
mod repair;
mod replay;
mod restore;
mod runs;
mod selection;
mod serve;
mod settings;
mod show;
mod shutdown;
mod similar;
mod simulate;
mod sites;
mod skill;
mod sources;
mod spend;
mod status;
mod sync;
mod token;
mod transform;
mod vault;
mod verify;

use crate::telemetry::{self, Lines, LogLevel, LogSettings};
use exit::Exit;
use platform::Platform;

/// Collects the weather of your sites, every hour, with nothing lost, nothing twice and nothing
/// unexplained.
///
/// OpenWeatherMap, or Open-Meteo (free for non-commercial use only), is asked for every site and
/// hour that is due; the observations go to MySQL (or an SQLite file, for trying out), and a ledger
/// says for each site and hour whether it was collected and, if not, why. BigQuery, or a lake of Delta
/// tables, gets a mirror of it all, each row once.
#[derive(Debug, Parser)]
#[command(
    name = "weather",
    version,
    propagate_version = true,
    disable_help_subcommand = true,
    styles = colour::STYLES,
    after_help = "Examples:\n  \
        weather demo                              a day of weather, collected in seconds, without a key\n  \
        weather init Madrid,ES Oslo,NO            a sites file of places\n  \
        weather sites check                       is the sites file right, and what does it cost?\n  \
        weather etl                               collect what is due now\n  \
        weather sync                              mirror the store into BigQuery, a lake, or both\n  \
        weather pipeline                          both, as the scheduler starts it\n  \
        weather verify                            do they hold what the store holds?\n  \
        weather show                              how is the weather now?\n  \
        weather status                            is every site fresh?\n  \
        weather gaps                              which hours are missing, and why?\n  \
        weather export --what hourly > hours.csv  the weather as a file\n  \
        weather heal                              fill them from history\n  \
        weather forecast                          collect what is said of the days to come
  \
        weather forecasts SITE                    what is said of it, or was said yesterday
  \
        weather skill                             were the forecasts right?
  \
        weather explain SITE TIME                 where does this value come from?\n  \
        weather quota                             how many calls are left, and are they enough?\n  \
        weather serve                             answer programs over HTTP\n\n\
        Settings: a flag goes before its environment variable, that before the default; an empty\n\
        variable is an unset one; .env of this folder is read if it is there.\n\n\
        Exit codes: 0 done; 1 more sites failed than allowed, or a difference was found; 2 wrong usage,\n\
        configuration or sites file; 3 stopped short (store, source or sink unreachable or\n\
        refusing, or no calls left);\n\
        130, 143 interrupted."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    log: LogSettings,

    #[command(flatten)]
    colour: colour::ColourArgs,

    #[command(flatten)]
    platform: Platform,
}

#[derive(Debug, Subcommand)]
enum Command {
    Etl(Box<etl::Args>),
    Sync(Box<sync::Args>),
    Pipeline(Box<pipeline::Args>),
    Verify(Box<verify::Args>),
    Repair(Box<repair::Args>),
    Lake(lake::Args),
    Demo(demo::Args),
    Show(show::Args),
    Init(Box<init::Args>),
    Status(Box<status::Args>),
    Gaps(gaps::Args),
    Export(Box<export::Args>),
    Heal(Box<heal::Args>),
    Forecast(Box<forecast::Args>),
    Forecasts(Box<forecasts::Args>),
    Skill(Box<skill::Args>),
    Replay(Box<replay::Args>),
    Explain(Box<explain::Args>),
    Vault(Box<vault::Args>),
    Archive(Box<archive::Args>),
    Restore(Box<restore::Args>),
    Housekeep(Box<housekeep::Args>),
    Quota(Box<quota::Args>),
    Runs(runs::Args),
    Serve(Box<serve::Args>),
    Token(token::Args),
    Transform(transform::Args),
    Sites(Box<sites::Args>),
    Doctor(Box<doctor::Args>),
    Migrate(migrate::Args),
    Simulate(simulate::Args),
    Completions(completions::Args),
    Pages(pages::Args),
}

/// On a terminal: warnings, but not of each slot, which the report groups; and what is waited for.
const QUIET: Lines<'static> = Lines {
    level: LogLevel::Warn,
    except: &[
        (crate::etl::failure::LOG_TARGET, LogLevel::Error),
        (heal::words::LOG_TARGET, LogLevel::Error),
        (crate::job::lock::LOG_TARGET, LogLevel::Info),
        (crate::store::bounds::LOG_TARGET, LogLevel::Info),
    ],
};

/// The program: reads the settings, runs the command, and says by its exit code what came of it.
#[must_use]
pub fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    colour::choose(&arguments);
    settings::read_dotenv()
        .and_then(|()| settings::parse(arguments))
        .map_or_else(|exit| exit, run)
        .into()
}

fn run(cli: Cli) -> Exit {
    telemetry::init(cli.is_json(), cli.log_lines());
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return error::show(&error.into(), cli.is_json()),
    };
    let is_json = cli.is_json();
    let done = runtime.block_on(cli.dispatch());
    done.unwrap_or_else(|error| error::show(&error, is_json))
}

impl Cli {
    fn is_json(&self) -> bool {
        self.log.log_format.is_json(self.platform.has_machine_log())
    }

    /// What is logged where nothing else is asked for. The demo provokes errors on purpose and shows them
    /// at its end. On a terminal a command says itself what it did.
    fn log_lines(&self) -> Lines<'static> {
        if self.log.verbose {
            return self.log.log_level.unwrap_or(LogLevel::Info).max(LogLevel::Info).into();
        }
        if let Some(level) = self.log.log_level {
            return level.into();
        }
        let is_watched = io::stderr().is_terminal() && !self.is_json();
        match self.command {
            Command::Demo(_) => LogLevel::Error.into(),
            Command::Serve(_) | Command::Simulate(_) => LogLevel::Info.into(),
            _ if is_watched => QUIET,
            _ => LogLevel::Info.into(),
        }
    }

    async fn dispatch(self) -> anyhow::Result<Exit> {
        let is_json = self.is_json();
        match self.command {
            Command::Etl(args) => etl::run(*args, &self.platform).await,
            Command::Sync(args) => sync::run(*args, &self.platform, is_json).await,
            Command::Pipeline(args) => pipeline::run(*args, &self.platform, is_json).await,
            Command::Verify(args) => verify::run(*args, is_json).await,
            Command::Repair(args) => repair::run(*args, is_json).await,
            Command::Lake(args) => lake::run(args).await,
            Command::Demo(args) => demo::run(args).await,
            Command::Show(args) => show::run(args).await,
            Command::Init(args) => init::run(*args).await,
            Command::Status(args) => status::run(*args).await,
            Command::Gaps(args) => gaps::run(args).await,
            Command::Export(args) => export::run(*args).await,
            Command::Heal(args) => heal::run(*args, &self.platform).await,
            Command::Forecast(args) => forecast::run(*args, &self.platform).await,
            Command::Forecasts(args) => forecasts::run(*args).await,
            Command::Skill(args) => skill::run(*args).await,
            Command::Replay(args) => replay::run(*args, &self.platform).await,
            Command::Explain(args) => explain::run(*args).await,
            Command::Vault(args) => vault::run(*args).await,
            Command::Archive(args) => archive::run(*args, &self.platform).await,
            Command::Restore(args) => restore::run(*args, &self.platform).await,
            Command::Housekeep(args) => housekeep::run(*args, &self.platform, is_json).await,
            Command::Quota(args) => quota::run(*args).await,
            Command::Runs(args) => runs::run(args).await,
            Command::Serve(args) => serve::run(*args, &self.platform).await,
            Command::Token(args) => token::run(args),
            Command::Transform(args) => transform::run(&args),
            Command::Sites(args) => sites::run(*args).await,
            Command::Doctor(args) => doctor::run(*args, &self.platform).await,
            Command::Migrate(args) => migrate::run(args).await,
            Command::Simulate(args) => simulate::run(args).await,
            Command::Completions(args) => completions::run(&args, &mut Cli::command()),
            Command::Pages(args) => pages::run(&args, Cli::command()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_an_example() {
        fn check(command: &clap::Command) {
            let mut command = command.clone();
            let help = command.render_long_help().to_string();
            assert!(help.contains("Example"), "{} has no example", command.get_name());
            command.get_subcommands().for_each(check);
        }
        let mut cli = Cli::command();
        cli.build();
        check(&cli);
    }
}
