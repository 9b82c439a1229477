//! The program on a real terminal of so many columns, by `script`: what it writes, colours and all.

use super::program::{Program, Ran};

/// Runs `weather` with these arguments, written as in a shell.
pub(crate) fn on_terminal(program: &Program, columns: u16, arguments: &str) -> Ran {
    let weather = env!("CARGO_BIN_EXE_weather");
    let line = format!("stty cols {columns} rows 50 && exec {weather} {arguments}");
    let mut command = program.command_of("script");
    command.env("TERM", "xterm-256color").env("PATH", "/usr/bin:/bin").env("SHELL", "/bin/sh");
    let output = command.args(["-qec", &line, "/dev/null"]).output().unwrap();
    let mut ran = Ran::of(&output);
    ran.stdout = ran.stdout.replace("\r\n", "\n");
    ran
}

/// What the terminal shows at the end: without colours, and without what a bar has drawn and taken away.
pub(crate) fn shown(text: &str) -> String {
    let mut shown = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter == '\u{1b}' {
            // The end of a sequence is its first letter.
            let _ = letters.by_ref().find(char::is_ascii_alphabetic);
        } else {
            shown.push(letter);
        }
    }
    let last = |line: &str| line.rsplit('\r').next().unwrap_or_default().to_owned();
    shown.lines().map(|line| last(line) + "\n").collect()
}

/// How many columns a line takes.
pub(crate) fn width(line: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(line)
}
