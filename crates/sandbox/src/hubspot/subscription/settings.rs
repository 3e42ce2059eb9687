//! Where the app hears, and how many deliveries at once an account may make: one setting for all accounts. The
//! address in force is the sandbox's own, since tests and people set it as well.

use serde::Deserialize;
use serde_json::{Value, json};
use url::{Host, Url};

use crate::clock;
use crate::delivery::ACCOUNT_IN_FLIGHT;
use crate::hubspot::error::ApiError;

/// Deliveries at once must be more than this.
const IN_FLIGHT_ABOVE: u32 = 5;

/// The settings beside the address.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    in_flight_max: usize,
    created_ms: u64,
    updated_ms: Option<u64>,
}

/// What is to become of the address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// Events go there.
    Set(String),
    /// Events go nowhere.
    Cleared,
}

/// The settings as an app asks for them.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SettingsInput {
    target_url: String,
    throttling: Throttling,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Throttling {
    max_concurrent_requests: u32,
}

impl Settings {
    /// What holds until an app asks for something else.
    pub(super) fn first(at_ms: u64) -> Self {
        Self { in_flight_max: ACCOUNT_IN_FLIGHT, created_ms: at_ms, updated_ms: None }
    }

    /// How many deliveries at once an account may make.
    pub(super) fn in_flight_max(&self) -> usize {
        self.in_flight_max
    }

    /// Takes over what an app asks for and answers with the address.
    pub(super) fn change(&mut self, input: SettingsInput, now_ms: u64) -> Result<Target, ApiError> {
        let SettingsInput { target_url, throttling: Throttling { max_concurrent_requests: max } } = input;
        if !is_safe(&target_url) {
            return Err(ApiError::invalid(format!(
                "targetUrl must be a valid HTTPS URL, and {target_url:?} is not"
            )));
        }
        if max <= IN_FLIGHT_ABOVE {
            return Err(ApiError::invalid(format!(
                "maxConcurrentRequests must be greater than {IN_FLIGHT_ABOVE}"
            )));
        }
        self.in_flight_max = usize::try_from(max).unwrap_or(usize::MAX);
        self.updated_ms = Some(now_ms);
        Ok(Target::Set(target_url))
    }

    /// The settings as the API shows them.
    pub(super) fn to_json(&self, url: &str) -> Value {
        let mut shown = json!({
            "targetUrl": url, "throttling": {"maxConcurrentRequests": self.in_flight_max},
            "createdAt": clock::iso(self.created_ms),
        });
        if let Some(updated_ms) = self.updated_ms {
            shown["updatedAt"] = clock::iso(updated_ms).into();
        }
        shown
    }
}

/// HubSpot calls HTTPS alone; the sandbox also calls this machine, where the app under test is.
fn is_safe(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => url.has_host(),
        "http" => is_loopback,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_go_to_https_or_to_this_machine() {
        for (url, safe) in [
            ("https://annex.example/webhooks/hubspot", true),
            ("http://127.0.0.1:8080/webhooks/hubspot", true),
            ("http://localhost/hook", true),
            ("http://[::1]:8080/hook", true),
            ("http://annex.example/hook", false),
            ("ftp://127.0.0.1/hook", false),
            ("annex.example", false),
            ("", false),
        ] {
            assert_eq!(is_safe(url), safe, "{url}");
        }
    }
}
