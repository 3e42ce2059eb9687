//! Storeganise's events as a test sends them by itself: signed, one after the other, and with a note of those that were
//! answered 200, which must not be lost whatever happens.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::Client;
use serde_json::{Value, json};
use sha2::Sha256;
use sync_core::installation::Installation;
use tests::house::House;

use crate::process::stranger;

/// Events for one installation.
pub struct Events {
    http: Client,
    address: String,
    secret: String,
    event: Value,
    taken: Mutex<BTreeSet<String>>,
}

impl Events {
    /// None yet.
    pub fn of(house: &House, installation: &Installation) -> Self {
        Self {
            http: stranger(),
            address: format!("{}/webhooks/storeganise/{}", house.stage.base_url, installation.webhook_key),
            secret: house.options.sandbox.storeganise.signature_secret.clone(),
            event: json!({ "type": "user.updated", "addonId": installation.addon_id, "apiUrl": installation.api_url }),
            taken: Mutex::default(),
        }
    }

    /// Tells that a user was changed: the status of the answer; none where nobody answered.
    pub async fn send(&self, user: &str) -> Option<u16> {
        let mut event = self.event.clone();
        event["data"] = json!({ "userId": user, "changedKeys": ["phone"] });
        let body = event.to_string();
        let request =
            self.http.post(&self.address).header("sg-signature", signature(&body, &self.secret)).body(body);
        let status = request.send().await.ok()?.status().as_u16();
        if status == 200 {
            self.taken().insert(user.to_owned());
        }
        Some(status)
    }

    /// The users whose event was answered 200.
    pub fn taken(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.taken.lock().unwrap()
    }
}

/// Storeganise's signature, by its documentation.
fn signature(body: &str, secret: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    BASE64_STANDARD.encode(mac.finalize().into_bytes())
}
