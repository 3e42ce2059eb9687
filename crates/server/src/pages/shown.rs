//! Small things that several pages show: states as word and shape.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_a_word_with_a_shape_and_its_text_is_escaped() {
        let html = Badge::new("bad", "<b>").to_string();
        assert!(html.contains('■') && html.contains("&#60;b&#62;"), "{html}");
    }
}
