//! A text as a cell of comma-separated values.

use super::text::printable;

/// What a spreadsheet takes for the beginning of a formula.
pub const FORMULA: [char; 4] = ['=', '+', '-', '@'];

/// `text` as the cell that spreadsheets show and do not compute: printable, and after a `'` where it
/// would begin a formula (<https://owasp.org/www-community/attacks/CSV_Injection>). Numbers are none
/// of this: they are written as they are.
#[must_use]
pub fn text_cell(text: &str) -> String {
    let mut cell = printable(text);
    if cell.starts_with(FORMULA) || text.starts_with(['\t', '\r']) {
        cell.insert(0, '\'');
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_would_begin_a_formula_is_quoted() {
        for (text, cell) in [
            ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "' =1"),
            ("\r=1", "' =1"),
            ("\0=1", "'=1"),
            ("\u{202E}=1", "'=1"),
            ("light rain", "light rain"),
            ("a=b", "a=b"),
            ("2026-11-25T08:00:00Z", "2026-11-25T08:00:00Z"),
            ("'tis", "'tis"),
            ("", ""),
        ] {
            assert_eq!(text_cell(text), cell, "{text:?}");
        }
    }
}
