//! Events: what is told to add-ons that are enabled, signed over the body as it is sent.
//! Every change is told, the add-on's own as well; an event holds ids and names of fields, never values.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::Sha256;

use super::{addon::AddonState, business::Business};
use crate::{
    clock::iso,
    delivery::{Attempt, Prepared, WebhookRequest},
    provider::Provider,
    world::World,
};

/// The header that carries the signature.
const SIGNATURE: &str = "sg-signature";

/// Something that happened in a business.
#[derive(Debug, PartialEq)]
pub(crate) struct Happening {
    /// The event's type, like `user.updated`.
    pub kind: &'static str,
    /// The ids it is about.
    pub data: Value,
    /// When it happened, in milliseconds.
    pub at_ms: u64,
}

impl Happening {
    /// A user was made.
    pub(crate) fn created(user_id: &str, at_ms: u64) -> Self {
        Self { kind: "user.created", data: json!({"userId": user_id}), at_ms }
    }

    /// A user was changed.
    pub(crate) fn updated(user_id: &str, changed_keys: &[String], at_ms: u64) -> Self {
        Self { kind: "user.updated", data: json!({"userId": user_id, "changedKeys": changed_keys}), at_ms }
    }

    /// A user was disabled.
    pub(crate) fn disabled(user_id: &str, at_ms: u64) -> Self {
        Self { kind: "user.disabled", data: json!({"userId": user_id}), at_ms }
    }
}

/// An event on the wire.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    id: String,
    created: String,
    r#type: &'a str,
    business_code: &'a str,
    api_url: String,
    addon_id: &'a str,
    data: &'a Value,
}

/// The base64 of the HMAC-SHA256 of `body`.
pub(crate) fn signature(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(body);
    STANDARD.encode(mac.finalize().into_bytes())
}

/// The webhooks that tell what happened in `business` since the last call: one per event and enabled add-on.
pub(crate) fn webhooks(world: &World, business: &mut Business) -> Vec<WebhookRequest> {
    let happenings = std::mem::take(&mut business.happenings);
    let mut webhooks = Vec::new();
    for happening in &happenings {
        for addon in business.addons.iter().filter(|addon| addon.state == AddonState::Enabled) {
            let platform_url = || world.webhook_url(Provider::Storeganise);
            let Some(url) = addon.webhook_url.clone().or_else(platform_url) else { continue };
            let event = Event {
                id: business.ids.next(),
                created: iso(happening.at_ms),
                r#type: happening.kind,
                business_code: &business.code,
                api_url: api_url(world, &business.code),
                addon_id: &addon.id,
                data: &happening.data,
            };
            let body = serde_json::to_vec(&event).expect("an event of texts can be written");
            webhooks.push(signed(world, url, body));
        }
    }
    webhooks
}

/// Where the API of a business answers.
pub(crate) fn api_url(world: &World, code: &str) -> String {
    format!("{}/{code}/api", world.base_url)
}

fn signed(world: &World, url: String, body: Vec<u8>) -> WebhookRequest {
    let headers = vec![(SIGNATURE, signature(&world.options.storeganise.signature_secret, &body))];
    let prepared = Prepared { headers, body };
    let prepare = Box::new(move |_: &Attempt| Some(prepared.clone()));
    WebhookRequest { provider: Provider::Storeganise, url, accounts: Vec::new(), prepare }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_known_example() {
        let body = r#"{"id":"5bf48bd975970f170a8e42b7","type":"user.updated","data":{"userId":"66ce753e7405aa00158ba546","changedKeys":["phone"]},"apiUrl":"https://demo.storeganise.com/api","addonId":"66ce753e7405aa00158ba999"}"#;
        assert_eq!(body.len(), 205);
        assert_eq!(signature("test_secret", body.as_bytes()), "pu/xkPIn2lTDvb+DhGzzFtLxpniuMPc8noqLgJdd4pc=");
    }
}
