//! A query string as serde reads it, with errors that are problems.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, DeserializeOwned, DeserializeSeed, Expected, IntoDeserializer, MapAccess};
use serde::de::{Unexpected, Visitor};
use serde::forward_to_deserialize_any;
use url::form_urlencoded;

use crate::serve::answer::problem::{Case, Problem};
use crate::serve::answer::values::short;

/// The parameters of a query string, as the struct of an endpoint.
pub(crate) fn parse<Q: DeserializeOwned>(query: &str) -> Result<Q, Problem> {
    let mut pairs = Pairs::of(query);
    let parameters = pairs.take()?;
    pairs.end().map(|()| parameters)
}

/// The parameters of a query string that several structs share: each reads its own.
pub(crate) trait Several: Sized {
    /// Reads them; a name that none of the structs has is a problem.
    fn parse(query: &str) -> Result<Self, Problem>;
}

macro_rules! several {
    ($($part:ident)+) => {
        impl<$($part: DeserializeOwned),+> Several for ($($part,)+) {
            fn parse(query: &str) -> Result<Self, Problem> {
                let mut pairs = Pairs::of(query);
                let parameters = ($(pairs.take::<$part>()?,)+);
                pairs.end().map(|()| parameters)
            }
        }
    };
}

several!(A B);
several!(A B C);
several!(A B C D);

/// Names and values, and the names that the structs have which have read them.
struct Pairs<'de> {
    pairs: Vec<Pair<'de>>,
    known: Vec<&'static str>,
}

type Pair<'de> = (Cow<'de, str>, Cow<'de, str>);

impl<'de> Pairs<'de> {
    fn of(query: &'de str) -> Self {
        Self { pairs: form_urlencoded::parse(query.as_bytes()).collect(), known: Vec::new() }
    }

    fn take<Q: DeserializeOwned>(&mut self) -> Result<Q, Problem> {
        Q::deserialize(self).map_err(|fault| fault.of(""))
    }

    /// No name is left that nobody has read.
    fn end(self) -> Result<(), Problem> {
        let unknown = self.pairs.iter().find(|(name, _)| !self.known.contains(&&**name));
        unknown.map_or(Ok(()), |(name, _)| Err(unknown_parameter(name, &self.known)))
    }
}

/// What is wrong with a name that an endpoint does not know.
pub(crate) const NOT_OF_THIS_PATH: &str = "is no parameter of this path";

fn unknown_parameter(name: &str, known: &[&str]) -> Problem {
    let allowed = if known.is_empty() { "no parameter".to_owned() } else { known.join(", ") };
    Problem::parameter(&short(name), NOT_OF_THIS_PATH, allowed).case(Case::ParameterUnknown)
}

/// A struct reads the pairs whose names are its fields.
impl<'de> de::Deserializer<'de> for &mut Pairs<'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_map(Own { pairs: self.pairs.clone().into_iter(), pair: None })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.known.extend(fields);
        let own = self.pairs.iter().filter(|(name, _)| fields.contains(&&**name));
        let own: Vec<_> = own.cloned().collect();
        visitor.visit_map(Own { pairs: own.into_iter(), pair: None })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// The pairs of a struct, one after the other.
struct Own<'de> {
    pairs: std::vec::IntoIter<Pair<'de>>,
    pair: Option<Pair<'de>>,
}

impl<'de> MapAccess<'de> for Own<'de> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        self.pair = self.pairs.next();
        let name =
            self.pair.as_ref().map(|(name, _)| seed.deserialize((**name).into_deserializer()));
        name.transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let (name, value) = self.pair.take().unwrap_or_default();
        seed.deserialize(Value(value)).map_err(|fault| Fault::Problem(fault.of(&name)))
    }
}

/// A value: a text, which is there.
struct Value<'de>(Cow<'de, str>);

impl<'de> de::Deserializer<'de> for Value<'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.0 {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// What is wrong with a query string.
#[derive(Debug)]
enum Fault {
    /// Of the parameter that is being read: what is wrong, and what is allowed.
    Value(String, String),
    Problem(Problem),
}

impl Fault {
    /// As a problem, of the parameter of this name unless it names another.
    fn of(self, name: &str) -> Problem {
        match self {
            Self::Value(problem, allowed) => Problem::parameter(name, problem, allowed),
            Self::Problem(problem) => problem,
        }
    }
}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(unfit: T) -> Self {
        Self::Value(format!("{unfit}"), format!("{unfit:#}"))
    }

    /// A name that is of no form that anything has: only sites are named in queries.
    fn invalid_value(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self::Problem(Problem::unknown_site())
    }

    fn unknown_field(name: &str, known: &'static [&'static str]) -> Self {
        Self::Problem(unknown_parameter(name, known))
    }

    fn duplicate_field(name: &'static str) -> Self {
        let problem = Problem::parameter(name, "is given more than once", "one value");
        Self::Problem(problem.case(Case::ParameterTwice))
    }

    fn missing_field(name: &'static str) -> Self {
        Self::Problem(
            Problem::parameter(name, "is missing", "a value").case(Case::ParameterMissing),
        )
    }
}

impl std::error::Error for Fault {}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(problem, _) => f.write_str(problem),
            Self::Problem(problem) => f.write_str(problem.in_words()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::serve::answer::values::{Moment, Site};

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Times {
        from: Option<Moment>,
        #[serde(rename = "to-and-fro")]
        to: Option<Moment>,
        site: Option<Site>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Form {
        form: Option<String>,
    }

    #[test]
    fn several_structs_read_their_own_and_what_none_of_them_has_is_a_problem() {
        let (times, form) = <(Times, Form)>::parse("form=csv&from=2026-01-01&site=a").unwrap();
        assert!(times.from.is_some() && times.site.is_some() && form.form.unwrap() == "csv");
        for (query, parameter, allowed) in [
            ("from=2026-01-01&fro=m", "fro", "from, to-and-fro, site, form"),
            ("form=a&form=b", "form", "one value"),
        ] {
            let problem = serde_json::to_value(<(Times, Form)>::parse(query).unwrap_err()).unwrap();
            assert_eq!(problem["parameter"], parameter, "{query}");
            assert_eq!(problem["allowed"], allowed, "{query}");
        }
    }

    #[test]
    fn parameters_are_known_given_once_and_of_their_form() {
        let times: Times = parse("from=2026-01-01&to-and-fro=2026-01-02T00:00%2B01:00").unwrap();
        assert!(times.from.is_some() && times.to.is_some() && times.site.is_none());
        assert!(parse::<Times>("").unwrap().from.is_none());
        for (query, status, parameter, detail, allowed) in [
            ("form=1", 400, "form", "form: is no parameter of this path", "from, to-and-fro, site"),
            ("from=2026-01-01&from=", 400, "from", "from: is given more than once", "one value"),
            ("to-and-fro=now", 400, "to-and-fro", "to-and-fro: `now` is no time", "a time as in"),
            ("site=A+b", 404, "site_id", "no site has this site_id", "the id of a site"),
        ] {
            let problem = serde_json::to_value(parse::<Times>(query).unwrap_err()).unwrap();
            assert_eq!(problem["status"], status, "{query}");
            assert_eq!(problem["parameter"], parameter, "{query}");
            assert_eq!(problem["detail"], detail, "{query}");
            assert!(problem["allowed"].as_str().unwrap().starts_with(allowed), "{problem}");
        }
    }
}
