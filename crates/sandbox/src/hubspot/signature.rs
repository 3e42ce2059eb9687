//! How HubSpot signs its webhooks: v3 with a timestamp, and the old v1 beside it (reference 5.4).

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

/// The escapes that HubSpot resolves in the address before it signs; all others stay.
const RESOLVED: [(&str, &str); 12] = [
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

/// The headers that prove a POST of `body` to `url` at `at_ms`.
pub(super) fn headers(secret: &str, url: &str, body: &[u8], at_ms: u64) -> Vec<(&'static str, String)> {
    let timestamp = at_ms.to_string();
    let old = hex::encode(Sha256::new().chain_update(secret).chain_update(body).finalize());
    vec![
        ("x-hubspot-signature-v3", v3(secret, url, body, &timestamp)),
        ("x-hubspot-request-timestamp", timestamp),
        ("x-hubspot-signature", old),
        ("x-hubspot-signature-version", "v1".to_owned()),
    ]
}

fn v3(secret: &str, url: &str, body: &[u8], timestamp: &str) -> String {
    let url = RESOLVED.iter().fold(url.to_owned(), |url, (escaped, plain)| url.replace(escaped, plain));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(b"POST");
    mac.update(url.as_bytes());
    mac.update(body);
    mac.update(timestamp.as_bytes());
    BASE64_STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// HMAC by its definition (RFC 2104), so that the test does not share its code with what it tests.
    fn hmac_by_hand(key: &[u8], message: &[u8]) -> Vec<u8> {
        let mut block = [0_u8; 64];
        block[..key.len()].copy_from_slice(key);
        let pad = |with: u8| block.map(|byte| byte ^ with);
        let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
        Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
    }

    #[test]
    fn signature_v3_is_the_hmac_of_method_address_body_and_time() {
        let url = "https://annex.example/webhooks/hubspot?a=1%2F2%203";
        let headers = headers("secret", url, b"[{}]", 1_790_000_000_000);
        let signed = b"POSThttps://annex.example/webhooks/hubspot?a=1/2%203[{}]1790000000000";
        let expected = BASE64_STANDARD.encode(hmac_by_hand(b"secret", signed));
        assert_eq!(headers[0], ("x-hubspot-signature-v3", expected));
        assert_eq!(headers[1], ("x-hubspot-request-timestamp", "1790000000000".to_owned()));
    }

    #[test]
    fn signature_v1_is_the_digest_of_secret_and_body() {
        let headers = headers("secret", "https://annex.example/", b"[{}]", 1_790_000_000_000);
        let expected = hex::encode(Sha256::digest(b"secret[{}]"));
        assert_eq!(headers[2], ("x-hubspot-signature", expected));
    }

    #[test]
    fn signature_v3_is_what_openssl_makes_of_the_same_text() {
        let headers = headers("secret", "https://annex.example/hook", b"[]", 1_790_000_000_000);
        assert_eq!(headers[0].1, "nIwzAqiOJX7YgIEA9i1DvNhc+MnOjBeWrG3ySq8mucU=");
    }

    #[test]
    fn twelve_escapes_in_the_address_are_resolved_and_the_others_stay() {
        let signed = |url: &str| v3("secret", url, b"[]", "1790000000000");
        let start = "https://annex.example/hook?a=";
        let resolved = [":", "/", "?", "@", "!", "$", "'", "(", ")", "*", ",", ";"];
        for plain in resolved {
            let escaped = format!("%{:02X}", plain.as_bytes()[0]);
            assert_eq!(signed(&format!("{start}{escaped}")), signed(&format!("{start}{plain}")), "{escaped}");
        }
        for (escaped, plain) in [("%20", " "), ("%26", "&"), ("%3D", "="), ("%2B", "+"), ("%2f", "/")] {
            assert_ne!(signed(&format!("{start}{escaped}")), signed(&format!("{start}{plain}")), "{escaped}");
        }
    }
}
