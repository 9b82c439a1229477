//! Words of a language for what the program knows by a name: spans of time, errors, reasons, conditions.

use chrono::TimeDelta;

use super::Language;
use crate::domain::gaps::Reason;

impl Language {
    /// A span of time, in its two largest units.
    pub(in crate::serve::page) fn span(&self, span: TimeDelta) -> String {
        let (days, hours, minutes) =
            (span.num_days(), span.num_hours() % 24, span.num_minutes() % 60);
        let said = match (days, hours, minutes) {
            (0, 0, 0) if span.num_seconds() > 0 => {
                return self.say("span-seconds").with("seconds", span.num_seconds()).to_string();
            }
            (0, 0, _) => self.say("span-minutes"),
            (0, _, 0) => self.say("span-hours"),
            (0, ..) => self.say("span-hours-minutes"),
            (_, 0, _) => self.say("span-days"),
            _ => self.say("span-days-hours"),
        };
        said.with("days", days).with("hours", hours).with("minutes", minutes).to_string()
    }

    /// An age, where seconds do not matter.
    pub(in crate::serve::page) fn age(&self, age: TimeDelta) -> String {
        match age.num_minutes() {
            ..=0 => self.say("age-now").to_string(),
            _ => self.span(age),
        }
    }

    /// A kind of error; one that the file does not know is its name.
    pub(in crate::serve::page) fn error(&self, kind: &str) -> String {
        self.named("error", kind).unwrap_or_else(|| kind.to_owned())
    }

    /// Why slots are missing, in a word or two.
    pub(in crate::serve::page) fn reason(&self, reason: &Reason) -> String {
        match reason {
            Reason::Failed(kind) => {
                self.say("reason-failed").with("error", self.error(kind)).to_string()
            }
            Reason::Unfillable(why) if !why.is_empty() => {
                self.say("reason-unfillable-why").with("why", why).to_string()
            }
            reason => self.named("reason", reason.status()).unwrap_or_default(),
        }
    }

    /// The condition of this number; the stored words of one that the file does not know.
    pub(in crate::serve::page) fn condition(&self, id: Option<i64>, stored: &str) -> String {
        let known = id.and_then(|id| self.named("condition", &id.to_string()));
        known.unwrap_or_else(|| stored.to_owned())
    }

    /// The country of these two letters; the letters, if the file does not know them.
    pub(in crate::serve::page) fn country(&self, letters: &str) -> String {
        self.named("country", letters).unwrap_or_else(|| letters.to_owned())
    }

    /// The text of something that the program knows by a name.
    fn named(&self, kind: &str, name: &str) -> Option<String> {
        let key = format!("{kind}-{}", name.replace('_', "-"));
        self.has(&key).then(|| self.say(&key).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{all, find};
    use super::*;
    use crate::domain::ErrorKind;

    #[test]
    fn spans_are_said_in_their_two_largest_units() {
        for (seconds, english, spanish) in [
            (0, "0 min", "0 min"),
            (7, "7 s", "7 s"),
            (61, "1 min", "1 min"),
            (3600, "1 h", "1 h"),
            (3 * 3600 + 300, "3 h 5 min", "3 h 5 min"),
            (86_400, "1 day", "1 día"),
            (2 * 86_400 + 59, "2 days", "2 días"),
            (86_400 + 7200, "1 d 2 h", "1 d 2 h"),
        ] {
            let span = TimeDelta::seconds(seconds);
            assert_eq!(find("en").unwrap().span(span).replace('\u{a0}', " "), english);
            assert_eq!(find("es").unwrap().span(span).replace('\u{a0}', " "), spanish);
        }
        assert_eq!(find("en").unwrap().age(TimeDelta::seconds(-5)), "just now");
    }

    #[test]
    fn every_kind_of_error_and_reason_has_its_words_in_every_language() {
        for language in all() {
            for kind in ErrorKind::ALL {
                assert_ne!(language.error(kind.as_str()), kind.as_str(), "{}", language.tag());
            }
            for reason in [
                Reason::NeverTried,
                Reason::Paused,
                Reason::Failed("timeout".into()),
                Reason::Quarantined,
                Reason::Unfillable(String::new()),
                Reason::Unfillable("too old".into()),
            ] {
                let said = language.reason(&reason);
                assert!(!said.is_empty() && !said.contains("reason-"), "{reason:?}: {said}");
            }
        }
    }

    #[test]
    fn a_condition_is_said_in_the_language_and_an_unknown_one_as_it_is_stored() {
        let spanish = find("es").unwrap();
        assert_eq!(spanish.condition(Some(500), "light rain"), "lluvia ligera");
        assert_eq!(spanish.condition(Some(9999), "raining frogs"), "raining frogs");
        assert_eq!(spanish.condition(None, "fog"), "fog");
    }

    #[test]
    fn a_country_is_called_by_its_name() {
        let named = |tag: &str, letters: &str| find(tag).unwrap().country(letters);
        assert_eq!([named("en", "ES"), named("es", "ES")], ["Spain", "España"]);
        assert_eq!(named("es", "XX"), "XX");
    }
}
