//! What one subscription is about: a kind of record and a kind of change, by HubSpot's names for both
//! (reference 5.1). Of the event types HubSpot knows, the sandbox simulates those of contacts and deals.

use std::sync::Arc;

use crate::hubspot::crm::kind::Kind;
use crate::hubspot::error::ApiError;
use crate::hubspot::event::{Change, Event};

/// The first parts of the event types that the sandbox does not simulate.
const OTHER_OBJECTS: [&str; 4] = ["company", "ticket", "line_item", "product"];
/// The event types that follow no pattern, none of which is simulated.
const OTHER_TYPES: [&str; 6] = [
    "conversation.creation",
    "conversation.deletion",
    "conversation.newMessage",
    "conversation.privacyDeletion",
    "conversation.propertyChange",
    "event.completed",
];
/// Properties that HubSpot lets nobody subscribe to.
const NOT_SUBSCRIBABLE: [&str; 2] = ["num_unique_conversion_events", "hs_lastmodifieddate"];

/// A kind of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    /// A record was made.
    Creation,
    /// A record went into the recycle bin, or for good.
    Deletion,
    /// Two records became one.
    Merge,
    /// A record came back from the recycle bin.
    Restore,
    /// A property has another value.
    PropertyChange,
    /// A record got a companion, or lost one.
    AssociationChange,
    /// A contact was deleted for good at the person's wish.
    PrivacyDeletion,
}

/// What a subscription is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Topic {
    /// The kind of record.
    pub(crate) kind: Kind,
    /// The kind of change.
    pub(crate) verb: Verb,
    /// Whether it is told in the generic form, `object.creation` instead of `contact.creation`.
    pub(crate) is_generic: bool,
    /// The property, for changes of properties.
    pub(crate) property: Option<Arc<str>>,
}

impl Verb {
    const ALL: [Self; 7] = [
        Self::Creation,
        Self::Deletion,
        Self::Merge,
        Self::Restore,
        Self::PropertyChange,
        Self::AssociationChange,
        Self::PrivacyDeletion,
    ];

    /// HubSpot's name for it, the second part of an event type.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Creation => "creation",
            Self::Deletion => "deletion",
            Self::Merge => "merge",
            Self::Restore => "restore",
            Self::PropertyChange => "propertyChange",
            Self::AssociationChange => "associationChange",
            Self::PrivacyDeletion => "privacyDeletion",
        }
    }

    /// The kind of change that `change` is.
    pub(crate) fn of(change: &Change) -> Self {
        match change {
            Change::Created => Self::Creation,
            Change::Deleted => Self::Deletion,
            Change::Restored => Self::Restore,
            Change::PrivacyDeleted => Self::PrivacyDeletion,
            Change::Property { .. } => Self::PropertyChange,
            Change::Merged { .. } => Self::Merge,
            Change::Associated { .. } => Self::AssociationChange,
        }
    }
}

impl Topic {
    /// Reads a topic as an app asks for it; generic types need the object type beside them.
    ///
    /// # Errors
    /// 400 for what HubSpot does not know or refuses, 501 for what the sandbox does not simulate.
    pub(crate) fn read(
        event_type: &str,
        object_type: Option<&str>,
        property: Option<&str>,
    ) -> Result<Self, ApiError> {
        let (kind, verb, is_generic) = read_type(event_type, object_type)?;
        let property = property.filter(|name| !name.is_empty());
        match (verb, property) {
            (Verb::PropertyChange, None) => {
                Err(ApiError::invalid(format!("propertyName is required for subscriptions to {event_type}")))
            }
            (Verb::PropertyChange, Some(name)) if NOT_SUBSCRIBABLE.contains(&name) => {
                Err(ApiError::invalid(format!("The property {name} cannot be subscribed to")))
            }
            (Verb::PropertyChange, Some(name)) => {
                Ok(Self { kind, verb, is_generic, property: Some(name.into()) })
            }
            (_, Some(_)) => Err(ApiError::invalid(format!(
                "propertyName is not allowed for subscriptions to {event_type}"
            ))),
            (_, None) => Ok(Self { kind, verb, is_generic, property: None }),
        }
    }

    /// The event type, such as `contact.creation`.
    pub(crate) fn event_type(&self) -> String {
        let object = if self.is_generic { "object" } else { self.kind.singular() };
        format!("{object}.{}", self.verb.name())
    }

    /// Whether `event` is to be told under this topic.
    pub(crate) fn is_about(&self, event: &Event) -> bool {
        let changed = match &event.change {
            Change::Property { name, .. } => Some(&**name),
            _ => None,
        };
        self.kind == event.kind && self.verb == Verb::of(&event.change) && self.property.as_deref() == changed
    }
}

fn read_type(event_type: &str, object_type: Option<&str>) -> Result<(Kind, Verb, bool), ApiError> {
    let unknown =
        || ApiError::invalid(format!("Invalid input JSON: {event_type:?} is not a known eventType"));
    if OTHER_TYPES.contains(&event_type) {
        return Err(not_simulated(event_type));
    }
    let (object, verb) = event_type.split_once('.').ok_or_else(unknown)?;
    let verb = Verb::ALL.into_iter().find(|known| known.name() == verb).ok_or_else(unknown)?;
    if verb == Verb::PrivacyDeletion && object != "contact" {
        return Err(unknown());
    }
    match object {
        "object" => {
            let missing =
                || ApiError::invalid(format!("objectTypeId is required for subscriptions to {event_type}"));
            let name = object_type.filter(|name| !name.is_empty()).ok_or_else(missing)?;
            let kind = Kind::named(name)
                .ok_or_else(|| not_simulated(&format!("{event_type} of object type {name}")))?;
            Ok((kind, verb, true))
        }
        "contact" | "deal" => {
            let kind = Kind::named(object).ok_or_else(unknown)?;
            if object_type.is_some_and(|name| Kind::named(name) != Some(kind)) {
                return Err(ApiError::invalid(format!("objectTypeId does not fit {event_type}")));
            }
            Ok((kind, verb, false))
        }
        "product" if verb == Verb::AssociationChange => Err(unknown()),
        other if OTHER_OBJECTS.contains(&other) => Err(not_simulated(event_type)),
        _ => Err(unknown()),
    }
}

fn not_simulated(what: &str) -> ApiError {
    ApiError::not_simulated(&format!("events of type {what}"))
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    const OBJECTS: [&str; 7] = ["contact", "deal", "object", "company", "ticket", "line_item", "product"];

    #[test]
    fn all_48_event_types_are_known_and_those_of_contacts_and_deals_are_simulated() {
        let mut types: Vec<String> = OTHER_TYPES.map(str::to_owned).to_vec();
        types.push("contact.privacyDeletion".to_owned());
        for object in OBJECTS {
            let verbs = Verb::ALL.into_iter().filter(|verb| *verb != Verb::PrivacyDeletion);
            let verbs = verbs.filter(|verb| object != "product" || *verb != Verb::AssociationChange);
            types.extend(verbs.map(|verb| format!("{object}.{}", verb.name())));
        }
        assert_eq!(types.len(), 48);
        let mut simulated = 0;
        for event_type in &types {
            let object = event_type.starts_with("object").then_some("0-1");
            let property = event_type.ends_with("propertyChange").then_some("phone");
            match Topic::read(event_type, object, property) {
                Ok(topic) => {
                    assert_eq!(&topic.event_type(), event_type);
                    simulated += 1;
                }
                Err(error) => assert_eq!(error.status(), StatusCode::NOT_IMPLEMENTED, "{event_type}"),
            }
        }
        assert_eq!(simulated, 19);
    }

    #[test]
    fn a_topic_that_makes_no_sense_is_refused_in_words() {
        for (event_type, object, property, status, word) in [
            ("contact.explosion", None, None, 400, "not a known eventType"),
            ("contact", None, None, 400, "not a known eventType"),
            ("product.associationChange", None, None, 400, "not a known eventType"),
            ("deal.privacyDeletion", None, None, 400, "not a known eventType"),
            ("object.privacyDeletion", Some("contact"), None, 400, "not a known eventType"),
            ("object.creation", None, None, 400, "objectTypeId is required"),
            ("object.creation", Some("0-2"), None, 501, "object type 0-2"),
            ("contact.creation", Some("0-3"), None, 400, "objectTypeId does not fit"),
            ("contact.propertyChange", None, None, 400, "propertyName is required"),
            ("contact.propertyChange", None, Some(""), 400, "propertyName is required"),
            ("contact.creation", None, Some("phone"), 400, "propertyName is not allowed"),
            ("deal.propertyChange", None, Some("hs_lastmodifieddate"), 400, "cannot be subscribed to"),
            (
                "contact.propertyChange",
                None,
                Some("num_unique_conversion_events"),
                400,
                "cannot be subscribed",
            ),
            ("company.creation", None, None, 501, "company.creation"),
        ] {
            let refused = Topic::read(event_type, object, property).unwrap_err();
            assert_eq!(refused.status().as_u16(), status, "{event_type}");
            assert!(refused.message().contains(word), "{event_type}: {}", refused.message());
        }
    }
}
