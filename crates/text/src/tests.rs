//! The sources and the files of texts agree, key by key and argument by argument.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use fluent_bundle::FluentResource;
use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};

use super::*;
use crate::filters;

type Arguments = BTreeSet<String>;

/// The keys of `words.ftl` that are put together out of a code, in `words`; what they need is tested there.
const OF_CODES: [&str; 10] = [
    "audit-",
    "event-",
    "family-",
    "mapping-type-",
    "origin-",
    "outcome-",
    "reason-",
    "role-",
    "run-state-",
    "scope-",
];

fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, ending, found);
        } else if path.extension().is_some_and(|own| own == ending) {
            found.push(path);
        }
    }
}

fn sources(folder: &str, ending: &str) -> Vec<String> {
    let mut found = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), ending, &mut found);
    assert!(found.len() > 10, "the sources were found: {found:?}");
    found.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

fn named(expression: &InlineExpression<&str>, found: &mut Arguments) {
    match expression {
        InlineExpression::VariableReference { id } => {
            found.insert(id.name.to_owned());
        }
        InlineExpression::Placeable { expression } => chosen(expression, found),
        InlineExpression::StringLiteral { .. } => {}
        other => panic!("texts refer to their arguments and to nothing else: {other:?}"),
    }
}

fn chosen(expression: &Expression<&str>, found: &mut Arguments) {
    match expression {
        Expression::Inline(inline) => named(inline, found),
        Expression::Select { selector, variants } => {
            named(selector, found);
            variants.iter().for_each(|variant| said(&variant.value, found));
        }
    }
}

fn said(pattern: &Pattern<&str>, found: &mut Arguments) {
    for element in &pattern.elements {
        if let PatternElement::Placeable { expression } = element {
            chosen(expression, found);
        }
    }
}

/// Each key of a file with the arguments of its text.
fn kept(source: &str) -> BTreeMap<String, Arguments> {
    let resource = FluentResource::try_new(source.to_owned()).expect("well-formed");
    let mut kept = BTreeMap::new();
    for entry in resource.entries() {
        match entry {
            Entry::Message(message) => {
                let attributes = message.attributes.iter();
                let attributes =
                    attributes.map(|own| (format!("{}.{}", message.id.name, own.id.name), &own.value));
                let own = message.value.iter().map(|value| (message.id.name.to_owned(), value));
                for (key, pattern) in own.chain(attributes) {
                    let mut arguments = Arguments::new();
                    said(pattern, &mut arguments);
                    assert!(kept.insert(key.clone(), arguments).is_none(), "{key} stands twice");
                }
            }
            Entry::Junk { content } => panic!("not understood: {content}"),
            _ => {}
        }
    }
    kept
}

/// The quoted text that begins at `at`, and where it ends.
fn quoted(source: &str, at: usize) -> Option<(String, usize)> {
    let start = at + source[at..].find(|letter: char| !letter.is_whitespace())?;
    let length = source[start..].strip_prefix('"')?.find('"')?;
    Some((source[start + 1..start + 1 + length].to_owned(), start + length + 2))
}

/// Each key the templates ask for, with the arguments they give.
fn asked_in_templates() -> Vec<(String, Arguments)> {
    let mut asked = Vec::new();
    for source in sources("../../templates", "html") {
        for (at, filter) in source.match_indices("\"|t") {
            let start = source[..at].rfind('"').unwrap() + 1;
            let expression = source[at + filter.len()..].split("}}").next().unwrap();
            let given = expression.split("|arg(\"").skip(1);
            let given = given.map(|argument| argument.split('"').next().unwrap().to_owned());
            asked.push((source[start..at].to_owned(), given.collect()));
        }
    }
    asked
}

/// What stands between the parenthesis before `start` and the one that closes it.
fn until_closed(source: &str, start: usize) -> &str {
    let mut depth = 1;
    let end = source[start..].find(|letter| {
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        depth == 0
    });
    &source[start..start + end.expect("a call is closed")]
}

/// Each key the sources ask for, with the arguments they give.
fn asked_in_rust() -> Vec<(String, Arguments)> {
    let mut asked = Vec::new();
    for source in [sources("../server/src", "rs"), sources("../sync-core/src", "rs")].concat() {
        for (at, call) in source.match_indices("text!(") {
            let (key, end) = quoted(&source, at + call.len()).expect("a key is written out");
            let mut depth = 0;
            let mut given = vec![String::new()];
            for letter in until_closed(&source, end).chars() {
                depth += i32::from("([{".contains(letter)) - i32::from(")]}".contains(letter));
                match letter {
                    ',' if depth == 0 => given.push(String::new()),
                    _ => given.last_mut().unwrap().push(letter),
                }
            }
            let names = given.iter().map(|argument| argument.split('=').next().unwrap().trim().to_owned());
            asked.push((key, names.filter(|name| !name.is_empty()).collect()));
        }
    }
    asked
}

fn compare(asked: &[(String, Arguments)], kept: &BTreeMap<String, Arguments>, file: &str) {
    assert!(asked.len() > 100, "the sources were read");
    for (key, given) in asked {
        let taken = kept.get(key).unwrap_or_else(|| panic!("{file} has no {key}"));
        assert_eq!(given, taken, "the arguments of {key}");
    }
}

fn unused<'a>(asked: &[(String, Arguments)], kept: &'a BTreeMap<String, Arguments>) -> Vec<&'a str> {
    let asked: BTreeSet<&str> = asked.iter().map(|(key, _)| key.as_str()).collect();
    let keys = kept.keys().map(String::as_str);
    keys.filter(|key| !asked.contains(key) && !OF_CODES.iter().any(|own| key.starts_with(own))).collect()
}

#[test]
fn every_text_a_page_asks_for_is_there_and_every_one_there_is_asked_for() {
    let (pages, words) = (kept(LANGUAGES[0].1), kept(LANGUAGES[0].2));
    let (in_templates, in_rust) = (asked_in_templates(), asked_in_rust());
    compare(&in_templates, &pages, "pages.ftl");
    compare(&in_rust, &words, "words.ftl");
    assert_eq!(unused(&in_templates, &pages), [""; 0], "of pages.ftl");
    let mut left = unused(&in_rust, &words);
    left.retain(|key| *key != "number-thousands");
    assert_eq!(left, [""; 0], "of words.ftl");
}

#[test]
fn a_further_language_says_nothing_the_first_does_not() {
    for (language, pages, words) in &LANGUAGES[1..] {
        for (first, other) in [(LANGUAGES[0].1, pages), (LANGUAGES[0].2, words)] {
            let first = kept(first);
            for (key, arguments) in kept(other) {
                let known = first.get(&key).unwrap_or_else(|| panic!("{language}: {key} is not known"));
                assert!(arguments.is_subset(known), "{language}: the arguments of {key}");
            }
        }
    }
}

#[test]
fn every_reason_says_what_happened_and_what_to_do_in_sentences() {
    let (pages, words) = (LANGUAGES[0].1, LANGUAGES[0].2);
    let catalogue = Catalogue::read("en", pages, words);
    let rest = [("rest", "503".plain())].into_iter().collect();
    let reasons =
        kept(words).into_keys().filter(|key| key.starts_with("reason-") || key.starts_with("family-"));
    for key in reasons {
        let said = catalogue.words.fill(&key, &rest).unwrap();
        assert!(said.ends_with('.') && said.len() > 10, "{key}: {said}");
    }
}

/// No letters stand in a template outside of what it asks for, but for the name of the product.
#[test]
fn templates_hold_no_text_of_their_own() {
    for source in sources("../../templates", "html") {
        let mut bare = String::new();
        let mut rest = source.as_str();
        while let Some(start) = rest.find(['{', '<']) {
            bare.push_str(&rest[..start]);
            let until = match rest.as_bytes().get(start..start + 2) {
                Some(b"{{") => "}}",
                Some(b"{%") => "%}",
                Some(b"{#") => "#}",
                _ => ">",
            };
            // A tag's attributes may hold expressions with a `>` of their own.
            let mut end = start;
            loop {
                end += rest[end..].find(until).expect("closed") + until.len();
                let inside = &rest[start..end];
                if until != ">"
                    || (inside.matches("{{").count() == inside.matches("}}").count()
                        && inside.matches("{%").count() == inside.matches("%}").count())
                {
                    break;
                }
            }
            rest = &rest[end..];
        }
        bare.push_str(rest);
        let bare = bare.replace("Annex", "").replace("narrow", "").replace("wide", "");
        assert!(!bare.chars().any(char::is_alphabetic), "{:?} in {source}", bare.trim());
    }
}

#[test]
fn the_script_holds_no_text_of_its_own() {
    let script =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/assets/annex.js")).unwrap();
    let code =
        script.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let quoted: Vec<&str> = code.split('"').skip(1).step_by(2).collect();
    assert!(quoted.len() > 5, "{quoted:?}");
    for text in quoted {
        assert!(!text.starts_with(char::is_uppercase) && !text.contains(". "), "{text}");
    }
}

#[test]
fn what_is_put_into_a_page_is_escaped_and_counts_choose_their_words() {
    use askama::Template;

    #[derive(Template)]
    #[template(source = r#"{{ "common-back-to"|t|arg("business_code", name) }}"#, ext = "html")]
    struct Page {
        name: &'static str,
    }

    assert_eq!(Page { name: "<b>&" }.to_string(), "Back to &#60;b&#62;&#38;");
    assert_eq!(text!("brake-records", count = 1_u64), "1 record");
    assert_eq!(text!("brake-records", count = 1_234_567_u64), "1,234,567 records");
    assert_eq!(text!("status-connected-to-hubspot-account", portal_id = 1_234_567_i64), {
        "connected to HubSpot account 1234567"
    });
}
