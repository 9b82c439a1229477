//! The languages of the page: every text is of a file of `assets/lang`, the files have the same keys and variables,
//! and a template has no words of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use fluent_syntax::ast::{
    CallArguments, Entry, Expression, InlineExpression, Pattern, PatternElement,
};

use crate::support::program::{repository_file, repository_path};

/// Key, and the variables of its text.
type Texts = BTreeMap<String, BTreeSet<String>>;

fn languages() -> Vec<String> {
    let folder = fs::read_dir(repository_path("assets/lang")).unwrap();
    let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.map(|name| name.strip_suffix(".ftl").unwrap().to_owned()).collect()
}

fn texts(language: &str) -> Texts {
    let text = repository_file(&format!("assets/lang/{language}.ftl"));
    let resource = fluent_syntax::parser::parse(text.as_str())
        .unwrap_or_else(|(_, faults)| panic!("{language}: {faults:?}"));
    let mut texts = Texts::new();
    for entry in &resource.body {
        let Entry::Message(message) = entry else { continue };
        let mut variables = BTreeSet::new();
        add_pattern(message.value.as_ref().expect("a value"), &mut variables);
        let before = texts.insert(message.id.name.to_owned(), variables);
        assert!(before.is_none(), "{language}: {} is there twice", message.id.name);
    }
    texts
}

fn add_pattern(pattern: &Pattern<&str>, variables: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        if let PatternElement::Placeable { expression } = element {
            add_expression(expression, variables);
        }
    }
}

fn add_expression(expression: &Expression<&str>, variables: &mut BTreeSet<String>) {
    match expression {
        Expression::Inline(inline) => add_inline(inline, variables),
        Expression::Select { selector, variants } => {
            add_inline(selector, variables);
            variants.iter().for_each(|variant| add_pattern(&variant.value, variables));
        }
    }
}

fn add_inline(inline: &InlineExpression<&str>, variables: &mut BTreeSet<String>) {
    match inline {
        InlineExpression::VariableReference { id } => {
            variables.insert(id.name.to_owned());
        }
        InlineExpression::Placeable { expression } => add_expression(expression, variables),
        InlineExpression::FunctionReference {
            arguments: CallArguments { positional, .. }, ..
        } => {
            positional.iter().for_each(|inline| add_inline(inline, variables));
        }
        _ => {}
    }
}

#[test]
fn every_language_has_the_same_keys_and_variables() {
    let english = texts("en");
    assert!(english.len() > 100);
    for language in languages() {
        let other = texts(&language);
        for (key, variables) in &english {
            assert_eq!(other.get(key), Some(variables), "{language}: {key}");
        }
        for key in other.keys() {
            assert!(english.contains_key(key), "{language}: {key} is not in en.ftl");
        }
    }
}

/// The files that say something: templates, and the code of the page.
fn sources(folder: &str, ending: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut folders = vec![repository_path(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_str().unwrap().ends_with(ending) {
                let text = fs::read_to_string(&path).unwrap();
                all.push((path.display().to_string(), text));
            }
        }
    }
    all
}

/// Beginnings of keys that code makes of what the program knows by a name.
const MADE: [&str; 21] = [
    "wind-from-",
    "allowed-",
    "calls-",
    "compass-",
    "condition-",
    "country-",
    "error-",
    "gaps-key-",
    "menu-",
    "map-",
    "month-",
    "outcome-",
    "problem-",
    "reason-",
    "settings-",
    "site-chart-",
    "site-hole",
    "site-of-",
    "site-range-",
    "weekday-",
    "span-",
];

#[test]
fn every_text_is_said_somewhere_and_what_is_said_is_a_text() {
    let english = texts("en");
    let page = sources("src/serve/page", ".rs");
    let all: Vec<_> = sources("templates", ".html").into_iter().chain(page).collect();
    let named: BTreeSet<&str> = all.iter().flat_map(|(_, text)| text.split('"')).collect();
    for key in english.keys() {
        let is_made = MADE.iter().any(|beginning| key.starts_with(beginning));
        assert!(is_made || named.contains(key.as_str()), "nobody says {key}");
    }
    for (file, text) in &all {
        for said in text.split("say(\"").skip(1).chain(text.split(".rich(\"").skip(1)) {
            let key = said.split('"').next().unwrap();
            let is_test = ["sites", "mean", "no-such-key"].contains(&key);
            assert!(is_test || english.contains_key(key), "{file}: {key} is no text");
        }
    }
}

/// What of a template a reader sees or hears: texts between tags, and these attributes. What stands in braces is not
/// the template's.
const SHOWN: [&str; 5] = ["alt=", "aria-label=", "label=", "placeholder=", "title="];

fn without_braces(template: &str) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some(start) = rest.find(['{']) {
        let closing = match rest.as_bytes().get(start + 1) {
            Some(b'{') => "}}",
            Some(b'%') => "%}",
            Some(b'#') => "#}",
            _ => panic!("a lone brace: {rest}"),
        };
        text.push_str(&rest[..start]);
        rest = rest[start..].split_once(closing).unwrap().1;
    }
    text + rest
}

fn words(template: &str) -> Vec<String> {
    shown(&without_braces(template))
}

/// The texts of a page that have letters, and those of its attributes.
fn shown(html: &str) -> Vec<String> {
    let mut shown = Vec::new();
    for part in html.split('<').skip(1) {
        let (tag, between) = part.split_once('>').unwrap_or((part, ""));
        shown.push(between.to_owned());
        for attribute in SHOWN {
            let attribute = format!(" {attribute}\"");
            let values = tag.split(attribute.as_str()).skip(1);
            shown.extend(values.map(|value| value.split('"').next().unwrap().to_owned()));
        }
    }
    shown.retain(|text| text.chars().any(char::is_alphabetic));
    shown.iter().map(|text| text.trim().to_owned()).collect()
}

/// The parts of a text that stand between its values.
fn fragments(language: &str) -> BTreeSet<String> {
    let text = repository_file(&format!("assets/lang/{language}.ftl"));
    let resource = fluent_syntax::parser::parse(text.as_str()).unwrap();
    let mut fragments = BTreeSet::new();
    for entry in &resource.body {
        let Entry::Message(message) = entry else { continue };
        // Every language is called by its own name; names of countries are parts of names of sites.
        let key = message.id.name;
        if key != "language-name" && !key.starts_with("country-") {
            add_fragments(message.value.as_ref().unwrap(), &mut fragments);
        }
    }
    fragments
}

fn add_fragments(pattern: &Pattern<&str>, fragments: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        match element {
            PatternElement::TextElement { value } => {
                let trimmed = value.trim_matches(|c: char| !c.is_alphanumeric());
                fragments.insert(trimmed.to_owned());
            }
            PatternElement::Placeable { expression: Expression::Select { variants, .. } } => {
                variants.iter().for_each(|variant| add_fragments(&variant.value, fragments));
            }
            PatternElement::Placeable { .. } => {}
        }
    }
}

/// Attributes of whose texts a script says one.
const SAID: [&str; 15] = [
    "data-plain=",
    "data-on=",
    "data-updated=",
    "data-waits=",
    "data-off=",
    "data-away=",
    "data-busy=",
    "data-unreadable=",
    "data-name=",
    "data-missing=",
    "data-healed=",
    "data-frozen=",
    "data-none=",
    "data-failed=",
    "data-mine=",
];

/// A page without the elements of this name, which do not contain one another.
fn without(html: &str, element: &str) -> String {
    let (begin, end) = (format!("<{element}>"), format!("</{element}>"));
    let mut parts = html.split(begin.as_str());
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |html, part| html + part.split_once(end.as_str()).unwrap().1)
}

/// The English texts that a page in Spanish shows. Names of sites and what is typed as it stands are of no language.
pub(crate) fn english_in(html: &str) -> Vec<String> {
    let html = &without(&without(html, "code"), "bdi");
    let spanish = fragments("es");
    let said = SAID.iter().flat_map(|name| html.split(*name).skip(1));
    let said = said.map(|rest| rest.trim_start_matches('"').split('"').next().unwrap().to_owned());
    let shown: Vec<String> = shown(html).into_iter().chain(said).collect();
    let is_in = |text: &str, part: &str| {
        text.match_indices(part).any(|(at, _)| {
            let is_open = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
            is_open(text[..at].chars().next_back())
                && is_open(text[at + part.len()..].chars().next())
        })
    };
    let english =
        fragments("en").into_iter().filter(|part| part.len() > 3 && !spanish.contains(part));
    english.filter(|part| shown.iter().any(|text| is_in(text, part))).collect()
}

/// A template that is not would leave what browsers keep of a page as it was.
#[test]
fn every_template_is_part_of_the_form_of_the_pages() {
    let page = repository_file("src/serve/page.rs");
    for (file, _) in sources("templates", "") {
        let name = file.rsplit('/').next().unwrap();
        assert!(page.contains(&format!("templates/{name}\"")), "serve::page::form lacks {name}");
    }
}

#[test]
fn a_template_has_no_words_of_its_own() {
    for (file, template) in sources("templates", ".html") {
        assert!(words(&template).is_empty(), "{file}: {:?}", words(&template));
    }
    let template = "<p title=\"{{ a }}: so\">{% if b %}Hello{% endif %} <b>{{ c }}</b> · 5</p>";
    assert_eq!(words(template), ["Hello", ": so"]);
}
