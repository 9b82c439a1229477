//! Text that others wrote, before people or programs see it.

/// Marks that reverse or isolate what follows them, and so let a text show as another one
/// (<https://www.unicode.org/reports/tr9/>); and the two separators that end a line to some readers.
const MARKS: [char; 14] = [
    '\u{061C}', '\u{200E}', '\u{200F}', '\u{2028}', '\u{2029}', '\u{202A}', '\u{202B}', '\u{202C}',
    '\u{202D}', '\u{202E}', '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}',
];

/// `text` without control characters and marks of direction; a line break or a tab becomes a blank.
#[must_use]
pub fn printable(text: &str) -> String {
    let shown = |c: char| match c {
        '\n' | '\t' => Some(' '),
        c if c.is_control() || MARKS.contains(&c) => None,
        c => Some(c),
    };
    text.chars().filter_map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_dropped_and_what_people_write_stays() {
        for (text, shown) in [
            ("light rain", "light rain"),
            (
                "déjà vu, 小雨, \u{1F327}\u{FE0F}, Ка\u{306}к",
                "déjà vu, 小雨, \u{1F327}\u{FE0F}, Ка\u{306}к",
            ),
            ("\u{1b}[31mred\u{7}\0", "[31mred"),
            ("one\ntwo\tthree\r\n", "one two three "),
            ("\u{9b}31m\u{7f}", "31m"),
            ("gro\u{202E}ss\u{2066}\u{2069}\u{200F}\u{61C}", "gross"),
            ("a\u{2028}b\u{2029}", "ab"),
            ("", ""),
        ] {
            assert_eq!(printable(text), shown, "{text:?}");
        }
    }
}
