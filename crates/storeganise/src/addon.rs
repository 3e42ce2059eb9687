//! The add-on's own record in a business: its state and the fields its page shows.

use std::fmt;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::lenient;

/// The installation of the add-on, as Storeganise keeps it.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Addon {
    /// Its id; absent from some answers.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub id: Option<String>,
    /// Whether it is switched on; absent from some answers.
    #[serde(default, deserialize_with = "lenient::or_empty")]
    pub state: Option<AddonState>,
    /// The fields of its page by their codes. They may hold keys, so `Debug` shows only the codes.
    #[serde(default, deserialize_with = "lenient::or_empty")]
    pub custom_fields: Map<String, Value>,
}

/// Whether the add-on is switched on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub enum AddonState {
    /// No webhooks, but we may call: how every installation begins.
    Paused,
    /// Webhooks and calls.
    Enabled,
    /// Neither webhooks nor calls.
    Disabled,
    /// A state we do not know, as it was sent.
    Other(String),
}

impl AddonState {
    /// The state in the provider's word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Paused => "paused",
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::Other(word) => word,
        }
    }
}

impl From<String> for AddonState {
    fn from(word: String) -> Self {
        match word.as_str() {
            "paused" => Self::Paused,
            "enabled" => Self::Enabled,
            "disabled" => Self::Disabled,
            _ => Self::Other(word),
        }
    }
}

impl fmt::Debug for Addon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Addon")
            .field("id", &self.id)
            .field("state", &self.state)
            .field("custom_fields", &self.custom_fields.keys().collect::<Vec<_>>())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Addon {
        lenient::read(body.as_bytes()).unwrap()
    }

    #[test]
    fn an_unknown_state_is_kept_and_a_missing_one_is_absent() {
        for (body, expected) in [
            (r#"{"state":"paused"}"#, Some(AddonState::Paused)),
            (r#"{"state":"enabled"}"#, Some(AddonState::Enabled)),
            (r#"{"state":"disabled"}"#, Some(AddonState::Disabled)),
            (r#"{"state":"on_trial"}"#, Some(AddonState::Other("on_trial".to_owned()))),
            (r#"{"state":null}"#, None),
            (r#"{"customFields":{"a":"b"}}"#, None),
        ] {
            assert_eq!(read(body).state, expected, "{body}");
        }
    }

    #[test]
    fn the_fields_of_the_page_are_not_printed() {
        let addon = read(r#"{"id":"a1","customFields":{"apiKey":"s3cret"}}"#);
        assert_eq!(addon.custom_fields["apiKey"], "s3cret");
        let printed = format!("{addon:?}");
        assert!(printed.contains("apiKey") && !printed.contains("s3cret"), "{printed}");
    }
}
