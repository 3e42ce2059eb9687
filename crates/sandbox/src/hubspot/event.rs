//! What HubSpot tells an app about changes: which changes it subscribed to, and their form on the wire
//! (reference section 5.2). Sending is in `outbox`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::crm::kind::Kind;
use super::crm::record::Author;

/// The properties of contacts and deals whose changes the app hears of.
const CONTACT_PROPERTIES: [&str; 10] =
    ["firstname", "lastname", "email", "phone", "company", "address", "city", "state", "zip", "country"];
const OWN_CONTACT_PROPERTY: &str = "storeganise_user_id";
const DEAL_PROPERTIES: [&str; 5] = ["dealstage", "amount", "closedate", "dealname", "pipeline"];

/// The number of the first subscription; the others follow it.
const FIRST_SUBSCRIPTION_ID: usize = 7_562_680;

/// What happened to a record.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    /// It was made.
    Created,
    /// It went into the recycle bin, or for good.
    Deleted,
    /// It came back from the recycle bin.
    Restored,
    /// It was deleted for good at the person's wish.
    PrivacyDeleted,
    /// One property has another value.
    Property {
        /// The property.
        name: Arc<str>,
        /// The new value; empty when it was cleared.
        value: String,
    },
    /// Two records became one under a new id.
    Merged {
        /// The record whose values won.
        primary: u64,
        /// The other one.
        other: u64,
        /// How many values came from the other one.
        moved: usize,
    },
    /// A deal got a contact, or lost it.
    Associated {
        /// The contact.
        to: u64,
        /// Whether it was lost.
        removed: bool,
    },
}

/// A change of one record, as it was made.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    /// What kind of record.
    pub(crate) kind: Kind,
    /// Which record.
    pub(crate) object_id: u64,
    /// Who did it, and when.
    pub(crate) author: Author,
    /// What happened.
    pub(crate) change: Change,
}

/// Whose event it is and which number it has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Envelope {
    /// The portal it happened in.
    pub(crate) portal: u64,
    /// The app that hears of it.
    pub(crate) app_id: u64,
    /// A number that need not be unique.
    pub(crate) event_id: u64,
}

impl Event {
    /// The event on the wire, or `None` when the app is not subscribed to it.
    pub(crate) fn to_json(&self, envelope: Envelope) -> Option<Value> {
        let subscription = self.subscription()?;
        let mut event = json!({
            "eventId": envelope.event_id,
            "subscriptionId": FIRST_SUBSCRIPTION_ID + subscription,
            "portalId": envelope.portal,
            "appId": envelope.app_id,
            "occurredAt": self.author.at_ms,
            "subscriptionType": format!("{}.{}", self.kind.singular(), self.change.name()),
            "attemptNumber": 0,
            "objectId": self.object_id,
            "changeSource": self.author.source.name(),
            "sourceId": self.author.source.id(),
        });
        let details = match &self.change {
            Change::Created => json!({"changeFlag": "CREATED"}),
            Change::Deleted => json!({"changeFlag": "DELETED"}),
            Change::Restored => json!({"changeFlag": "RESTORED"}),
            Change::PrivacyDeleted => json!({}),
            Change::Property { name, value } => json!({"propertyName": &**name, "propertyValue": value}),
            Change::Merged { primary, other, moved } => json!({
                "primaryObjectId": primary, "mergedObjectIds": [other],
                "newObjectId": self.object_id, "numberOfPropertiesMoved": moved,
            }),
            Change::Associated { to, removed } => json!({
                "associationType": "DEAL_TO_CONTACT", "fromObjectId": self.object_id, "toObjectId": to,
                "associationRemoved": removed, "isPrimaryAssociation": false,
            }),
        };
        if let (Value::Object(event), Value::Object(details)) = (&mut event, details) {
            event.extend(details);
        }
        Some(event)
    }

    /// The place of the event's subscription in the app's list.
    fn subscription(&self) -> Option<usize> {
        let place = |names: &[&str], name: &str| names.iter().position(|known| *known == name);
        match (self.kind, &self.change) {
            (Kind::Contact, Change::Created) => Some(0),
            (Kind::Contact, Change::Deleted) => Some(1),
            (Kind::Contact, Change::Merged { .. }) => Some(2),
            (Kind::Contact, Change::Restored) => Some(3),
            (Kind::Contact, Change::PrivacyDeleted) => Some(4),
            (Kind::Deal, Change::Created) => Some(5),
            (Kind::Deal, Change::Deleted) => Some(6),
            (Kind::Deal, Change::Associated { .. }) => Some(7),
            (Kind::Contact, Change::Property { name, .. }) if &**name == OWN_CONTACT_PROPERTY => Some(8),
            (Kind::Contact, Change::Property { name, .. }) => Some(9 + place(&CONTACT_PROPERTIES, name)?),
            (Kind::Deal, Change::Property { name, .. }) => Some(19 + place(&DEAL_PROPERTIES, name)?),
            _ => None,
        }
    }
}

impl Change {
    fn name(&self) -> &'static str {
        match self {
            Self::Created => "creation",
            Self::Deleted => "deletion",
            Self::Restored => "restore",
            Self::PrivacyDeleted => "privacyDeletion",
            Self::Property { .. } => "propertyChange",
            Self::Merged { .. } => "merge",
            Self::Associated { .. } => "associationChange",
        }
    }
}
