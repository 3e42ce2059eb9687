//! What Storeganise tells us: a type and ids, never data to be written through.

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// One webhook, read leniently: unknown keys are ignored and only the type must be there.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// The provider's id of the event; absent from some senders.
    pub id: Option<String>,
    /// The event's type, such as `user.updated`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The business's code, such as `acme`.
    pub business_code: Option<String>,
    /// The API base of the business, as the sender states it.
    pub api_url: Option<String>,
    /// The installation of the add-on in that business.
    pub addon_id: Option<String>,
    /// The ids the event is about; an absent or null value reads as empty.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub data: Map<String, Value>,
}

impl Event {
    /// Reads the raw body of a webhook whose signature was already checked.
    ///
    /// # Errors
    /// The body is not a JSON object with a `type`.
    pub fn parse(body: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(body)
    }

    /// The user the event is about, if it names one.
    #[must_use]
    pub fn user_id(&self) -> Option<&str> {
        self.data.get("userId").and_then(Value::as_str).filter(|id| !id.is_empty())
    }

    /// The keys that changed; `None` where the sender names none, which means anything may have changed.
    #[must_use]
    pub fn changed_keys(&self) -> Option<Vec<&str>> {
        let keys: Vec<&str> =
            self.data.get("changedKeys")?.as_array()?.iter().filter_map(Value::as_str).collect();
        (!keys.is_empty()).then_some(keys)
    }
}

fn null_is_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Map<String, Value>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_add_on_event_names_its_installation_user_and_changed_keys() {
        let event = Event::parse(
            br#"{"type":"user.updated","addonId":"a1","apiUrl":"https://demo.storeganise.com/api","new":1,
                 "data":{"userId":"u1","changedKeys":["phone","customFields.x"]}}"#,
        )
        .unwrap();
        assert_eq!(event.kind, "user.updated");
        assert_eq!(event.addon_id.as_deref(), Some("a1"));
        assert_eq!(event.user_id(), Some("u1"));
        assert_eq!(event.changed_keys(), Some(vec!["phone", "customFields.x"]));
    }

    #[test]
    fn missing_or_null_data_is_empty_and_missing_changed_keys_mean_anything() {
        for body in
            [r#"{"type":"x"}"#, r#"{"type":"x","data":null}"#, r#"{"type":"x","data":{"changedKeys":[]}}"#]
        {
            let event = Event::parse(body.as_bytes()).unwrap();
            assert_eq!(event.user_id(), None, "{body}");
            assert_eq!(event.changed_keys(), None, "{body}");
        }
    }

    #[test]
    fn what_is_not_an_event_is_refused() {
        for body in ["", "[]", "null", r#"{"data":{}}"#, r#"{"type":7}"#] {
            assert!(Event::parse(body.as_bytes()).is_err(), "{body}");
        }
    }
}
