//! What HubSpot tells us: batches of events that hold ids. Values in them are ignored: an event is a hint.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::record::ObjectKind;

/// One event, read leniently: only the portal and the type must be there.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// The account it happened in.
    pub portal_id: i64,
    /// Its type, such as `contact.propertyChange`; older senders call it `eventType`.
    #[serde(alias = "eventType")]
    pub subscription_type: String,
    /// The object, where the event is about one.
    #[serde(default, deserialize_with = "id_text")]
    pub object_id: Option<String>,
    /// The object's type in generic events.
    #[serde(default)]
    pub object_type_id: Option<String>,
    /// Who changed it: `CRM_UI`, `INTEGRATION`, …
    #[serde(default)]
    pub change_source: Option<String>,
    /// Which user or app changed it.
    #[serde(default, deserialize_with = "id_text")]
    pub source_id: Option<String>,
    /// `DEAL_TO_CONTACT` or its reverse, in association events.
    #[serde(default)]
    pub association_type: Option<String>,
    /// The near end of an association.
    #[serde(default, deserialize_with = "id_text")]
    pub from_object_id: Option<String>,
    /// The far end of an association.
    #[serde(default, deserialize_with = "id_text")]
    pub to_object_id: Option<String>,
    /// The surviving record's new id, in merge events.
    #[serde(default, deserialize_with = "id_text")]
    pub new_object_id: Option<String>,
    /// The record that lends the merged one its values.
    #[serde(default, deserialize_with = "id_text")]
    pub primary_object_id: Option<String>,
    /// The records that went into the merged one.
    #[serde(default, deserialize_with = "ids_text")]
    pub merged_object_ids: Vec<String>,
}

impl Event {
    /// Reads the raw body of a webhook whose signature was already checked.
    ///
    /// # Errors
    /// The body is not a JSON array of events.
    pub fn parse_batch(body: &[u8]) -> Result<Vec<Self>, serde_json::Error> {
        serde_json::from_slice(body)
    }

    /// Whether our own app made the change this event tells of.
    #[must_use]
    pub fn is_echo_of(&self, app_id: &str) -> bool {
        self.change_source.as_deref() == Some("INTEGRATION") && self.source_id.as_deref() == Some(app_id)
    }

    /// Whether a property was edited, as against a record made, merged, deleted or associated.
    #[must_use]
    pub fn is_property_change(&self) -> bool {
        self.subscription_type.ends_with(".propertyChange")
    }

    /// Whether a record was made.
    #[must_use]
    pub fn is_creation(&self) -> bool {
        self.subscription_type.ends_with(".creation")
    }

    /// Whether a contact was deleted for good at the person's wish: no reading afterwards can tell that.
    #[must_use]
    pub fn is_privacy_deletion(&self) -> bool {
        self.subscription_type.ends_with(".privacyDeletion")
    }

    /// The kind of object the event is about; an association counts as its deal's.
    #[must_use]
    pub fn object_kind(&self) -> Option<ObjectKind> {
        let (object, what) = self.subscription_type.split_once('.')?;
        if what == "associationChange" {
            let deal =
                matches!(self.association_type.as_deref(), Some("DEAL_TO_CONTACT" | "CONTACT_TO_DEAL"));
            return deal.then_some(ObjectKind::Deal);
        }
        match (object, self.object_type_id.as_deref()) {
            ("contact", _) | ("object", Some("0-1")) => Some(ObjectKind::Contact),
            ("deal", _) | ("object", Some("0-3")) => Some(ObjectKind::Deal),
            _ => None,
        }
    }

    /// The deals to look at again.
    pub fn deal_ids(&self) -> impl Iterator<Item = &str> {
        let deal = match self.association_type.as_deref() {
            Some("DEAL_TO_CONTACT") => self.from_object_id.as_deref(),
            Some("CONTACT_TO_DEAL") => self.to_object_id.as_deref(),
            _ => self.object_id.as_deref(),
        };
        deal.into_iter()
    }

    /// The contacts to look at again: in a merge every id that now means another record.
    pub fn contact_ids(&self) -> impl Iterator<Item = &str> {
        let merged = self.merged_object_ids.iter().map(String::as_str);
        let named = [&self.object_id, &self.primary_object_id, &self.new_object_id];
        named.into_iter().filter_map(|id| id.as_deref()).chain(merged)
    }
}

/// Ids come as numbers or as text.
fn id_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn id_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(id_of(&Value::deserialize(deserializer)?))
}

fn ids_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let ids = Option::<Vec<Value>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(ids.iter().filter_map(id_of).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(json: &str) -> Event {
        Event::parse_batch(format!("[{json}]").as_bytes()).unwrap().remove(0)
    }

    #[test]
    fn an_edit_names_its_portal_record_and_who_made_it() {
        let event = one(r#"{"eventId":4101286121,"portalId":247187887,"appId":50780459,"attemptNumber":1,
            "subscriptionType":"contact.propertyChange","objectId":541935488729,"propertyName":"email",
            "propertyValue":"x@example.com","changeSource":"INTEGRATION","sourceId":"50780459"}"#);
        assert_eq!(event.contact_ids().collect::<Vec<_>>(), ["541935488729"]);
        assert_eq!(event.object_kind(), Some(ObjectKind::Contact));
        assert!(event.is_property_change());
        assert!(event.is_echo_of("50780459"));
        assert!(!event.is_echo_of("1"), "another app's writing is no echo");
    }

    #[test]
    fn a_person_is_never_taken_for_our_echo() {
        let event = one(r#"{"portalId":1,"eventType":"deal.propertyChange","objectId":"5",
            "changeSource":"CRM_UI","sourceId":"userId:7"}"#);
        assert!(!event.is_echo_of("userId:7"));
        assert_eq!(event.deal_ids().collect::<Vec<_>>(), ["5"]);
    }

    #[test]
    fn an_association_means_its_deal_whichever_end_tells_it() {
        for (kind, from, to) in [("DEAL_TO_CONTACT", 5, 101), ("CONTACT_TO_DEAL", 101, 5)] {
            let event = one(&format!(
                r#"{{"portalId":1,"subscriptionType":"deal.associationChange","associationType":"{kind}",
                    "fromObjectId":{from},"toObjectId":{to}}}"#
            ));
            assert_eq!(event.object_kind(), Some(ObjectKind::Deal), "{kind}");
            assert_eq!(event.deal_ids().collect::<Vec<_>>(), ["5"], "{kind}");
        }
    }

    #[test]
    fn a_merge_means_every_id_that_took_part() {
        let event = one(r#"{"portalId":1,"subscriptionType":"contact.merge","primaryObjectId":1,
            "mergedObjectIds":[2,"3"],"newObjectId":9}"#);
        assert_eq!(event.contact_ids().collect::<Vec<_>>(), ["1", "9", "2", "3"]);
    }

    #[test]
    fn generic_events_are_told_apart_by_their_object_type() {
        let kind = |json| one(json).object_kind();
        assert_eq!(
            kind(r#"{"portalId":1,"subscriptionType":"object.creation","objectTypeId":"0-3","objectId":1}"#),
            Some(ObjectKind::Deal)
        );
        assert_eq!(kind(r#"{"portalId":1,"subscriptionType":"object.creation","objectTypeId":"0-2"}"#), None);
        assert_eq!(kind(r#"{"portalId":1,"subscriptionType":"ticket.creation","objectId":1}"#), None);
        assert_eq!(kind(r#"{"portalId":1,"subscriptionType":"nonsense"}"#), None);
    }

    #[test]
    fn what_is_no_batch_of_events_is_refused() {
        for body in ["", "{}", "[1]", r#"[{"portalId":"x","subscriptionType":"a"}]"#, r#"[{"portalId":1}]"#] {
            assert!(Event::parse_batch(body.as_bytes()).is_err(), "{body}");
        }
    }
}
