//! The values of the overview's parameters.

use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use super::{COLUMNS, TROUBLE_FIRST, UNSORTED};
use crate::serve::answer::values::Unfit;

/// The words that a parameter knows; the first is meant if none is given.
pub(super) trait Words {
    fn words() -> Vec<&'static str>;
}

/// By what the rows are sorted.
pub(super) struct Sort;

impl Words for Sort {
    fn words() -> Vec<&'static str> {
        let names = COLUMNS.iter().map(|(name, ..)| *name).filter(|name| *name != UNSORTED);
        std::iter::once(TROUBLE_FIRST).chain(names).collect()
    }
}

/// Which way they are sorted.
pub(super) struct Direction;

impl Words for Direction {
    fn words() -> Vec<&'static str> {
        vec!["asc", "desc"]
    }
}

/// Which rows are shown.
pub(super) struct Show;

impl Words for Show {
    fn words() -> Vec<&'static str> {
        vec!["all", "trouble"]
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

/// A form sends an empty text for what is not chosen.
impl<W: Words> TryFrom<String> for OneOf<W> {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        if text.is_empty() {
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
