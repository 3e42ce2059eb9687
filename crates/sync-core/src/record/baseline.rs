//! The baseline of a link: for each field the digest both sides last agreed on. Kept as JSON, without values.

use std::collections::BTreeMap;

use super::side::{Digests, Field};
use crate::{
    error::Error,
    merge::{self, Digest},
};

/// What a link remembers of its fields. A field that is absent was never agreed on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline(BTreeMap<Field, Option<Digest>>);

impl Baseline {
    /// Reads a stored baseline. A field we do not know (any more) is left out.
    ///
    /// # Errors
    /// The text is not one of ours.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        let corrupt = || Error::Corrupt("baseline");
        let stored: BTreeMap<String, Option<String>> = serde_json::from_str(text).map_err(|_| corrupt())?;
        let mut fields = BTreeMap::new();
        for field in Field::ALL {
            match stored.get(field.name()) {
                Some(Some(digest)) => {
                    let mut bytes = [0; 16];
                    hex::decode_to_slice(digest, &mut bytes).map_err(|_| corrupt())?;
                    fields.insert(field, Some(bytes));
                }
                Some(None) => {
                    fields.insert(field, None);
                }
                None => {}
            }
        }
        Ok(Self(fields))
    }

    /// The baseline as it is stored.
    #[must_use]
    pub fn to_json(&self) -> String {
        let stored: BTreeMap<&str, Option<String>> =
            self.0.iter().map(|(field, digest)| (field.name(), digest.map(hex::encode))).collect();
        serde_json::to_string(&stored).expect("names and digests are plain data")
    }

    /// What was agreed on of a field.
    #[must_use]
    pub fn of(&self, field: Field) -> merge::Baseline {
        self.0.get(&field).map_or(merge::Baseline::None, |agreed| merge::Baseline::Agreed(*agreed))
    }

    /// Whether a user's digests are what was last agreed on, field by field.
    #[must_use]
    pub fn fits(&self, user: &Digests) -> bool {
        Field::ALL.into_iter().all(|field| match self.of(field) {
            merge::Baseline::Agreed(agreed) => agreed.as_ref() == user.get(&field),
            // Never agreed on and blank here: a value there may not be known, and is not to be written over.
            merge::Baseline::None => !user.contains_key(&field),
        })
    }

    /// Fields that were never agreed on are blank on both sides.
    pub(super) fn agree_on_blanks(&mut self) {
        for field in Field::ALL {
            self.0.entry(field).or_insert(None);
        }
    }

    /// Forgets a field by its name: what was to be written was refused, so that nothing is agreed on.
    pub(super) fn disagree(&mut self, name: &str) {
        self.0.retain(|field, _| field.name() != name);
    }

    pub(super) fn agree(&mut self, field: Field, digest: Option<Digest>) {
        self.0.insert(field, digest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_baseline_reads_back_as_it_was_stored() {
        let mut baseline = Baseline::default();
        baseline.agree(Field::Email, Some([7; 16]));
        baseline.agree(Field::Phone, None);
        let again = Baseline::from_json(&baseline.to_json()).unwrap();
        assert_eq!(again, baseline);
        assert_eq!(again.of(Field::Company), merge::Baseline::None);
        assert!(Baseline::from_json("[]").is_err());
        assert!(Baseline::from_json(r#"{"email":"zz"}"#).is_err());
    }

    #[test]
    fn a_user_fits_only_where_nothing_was_filled_in_cleared_or_changed() {
        let mut baseline = Baseline::default();
        baseline.agree(Field::Email, Some([7; 16]));
        baseline.agree(Field::Phone, None);
        let same = Digests::from([(Field::Email, [7; 16])]);
        assert!(baseline.fits(&same));
        assert!(!baseline.fits(&Digests::new()), "cleared");
        assert!(!baseline.fits(&Digests::from([(Field::Email, [8; 16])])), "changed");
        for filled in [Field::Phone, Field::Company] {
            let mut user = same.clone();
            user.insert(filled, [1; 16]);
            assert!(!baseline.fits(&user), "{filled:?} filled in");
        }
    }
}
