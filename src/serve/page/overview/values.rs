//! The values of the overview's parameters.

use std::fmt;
use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use super::order::{SORTS, TROUBLE_FIRST};
use super::scale::Quantity;
use crate::serve::answer::values::Unfit;

/// The words that a parameter knows; the first is meant if none is given.
pub(super) trait Words {
    /// Whether a form may send an empty text for what is not chosen.
    const MAY_BE_EMPTY: bool = true;

    fn words() -> Vec<Word>;
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $words:expr) => {
        $(#[$doc])*
        pub(super) struct $name;

        impl Words for $name {
            fn words() -> Vec<Word> {
                $words
            }
        }
    };
}

words!(
    /// By what the rows are sorted.
    Sort,
    std::iter::once(TROUBLE_FIRST).chain(SORTS.iter().map(|(name, ..)| *name)).collect()
);
words!(
    /// Which way they are sorted.
    Direction,
    vec!["asc", "desc"]
);
words!(
    /// Which sites are shown.
    Show,
    vec!["all", "trouble"]
);
words!(
    /// By what the rows stand together.
    Group,
    vec!["none", "tag", "country"]
);

/// What the map shows: chosen by a link, which never sends nothing.
pub(super) struct Map;

impl Words for Map {
    const MAY_BE_EMPTY: bool = false;

    fn words() -> Vec<Word> {
        Quantity::ALL.map(Quantity::name).to_vec()
    }
}

/// A word that the program knows.
type Word = &'static str;

/// One of some words.
#[derive(Deserialize, Serialize)]
#[serde(try_from = "String", bound(deserialize = "W: Words", serialize = ""))]
pub(super) struct OneOf<W> {
    word: Word,
    #[serde(skip)]
    of: PhantomData<W>,
}

impl<W> OneOf<W> {
    pub(super) fn word(&self) -> &'static str {
        self.word
    }
}

impl<W: Words> Default for OneOf<W> {
    fn default() -> Self {
        Self { word: W::words().first().copied().unwrap_or_default(), of: PhantomData }
    }
}

impl<W: Words> TryFrom<String> for OneOf<W> {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        if text.is_empty() && W::MAY_BE_EMPTY {
            return Ok(Self::default());
        }
        let words = W::words();
        let found = words.iter().find(|word| **word == text);
        let unfit = || Unfit::new("is none of these", words.join(", "));
        found.map(|word| Self { word, of: PhantomData }).ok_or_else(unfit)
    }
}

/// A text that is looked for, in small letters.
#[derive(Default, Deserialize, Serialize)]
#[serde(try_from = "String")]
pub(super) struct Text(String);

/// The longest text that is looked for.
const MAX_TEXT: usize = 100;

impl Text {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Text {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        let text = text.trim().to_lowercase();
        match text.chars().count() > MAX_TEXT {
            true => Err(Unfit::new("is too long", format!("up to {MAX_TEXT} letters"))),
            false => Ok(Self(text)),
        }
    }
}

/// A value, or the empty text that a form sends for none.
#[derive(Deserialize, Serialize)]
#[serde(try_from = "String", bound(deserialize = "T: TryFrom<String, Error = Unfit>"))]
pub(super) struct Perhaps<T>(pub(super) Option<T>);

impl<T> Default for Perhaps<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: TryFrom<String, Error = Unfit>> TryFrom<String> for Perhaps<T> {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        if text.is_empty() {
            return Ok(Self(None));
        }
        T::try_from(text).map(|value| Self(Some(value)))
    }
}

impl<T: fmt::Display> Perhaps<T> {
    /// As it is asked for; empty: not at all.
    pub(super) fn text(&self) -> String {
        self.0.as_ref().map(ToString::to_string).unwrap_or_default()
    }
}

/// The number of a page of the table, from 1 on.
#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(try_from = "String")]
pub(super) struct PageNumber(pub(super) usize);

impl Default for PageNumber {
    fn default() -> Self {
        Self(1)
    }
}

impl TryFrom<String> for PageNumber {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        let number = text.parse().ok().filter(|number| (1..=MOST_PAGES).contains(number));
        let unfit = || Unfit::shown(&text, "is no page", format!("1 … {MOST_PAGES}"));
        number.map(Self).ok_or_else(unfit)
    }
}

/// More pages no table has.
const MOST_PAGES: usize = 100_000;
