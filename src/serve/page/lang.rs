//! The languages of the page. Each is one file of `assets/lang` in Fluent's syntax
//! (<https://projectfluent.org/fluent/guide/>), and has every text, the names of months and days, and how numbers and
//! dates are written: a third is one file more, and its line in `FILES`.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentError, FluentResource};
use unic_langid::LanguageIdentifier;

mod accepted;
mod dates;
mod numbers;
mod said;
mod spans;
mod words;

pub(super) use dates::zone;
pub(super) use said::{Rich, Said};

use numbers::Style;

/// By their tags ([BCP 47](https://www.rfc-editor.org/info/bcp47)); the first is what is meant if a reader's
/// browser names none of them.
const FILES: [(&str, &str); 2] = [
    ("en", include_str!("../../../assets/lang/en.ftl")),
    ("es", include_str!("../../../assets/lang/es.ftl")),
];

/// A language, and all that is said in it.
pub(super) struct Language {
    tag: String,
    bundle: FluentBundle<FluentResource>,
    style: Style,
}

/// All of them.
static LANGUAGES: LazyLock<Vec<Language>> =
    LazyLock::new(|| FILES.iter().map(|(tag, text)| Language::of(tag, text)).collect());

/// Changes when any text does.
pub(super) fn texts() -> String {
    FILES.map(|(_, text)| text).concat()
}

/// All of them, the one that is meant if none is named first.
pub(super) fn all() -> &'static [Language] {
    &LANGUAGES
}

/// The language with this tag.
pub(super) fn find(tag: &str) -> Option<&'static Language> {
    LANGUAGES.iter().find(|language| language.tag == tag)
}

/// The one that is meant if none is named.
pub(super) fn first() -> &'static Language {
    &LANGUAGES[0]
}

/// The language that a browser would rather have, by `Accept-Language`.
pub(super) fn accepted(header: &str) -> &'static Language {
    accepted::tags(header).find_map(|tag| find(&tag)).unwrap_or_else(first)
}

impl Language {
    /// What a file has. A line that cannot be read is left out, for which a test looks.
    pub(super) fn of(tag: &str, text: &str) -> Self {
        let known: LanguageIdentifier = tag.parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![known]);
        bundle.set_use_isolating(false);
        let (Ok(resource) | Err((resource, _))) = FluentResource::try_new(text.to_owned());
        let _ = bundle.add_resource(resource);
        let mut language = Self { tag: tag.to_owned(), bundle, style: Style::Point };
        language.style = Style::named(&language.say("number-style").to_string());
        language.bundle.set_formatter(Some(language.style.formatter()));
        language
    }

    pub(super) fn tag(&self) -> &str {
        &self.tag
    }

    /// What stands under a key.
    pub(super) fn say<'a>(&'a self, key: &'a (impl AsRef<str> + ?Sized)) -> Said<'a> {
        Said::of(self, key.as_ref())
    }

    /// Whether it has a text under this key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.bundle.has_message(key)
    }

    /// The text under a key with these values, if there is one.
    fn find_text(&self, key: &str, values: &FluentArgs<'_>) -> Option<String> {
        let pattern = self.bundle.get_message(key)?.value()?;
        let mut faults: Vec<FluentError> = Vec::new();
        Some(self.bundle.format_pattern(pattern, Some(values), &mut faults).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_says_who_it_is() {
        for language in all() {
            assert!(language.has("language-name"), "{}", language.tag());
        }
        assert_eq!(find("es").unwrap().say("language-name").to_string(), "Español");
        assert!(find("xx").is_none() && find("").is_none());
    }

    #[test]
    fn a_text_that_a_language_lacks_is_that_of_the_first() {
        let poor = Language::of("xx", "number-style = point\n");
        assert_eq!(poor.say("menu-overview").to_string(), first().say("menu-overview").to_string());
        assert_eq!(poor.say("no-such-key").to_string(), "no-such-key");
    }
}
