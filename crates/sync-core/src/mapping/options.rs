//! The options of a choice: copied from the live property, and kept for reading once HubSpot no longer offers them.
//!
//! An option that is renamed or taken away must not look like a change of every record that holds it: the text it
//! had at Storeganise still stands for the same value.

use std::collections::BTreeSet;

use hubspot::properties::PropertyOption;

use super::Choice;
use crate::normalise;

/// The most options a mapped property may offer.
pub const OFFERED_MAX: usize = 1_000;
/// The most options kept, those no longer offered included.
const KEPT_MAX: usize = 2_000;

/// The options as they are offered today, then those that were known before.
#[must_use]
pub fn renewed(known: &[Choice], live: &[PropertyOption]) -> Vec<Choice> {
    let choice = |option: &PropertyOption| Choice {
        value: option.value.clone(),
        label: if option.label.trim().is_empty() { option.value.clone() } else { option.label.clone() },
        retired: option.hidden,
    };
    let usable = || live.iter().filter(|option| normalise::text(&option.value).is_some());
    let mut options: Vec<Choice> = usable().filter(|option| !option.hidden).map(choice).collect();
    options.extend(usable().filter(|option| option.hidden).map(choice));
    let mut there: BTreeSet<(String, String)> =
        options.iter().map(|option| (option.value.clone(), option.label.clone())).collect();
    for option in known {
        if there.insert((option.value.clone(), option.label.clone())) {
            options.push(Choice { retired: true, ..option.clone() });
        }
    }
    options.truncate(KEPT_MAX);
    options
}

/// The value a text stands for: a value itself, a label, or either in other letters; what is offered comes first.
pub(super) fn meant<'a>(options: &'a [Choice], text: &str) -> Option<&'a str> {
    let folded = text.to_lowercase();
    let found = options
        .iter()
        .find(|option| option.value == text)
        .or_else(|| options.iter().find(|option| same_words(&option.label, &folded)))
        .or_else(|| options.iter().find(|option| same_words(&option.value, &folded)));
    found.map(|option| option.value.as_str())
}

fn same_words(one: &str, folded: &str) -> bool {
    normalise::text(one).is_some_and(|text| text.to_lowercase() == folded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(value: &str, label: &str, hidden: bool) -> PropertyOption {
        PropertyOption { value: value.to_owned(), label: label.to_owned(), hidden }
    }

    fn shown(options: &[Choice]) -> Vec<(&str, &str, bool)> {
        options.iter().map(|option| (option.value.as_str(), option.label.as_str(), option.retired)).collect()
    }

    #[test]
    fn what_is_offered_stands_first_and_what_was_known_is_kept_for_reading() {
        let first =
            renewed(&[], &[live("s", "Small", false), live("l", "Large", false), live("x", "", true)]);
        assert_eq!(shown(&first), [("s", "Small", false), ("l", "Large", false), ("x", "x", true)]);
        let second = renewed(&first, &[live("s", "Tiny", false), live("m", "Middle", false)]);
        assert_eq!(
            shown(&second),
            [
                ("s", "Tiny", false),
                ("m", "Middle", false),
                ("s", "Small", true),
                ("l", "Large", true),
                ("x", "x", true)
            ]
        );
        assert_eq!(meant(&second, "small"), Some("s"), "a renamed option means what it meant");
        assert_eq!(renewed(&second, &[live("s", "Tiny", false), live("m", "Middle", false)]), second);
    }

    #[test]
    fn an_option_that_comes_back_is_offered_again() {
        let gone = renewed(&renewed(&[], &[live("s", "Small", false)]), &[live("l", "Large", false)]);
        let back = renewed(&gone, &[live("l", "Large", false), live("s", "Small", false)]);
        assert_eq!(shown(&back), [("l", "Large", false), ("s", "Small", false)]);
    }

    #[test]
    fn a_text_means_what_is_offered_before_what_was() {
        let options = renewed(&renewed(&[], &[live("old", "Large", false)]), &[live("new", "Large", false)]);
        assert_eq!(meant(&options, "Large"), Some("new"));
        assert_eq!(meant(&options, "old"), Some("old"));
        assert_eq!(meant(&options, "Huge"), None);
    }
}
