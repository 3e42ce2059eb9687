//! The filters by which templates ask for texts: `{{ "key"|t }}`, `{{ "key"|t|arg("name", value) }}`.

#![expect(missing_docs, reason = "the macro that makes filters writes items of its own")]

use std::fmt;

use super::{Argument, Catalogue, Value, missing};
use askama::filters::HtmlSafe;

/// A text of `pages.ftl` with what goes into it.
#[derive(Debug)]
pub struct Said<'a> {
    key: &'a str,
    arguments: Vec<(&'static str, Value<'static>)>,
}

// Texts are ours, and each argument is escaped as it is taken.
impl HtmlSafe for Said<'_> {}

impl fmt::Display for Said<'_> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [own, first] = Catalogue::asked().map(|catalogue| &catalogue.pages);
        if self.arguments.is_empty() {
            let text = own.fixed.get(self.key).or_else(|| first.fixed.get(self.key));
            return to.write_str(text.map_or_else(|| missing(self.key), String::as_str));
        }
        let arguments = self.arguments.iter().cloned().collect();
        let text = own.fill(self.key, &arguments).or_else(|| first.fill(self.key, &arguments));
        to.write_str(text.as_deref().unwrap_or_else(|| missing(self.key)))
    }
}

/// The text of a key.
#[askama::filter_fn]
pub fn t<'a>(key: &'a str, _: &dyn askama::Values) -> askama::Result<Said<'a>> {
    Ok(Said { key, arguments: Vec::new() })
}

/// Puts a value into a text.
#[askama::filter_fn]
pub fn arg<'a, T: Argument>(
    said: Said<'a>,
    _: &dyn askama::Values,
    name: &'static str,
    value: T,
) -> askama::Result<Said<'a>> {
    let Said { key, mut arguments } = said;
    arguments.push((name, value.html()));
    Ok(Said { key, arguments })
}
