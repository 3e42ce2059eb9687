//! The composite address: one line of free text at Storeganise, five properties at HubSpot. Pure.
//!
//! To HubSpot the whole line goes to `address`, and a structured part the line does not contain is cleared.
//! From HubSpot the parts are joined, leaving out those the line already contains. A round trip changes nothing.

use crate::{fields::ADDRESS_PARTS, normalise};

/// The one line a contact's address amounts to; none where every part is blank.
#[must_use]
pub fn joined(line: Option<&str>, part: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut whole = line.map(str::trim).unwrap_or_default().to_owned();
    for name in ADDRESS_PARTS {
        let Some(value) = part(name) else { continue };
        let value = value.trim();
        if value.is_empty() || contains(&whole, value) {
            continue;
        }
        if !whole.is_empty() {
            whole.push_str(", ");
        }
        whole.push_str(value);
    }
    (!whole.is_empty()).then_some(whole)
}

/// The parts a contact has that its new line does not contain: to be cleared.
#[must_use]
pub fn outdated(line: &str, part: impl Fn(&str) -> Option<String>) -> Vec<&'static str> {
    ADDRESS_PARTS
        .into_iter()
        .filter(|name| part(name).is_some_and(|value| !value.trim().is_empty() && !contains(line, &value)))
        .collect()
}

/// Whether a line contains a part as whole words, however it is written: "UK" is not in "Ukraine Street".
fn contains(line: &str, part: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        let normal = normalise::text(text).unwrap_or_default().to_lowercase();
        normal
            .split(|c: char| c.is_whitespace() || c == ',' || c == ';')
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let (line, part) = (words(line), words(part));
    !part.is_empty() && line.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts<'a>(given: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        move |name| given.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn parts_join_into_one_line_without_repeating_what_the_line_says() {
        let leeds = [("city", "Leeds"), ("zip", "LS1 4AP"), ("country", "United Kingdom")];
        assert_eq!(
            joined(Some("12 High St"), parts(&leeds)).as_deref(),
            Some("12 High St, Leeds, LS1 4AP, United Kingdom")
        );
        assert_eq!(
            joined(Some("12 High St, leeds LS1 4AP"), parts(&leeds)).as_deref(),
            Some("12 High St, leeds LS1 4AP, United Kingdom")
        );
        assert_eq!(joined(None, parts(&leeds)).as_deref(), Some("Leeds, LS1 4AP, United Kingdom"));
        assert_eq!(joined(Some("  "), parts(&[])), None);
    }

    #[test]
    fn a_part_is_contained_only_as_whole_words() {
        assert_eq!(outdated("1 Ukraine Street", parts(&[("country", "UK")])), ["country"]);
        assert!(outdated("1 Main St, UK", parts(&[("country", "UK"), ("city", " ")])).is_empty());
    }

    proptest! {
        #[test]
        fn a_line_written_to_hubspot_and_read_back_is_the_same_line(
            line in "[A-Za-z0-9][A-Za-z0-9 ,]{0,20}[A-Za-z0-9]",
            city in "[A-Za-z ]{0,8}", zip in "[A-Z0-9 ]{0,6}",
        ) {
            let before = [("city", city.as_str()), ("zip", zip.as_str())];
            let cleared = outdated(&line, parts(&before));
            let after = |name: &str| if cleared.contains(&name) { None } else { parts(&before)(name) };
            prop_assert_eq!(joined(Some(&line), after), Some(line));
        }
    }
}
