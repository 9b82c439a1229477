//! Tables that fit the terminal: a row is a line.
//!
//! What is too wide is first cut where it may be (between words), then columns leave, the least important
//! ones first. Where there is no terminal nothing is cut and nothing leaves.

use unicode_width::UnicodeWidthStr as _;

use crate::cli::colour::Tone;
use crate::domain::text::printable;

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct Column {
    head: &'static str,
    is_number: bool,
    /// May be cut between words, down to [`LEAST_WORDS`].
    is_words: bool,
    /// Has the colour of the row's tone.
    is_toned: bool,
    /// 0: it stays; else the column with the highest number leaves first.
    leaves: u8,
}

/// Characters of a text at least that is cut.
const LEAST_WORDS: usize = 20;

/// Characters between two columns.
const BETWEEN: usize = 2;

impl Column {
    /// Text on the left.
    pub(in crate::cli) const fn text(head: &'static str) -> Self {
        Self { head, is_number: false, is_words: false, is_toned: false, leaves: 0 }
    }

    /// A number, on the right.
    pub(in crate::cli) const fn number(head: &'static str) -> Self {
        Self { is_number: true, ..Self::text(head) }
    }

    /// Words, which may be cut between two of them.
    pub(in crate::cli) const fn words(head: &'static str) -> Self {
        Self { is_words: true, ..Self::text(head) }
    }

    /// Leaves where it is narrow, after those with a higher number.
    pub(in crate::cli) const fn leaves(self, leaves: u8) -> Self {
        Self { leaves, ..self }
    }

    /// Has the colour of what the row means.
    pub(in crate::cli) const fn toned(self) -> Self {
        Self { is_toned: true, ..self }
    }
}

/// A row of a table.
pub(in crate::cli) struct Line {
    pub(in crate::cli) cells: Vec<String>,
    pub(in crate::cli) tone: Tone,
}

impl From<Vec<String>> for Line {
    fn from(cells: Vec<String>) -> Self {
        Self { cells, tone: Tone::Plain }
    }
}

/// The table as painted text, within so many columns of a terminal, if there is one.
pub(in crate::cli) fn table(
    columns: &[Column],
    lines: impl IntoIterator<Item = Line>,
    width: Option<usize>,
) -> String {
    let clean = |line: Line| Line {
        cells: line.cells.iter().map(|cell| printable(cell)).collect(),
        tone: line.tone,
    };
    let lines: Vec<Line> = lines.into_iter().map(clean).collect();
    let shown = Shown::of(columns, &lines, width);
    let head = Line {
        cells: columns.iter().map(|column| column.head.to_owned()).collect(),
        tone: Tone::Head,
    };
    let head = columns.iter().any(|column| !column.head.is_empty()).then_some(head);
    let lines = head.iter().chain(&lines).map(|line| shown.write(line));
    lines.collect()
}

/// The columns that are shown, and how wide each is.
struct Shown<'a>(Vec<(usize, &'a Column, usize)>);

impl<'a> Shown<'a> {
    fn of(columns: &'a [Column], lines: &[Line], width: Option<usize>) -> Self {
        let whole = |(index, column): (usize, &'a Column)| {
            let cells = lines.iter().filter_map(|line| line.cells.get(index));
            let widest = cells.map(|cell| cell.width()).max().unwrap_or_default();
            (index, column, widest.max(column.head.width()))
        };
        let mut shown = Self(columns.iter().enumerate().map(whole).collect());
        if let Some(width) = width {
            shown.drop_columns(width);
            shown.cut(width);
        }
        shown
    }

    /// Lets columns go until the rest fits, if the words are cut.
    fn drop_columns(&mut self, width: usize) {
        while self.least() > width {
            let last =
                self.0.iter().enumerate().max_by_key(|(place, shown)| (shown.1.leaves, *place));
            match last {
                Some((place, (_, column, _))) if column.leaves > 0 => self.0.remove(place),
                _ => return,
            };
        }
    }

    fn least(&self) -> usize {
        let widths = self.0.iter().map(|(_, column, width)| match column.is_words {
            true => (*width).min(LEAST_WORDS),
            false => *width,
        });
        widths.sum::<usize>() + BETWEEN * self.0.len().saturating_sub(1)
    }

    fn whole(&self) -> usize {
        let widths = self.0.iter().map(|(_, _, width)| *width);
        widths.sum::<usize>() + BETWEEN * self.0.len().saturating_sub(1)
    }

    /// Cuts the widest columns of words, and, where there is no other way, the widest of all.
    fn cut(&mut self, width: usize) {
        while self.whole() > width {
            let by_words = |(_, column, width): &(usize, &Column, usize)| {
                (column.is_words && *width > LEAST_WORDS, *width)
            };
            match self.0.iter_mut().max_by_key(|shown| by_words(shown)) {
                Some((_, _, width)) if *width > 1 => *width -= 1,
                _ => return,
            }
        }
    }

    /// A line of the table, with its end.
    fn write(&self, line: &Line) -> String {
        let is_head = line.tone == Tone::Head;
        let last = self.0.len().saturating_sub(1);
        let mut text = String::new();
        for (place, (index, column, width)) in self.0.iter().enumerate() {
            let cell = cut(line.cells.get(*index).map_or("", String::as_str), *width);
            let blanks = " ".repeat(width.saturating_sub(cell.width()));
            let tone = if is_head || column.is_toned { line.tone } else { Tone::Plain };
            let cell = if cell.is_empty() { cell } else { tone.paint(&cell) };
            match (column.is_number, place == last) {
                (true, _) => text.push_str(&(blanks + &cell)),
                (false, true) => text.push_str(&cell),
                (false, false) => text.push_str(&(cell + &blanks)),
            }
            text.push_str(if place == last { "" } else { "  " });
        }
        format!("{}\n", text.trim_end())
    }
}

/// As many whole words as there is room for, and `…` for the rest; a word that is longer than that by itself
/// is cut.
pub(in crate::cli) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let room = width.saturating_sub(1);
    let mut end = 0;
    for (start, _) in text.char_indices().chain([(text.len(), ' ')]) {
        if text[..start].width() > room {
            break;
        }
        end = start;
    }
    let word = text[..end].rfind(' ').filter(|_| !text[end..].starts_with(' ')).unwrap_or(end);
    format!("{}…", text[..word].trim_end_matches([' ', ',', ';', ':']))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[
        Column::text("site").toned(),
        Column::text("name").leaves(2),
        Column::number("age").leaves(1),
        Column::words("last error"),
    ];

    fn shown(width: Option<usize>) -> String {
        let line = |cells: [&str; 4], tone| Line { cells: cells.map(str::to_owned).to_vec(), tone };
        let lines = [
            line(["mad-retiro", "Madrid, Retiro", "4 min", ""], Tone::Plain),
            line(["lon-city", "London", "25 h", "HTTP 404: city not found\u{1b}[2J"], Tone::Plain),
            line(["tyo", "東京", "2 min", ""], Tone::Plain),
        ];
        let table = table(COLUMNS, lines, width);
        anstream::adapter::strip_str(&table).to_string()
    }

    #[test]
    fn without_a_terminal_everything_is_shown() {
        let expected = "\
site        name              age  last error
mad-retiro  Madrid, Retiro  4 min
lon-city    London           25 h  HTTP 404: city not found[2J
tyo         東京            2 min
";
        assert_eq!(shown(None), expected);
        assert_eq!(shown(Some(80)), expected);
    }

    #[test]
    fn words_are_cut_first_and_then_columns_leave_by_priority() {
        let lon_city = |width| shown(Some(width)).lines().nth(2).unwrap().to_owned();
        assert_eq!(lon_city(58), "lon-city    London           25 h  HTTP 404: city not…");
        assert_eq!(lon_city(50), "lon-city     25 h  HTTP 404: city not found[2J");
        assert_eq!(lon_city(36), "lon-city    HTTP 404: city not…");
        assert_eq!(lon_city(20), "lon-city   HTTP…");
        for width in 8..90 {
            let table = shown(Some(width));
            assert_eq!(table.lines().count(), 4, "{width}: {table}");
            assert!(table.lines().all(|line| line.width() <= width), "{width}: {table}");
        }
    }

    #[test]
    fn a_head_and_a_toned_cell_are_painted_and_blanks_are_not() {
        let line = Line { cells: vec!["a".into(), "b".into()], tone: Tone::Bad };
        let columns = [Column::text("site").toned(), Column::number("n")];
        let text = table(&columns, [line], None);
        assert_eq!(
            text,
            "\u{1b}[1msite\u{1b}[0m  \u{1b}[1mn\u{1b}[0m\n\u{1b}[1m\u{1b}[31ma\u{1b}[0m     b\n"
        );
    }

    #[test]
    fn a_text_is_cut_between_words() {
        for (text, width, expected) in [
            ("light rain", 10, "light rain"),
            ("light rain", 9, "light…"),
            ("light rain", 6, "light…"),
            ("light rain", 5, "ligh…"),
            ("rain, then sun", 6, "rain…"),
            ("東京都", 5, "東京…"),
            ("", 0, ""),
            ("a", 0, "…"),
        ] {
            assert_eq!(cut(text, width), expected, "{text} {width}");
        }
    }
}
