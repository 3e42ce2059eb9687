//! Small things that several pages show: states as word and shape, grouped numbers.

use askama::{Template, filters::HtmlSafe};
use sync_core::health::Assessment;

use crate::words;

/// A state as a word beside a shape; the shape's colour only repeats it.
#[derive(Debug, Template)]
#[template(path = "components/badge.html")]
pub(super) struct Badge {
    tone: &'static str,
    word: String,
}

// It is a template: what goes into it was escaped there.
impl HtmlSafe for Badge {}

impl Badge {
    /// A state's word; `tone` is one of `good`, `work`, `rest`, `need`, `bad`.
    pub(super) fn new(tone: &'static str, word: impl Into<String>) -> Self {
        Self { tone, word: word.into() }
    }

    /// An installation's health.
    pub(super) fn of_health(assessment: &Assessment) -> Self {
        let words = words::health(assessment);
        Self::new(words.tone, words.word)
    }

    fn shape(&self) -> &'static str {
        match self.tone {
            "good" => "●",
            "work" => "◐",
            "need" => "▲",
            "bad" => "■",
            _ => "○",
        }
    }
}

/// A count with its thousands apart.
pub(super) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count before its noun: "1 business", "2,000 businesses".
pub(super) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        for (count, expected) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(count), expected);
        }
        assert_eq!(counted(1, "business", "businesses"), "1 business");
        assert_eq!(counted(2_000, "business", "businesses"), "2,000 businesses");
    }

    #[test]
    fn a_state_is_a_word_with_a_shape_and_its_text_is_escaped() {
        let html = Badge::new("bad", "<b>").to_string();
        assert!(html.contains('■') && html.contains("&#60;b&#62;"), "{html}");
    }
}
