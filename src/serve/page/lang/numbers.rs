//! Numbers as a language writes them.

use fluent_bundle::FluentValue;

use super::Language;

/// What stands before the decimals, and between thousands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// `12,345.6`.
    Point,
    /// `12.345,6`, and `1234,5`: four digits stay together.
    Comma,
}

impl Style {
    /// The one that a file names: `point` or `comma`.
    pub(super) fn named(name: &str) -> Self {
        if name == "comma" { Self::Comma } else { Self::Point }
    }

    /// Decimal sign, sign between thousands, and the digits from which there are such.
    fn signs(self) -> (char, char, usize) {
        match self {
            Self::Point => ('.', ',', 4),
            Self::Comma => (',', '.', 5),
        }
    }

    /// A number with so many decimals; what rounds to nothing has no sign.
    pub(super) fn write(self, number: f64, decimals: usize) -> String {
        let plain = format!("{number:.decimals$}");
        let is_nothing = plain.chars().all(|c| matches!(c, '-' | '0' | '.'));
        let digits = plain.trim_start_matches('-');
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let (point, group, least) = self.signs();
        let mut text = String::with_capacity(plain.len() + 4);
        if plain.starts_with('-') && !is_nothing {
            text.push('-');
        }
        for (index, digit) in whole.chars().enumerate() {
            let left = whole.len() - index;
            if index > 0 && left.is_multiple_of(3) && whole.len() >= least {
                text.push(group);
            }
            text.push(digit);
        }
        if !fraction.is_empty() {
            text.push(point);
            text.push_str(fraction);
        }
        text
    }

    /// How Fluent writes the numbers in a sentence, which are counts: it takes a function, which knows nothing of its own.
    pub(super) fn formatter<M>(self) -> fn(&FluentValue<'_>, &M) -> Option<String> {
        match self {
            Self::Point => |value, _| Self::Point.write_value(value),
            Self::Comma => |value, _| Self::Comma.write_value(value),
        }
    }

    fn write_value(self, value: &FluentValue<'_>) -> Option<String> {
        let FluentValue::Number(number) = value else { return None };
        Some(self.write(number.value, 0))
    }
}

impl Language {
    /// A number with so many decimals.
    pub(in crate::serve::page) fn number(&self, number: f64, decimals: usize) -> String {
        self.style.write(number, decimals)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_the_signs_of_its_language() {
        for (number, decimals, point, comma) in [
            (12.35, 1, "12.3", "12,3"),
            (-0.04, 1, "0.0", "0,0"),
            (-12.0, 0, "-12", "-12"),
            (1234.5, 1, "1,234.5", "1234,5"),
            (-12_345.678, 2, "-12,345.68", "-12.345,68"),
            (1_000_000.0, 0, "1,000,000", "1.000.000"),
            (999.0, 0, "999", "999"),
        ] {
            assert_eq!(Style::Point.write(number, decimals), point);
            assert_eq!(Style::Comma.write(number, decimals), comma);
        }
    }

    #[test]
    fn a_sentence_writes_its_numbers_so_and_decides_by_them() {
        let text = "number-style = comma\n\
            sites = { $count ->\n   [one] un sitio\n  *[other] { $count } sitios\n}";
        let language = Language::of("es", text);
        assert_eq!(language.say("sites").with("count", 1).to_string(), "un sitio");
        assert_eq!(language.say("sites").with("count", 10_000).to_string(), "10.000 sitios");
    }
}
