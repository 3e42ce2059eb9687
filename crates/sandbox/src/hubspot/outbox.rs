//! Events on their way to the app: gathered for a moment, then sent in arrays of at most a hundred, signed anew
//! at every attempt (reference 5.3 and 5.4). Portals may be mixed within one array, as HubSpot may; what a portal
//! has told is dropped, even between two attempts, once the app is no longer in it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::event::{Envelope, Event};
use super::signature;
use super::state::State;
use super::subscription::{Subscription, Target};
use crate::delivery::{Attempt, Prepared, WebhookRequest};
use crate::provider::Provider;
use crate::random::Random;
use crate::world::World;

/// The most events of one delivery.
const EVENTS_MAX: usize = 100;

/// The events that wait for company.
#[derive(Debug)]
pub(super) struct Outbox {
    app_id: u64,
    next_event_id: u64,
    waiting: Vec<Told>,
    is_gathering: bool,
}

/// An event as it is told, and who tells it.
#[derive(Debug, Clone)]
struct Told {
    portal: u64,
    event: Value,
}

impl Outbox {
    /// Nothing to tell.
    pub(super) fn new(app_id: u64) -> Self {
        Self { app_id, next_event_id: 4_101_286_121, waiting: Vec::new(), is_gathering: false }
    }

    /// Adds what the app is subscribed to, once per subscription; `true` when someone must now gather and send.
    pub(super) fn add(&mut self, portal: u64, events: &[Event], subscriptions: &[Subscription]) -> bool {
        for event in events {
            self.tell(portal, event, subscriptions);
            if let Some(mirrored) = event.mirrored() {
                self.tell(portal, &mirrored, subscriptions);
            }
        }
        let must_gather = !self.waiting.is_empty() && !self.is_gathering;
        self.is_gathering |= must_gather;
        must_gather
    }

    /// Drops what a portal has told and nobody has heard yet.
    pub(super) fn forget_portal(&mut self, portal: u64) {
        self.waiting.retain(|told| told.portal != portal);
    }

    /// Whether anything waits.
    #[cfg(test)]
    pub(super) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Lets everything wait until a test has it sent.
    #[cfg(test)]
    pub(super) fn hold(&mut self) {
        self.is_gathering = true;
    }

    fn tell(&mut self, portal: u64, event: &Event, subscriptions: &[Subscription]) {
        let envelope = Envelope { portal, app_id: self.app_id, event_id: self.next_event_id };
        self.next_event_id += 1;
        let hears = |one: &&Subscription| one.is_active && one.topic.is_about(event);
        let told = |one| Told { portal, event: event.to_json(envelope, one) };
        self.waiting.extend(subscriptions.iter().filter(hears).map(told));
    }

    fn take(&mut self) -> Vec<Told> {
        self.is_gathering = false;
        std::mem::take(&mut self.waiting)
    }
}

/// Puts webhook settings in force that have been asked for long enough.
pub(super) fn settle(world: &World, state: &mut State) {
    match state.book.settle(world.clock.now_ms()) {
        Some(Target::Set(url)) => world.set_webhook_url(Provider::Hubspot, url),
        Some(Target::Cleared) => world.clear_webhook_url(Provider::Hubspot),
        None => {}
    }
    world.delivery.limit_accounts(state.book.in_flight_max());
}

/// Waits a moment, then sends everything that has come together.
pub(super) fn gather(world: &Arc<World>) {
    let gather_ms = world.options.hubspot.gather_ms;
    if gather_ms == 0 {
        return send_waiting(world);
    }
    let (held, gathering) = (world.delivery.hold(), Arc::clone(world));
    world.delivery.spawn(async move {
        tokio::time::sleep(Duration::from_millis(gather_ms)).await;
        send_waiting(&gathering);
        drop(held);
    });
}

fn send_waiting(world: &Arc<World>) {
    let waiting = world.hubspot().outbox.take();
    let Some(url) = world.webhook_url(Provider::Hubspot) else { return };
    for chunk in waiting.chunks(EVENTS_MAX) {
        world.delivery.send(webhook(world, url.clone(), chunk.to_vec()));
    }
}

/// A delivery whose every attempt carries its number, its own signatures, and the events of those portals that
/// still have the app.
fn webhook(world: &Arc<World>, url: String, events: Vec<Told>) -> WebhookRequest {
    let accounts: BTreeSet<u64> = events.iter().map(|told| told.portal).collect();
    let (world, target) = (Arc::clone(world), url.clone());
    let prepare = move |attempt: &Attempt| {
        let events = still_told(&world, &events, attempt);
        if events.is_empty() {
            return None;
        }
        let body = Value::Array(events).to_string().into_bytes();
        let secret = &world.options.hubspot.client_secret;
        Some(Prepared { headers: signature::headers(secret, &target, &body, attempt.at_ms), body })
    };
    let accounts = accounts.into_iter().collect();
    WebhookRequest { provider: Provider::Hubspot, url, accounts, prepare: Box::new(prepare) }
}

fn still_told(world: &World, events: &[Told], attempt: &Attempt) -> Vec<Value> {
    let state = world.hubspot();
    let installed = events.iter().filter(|told| state.is_installed(told.portal));
    let mut events: Vec<Value> = installed.map(|told| told.event.clone()).collect();
    drop(state);
    for event in &mut events {
        event["attemptNumber"] = attempt.number.saturating_sub(1).into();
    }
    if let Some(seed) = attempt.shuffle {
        shuffle(&mut events, &Random::seeded(seed));
    }
    events
}

/// Puts events into any order (Fisher and Yates).
fn shuffle(events: &mut [Value], random: &Random) {
    for last in (1..events.len()).rev() {
        let other = usize::try_from(random.below(last as u64 + 1)).unwrap_or(last);
        events.swap(last, other);
    }
}
