//! Proof that the app that redeems a code is the app that asked for it (RFC 7636).

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

/// What the app showed when it asked for a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Challenge {
    /// The verifier itself.
    Plain(String),
    /// The digest of the verifier.
    S256(String),
}

impl Challenge {
    /// Reads the two parameters of the consent page; no challenge is none, an unknown method is an error.
    pub(super) fn read(challenge: Option<&str>, method: Option<&str>) -> Result<Option<Self>, ()> {
        match (challenge.filter(|text| !text.is_empty()), method.filter(|text| !text.is_empty())) {
            (None, _) => Ok(None),
            (Some(challenge), Some("S256")) => Ok(Some(Self::S256(challenge.to_owned()))),
            (Some(challenge), None | Some("plain")) => Ok(Some(Self::Plain(challenge.to_owned()))),
            (Some(_), Some(_)) => Err(()),
        }
    }

    /// Whether the verifier is the one behind the challenge.
    pub(super) fn is_met_by(&self, verifier: &str) -> bool {
        match self {
            Self::Plain(challenge) => challenge == verifier,
            Self::S256(challenge) => {
                *challenge == BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_7636_is_met_by_its_verifier_alone() {
        let challenge = Challenge::read(Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"), Some("S256"))
            .unwrap()
            .unwrap();
        assert!(challenge.is_met_by("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
        assert!(!challenge.is_met_by("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"));
    }
}
