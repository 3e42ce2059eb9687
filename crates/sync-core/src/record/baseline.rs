//! The baseline of a link: for each field the digest both sides last agreed on. Kept as JSON, without values.

use std::collections::BTreeMap;

use super::side::{Digests, Field};
use crate::{
    error::Error,
    merge::{self, Digest},
};

/// What a link remembers of its fields, by their baseline names. A field that is absent was never agreed on; one
/// that is no longer mapped stays, in case it is mapped again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline(BTreeMap<String, Option<Digest>>);

impl Baseline {
    /// Reads a stored baseline.
    ///
    /// # Errors
    /// The text is not one of ours.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        let corrupt = || Error::Corrupt("baseline");
        let stored: BTreeMap<String, Option<String>> = serde_json::from_str(text).map_err(|_| corrupt())?;
        let read = |digest: String| -> Result<Digest, Error> {
            let mut bytes = [0; 16];
            hex::decode_to_slice(digest, &mut bytes).map_err(|_| corrupt())?;
            Ok(bytes)
        };
        let fields = stored.into_iter().map(|(name, digest)| Ok((name, digest.map(read).transpose()?)));
        Ok(Self(fields.collect::<Result<_, Error>>()?))
    }

    /// The baseline as it is stored.
    #[must_use]
    pub fn to_json(&self) -> String {
        let stored: BTreeMap<&str, Option<String>> =
            self.0.iter().map(|(name, digest)| (name.as_str(), digest.map(hex::encode))).collect();
        serde_json::to_string(&stored).expect("names and digests are plain data")
    }

    /// What was agreed on of a field.
    #[must_use]
    pub fn of(&self, field: &Field) -> merge::Baseline {
        self.0
            .get(&*field.baseline_name())
            .map_or(merge::Baseline::None, |agreed| merge::Baseline::Agreed(*agreed))
    }

    /// Whether a user's digests are what was last agreed on, field by field.
    #[must_use]
    pub fn fits(&self, fields: &[Field], user: &Digests) -> bool {
        fields.iter().all(|field| match self.of(field) {
            merge::Baseline::Agreed(agreed) => agreed.as_ref() == user.get(field),
            // Never agreed on and blank here: a value there may not be known, and is not to be written over.
            merge::Baseline::None => !user.contains_key(field),
        })
    }

    /// Fields that were never agreed on are blank on both sides.
    pub(super) fn agree_on_blanks(&mut self, fields: &[Field]) {
        for field in fields {
            self.0.entry(field.baseline_name().into_owned()).or_insert(None);
        }
    }

    /// Forgets a field: nothing is agreed on in it.
    pub(super) fn disagree(&mut self, field: &Field) {
        self.0.remove(&*field.baseline_name());
    }

    /// What was agreed on of a field is again what it was: it could not be written.
    pub(super) fn keep(&mut self, field: &Field, before: &Self) {
        match before.0.get(&*field.baseline_name()) {
            Some(agreed) => self.agree(field, *agreed),
            None => self.disagree(field),
        }
    }

    pub(super) fn agree(&mut self, field: &Field, digest: Option<Digest>) {
        self.0.insert(field.baseline_name().into_owned(), digest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_baseline_reads_back_as_it_was_stored() {
        let mut baseline = Baseline::default();
        baseline.agree(&Field::Email, Some([7; 16]));
        baseline.agree(&Field::Phone, None);
        let again = Baseline::from_json(&baseline.to_json()).unwrap();
        assert_eq!(again, baseline);
        assert_eq!(again.of(&Field::Company), merge::Baseline::None);
        assert!(Baseline::from_json("[]").is_err());
        assert!(Baseline::from_json(r#"{"email":"zz"}"#).is_err());
    }

    #[test]
    fn a_user_fits_only_where_nothing_was_filled_in_cleared_or_changed() {
        let mut baseline = Baseline::default();
        baseline.agree(&Field::Email, Some([7; 16]));
        baseline.agree(&Field::Phone, None);
        let same = Digests::from([(Field::Email, [7; 16])]);
        assert!(baseline.fits(&Field::BUILT_IN, &same));
        assert!(!baseline.fits(&Field::BUILT_IN, &Digests::new()), "cleared");
        assert!(!baseline.fits(&Field::BUILT_IN, &Digests::from([(Field::Email, [8; 16])])), "changed");
        for filled in [Field::Phone, Field::Company] {
            let mut user = same.clone();
            user.insert(filled.clone(), [1; 16]);
            assert!(!baseline.fits(&Field::BUILT_IN, &user), "{filled:?} filled in");
        }
    }
}
