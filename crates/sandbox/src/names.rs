//! Words that come again and again, kept once: route templates, businesses, add-ons. A request then costs no new text.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

/// The most words that are kept; later ones share one name, so that a hostile caller cannot fill the memory.
const NAMES_MAX: usize = 20_000;
/// The name of every word beyond the limit.
const OTHERS: &str = "others";

/// The words of one sandbox.
#[derive(Debug, Default)]
pub struct Names(Mutex<HashSet<Arc<str>>>);

impl Names {
    /// The one copy of `word`.
    #[must_use]
    pub fn of(&self, word: &str) -> Arc<str> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(name) = known.get(word) {
            return Arc::clone(name);
        }
        if known.len() >= NAMES_MAX && word != OTHERS {
            drop(known);
            return self.of(OTHERS);
        }
        let name: Arc<str> = word.into();
        known.insert(Arc::clone(&name));
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_kept_once_and_too_many_words_share_a_name() {
        let names = Names::default();
        assert!(Arc::ptr_eq(&names.of("acme"), &names.of("acme")));
        for n in 1..NAMES_MAX {
            assert_eq!(&*names.of(&n.to_string()), n.to_string());
        }
        assert_eq!(&*names.of("one more"), OTHERS);
        assert_eq!(&*names.of("acme"), "acme");
    }
}
