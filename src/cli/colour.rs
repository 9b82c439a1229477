//! The colours: one scheme for what we print and for what the parser of the command line prints.
//!
//! Text is painted whether or not there is a terminal; the stream that it goes to takes the colours out
//! where they are not wanted: no terminal, `NO_COLOR`, `--color never`.

use std::ffi::{OsStr, OsString};

use clap::ColorChoice;
use clap::builder::styling::{AnsiColor, Style, Styles};

/// Heads of tables and of sections.
const HEAD: Style = Style::new().bold();
/// What is to be typed as it stands.
const LITERAL: Style = AnsiColor::Cyan.on_default();
const GOOD: Style = AnsiColor::Green.on_default();
const WARNING: Style = AnsiColor::Yellow.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const FAINT: Style = Style::new().dimmed();

/// What the parser of the command line prints.
pub(super) const STYLES: Styles = Styles::plain()
    .header(HEAD)
    .usage(HEAD)
    .literal(LITERAL)
    .placeholder(FAINT)
    .error(BAD)
    .valid(GOOD)
    .invalid(WARNING);

/// What a text means, which its colour repeats: no colour speaks alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Tone {
    #[default]
    Plain,
    Head,
    Good,
    Warning,
    Bad,
    Faint,
}

impl Tone {
    const fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Head => HEAD,
            Self::Good => GOOD,
            Self::Warning => WARNING,
            Self::Bad => BAD,
            Self::Faint => FAINT,
        }
    }

    /// `text` in its colour.
    pub(super) fn paint(self, text: &str) -> String {
        let style = self.style();
        format!("{style}{text}{style:#}")
    }
}

/// When colours are used.
#[derive(Debug, Clone, Copy, clap::Args)]
#[command(next_help_heading = "Output")]
pub(super) struct ColourArgs {
    /// Colours: auto is a terminal's, unless NO_COLOR is set
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    color: ColorChoice,
}

/// Respects `--color`, wherever it stands, before the command line is parsed: what is wrong with that is
/// printed in colour too.
pub(super) fn choose(arguments: &[OsString]) {
    let wanted = match wanted(arguments) {
        Some("always") => anstream::ColorChoice::Always,
        Some("never") => anstream::ColorChoice::Never,
        _ => return,
    };
    wanted.write_global();
}

fn wanted(arguments: &[OsString]) -> Option<&str> {
    let mut texts = arguments.iter().map(OsString::as_os_str).map(OsStr::to_str);
    while let Some(argument) = texts.next() {
        match argument {
            Some("--color") => return texts.next().flatten(),
            Some("--") => return None,
            Some(text) if text.starts_with("--color=") => return text.strip_prefix("--color="),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choice_is_found_wherever_it_stands() {
        for (line, choice) in [
            ("weather status --color never", Some("never")),
            ("weather --color=always status", Some("always")),
            ("weather status --color", None),
            ("weather transform -- --color never", None),
            ("weather status", None),
        ] {
            let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            assert_eq!(wanted(&arguments), choice, "{line}");
        }
    }

    #[test]
    fn a_text_is_painted_and_a_plain_one_is_left_as_it_is() {
        assert_eq!(Tone::Good.paint("fresh"), "\u{1b}[32mfresh\u{1b}[0m");
        assert_eq!(Tone::Plain.paint("fresh"), "fresh");
    }
}
