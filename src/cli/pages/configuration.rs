//! `docs/CONFIGURATION.md`: every flag with its environment variable, its default and its help text.

use std::collections::BTreeSet;

use clap::{Arg, ArgAction, Command};

const INTRODUCTION: &str = include_str!("configuration.md");

const HEAD: &str = "\n| flag | environment variable | default | is |\n|---|---|---|---|\n";

/// The settings that several commands share, by the headings of `--help`, then those of each command.
pub(super) fn page(program: &Command) -> String {
    let mut commands = Vec::new();
    collect(program, "", &mut commands);
    let mut page = INTRODUCTION.to_owned();
    for group in groups(&commands) {
        page.push_str(&group.section(commands.len()));
    }
    page.push_str("\n## Options of one command\n");
    for (name, command) in &commands {
        let own = visible(command).filter(|arg| arg.get_help_heading().is_none());
        let rows: String = own.map(row).collect();
        if !rows.is_empty() {
            page.push_str(&format!("\n### weather {name}\n{HEAD}{rows}"));
        }
    }
    page
}

/// Every command that does something, by the name it is called by.
fn collect<'a>(command: &'a Command, path: &str, found: &mut Vec<(String, &'a Command)>) {
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        let path = format!("{path}{}", below.get_name());
        if !below.is_subcommand_required_set() {
            found.push((path.clone(), below));
        }
        collect(below, &format!("{path} "), found);
    }
}

/// The arguments that `--help` shows, but `--help` and `--version` themselves.
fn visible(command: &Command) -> impl Iterator<Item = &Arg> {
    let shows = |arg: &&Arg| {
        let is_standard = matches!(
            arg.get_action(),
            ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong | ArgAction::Version
        );
        !arg.is_hide_set() && !is_standard
    };
    command.get_arguments().filter(shows)
}

/// What stands below one heading, and which commands take it.
struct Group<'a> {
    heading: String,
    args: Vec<&'a Arg>,
    commands: BTreeSet<&'a str>,
}

fn groups<'a>(commands: &'a [(String, &'a Command)]) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for (name, command) in commands {
        for arg in visible(command) {
            let Some(heading) = arg.get_help_heading() else { continue };
            let at = groups.iter().position(|group| group.heading == heading);
            let at = at.unwrap_or_else(|| {
                let heading = heading.to_owned();
                groups.push(Group { heading, args: Vec::new(), commands: BTreeSet::new() });
                groups.len() - 1
            });
            groups[at].add(name, arg);
        }
    }
    groups
}

impl<'a> Group<'a> {
    fn add(&mut self, command: &'a str, arg: &'a Arg) {
        self.commands.insert(command);
        if self.args.iter().all(|known| known.get_id() != arg.get_id()) {
            self.args.push(arg);
        }
    }

    fn section(&self, all: usize) -> String {
        let takers = match self.commands.len() == all {
            true => "every command".to_owned(),
            false => {
                let names = self.commands.iter().map(|name| format!("`{name}`"));
                names.collect::<Vec<_>>().join(", ")
            }
        };
        let rows: String = self.args.iter().copied().map(row).collect();
        format!("\n## {}\n\nTaken by {takers}.\n{HEAD}{rows}", self.heading)
    }
}

fn row(arg: &Arg) -> String {
    let (text, default) = text_and_default(arg);
    let variable = arg.get_env().map(|name| format!("`{}`", name.to_string_lossy()));
    let cells = [flag(arg), variable.unwrap_or_default(), default, text];
    format!("| {} |\n", cells.map(|cell| cell.replace('|', "\\|")).join(" | "))
}

fn flag(arg: &Arg) -> String {
    let Some(long) = arg.get_long() else { return format!("`{arg}`") };
    let aliases = arg.get_all_aliases().unwrap_or_default();
    let aliases = aliases.iter().map(|alias| format!(" (also `--{alias}`)"));
    format!("`--{long}`{}", aliases.collect::<String>())
}

/// Its help in one line, with what may be given, and its default, which the help may say in words.
fn text_and_default(arg: &Arg) -> (String, String) {
    let help = arg.get_long_help().or(arg.get_help()).map(ToString::to_string);
    let help = help.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    let in_words = help.split_once(" [default: ").and_then(|(before, after)| {
        let (default, rest) = after.split_once(']')?;
        Some((format!("{before}{rest}"), default.to_owned()))
    });
    let given = arg.get_default_values().iter().map(|value| value.to_string_lossy());
    let given = given.collect::<Vec<_>>().join(", ");
    let (mut text, default) = match in_words {
        Some((text, default)) => (text, default),
        None if given.is_empty() || matches!(arg.get_action(), ArgAction::SetTrue) => {
            (help, String::new())
        }
        None => (help, format!("`{given}`")),
    };
    let values = arg.get_possible_values();
    let names = values.iter().filter(|value| !value.is_hide_set());
    let names: Vec<String> = names.map(|value| format!("`{}`", value.get_name())).collect();
    if !names.is_empty() && arg.get_action().takes_values() {
        text.push_str(&format!(" ({})", names.join(", ")));
    }
    (text, default)
}
