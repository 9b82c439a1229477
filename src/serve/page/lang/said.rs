//! A text of a language, with its values: what a template writes.

use std::fmt;

use askama::filters::HtmlSafe;
use fluent_bundle::{FluentArgs, FluentValue};

use super::{Language, first};

/// What stands under a key, with the values that it has.
pub(in crate::serve::page) struct Said<'a> {
    language: &'a Language,
    key: &'a str,
    values: FluentArgs<'a>,
}

impl<'a> Said<'a> {
    pub(super) fn of(language: &'a Language, key: &'a str) -> Self {
        Self { language, key, values: FluentArgs::new() }
    }

    /// The same with a value: a text, or a number, which is written as the language does.
    #[must_use]
    pub(in crate::serve::page) fn with(
        mut self,
        name: &'static str,
        value: impl Into<FluentValue<'a>>,
    ) -> Self {
        self.values.set(name, value);
        self
    }

    /// The same with what stands between backticks as code.
    pub(in crate::serve::page) fn rich(&self) -> Rich {
        Rich::of(&self.to_string())
    }
}

/// A text that the language lacks is that of the first one.
impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.language.find_text(self.key, &self.values);
        let text = text.or_else(|| first().find_text(self.key, &self.values));
        f.write_str(text.as_deref().unwrap_or(self.key))
    }
}

/// A text with code in it, as HTML.
pub(in crate::serve::page) struct Rich(String);

impl Rich {
    fn of(text: &str) -> Self {
        let mut html = String::with_capacity(text.len() + 16);
        for (number, part) in text.split('`').enumerate() {
            if number > 0 {
                html.push_str(if number.is_multiple_of(2) { "</code>" } else { "<code>" });
            }
            escape(part, &mut html);
        }
        if !text.matches('`').count().is_multiple_of(2) {
            html.push_str("</code>");
        }
        Self(html)
    }
}

fn escape(text: &str, html: &mut String) {
    for c in text.chars() {
        match c {
            '<' => html.push_str("&#60;"),
            '>' => html.push_str("&#62;"),
            '&' => html.push_str("&#38;"),
            '"' => html.push_str("&#34;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
}

/// It is escaped here.
impl HtmlSafe for Rich {}

impl fmt::Display for Rich {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_backticks_is_code_and_nothing_else_is_markup() {
        let html = |text: &str| Rich::of(text).to_string();
        assert_eq!(html("`weather etl` <b>"), "<code>weather etl</code> &#60;b&#62;");
        assert_eq!(html("a `b & 'c'"), "a <code>b &#38; &#39;c&#39;</code>");
        assert_eq!(html("plain"), "plain");
    }
}
