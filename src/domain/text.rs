//! Texts that others wrote: a source's words, a server's message, a name in a file.
//!
//! They end in a terminal, a log, a page and a spreadsheet, where a control character is an
//! instruction: ESC moves the cursor, a NUL ends a text, a newline forges a line, and a
//! bidirectional mark shows a text in another order than it is written in.

/// `text` with nothing in it that acts on what shows it: each control character (C0 and C1, such as
/// ESC, NUL and DEL), each mark of bidirectional formatting (U+061C, U+200E, U+200F, U+202A to U+202E,
/// U+2066 to U+2069) and the line and paragraph separators (U+2028, U+2029) are dropped. A line feed,
/// a carriage return or a tab parts words, so it becomes a blank; CR LF becomes one.
#[must_use]
pub fn printable(text: &str) -> String {
    text.replace("\r\n", "\n").chars().filter_map(printable_char).collect()
}

/// A text that others wrote as it is quoted in a message: escaped, and cut after 40 characters.
#[must_use]
pub fn quoted(text: &str) -> String {
    let cut: String = text.chars().take(40).collect();
    let rest = if cut.len() < text.len() { "…" } else { "" };
    format!("{}{rest}", cut.escape_debug())
}

fn printable_char(c: char) -> Option<char> {
    match c {
        '\n' | '\r' | '\t' => Some(' '),
        c if c.is_control() || acts_on_lines_or_direction(c) => None,
        c => Some(c),
    }
}

/// Unicode's `Bidi_Control` characters (<https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters>)
/// and its separators of lines and paragraphs.
fn acts_on_lines_or_direction(c: char) -> bool {
    matches!(
        c,
        '\u{061c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_on_a_terminal_or_on_the_order_of_a_text_is_dropped() {
        for (text, expected) in [
            ("light rain", "light rain"),
            ("\u{1b}[2Jrain\u{0}\u{7f}\u{85}\u{9b}31m", "[2Jrain31m"),
            ("a\u{202e}b\u{2066}c\u{2069}\u{200e}\u{200f}\u{061c}d\u{2028}\u{2029}", "abcd"),
            ("one\ntwo\r\nthree\rfour\tfive", "one two three four five"),
            (
                "pluie légère – ☂ 雨 مطر \u{200d}👩\u{200d}🌾",
                "pluie légère – ☂ 雨 مطر \u{200d}👩\u{200d}🌾",
            ),
            ("", ""),
        ] {
            assert_eq!(printable(text), expected);
        }
    }

    #[test]
    fn what_is_quoted_stays_short_and_on_one_line() {
        assert_eq!(quoted("a\nb\u{202e}"), r"a\nb\u{202e}");
        assert_eq!(quoted(&"é".repeat(41)), format!("{}…", "é".repeat(40)));
        assert_eq!(quoted(&"é".repeat(40)), "é".repeat(40));
    }

    #[test]
    fn what_is_printable_stays_so() {
        let every = ('\0'..=char::MAX).collect::<String>();
        let once = printable(&every);
        assert_eq!(printable(&once), once);
        assert!(!once.chars().any(|c| c.is_control() || acts_on_lines_or_direction(c)));
    }
}
