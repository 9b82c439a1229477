//! Ids that are made of names.

use super::site::SiteId;

/// Characters of an id that is made of a name, at most: there is room for a number behind them.
const MAX_CHARS: usize = 56;

/// What is made of a name without a Latin letter.
const NAMELESS: &str = "site";

impl SiteId {
    /// An id of the letters and digits of a name, with a number behind it where that is taken.
    /// `None` does not happen: every name makes one.
    #[must_use]
    pub fn of_name(name: &str, is_taken: impl Fn(&str) -> bool) -> Option<Self> {
        let base = slug(name);
        let numbered = (2_u64..).map(|number| format!("{base}-{number}"));
        let mut ids = std::iter::once(base.clone()).chain(numbered);
        ids.find(|id| !is_taken(id)).and_then(|id| Self::parse(&id))
    }
}

/// The letters and digits of a name, small and without their marks, a hyphen for what is between them.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.to_lowercase().chars() {
        match plain(c) {
            Some(letters) => slug.push_str(letters),
            None if c.is_ascii_lowercase() || c.is_ascii_digit() => slug.push(c),
            None if c == '\'' || c == '’' => {}
            None if slug.is_empty() || slug.ends_with('-') => {}
            None => slug.push('-'),
        }
        if slug.len() >= MAX_CHARS {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { NAMELESS.to_owned() } else { slug.to_owned() }
}

/// The letter without its mark, of the letters that the languages of Europe and Vietnam write.
fn plain(c: char) -> Option<&'static str> {
    let found = PLAIN.iter().find(|(marked, _)| marked.contains(c));
    found.map(|(_, letters)| *letters)
}

/// Letters with marks, and what they are without.
const PLAIN: [(&str, &str); 29] = [
    ("àáâãäåāăąǎảạấầẩẫậắằẳẵặ", "a"),
    ("æ", "ae"),
    ("çćĉċč", "c"),
    ("ďđ", "d"),
    ("ð", "d"),
    ("èéêëēĕėęěẻẽẹếềểễệ", "e"),
    ("ĝğġģ", "g"),
    ("ĥħ", "h"),
    ("ìíîïĩīĭįıỉị", "i"),
    ("ĵ", "j"),
    ("ķ", "k"),
    ("ĺļľŀł", "l"),
    ("ñńņňŋ", "n"),
    ("òóôõöøōŏőơỏọốồổỗộớờởỡợ", "o"),
    ("œ", "oe"),
    ("ŕŗř", "r"),
    ("śŝşšș", "s"),
    ("ß", "ss"),
    ("ţťŧț", "t"),
    ("þ", "th"),
    ("ùúûüũūŭůűųưủụứừửữự", "u"),
    ("ŵ", "w"),
    ("ýÿŷỳỷỹỵ", "y"),
    ("źżž", "z"),
    ("ə", "e"),
    ("ʻʼ`´", ""),
    (
        "\u{300}\u{301}\u{302}\u{303}\u{304}\u{306}\u{307}\u{308}\u{30a}\u{30b}\u{30c}\u{327}\u{328}",
        "",
    ),
    ("&", "and"),
    ("ĳ", "ij"),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_id_is_made_of_the_letters_of_a_name() {
        for (name, id) in [
            ("Madrid, El Retiro", "madrid-el-retiro"),
            ("  São  Tomé ", "sao-tome"),
            ("St. John's", "st-johns"),
            ("Łódź (Zakład 2)", "lodz-zaklad-2"),
            ("Straße", "strasse"),
            ("Hồ Chí Minh", "ho-chi-minh"),
            ("İzmir", "izmir"),
            ("Cafe\u{301}", "cafe"),
            ("Smith & Sons", "smith-and-sons"),
            ("東京", "site"),
            ("-- --", "site"),
        ] {
            assert_eq!(slug(name), id, "{name}");
        }
    }

    proptest! {
        #[test]
        fn every_name_makes_an_id(name in ".{0,120}", taken in 0..30_usize) {
            let mut given = Vec::new();
            for _ in 0..=taken {
                let id = SiteId::of_name(&name, |id| given.iter().any(|known| known == id)).unwrap();
                prop_assert!(!given.contains(&id.to_string()));
                given.push(id.to_string());
            }
        }
    }
}
