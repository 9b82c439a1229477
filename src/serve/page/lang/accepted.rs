//! `Accept-Language` ([RFC 9110, 12.5.4](https://www.rfc-editor.org/rfc/rfc9110#section-12.5.4)).

/// Of more ranges than these nobody needs to look.
const MOST: usize = 20;

/// The languages that a browser names, what it would rather have first, without their regions.
pub(super) fn tags(header: &str) -> impl Iterator<Item = String> {
    let mut ranges: Vec<(String, f64)> = header.split(',').take(MOST).filter_map(range).collect();
    ranges.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    ranges.into_iter().map(|(tag, _)| tag)
}

/// A language and its weight; none that weighs nothing.
fn range(text: &str) -> Option<(String, f64)> {
    let (tag, parameters) = text.split_once(';').unwrap_or((text, "q=1"));
    let weight = parameters.trim().strip_prefix("q=").and_then(|weight| weight.trim().parse().ok());
    let weight = weight.filter(|weight: &f64| (0.0..=1.0).contains(weight) && *weight > 0.0)?;
    let language = tag.trim().split('-').next()?;
    Some((language.to_ascii_lowercase(), weight))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_weighs_more_comes_first_and_what_weighs_nothing_not_at_all() {
        let tags = |header| tags(header).collect::<Vec<_>>().join(" ");
        assert_eq!(tags("es-MX, en;q=0.5"), "es en");
        assert_eq!(tags("fr;q=0.3,EN-us;q=0.8,es;q=0.9"), "es en fr");
        assert_eq!(tags("es;q=0, *;q=0.1"), "*");
        assert_eq!(tags("es;q=two;;=,"), "");
    }
}
