//! Numbers of records as pages tell them: grouped by thousands, with the word in its number.

use crate::hubspot::crm::kind::Kind;
use crate::hubspot::portal::Portal;

/// How many records of a kind an account has, such as "1,024 contacts".
pub(super) fn total(portal: &Portal, kind: Kind) -> String {
    counted(portal.store(kind).live_count(), kind)
}

fn counted(count: usize, kind: Kind) -> String {
    let word = if count == 1 { kind.singular() } else { kind.plural() };
    format!("{} {word}", grouped(count))
}

fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped_and_the_word_agrees_with_them() {
        for (count, text) in [
            (0, "0 deals"),
            (1, "1 deal"),
            (999, "999 deals"),
            (1000, "1,000 deals"),
            (1_234_567, "1,234,567 deals"),
        ] {
            assert_eq!(counted(count, Kind::Deal), text);
        }
    }
}
