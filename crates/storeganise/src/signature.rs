//! The `sg-signature` of a webhook: base64 of HMAC-SHA256 over the raw body.
//!
//! The scheme has no timestamp; a replay is harmless because an event is only a hint to look again.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

/// The header that carries the signature.
pub const HEADER: &str = "sg-signature";

/// Why a webhook is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// No signature was sent.
    #[error("the sg-signature header is missing")]
    Missing,
    /// The header is not 32 bytes in padded standard base64.
    #[error("the sg-signature header is not a base64 SHA-256 value")]
    Malformed,
    /// No active secret makes this signature.
    #[error("the sg-signature header does not match the body")]
    Mismatch,
}

/// Checks `header` against the raw `body` under any of the active `secrets`, in constant time.
///
/// # Errors
/// Says whether the header is missing, malformed or made with another secret.
pub fn verify(body: &[u8], header: Option<&str>, secrets: &[SecretString]) -> Result<(), SignatureError> {
    let header = header.ok_or(SignatureError::Missing)?;
    let given = BASE64_STANDARD.decode(header).map_err(|_| SignatureError::Malformed)?;
    if given.len() != 32 {
        return Err(SignatureError::Malformed);
    }
    let matches = secrets.iter().any(|secret| mac(body, secret).verify_slice(&given).is_ok());
    if matches { Ok(()) } else { Err(SignatureError::Mismatch) }
}

/// The signature Storeganise would send with `body`.
#[must_use]
pub fn sign(body: &[u8], secret: &SecretString) -> String {
    BASE64_STANDARD.encode(mac(body, secret).finalize().into_bytes())
}

fn mac(body: &[u8], secret: &SecretString) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .expect("HMAC takes a key of any length");
    mac.update(body);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published vector: see the Storeganise reference, section 2.2.
    const BODY: &[u8] = br#"{"id":"5bf48bd975970f170a8e42b7","type":"user.updated","data":{"userId":"66ce753e7405aa00158ba546","changedKeys":["phone"]},"apiUrl":"https://demo.storeganise.com/api","addonId":"66ce753e7405aa00158ba999"}"#;
    const SIGNATURE: &str = "pu/xkPIn2lTDvb+DhGzzFtLxpniuMPc8noqLgJdd4pc=";

    fn secret(text: &str) -> SecretString {
        SecretString::from(text.to_owned())
    }

    #[test]
    fn the_published_vector_verifies() {
        assert_eq!(sign(BODY, &secret("test_secret")), SIGNATURE);
        assert_eq!(verify(BODY, Some(SIGNATURE), &[secret("test_secret")]), Ok(()));
    }

    #[test]
    fn during_a_rotation_either_secret_is_good() {
        let secrets = [secret("new"), secret("test_secret")];
        assert_eq!(verify(BODY, Some(SIGNATURE), &secrets), Ok(()));
    }

    #[test]
    fn a_missing_malformed_or_foreign_signature_is_told_apart() {
        let secrets = [secret("test_secret")];
        assert_eq!(verify(BODY, None, &secrets), Err(SignatureError::Missing));
        for malformed in ["", "zz", "sha256=abc", &SIGNATURE[..40], &"ab".repeat(32)] {
            assert_eq!(
                verify(BODY, Some(malformed), &secrets),
                Err(SignatureError::Malformed),
                "{malformed}"
            );
        }
        assert_eq!(verify(b"{}", Some(SIGNATURE), &secrets), Err(SignatureError::Mismatch));
        assert_eq!(verify(BODY, Some(SIGNATURE), &[]), Err(SignatureError::Mismatch));
    }
}
