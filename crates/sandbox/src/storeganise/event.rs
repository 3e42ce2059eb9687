//! Events: what is told to add-ons, as a rule to those that are enabled, signed over the body as it is sent.
//! Every change is told, the add-on's own as well; an event holds ids and names of fields, never values.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::Sha256;

use super::{
    addon::{Addon, AddonState},
    business::Business,
};
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
    kind: &'static str,
    /// The ids it is about.
    data: Value,
    /// When it happened, in milliseconds.
    at_ms: u64,
    /// The one add-on that is told, in whatever state; without it, all that are enabled.
    only: Option<String>,
}

impl Happening {
    /// Something that says no more than whom it is about.
    pub(crate) fn of_user(kind: &'static str, user_id: &str, at_ms: u64) -> Self {
        Self { kind, data: json!({"userId": user_id}), at_ms, only: None }
    }

    /// A user was changed; the keys may be left unsaid.
    pub(crate) fn updated(user_id: &str, changed_keys: Option<Vec<String>>, at_ms: u64) -> Self {
        let mut happening = Self::of_user("user.updated", user_id, at_ms);
        if let Some(keys) = changed_keys {
            happening.data["changedKeys"] = keys.into();
        }
        happening
    }

    /// The hour of the day at which add-ons do what is to be done once a day.
    pub(crate) fn daily(at_ms: u64) -> Self {
        Self { kind: "addon.dailyEvent.started", data: json!({}), at_ms, only: None }
    }

    /// The add-on was installed.
    pub(crate) fn installed(addon_id: &str, at_ms: u64) -> Self {
        Self { kind: "addon.installed", data: json!({}), at_ms, only: Some(addon_id.to_owned()) }
    }

    fn is_for(&self, addon: &Addon) -> bool {
        match &self.only {
            Some(id) => addon.id == *id,
            None => addon.state == AddonState::Enabled,
        }
    }
}

/// An event on the wire.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<String>,
    r#type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    business_code: Option<&'a str>,
    api_url: &'a str,
    addon_id: &'a str,
    data: &'a Value,
}

/// The base64 of the HMAC-SHA256 of `body`.
pub(crate) fn signature(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(body);
    STANDARD.encode(mac.finalize().into_bytes())
}

/// The webhooks that tell what happened in `business` since the last call: one per event and add-on that is told.
pub(crate) fn webhooks(world: &World, business: &mut Business) -> Vec<WebhookRequest> {
    let happenings = std::mem::take(&mut business.happenings);
    let platform_url = world.webhook_url(Provider::Storeganise);
    let api_url = api_url(world, &business.code);
    let dialect = &business.dialect;
    let mut webhooks = Vec::new();
    for happening in &happenings {
        for addon in business.addons.iter().filter(|addon| happening.is_for(addon)) {
            let Some(url) = addon.webhook_url.as_ref().or(platform_url.as_ref()) else { continue };
            let event = Event {
                id: dialect.event_id.then(|| business.ids.next()),
                created: dialect.event_details.then(|| iso(happening.at_ms)),
                r#type: happening.kind,
                business_code: dialect.event_details.then_some(&*business.code),
                api_url: &api_url,
                addon_id: &addon.id,
                data: &happening.data,
            };
            let body = serde_json::to_vec(&event).expect("an event of texts can be written");
            let secret = addon.signature_secret.as_ref();
            let secret = secret.unwrap_or(&world.options.storeganise.signature_secret);
            webhooks.push(signed(secret, url.clone(), body));
        }
    }
    webhooks
}

/// Where the API of a business answers.
pub(crate) fn api_url(world: &World, code: &str) -> String {
    format!("{}/{code}/api", world.base_url)
}

fn signed(secret: &str, url: String, body: Vec<u8>) -> WebhookRequest {
    let headers = vec![(SIGNATURE, signature(secret, &body))];
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
