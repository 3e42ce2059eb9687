//! Keyed digests: how values are compared and tokens are found again without being kept.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretBox};
use sha2::{Digest as _, Sha256};

use crate::merge::Digest;

/// An installation's key for digests. Two installations give different digests of the same value.
pub struct DigestKey(SecretBox<[u8; 32]>);

impl fmt::Debug for DigestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DigestKey").finish_non_exhaustive()
    }
}

impl DigestKey {
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self(SecretBox::init_with(|| key))
    }

    /// The digest of a normalised value of `field`: HMAC-SHA-256, cut to 16 bytes. The field's name goes in,
    /// so that equal values of different fields do not look equal in the database.
    #[must_use]
    pub fn digest(&self, field: &str, normalised: &str) -> Digest {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.0.expose_secret()).expect("HMAC takes a key of any length");
        mac.update(field.as_bytes());
        mac.update(&[0]);
        mac.update(normalised.as_bytes());
        let full = mac.finalize().into_bytes();
        let mut digest = [0; 16];
        digest.copy_from_slice(&full[..16]);
        digest
    }
}

/// The digest by which a random token is found: SHA-256 in hexadecimal. Only for tokens of 128 random bits
/// or more, which need no salt.
#[must_use]
pub fn token_digest(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

/// What may be shown of a secret: the last four digits of its SHA-256.
#[must_use]
pub fn fingerprint(secret: &secrecy::SecretString) -> String {
    let digest = token_digest(secret.expose_secret());
    digest[digest.len() - 4..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_differ_by_key_field_and_value_and_repeat_otherwise() {
        let (one, two) = (DigestKey::new([1; 32]), DigestKey::new([2; 32]));
        assert_eq!(one.digest("email", "a@example.com"), one.digest("email", "a@example.com"));
        assert_ne!(one.digest("email", "a@example.com"), two.digest("email", "a@example.com"));
        assert_ne!(one.digest("email", "x"), one.digest("phone", "x"));
        assert_ne!(one.digest("email", "x"), one.digest("email", "y"));
    }

    #[test]
    fn a_fingerprint_is_four_digits_and_not_part_of_the_secret() {
        let secret = secrecy::SecretString::from("na1-zzzz-zzzz".to_owned());
        let shown = fingerprint(&secret);
        assert_eq!(shown.len(), 4);
        assert!(!secret.expose_secret().contains(&shown));
    }
}
