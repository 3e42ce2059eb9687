//! How often a contact was made with each address: the ledger that shows doubles.

use std::collections::{BTreeMap, HashSet};

/// The ledger.
#[derive(Debug, Default)]
pub(crate) struct Creates {
    once: HashSet<Box<str>>,
    repeated: BTreeMap<Box<str>, u32>,
    total: u64,
}

impl Creates {
    /// Notes that a contact was made with this address.
    pub(crate) fn add(&mut self, email: &str) {
        self.total += 1;
        if let Some(count) = self.repeated.get_mut(email) {
            *count += 1;
        } else if !self.once.insert(email.into()) {
            self.repeated.insert(email.into(), 2);
        }
    }

    /// How many contacts were made with an address.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// The addresses with which more than one contact was made, and how many.
    pub(crate) fn repeated(&self) -> &BTreeMap<Box<str>, u32> {
        &self.repeated
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_shows_from_the_second_contact_on() {
        let mut creates = Creates::default();
        for email in ["a@example.com", "b@example.com", "a@example.com", "a@example.com"] {
            creates.add(email);
        }
        let repeated: Vec<(&str, u32)> = creates.repeated().iter().map(|(e, n)| (&**e, *n)).collect();
        assert_eq!((creates.total(), repeated), (4, vec![("a@example.com", 3)]));
    }
}
