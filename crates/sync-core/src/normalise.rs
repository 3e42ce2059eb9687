//! The normal form of a value, for comparing only, never for writing: a difference that normalises away is
//! no difference. The rules are design 4.1.

use phonenumber::{Mode, country};
use unicode_normalization::UnicodeNormalization as _;

/// Changes whenever a rule here does, so that baselines made under older rules are known for what they are.
pub const RULES_VERSION: u32 = 1;

/// Free text: NFC, trimmed, inner white space folded to one space. Blank gives `None`.
#[must_use]
pub fn text(value: &str) -> Option<String> {
    let composed: String = value.nfc().collect();
    let folded = composed.split_whitespace().collect::<Vec<_>>().join(" ");
    (!folded.is_empty()).then_some(folded)
}

/// An e-mail address: as text, in lower case.
#[must_use]
pub fn email(value: &str) -> Option<String> {
    text(value).map(|email| email.to_lowercase())
}

/// A phone number: E.164 where it is a valid number of the default country or of the one it names, else its
/// digits, else (a text without digits) as text.
#[must_use]
pub fn phone(value: &str, default_country: Option<country::Id>) -> Option<String> {
    let text = text(value)?;
    let valid = phonenumber::parse(default_country, &text).ok().filter(phonenumber::is_valid);
    if let Some(number) = valid.filter(|number| number.extension().is_none()) {
        return Some(number.format().mode(Mode::E164).to_string());
    }
    let digits: String =
        text.chars().filter_map(|c| c.to_digit(10)).filter_map(|d| char::from_digit(d, 10)).collect();
    Some(if digits.is_empty() { text } else { digits })
}

/// Loads the phone library's tables (about 70 ms), so that no first record has to wait for it.
pub fn warm() {
    let _warmed = phone("+44 20 7946 0000", None);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn german(value: &str) -> Option<String> {
        phone(value, Some(country::DE))
    }

    #[test]
    fn a_composed_and_a_decomposed_accent_are_the_same_name() {
        assert_eq!(text("Zoe\u{301}  K\u{a0}"), text(" Zo\u{e9} K"));
        assert_ne!(text("Zoe"), text("Zo\u{e9}"));
    }

    #[test]
    fn a_blank_is_no_value() {
        for blank in ["", "  ", "\u{a0}\t\n"] {
            assert_eq!((text(blank), email(blank), german(blank)), (None, None, None), "{blank:?}");
        }
    }

    #[test]
    fn an_email_is_compared_without_case() {
        assert_eq!(email(" A.B@Example.COM "), Some("a.b@example.com".to_owned()));
    }

    #[test]
    fn spellings_of_one_phone_number_are_the_same_and_an_extension_is_not_lost() {
        for spelling in ["030 901820", "+49 30 901820", "(030) 90-18 20", "0049 30 901820"] {
            assert_eq!(german(spelling), Some("+4930901820".to_owned()), "{spelling}");
        }
        assert_ne!(german("030 901820 ext. 5"), german("030 901820"));
    }

    #[test]
    fn what_is_no_valid_number_is_compared_by_its_digits_or_as_it_is() {
        assert_eq!(phone("12-34", None), Some("1234".to_owned()));
        assert_eq!(german("ask at the desk"), Some("ask at the desk".to_owned()));
    }

    proptest! {
        #[test]
        fn normalising_text_or_an_e164_number_again_changes_nothing(value in "\\PC{0,24}|[+0-9 ()-]{0,18}") {
            for once in [text(&value), email(&value), german(&value)].into_iter().flatten() {
                prop_assert_eq!(text(&once), Some(once.clone()));
            }
            // Digits alone are no number again: "20100+0" and "201000" are told apart on purpose.
            if let Some(once) = german(&value).filter(|phone| phone.starts_with('+')) {
                prop_assert_eq!(german(&once), Some(once));
            }
        }
    }
}
