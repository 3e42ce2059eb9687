//! Events on their way to the app: gathered for a moment, then sent in arrays of at most a hundred, signed anew
//! at every attempt (reference 5.3 and 5.4). Portals may be mixed within one array, as HubSpot may.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::event::{Envelope, Event};
use super::signature;
use crate::delivery::{Attempt, Prepared, WebhookRequest};
use crate::provider::Provider;
use crate::world::World;

/// The most events of one delivery.
const EVENTS_MAX: usize = 100;
/// How long the first event waits for others, in milliseconds.
const GATHER_MS: u64 = 5;

/// The events that wait for company.
#[derive(Debug)]
pub(super) struct Outbox {
    app_id: u64,
    next_event_id: u64,
    waiting: Vec<Value>,
    is_gathering: bool,
}

impl Outbox {
    /// Nothing to tell.
    pub(super) fn new(app_id: u64) -> Self {
        Self { app_id, next_event_id: 4_101_286_121, waiting: Vec::new(), is_gathering: false }
    }

    /// Adds what the app is subscribed to; `true` when someone must now gather and send.
    pub(super) fn add(&mut self, portal: u64, events: &[Event]) -> bool {
        for event in events {
            let envelope = Envelope { portal, app_id: self.app_id, event_id: self.next_event_id };
            self.next_event_id += 1;
            self.waiting.extend(event.to_json(envelope));
        }
        let must_gather = !self.waiting.is_empty() && !self.is_gathering;
        self.is_gathering |= must_gather;
        must_gather
    }

    /// Hands out everything that waits.
    pub(super) fn take(&mut self) -> Vec<Value> {
        self.is_gathering = false;
        std::mem::take(&mut self.waiting)
    }
}

/// Waits a moment, then sends everything that has come together.
pub(super) fn gather(world: &Arc<World>) {
    let (held, gathering) = (world.delivery.hold(), Arc::clone(world));
    world.delivery.spawn(async move {
        tokio::time::sleep(Duration::from_millis(GATHER_MS)).await;
        let events = gathering.hubspot().outbox.take();
        if let Some(url) = gathering.webhook_url(Provider::Hubspot) {
            for chunk in events.chunks(EVENTS_MAX) {
                let secret = gathering.options.hubspot.client_secret.clone();
                gathering.delivery.send(webhook(url.clone(), chunk.to_vec(), secret));
            }
        }
        drop(held);
    });
}

/// A delivery whose every attempt carries its number and its own signatures.
fn webhook(url: String, events: Vec<Value>, secret: String) -> WebhookRequest {
    let target = url.clone();
    let prepare = move |attempt: &Attempt| {
        let mut events = events.clone();
        for event in &mut events {
            event["attemptNumber"] = attempt.number.saturating_sub(1).into();
        }
        let body = Value::Array(events).to_string().into_bytes();
        Prepared { headers: signature::headers(&secret, &target, &body, attempt.at_ms), body }
    };
    WebhookRequest { provider: Provider::Hubspot, url, prepare: Box::new(prepare) }
}
