//! From flags, the environment and `.env` to settings.
//!
//! An empty variable is an unset one, whatever it sets: shells, compose files and deployments write
//! `NAME=` for what they leave out. And an error about a value names the flag and the variable that
//! it may have come from, but not a value that can hold a secret.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};

use clap::builder::{OsStr as ArgName, Resettable};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, CommandFactory, Error, FromArgMatches};

use super::error;
use super::exit::Exit;
use super::platform::has_machine_log_early;

/// What stands for a value that can hold a secret.
const HIDDEN: &str = "(not shown)";

/// Reads `.env` of this folder if it is there, and of no other: a file further up is another project's,
/// and could send the key elsewhere. What stands in the environment already stays, also if it is empty.
pub(super) fn read_dotenv() -> Result<(), Exit> {
    let show = |problem: &str| error::show_early(problem, has_machine_log_early());
    match dotenvy::from_path(".env") {
        Ok(()) => Ok(()),
        Err(dotenvy::Error::Io(error)) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        // The line itself may hold a secret.
        Err(dotenvy::Error::LineParse(_, column)) => Err(show(&format!(
            ".env: a line cannot be read (at column {column} of it): expected NAME=value, with quotes around a value with spaces"
        ))),
        Err(error) => Err(show(&format!(".env: {error}"))),
    }
}

/// The settings, or what to say instead of running.
pub(super) fn parse<C: CommandFactory + FromArgMatches>(
    arguments: Vec<OsString>,
) -> Result<C, Exit> {
    try_parse(arguments).map_err(|error| {
        let text = error.render();
        if error.use_stderr() {
            error::show_usage(&text, has_machine_log_early())
        } else {
            let _ = write!(anstream::stdout(), "{}", text.ansi());
            Exit::Done
        }
    })
}

fn try_parse<C: CommandFactory + FromArgMatches>(arguments: Vec<OsString>) -> Result<C, Error> {
    let mut command = shortened(without_empty(C::command()));
    let matches = command.try_get_matches_from_mut(arguments);
    let parsed = matches.and_then(|mut matches| C::from_arg_matches_mut(&mut matches));
    parsed.map_err(|error| {
        let error = error.format(&mut command);
        command.build(); // before that its arguments cannot be written
        explained(error, &command)
    })
}

/// The command and all below it, deaf to the variables that are empty.
fn without_empty(command: Command) -> Command {
    let deaf = |arg: Arg| match value_of(&arg).is_some_and(|value| value.is_empty()) {
        true => arg.env(Resettable::<ArgName>::Reset),
        false => arg,
    };
    command.mut_args(deaf).mut_subcommands(without_empty)
}

/// What a short help leaves out: settings that are set once, and then in the environment.
const SET_ONCE: [&str; 7] =
    ["Store", "OpenWeatherMap", "Open-Meteo", "BigQuery", "Lake", "Vault", "Log"];

/// The command and all below it, with a short help (`-h`) of what is said anew at each start; `--help` has
/// all.
fn shortened(command: Command) -> Command {
    let shorten = |arg: Arg| {
        let heading = arg.get_help_heading().unwrap_or_default();
        let is_set_once = SET_ONCE.iter().any(|name| heading.starts_with(name));
        arg.hide_short_help(is_set_once)
    };
    command.mut_args(shorten).mut_subcommands(shortened)
}

/// What the variable of an argument holds.
#[expect(clippy::disallowed_methods, reason = "clap does not say what it has read")]
fn value_of(arg: &Arg) -> Option<OsString> {
    std::env::var_os(arg.get_env()?)
}

/// The error with the variable beside the flag, and without a value that can hold a secret.
fn explained(mut error: Error, command: &Command) -> Error {
    if error.kind() == ErrorKind::InvalidUtf8 {
        let is_meant = |arg: &Arg| value_of(arg).is_some_and(|value| value.to_str().is_none());
        let variable = find(command, &is_meant).and_then(Arg::get_env).map(OsStr::to_string_lossy);
        return match variable {
            Some(variable) => Error::raw(error.kind(), format!("{variable}: not UTF-8\n")),
            None => error,
        };
    }
    let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg).cloned() else {
        return error;
    };
    let Some(arg) = find(command, &|arg: &Arg| arg.to_string() == flag) else { return error };
    if arg.is_hide_env_values_set() && error.get(ContextKind::InvalidValue).is_some() {
        error.insert(ContextKind::InvalidValue, ContextValue::String(HIDDEN.into()));
    }
    if let Some(variable) = arg.get_env() {
        let named = format!("{flag} ({})", variable.to_string_lossy());
        error.insert(ContextKind::InvalidArg, ContextValue::String(named));
    }
    error
}

/// The first argument of the command, or of one below it, that is meant.
fn find<'a>(command: &'a Command, is_meant: &dyn Fn(&Arg) -> bool) -> Option<&'a Arg> {
    let here = command.get_arguments().find(|arg| is_meant(arg));
    here.or_else(|| command.get_subcommands().find_map(|command| find(command, is_meant)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::cli::Cli;

    /// Every command as it is called, and every argument of each that has a variable.
    fn walk(command: &Command, path: &[String], visit: &mut impl FnMut(&[String], &Arg)) {
        command.get_arguments().for_each(|arg| visit(path, arg));
        for below in command.get_subcommands() {
            walk(below, &[path, &[below.get_name().to_owned()]].concat(), visit);
        }
    }

    fn all() -> (BTreeSet<Vec<String>>, BTreeSet<String>) {
        let (mut paths, mut variables) = (BTreeSet::new(), BTreeSet::new());
        let mut command = Cli::command();
        command.build();
        walk(&command, &["weather".into()], &mut |path, arg| {
            paths.insert(path.to_vec());
            variables.extend(arg.get_env().map(|name| name.to_str().unwrap().to_owned()));
        });
        (paths, variables)
    }

    /// Also run by the test below, in an environment of its own.
    #[test]
    fn every_command_takes_the_environment_that_it_is_in() {
        let (paths, _) = all();
        assert!(paths.len() > 20, "{paths:?}");
        for path in paths {
            let parsed = try_parse::<Cli>(path.iter().map(OsString::from).collect());
            let of_the_line = [
                ErrorKind::MissingRequiredArgument,
                ErrorKind::MissingSubcommand,
                ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
            ];
            let error = parsed.err().filter(|error| !of_the_line.contains(&error.kind()));
            assert!(error.is_none(), "{path:?}: {}", error.unwrap());
        }
    }

    #[test]
    fn an_empty_variable_is_an_unset_one_for_every_setting_of_every_command() {
        let (_, variables) = all();
        assert!(variables.len() >= 35, "{variables:?}");
        let name = "cli::settings::tests::every_command_takes_the_environment_that_it_is_in";
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", name]).envs(variables.iter().map(|name| (name, "")));
        let output = child.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
    }

    #[test]
    fn what_can_hold_a_secret_hides_its_value() {
        let mut command = Cli::command();
        command.build();
        walk(&command, &[], &mut |_, arg| {
            let Some(name) = arg.get_env().and_then(OsStr::to_str) else { return };
            let can_hold = name.ends_with("_KEY") || name.ends_with("_URL");
            assert!(!can_hold || arg.is_hide_env_values_set(), "{name}");
        });
    }

    #[test]
    fn an_error_names_flag_and_variable_and_no_secret() {
        let said = |arguments: &[&str]| {
            let arguments = ["weather"].iter().chain(arguments).map(OsString::from).collect();
            try_parse::<Cli>(arguments).unwrap_err().to_string()
        };
        let error = said(&["etl", "--max-workers", "many"]);
        assert!(error.contains("'many' for '--max-workers <N> (MAX_WORKERS)'"), "{error}");
        for flag in ["--openweather-base-url", "--open-meteo-base-url", "--open-meteo-archive-url"]
        {
            let error = said(&["etl", flag, "u:pa55word@host"]);
            let variable = flag[2..].to_uppercase().replace('-', "_");
            assert!(error.contains(&format!("{flag} <URL> ({variable})")), "{error}");
            assert!(error.contains(HIDDEN) && !error.contains("pa55word"), "{error}");
        }
        let error = said(&["etl", "--log-level", "loud"]);
        assert!(error.contains("'loud' for '--log-level <LEVEL> (LOG_LEVEL)'"), "{error}");
    }
}
