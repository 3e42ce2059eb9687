//! What HubSpot tells an app about changes, and its form on the wire (reference 5.2). Which changes an app hears of
//! is in `subscription`, sending in `outbox`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::crm::kind::Kind;
use super::crm::record::Author;
use super::subscription::Subscription;

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
    /// It got a companion of the other kind, or lost it; noted on one side, told from both.
    Associated {
        /// The companion.
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
    /// The same change as seen from the other record, where there is another side to it.
    pub(crate) fn mirrored(&self) -> Option<Self> {
        let Change::Associated { to, removed } = self.change else { return None };
        let change = Change::Associated { to: self.object_id, removed };
        Some(Self { kind: self.kind.other(), object_id: to, author: self.author, change })
    }

    /// The event on the wire, as `subscription` has it told.
    pub(crate) fn to_json(&self, envelope: Envelope, subscription: &Subscription) -> Value {
        let mut event = json!({
            "eventId": envelope.event_id,
            "subscriptionId": subscription.id,
            "portalId": envelope.portal,
            "appId": envelope.app_id,
            "occurredAt": self.author.at_ms,
            "subscriptionType": subscription.topic.event_type(),
            "attemptNumber": 0,
            "objectId": self.object_id,
            "changeSource": self.author.source.name(),
            "sourceId": self.author.source.id(),
        });
        let generic = if subscription.topic.is_generic { self.generic_details() } else { Value::Null };
        for details in [self.details(), generic] {
            if let (Value::Object(event), Value::Object(details)) = (&mut event, details) {
                event.extend(details);
            }
        }
        event
    }

    fn details(&self) -> Value {
        match &self.change {
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
                "associationType": format!("{}_TO_{}", self.kind.shouted(), self.kind.other().shouted()),
                "fromObjectId": self.object_id, "toObjectId": to,
                "associationRemoved": removed, "isPrimaryAssociation": false,
            }),
        }
    }

    /// What only the generic form has, which names no kind in its type.
    fn generic_details(&self) -> Value {
        let mut details = json!({"objectTypeId": self.kind.type_id(), "isSensitive": false});
        if let Change::Associated { .. } = self.change {
            details["fromObjectTypeId"] = self.kind.type_id().into();
            details["toObjectTypeId"] = self.kind.other().type_id().into();
        }
        details
    }
}
