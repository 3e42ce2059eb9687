//! Everything HubSpot knows: the accounts, who may reach them, and what it has yet to tell the app.

use std::collections::BTreeMap;

use super::event::Event;
use super::oauth::grants::Grants;
use super::outbox::Outbox;
use super::portal::Portal;
use super::subscription::Book;
use crate::options::Options;

/// The HubSpot side of the sandbox.
#[derive(Debug)]
pub(crate) struct State {
    /// Codes and tokens.
    pub(super) grants: Grants,
    /// Events that wait for company.
    pub(super) outbox: Outbox,
    /// What the app is subscribed to.
    pub(super) book: Book,
    portals: BTreeMap<u64, Portal>,
}

impl State {
    /// HubSpot without any account.
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            grants: Grants::new(options),
            outbox: Outbox::new(options.hubspot.app_id),
            book: Book::new(options),
            portals: BTreeMap::new(),
        }
    }

    /// An account, by hub id.
    pub(super) fn portal(&self, id: u64) -> Option<&Portal> {
        self.portals.get(&id)
    }

    /// An account, to be changed.
    pub(super) fn portal_mut(&mut self, id: u64) -> Option<&mut Portal> {
        self.portals.get_mut(&id)
    }

    /// All accounts, by hub id.
    pub(super) fn portals(&self) -> impl Iterator<Item = &Portal> {
        self.portals.values()
    }

    /// Opens an account; `false` when the hub id is taken.
    pub(super) fn open(&mut self, portal: Portal) -> bool {
        let is_free = !self.portals.contains_key(&portal.id);
        if is_free {
            // What was granted in an account that was closed does not open the next one of this number.
            self.grants.forget_portal(portal.id);
            self.portals.insert(portal.id, portal);
        }
        is_free
    }

    /// Closes an account; `false` when there is none. Its refresh tokens are remembered, to say why they fail.
    pub(super) fn close(&mut self, id: u64) -> bool {
        self.outbox.forget_portal(id);
        self.portals.remove(&id).is_some()
    }

    /// Whether the app is in an account.
    pub(super) fn is_installed(&self, id: u64) -> bool {
        self.portals.get(&id).is_some_and(|portal| portal.installation.is_some())
    }

    /// Notes for the app what happened in an account; `true` when someone must now gather and send.
    pub(super) fn note(&mut self, portal: u64, events: &[Event]) -> bool {
        self.outbox.add(portal, events, self.book.in_force())
    }

    /// Takes the app out of an account: its tokens die, and no event leaves it any more, those that wait included.
    pub(super) fn uninstall(&mut self, id: u64) -> bool {
        self.grants.forget_portal(id);
        self.outbox.forget_portal(id);
        self.portals.get_mut(&id).is_some_and(|portal| portal.installation.take().is_some())
    }
}
