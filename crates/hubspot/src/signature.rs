//! Signature v3 of a HubSpot webhook; v1 and v2 carry no timestamp and are not accepted.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

/// How far a request's timestamp may be from our clock, either way; exactly this much passes.
pub const MAX_AGE_MS: u64 = 300_000;

/// What HubSpot signs: the request as it was sent to our public address.
#[derive(Debug, Clone, Copy)]
pub struct SignedRequest<'a> {
    /// The HTTP method in capitals.
    pub method: &'a str,
    /// The configured public address with its query, never one rebuilt from the Host header.
    pub url: &'a str,
    /// The raw body.
    pub body: &'a [u8],
    /// `X-HubSpot-Signature-v3`.
    pub signature: Option<&'a str>,
    /// `X-HubSpot-Request-Timestamp`, milliseconds since 1970 in 13 digits.
    pub timestamp: Option<&'a str>,
}

/// Why a webhook is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The signature or the timestamp header was not sent.
    #[error("the HubSpot signature or timestamp header is missing")]
    Missing,
    /// The signature is no base64 SHA-256 value, or the timestamp is not 13 digits.
    #[error("the HubSpot signature or timestamp header is malformed")]
    Malformed,
    /// The timestamp is more than five minutes away.
    #[error("the HubSpot request is too old or from the future")]
    OutOfTime,
    /// No active secret makes this signature.
    #[error("the HubSpot signature does not match the request")]
    Mismatch,
}

/// Checks a request under any of the active client secrets at `now_ms` (milliseconds since 1970).
///
/// # Errors
/// Says whether headers are missing or malformed, the time is off, or the signature is another's.
pub fn verify(
    request: &SignedRequest<'_>,
    secrets: &[SecretString],
    now_ms: u64,
) -> Result<(), SignatureError> {
    let (Some(signature), Some(timestamp)) = (request.signature, request.timestamp) else {
        return Err(SignatureError::Missing);
    };
    if timestamp.len() != 13 || !timestamp.bytes().all(|b| b.is_ascii_digit()) {
        return Err(SignatureError::Malformed);
    }
    let sent_ms: u64 = timestamp.parse().map_err(|_| SignatureError::Malformed)?;
    let given = BASE64_STANDARD.decode(signature).map_err(|_| SignatureError::Malformed)?;
    if given.len() != 32 {
        return Err(SignatureError::Malformed);
    }
    if sent_ms.abs_diff(now_ms) > MAX_AGE_MS {
        return Err(SignatureError::OutOfTime);
    }
    let matches = secrets.iter().any(|secret| mac(request, timestamp, secret).verify_slice(&given).is_ok());
    if matches { Ok(()) } else { Err(SignatureError::Mismatch) }
}

/// The signature HubSpot would send with this request at `timestamp`.
#[must_use]
pub fn sign(request: &SignedRequest<'_>, timestamp: &str, secret: &SecretString) -> String {
    BASE64_STANDARD.encode(mac(request, timestamp, secret).finalize().into_bytes())
}

fn mac(request: &SignedRequest<'_>, timestamp: &str, secret: &SecretString) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .expect("HMAC takes a key of any length");
    mac.update(request.method.as_bytes());
    mac.update(decode_as_hubspot_does(request.url).as_bytes());
    mac.update(request.body);
    mac.update(timestamp.as_bytes());
    mac
}

/// HubSpot decodes exactly these twelve escapes before it signs; a space, `&` and `=` stay escaped.
fn decode_as_hubspot_does(url: &str) -> String {
    const ESCAPES: [(&str, &str); 12] = [
        ("%3A", ":"),
        ("%2F", "/"),
        ("%3F", "?"),
        ("%40", "@"),
        ("%21", "!"),
        ("%24", "$"),
        ("%27", "'"),
        ("%28", "("),
        ("%29", ")"),
        ("%2A", "*"),
        ("%2C", ","),
        ("%3B", ";"),
    ];
    ESCAPES.iter().fold(url.to_owned(), |url, (escaped, plain)| url.replace(escaped, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: u64 = 1_790_000_000_000;

    fn check(signature: Option<&str>, timestamp: Option<&str>, body: &[u8]) -> Result<(), SignatureError> {
        let request = SignedRequest {
            method: "POST",
            url: "https://annex.example/webhooks/hubspot",
            body,
            signature,
            timestamp,
        };
        verify(
            &request,
            &[SecretString::from("next".to_owned()), SecretString::from("secret".to_owned())],
            NOW_MS,
        )
    }

    fn signed(timestamp: &str) -> String {
        let request = SignedRequest {
            method: "POST",
            url: "https%3A//annex.example/webhooks/hubspot",
            body: b"[]",
            signature: None,
            timestamp: None,
        };
        sign(&request, timestamp, &SecretString::from("secret".to_owned()))
    }

    #[test]
    fn a_request_signed_with_an_older_secret_passes_up_to_five_minutes_either_way() {
        for (sent_ms, expected) in [
            (NOW_MS, Ok(())),
            (NOW_MS - MAX_AGE_MS, Ok(())),
            (NOW_MS - MAX_AGE_MS - 1, Err(SignatureError::OutOfTime)),
            (NOW_MS + MAX_AGE_MS + 1, Err(SignatureError::OutOfTime)),
        ] {
            let timestamp = sent_ms.to_string();
            assert_eq!(check(Some(&signed(&timestamp)), Some(&timestamp), b"[]"), expected, "{sent_ms}");
        }
    }

    #[test]
    fn a_changed_body_or_timestamp_does_not_pass() {
        let timestamp = NOW_MS.to_string();
        let signature = signed(&timestamp);
        assert_eq!(check(Some(&signature), Some(&timestamp), b"[{}]"), Err(SignatureError::Mismatch));
        let later = (NOW_MS + 1).to_string();
        assert_eq!(check(Some(&signature), Some(&later), b"[]"), Err(SignatureError::Mismatch));
    }

    #[test]
    fn missing_and_malformed_headers_are_told_apart() {
        let timestamp = NOW_MS.to_string();
        assert_eq!(check(None, Some(&timestamp), b""), Err(SignatureError::Missing));
        assert_eq!(check(Some("x"), None, b""), Err(SignatureError::Missing));
        assert_eq!(check(Some("x"), Some(&timestamp), b""), Err(SignatureError::Malformed));
        assert_eq!(check(Some(&signed(&timestamp)), Some("12x"), b""), Err(SignatureError::Malformed));
    }
}
