//! What happens to whole records besides being written: associated, archived, restored, merged, erased.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::emails::check_identities;
use super::kind::Kind;
use super::record::{Author, Record};
use crate::hubspot::error::ApiError;
use crate::hubspot::event::Change;
use crate::hubspot::portal::Portal;

/// How long the recycle bin keeps a record: 90 days.
const RECYCLE_BIN_MS: u64 = 90 * 24 * 3_600_000;

impl Portal {
    /// Ties a contact to a deal; `false` when it was tied already or one of them is missing.
    pub(crate) fn associate(&mut self, deal: u64, contact: u64, author: Author) -> bool {
        if self.live(Kind::Contact, contact).is_none() {
            return false;
        }
        let Some(record) = self.store_mut(Kind::Deal).exact_mut(deal) else { return false };
        if !record.associated.insert(contact) {
            return false;
        }
        if let Some(record) = self.store_mut(Kind::Contact).exact_mut(contact) {
            record.associated.insert(deal);
        }
        self.tell(Kind::Deal, deal, author, Change::Associated { to: contact, removed: false });
        true
    }

    /// Ends what ties a contact to a deal, labels and all; `false` when nothing did.
    pub(crate) fn dissociate(&mut self, deal: u64, contact: u64, author: Author) -> bool {
        let was_tied =
            self.store_mut(Kind::Deal).exact_mut(deal).is_some_and(|r| r.associated.remove(&contact));
        if !was_tied {
            return false;
        }
        if let Some(record) = self.store_mut(Kind::Contact).exact_mut(contact) {
            record.associated.remove(&deal);
        }
        self.labels.forget(deal, contact);
        self.tell(Kind::Deal, deal, author, Change::Associated { to: contact, removed: true });
        true
    }

    /// Puts a record into the recycle bin and frees its keys; `false` when there is none.
    pub(crate) fn archive(&mut self, kind: Kind, id: u64, author: Author) -> bool {
        if self.live(kind, id).is_none() || !self.store_mut(kind).archive(id, author.at_ms) {
            return false;
        }
        self.tell(kind, id, author, Change::Deleted);
        true
    }

    /// Takes a record out of the recycle bin; `false` when it is not there, lay there for more than 90 days, or
    /// another holds its keys by now.
    pub(crate) fn restore(&mut self, kind: Kind, id: u64, author: Author) -> bool {
        let lies_there = |record: &&Record| {
            record.archived && author.at_ms.saturating_sub(record.moved_ms) <= RECYCLE_BIN_MS
        };
        let Some(record) = self.store(kind).exact(id).filter(lies_there) else { return false };
        let keys = self.keys_of(kind, record);
        if keys.iter().any(|(name, value)| self.store(kind).holder(name, value).is_some()) {
            return false;
        }
        let store = self.store_mut(kind);
        for (name, value) in keys {
            store.claim(&name, &value, id);
        }
        store.restore(id, author.at_ms);
        self.tell(kind, id, author, Change::Restored);
        true
    }

    /// Deletes a contact for good, at the person's wish; `false` when there is none.
    pub(crate) fn erase(&mut self, id: u64, author: Author) -> bool {
        let kind = Kind::Contact;
        self.store_mut(kind).release_all(id);
        let Some(record) = self.store_mut(kind).remove(id, author.at_ms) else { return false };
        for deal in record.associated {
            self.labels.forget(deal, id);
            if let Some(deal) = self.store_mut(Kind::Deal).exact_mut(deal) {
                deal.associated.remove(&id);
            }
        }
        self.tell(kind, id, author, Change::PrivacyDeleted);
        self.tell(kind, id, author, Change::Deleted);
        true
    }

    /// Makes one record of two under a new id; the primary's values win, and both old ids lead to the new one.
    ///
    /// # Errors
    /// 404 when one of them is missing, 400 when they are one already, 423 when one is locked, 414 when they have
    /// more addresses than one contact may.
    pub(crate) fn merge(
        &mut self,
        kind: Kind,
        primary: &str,
        other: &str,
        author: Author,
    ) -> Result<u64, ApiError> {
        let primary = self.resolve(kind, primary).ok_or_else(|| ApiError::no_record(primary))?;
        let other = self.resolve(kind, other).ok_or_else(|| ApiError::no_record(other))?;
        if primary == other {
            return Err(ApiError::invalid(format!("Cannot merge record {primary} into itself")));
        }
        for id in [primary, other] {
            self.check_unlocked(kind, id)?;
        }
        let identities: BTreeSet<&str> =
            [primary, other].iter().filter_map(|id| self.live(kind, *id)).flat_map(Record::emails).collect();
        check_identities(identities.len())?;
        let store = self.store_mut(kind);
        store.release_all(primary);
        store.release_all(other);
        let id = store.allot();
        let (Some(winner), Some(loser)) =
            (store.remove(primary, author.at_ms), store.remove(other, author.at_ms))
        else {
            return Err(ApiError::no_record(&primary.to_string()));
        };
        let (merged, moved) = united(id, winner, &loser, author);
        let keys = self.keys_of(kind, &merged);
        let associated = merged.associated.clone();
        let store = self.store_mut(kind);
        for former in [primary, other] {
            store.alias(former, id);
        }
        for (name, value) in keys {
            store.claim(&name, &value, id);
        }
        store.insert(merged);
        for deal_or_contact in associated {
            if let Some(record) = self.store_mut(kind.other()).exact_mut(deal_or_contact) {
                record.associated.remove(&primary);
                record.associated.remove(&other);
                record.associated.insert(id);
            }
        }
        self.labels.pass_on(kind, [primary, other], id);
        self.tell(kind, id, author, Change::Merged { primary, other, moved });
        Ok(id)
    }

    /// Every key a record holds or would hold.
    fn keys_of(&self, kind: Kind, record: &Record) -> Vec<(Arc<str>, String)> {
        let keys = self.schema(kind).all(false).filter(|definition| definition.is_key());
        keys.flat_map(|definition| {
            let values: Vec<&str> = match &*definition.name {
                "email" => record.emails().collect(),
                name => record.stored(name).into_iter().collect(),
            };
            values
                .into_iter()
                .map(|value| (Arc::clone(&definition.name), value.to_owned()))
                .collect::<Vec<_>>()
        })
        .collect()
    }
}

/// The winner with what only the loser had, and how many values that were.
fn united(id: u64, winner: Record, loser: &Record, author: Author) -> (Record, usize) {
    let emails: BTreeSet<&str> = winner.emails().chain(loser.emails()).collect();
    let primary_email = winner.stored("email").or_else(|| loser.stored("email")).map(str::to_owned);
    let additional: Vec<&str> =
        emails.into_iter().filter(|email| Some(*email) != primary_email.as_deref()).collect();
    let additional = additional.join(";");
    let former = [&winner, loser]
        .into_iter()
        .flat_map(|record| {
            [record.stored("hs_merged_object_ids").map(str::to_owned), Some(record.id.to_string())]
        })
        .flatten()
        .collect::<Vec<_>>()
        .join(";");

    let mut merged = winner;
    merged.id = id;
    merged.created_ms = merged.created_ms.min(loser.created_ms);
    merged.modified_ms = author.at_ms.max(merged.modified_ms);
    merged.since_ms = author.at_ms;
    merged.associated.extend(&loser.associated);
    let moved = merged.inherit(loser);
    merged.set(&"hs_merged_object_ids".into(), &former, author);
    if !additional.is_empty() {
        merged.set(&"hs_additional_emails".into(), &additional, author);
    }
    (merged, moved)
}
