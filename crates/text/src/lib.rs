//! What the pages say, in the language of whoever reads: `text/<language>/` holds all of it, in Fluent's format.
//!
//! - `words.ftl` is plain text, asked for in Rust by `text!("key", argument = value)`.
//! - `pages.ftl` is HTML, asked for in templates by `{{ "key"|t|arg("argument", value) }}`; arguments are escaped,
//!   the text itself is ours and is not.
//!
//! A further language is a further folder and a line in `LANGUAGES`; what it does not say yet is said in English.
//! A test holds the keys and arguments in the sources against the files. The command line, the log and the JSON
//! API speak English and codes: operators and programs read those.

use std::{collections::HashMap, sync::LazyLock};

use askama::filters::{Html, escape};
pub use fluent_bundle::FluentValue as Value;
use fluent_bundle::{FluentArgs, FluentResource, concurrent::FluentBundle};
use unic_langid::LanguageIdentifier;

/// A text of `words.ftl`: `text!("key")` is a `&'static str`, `text!("key", name = value)` a `String`.
#[macro_export]
macro_rules! text {
    ($key:literal) => {
        $crate::plain($key)
    };
    ($key:literal, $($name:ident $(= $value:expr)?),+ $(,)?) => {
        $crate::filled($key, &[$((
            stringify!($name),
            $crate::Argument::plain(&$crate::text!(@value $name $(= $value)?)),
        )),+])
    };
    (@value $name:ident) => { $name };
    (@value $name:ident = $value:expr) => { $value };
}

pub mod filters;
pub mod language;
#[cfg(test)]
mod tests;

/// A language's name as in an `Accept-Language` header, its `pages.ftl`, its `words.ftl`. The first one answers for
/// all that the others do not say.
const LANGUAGES: &[(&str, &str, &str)] =
    &[("en", include_str!("../../../text/en/pages.ftl"), include_str!("../../../text/en/words.ftl"))];

static CATALOGUES: LazyLock<Vec<Catalogue>> = LazyLock::new(|| {
    let read = |&(name, pages, words): &(&str, &str, &str)| Catalogue::read(name, pages, words);
    LANGUAGES.iter().map(read).collect()
});

/// All that is said in one language.
struct Catalogue {
    language: LanguageIdentifier,
    pages: Texts,
    words: Texts,
}

impl Catalogue {
    fn read(name: &str, pages: &str, words: &str) -> Self {
        let language: LanguageIdentifier = name.parse().expect("a language of ours has a well-formed name");
        Self { pages: Texts::read(&language, pages), words: Texts::read(&language, words), language }
    }

    /// The languages in the order they are asked: the reader's, then the first.
    fn asked() -> [&'static Self; 2] {
        [&CATALOGUES[language::current()], &CATALOGUES[0]]
    }
}

/// One file of texts.
struct Texts {
    bundle: FluentBundle<FluentResource>,
    /// The texts that take no argument, made once.
    fixed: HashMap<String, String>,
}

impl Texts {
    /// The files are part of the binary and read by every test: one that cannot be read never ships.
    fn read(language: &LanguageIdentifier, source: &str) -> Self {
        let resource = FluentResource::try_new(source.to_owned())
            .map_err(|(_, errors)| errors)
            .expect("the texts are well-formed");
        let keys = keys_of(&resource);
        let mut bundle = FluentBundle::new_concurrent(vec![language.clone()]);
        // Marks around arguments are for text that runs both ways; ours are compared and copied.
        bundle.set_use_isolating(false);
        bundle.set_formatter(Some(|value, _| match value {
            Value::Number(number) => Some(grouped(number.into())),
            _ => None,
        }));
        bundle.add_resource(resource).expect("every text has a key of its own");
        let mut texts = Self { bundle, fixed: HashMap::new() };
        for key in keys {
            let mut problems = Vec::new();
            let said = texts.pattern(&key).map(|said| texts.bundle.format_pattern(said, None, &mut problems));
            let said = said.map(std::borrow::Cow::into_owned);
            if let (Some(said), true) = (said, problems.is_empty()) {
                texts.fixed.insert(key, said);
            }
        }
        texts
    }

    /// The text of a key, or of its attribute: `key.attribute`.
    fn pattern(&self, key: &str) -> Option<&fluent_syntax::ast::Pattern<&str>> {
        match key.split_once('.') {
            None => self.bundle.get_message(key)?.value(),
            Some((key, attribute)) => Some(self.bundle.get_message(key)?.get_attribute(attribute)?.value()),
        }
    }

    fn fill(&self, key: &str, arguments: &FluentArgs<'_>) -> Option<String> {
        let mut problems = Vec::new();
        let said = self.bundle.format_pattern(self.pattern(key)?, Some(arguments), &mut problems);
        if !problems.is_empty() {
            tracing::error!(key, ?problems, "a text could not be filled in");
        }
        Some(said.into_owned())
    }
}

/// The keys of a file, attributes as `key.attribute`.
fn keys_of(resource: &FluentResource) -> Vec<String> {
    let mut keys = Vec::new();
    for entry in resource.entries() {
        if let fluent_syntax::ast::Entry::Message(message) = entry {
            keys.push(message.id.name.to_owned());
            let of_attribute = |attribute: &fluent_syntax::ast::Attribute<&str>| {
                format!("{}.{}", message.id.name, attribute.id.name)
            };
            keys.extend(message.attributes.iter().map(of_attribute));
        }
    }
    keys
}

/// What can be put into a text.
pub trait Argument {
    /// In plain text. A number is a count: it chooses between one and many, and its thousands stand apart. Ids are
    /// text.
    fn plain(&self) -> Value<'static>;

    /// In HTML.
    fn html(&self) -> Value<'static> {
        match self.plain() {
            Value::String(text) => Value::from(escape(text, Html).expect("writing to a string").to_string()),
            other => other,
        }
    }
}

impl Argument for str {
    fn plain(&self) -> Value<'static> {
        Value::from(self.to_owned())
    }
}

impl Argument for String {
    fn plain(&self) -> Value<'static> {
        self.as_str().plain()
    }
}

/// An account's or a portal's number is an id, not a count.
impl Argument for i64 {
    fn plain(&self) -> Value<'static> {
        Value::from(self.to_string())
    }
}

impl Argument for u64 {
    fn plain(&self) -> Value<'static> {
        Value::from(*self)
    }
}

impl Argument for usize {
    fn plain(&self) -> Value<'static> {
        Value::from(*self)
    }
}

impl<T: Argument + ?Sized> Argument for &T {
    fn plain(&self) -> Value<'static> {
        (**self).plain()
    }

    fn html(&self) -> Value<'static> {
        (**self).html()
    }
}

/// The plain text of a key that takes no argument, such as one made of a code; `None` where there is none.
#[must_use]
pub fn find(key: &str) -> Option<&'static str> {
    Catalogue::asked().into_iter().find_map(|catalogue| catalogue.words.fixed.get(key)).map(String::as_str)
}

/// The plain text of a key that is known to be there; an unknown key is shown as it is.
#[must_use]
pub fn plain(key: &'static str) -> &'static str {
    find(key).unwrap_or_else(|| missing(key))
}

/// The plain text of a key with its arguments.
#[must_use]
pub fn filled(key: &str, arguments: &[(&'static str, Value<'static>)]) -> String {
    let arguments = arguments.iter().cloned().collect();
    Catalogue::asked()
        .into_iter()
        .find_map(|catalogue| catalogue.words.fill(key, &arguments))
        .unwrap_or_else(|| missing(key).to_owned())
}

fn missing(key: &str) -> &str {
    tracing::error!(key, "there is no such text");
    key
}

/// A count with its thousands apart, as the reader's language has it.
#[must_use]
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push_str(text!("number-thousands"));
        }
        text.push(digit);
    }
    text
}
