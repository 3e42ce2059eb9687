//! A contact or a deal, as it is read and as it is written. `Debug` shows ids and names of properties only.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;
use time::OffsetDateTime;

use crate::lenient;

/// Which kind of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ObjectKind {
    /// A contact.
    Contact,
    /// A deal.
    Deal,
}

/// One record as HubSpot keeps it.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Its id. It differs from the id that was asked for once the record was merged.
    #[serde(deserialize_with = "lenient::id")]
    pub id: String,
    /// Property values by name: `None` is known and unset, an absent name is unknown to the portal.
    #[serde(default, deserialize_with = "properties")]
    pub properties: BTreeMap<String, Option<String>>,
    /// Whether it lies in the recycle bin.
    #[serde(default, deserialize_with = "lenient::truth")]
    pub archived: bool,
    /// The trace of the write that this answers.
    #[serde(default, deserialize_with = "lenient::optional_text", rename = "objectWriteTraceId")]
    pub trace: Option<String>,
    /// Whether an upsert made it.
    #[serde(default, deserialize_with = "lenient::or_empty", rename = "new")]
    pub is_new: Option<bool>,
    /// When it was made.
    #[serde(default, deserialize_with = "lenient::optional_time")]
    pub created_at: Option<OffsetDateTime>,
    /// When it last changed, by whomever.
    #[serde(default, deserialize_with = "lenient::optional_time")]
    pub updated_at: Option<OffsetDateTime>,
    /// Earlier and present values by property name, where they were asked for; in no order.
    #[serde(default, deserialize_with = "lenient::or_empty", rename = "propertiesWithHistory")]
    history: BTreeMap<String, Vec<Version>>,
}

/// One record of a list that is not what we know: which one, as far as that can be read, and where it is odd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Its id.
    pub id: Option<String>,
    /// The trace of the write it answers.
    pub trace: Option<String>,
    /// Where it is not what we know, by key and index; never what stands there.
    pub path: String,
}

/// One value a property has had: when, and by whom. What it was is not kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Version {
    /// When it was written.
    #[serde(default, deserialize_with = "lenient::optional_time")]
    pub timestamp: Option<OffsetDateTime>,
    /// What wrote it, such as `CRM_UI` or `INTEGRATION`.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub source_type: Option<String>,
    /// Which one of these it was, such as an app's id.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub source_id: Option<String>,
}

/// One record to be written in a batch.
#[derive(Clone, PartialEq, Eq)]
pub struct Write {
    /// The record's id, or its value of the property an upsert goes by.
    pub id: String,
    /// Names this write in the answer; no two of a batch may have the same.
    pub trace: String,
    /// Values by property name; an empty one clears.
    pub properties: BTreeMap<String, String>,
}

impl ObjectKind {
    /// The kind as it stands in paths.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Contact => "contacts",
            Self::Deal => "deals",
        }
    }
}

impl Record {
    /// The value of a property; `None` where it is unknown, unset or blank.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.properties.get(name)?.as_deref().filter(|text| !text.trim().is_empty())
    }

    /// The last write of a property, where its history was asked for.
    #[must_use]
    pub fn last_write(&self, name: &str) -> Option<&Version> {
        self.history.get(name)?.iter().max_by_key(|version| version.timestamp)
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("id", &self.id)
            .field("properties", &self.properties.keys().collect::<Vec<_>>())
            .field("archived", &self.archived)
            .field("trace", &self.trace)
            .field("is_new", &self.is_new)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Write {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Write")
            .field("trace", &self.trace)
            .field("properties", &self.properties.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

fn properties<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, Option<String>>, D::Error> {
    let values = Option::<BTreeMap<String, Scalar>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(values.into_iter().map(|(name, Scalar(value))| (name, value)).collect())
}

/// A property's value: text, or what can be taken as text. A value of another shape must not pass for a blank.
struct Scalar(Option<String>);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        if value.is_object() || value.is_array() {
            return Err(D::Error::custom("a property's value is text"));
        }
        Ok(Self(lenient::text_of(&value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Record {
        lenient::read(body.as_bytes()).unwrap()
    }

    #[test]
    fn a_record_is_read_with_its_unset_and_unknown_properties_told_apart() {
        let record = read(
            r#"{"id":"512","properties":{"email":"jane@example.com","firstname":null,"city":" ","amount":12.5},
                "createdAt":"2026-01-01T00:00:00.000Z","updatedAt":"2026-01-02T00:00:00Z","archived":false,
                "objectWriteTraceId":"t1","new":true,"url":"https://x.example"}"#,
        );
        assert_eq!(record.text("email"), Some("jane@example.com"));
        assert_eq!(record.properties["firstname"], None);
        assert!(!record.properties.contains_key("lastname"));
        assert_eq!(
            (record.text("firstname"), record.text("city"), record.text("lastname")),
            (None, None, None)
        );
        assert_eq!(record.text("amount"), Some("12.5"));
        assert_eq!((record.trace.as_deref(), record.is_new), (Some("t1"), Some(true)));
        assert!(record.created_at < record.updated_at);
    }

    #[test]
    fn a_bare_record_needs_only_an_id_which_may_be_a_number() {
        let record = read(r#"{"id":541935488729,"properties":null}"#);
        assert_eq!(record.id, "541935488729");
        assert!(!record.archived && record.properties.is_empty() && record.is_new.is_none());
    }

    #[test]
    fn no_value_is_printed() {
        let record = read(r#"{"id":"1","properties":{"email":"jane@example.com"}}"#);
        let write = Write {
            id: "jane@example.com".to_owned(),
            trace: "t1".to_owned(),
            properties: BTreeMap::from([("firstname".to_owned(), "Jane".to_owned())]),
        };
        let printed = format!("{record:?} {write:?}").to_lowercase();
        assert!(printed.contains("email") && printed.contains("firstname"), "{printed}");
        assert!(!printed.contains("jane"), "{printed}");
    }
}
