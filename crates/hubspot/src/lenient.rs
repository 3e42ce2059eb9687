//! Reading answers that are loosely typed, so that one odd value does not lose a whole batch.
//!
//! It forgives types; it does not guess meanings.

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _},
};
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::record::Unread;

/// Reads a whole answer, or says where it is not what we know, never what stands there.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    let mut json = serde_json::Deserializer::from_slice(body);
    serde_path_to_error::deserialize(&mut json).map_err(|error| error.path().to_string())
}

/// Reads each record of a list by itself, so that an odd one does not lose the others.
pub(crate) fn each<T: DeserializeOwned>(list: Vec<Value>) -> (Vec<T>, Vec<Unread>) {
    let (mut records, mut unread) = (Vec::with_capacity(list.len()), Vec::new());
    for value in list {
        let part = |key: &str| value.get(key).and_then(text_of).filter(|text| !text.is_empty());
        match serde_path_to_error::deserialize(&value) {
            Ok(record) => records.push(record),
            Err(error) => {
                let id = part("id");
                let path = if id.is_none() { "id".to_owned() } else { error.path().to_string() };
                unread.push(Unread { id, trace: part("objectWriteTraceId"), path });
            }
        }
    }
    (records, unread)
}

/// An id: text, or a number taken as text; never empty.
pub(crate) fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    optional_text(deserializer)?
        .filter(|id| !id.is_empty())
        .ok_or_else(|| D::Error::custom("an id is text or a number"))
}

/// A whole number, or one written as text.
pub(crate) fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let text = optional_text(deserializer)?;
    text.and_then(|text| text.parse().ok()).ok_or_else(|| D::Error::custom("not a whole number"))
}

/// A whole number, or one written as text; anything else as absent.
pub(crate) fn optional_integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(optional_text(deserializer)?.and_then(|text| text.parse().ok()))
}

/// Text; a number or a truth value as text; anything else as absent.
pub(crate) fn optional_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(text_of(&Value::deserialize(deserializer)?))
}

/// A truth value, or one written as text; anything else as false.
pub(crate) fn truth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(text_of(&Value::deserialize(deserializer)?).as_deref() == Some("true"))
}

/// A time as the provider writes it; what is none reads as absent.
pub(crate) fn optional_time<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<OffsetDateTime>, D::Error> {
    let text = optional_text(deserializer)?;
    Ok(text.and_then(|text| OffsetDateTime::parse(&text, &Rfc3339).ok()))
}

/// A value of a known shape, or the shape's empty form where it is null or something else.
pub(crate) fn or_empty<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(deserializer)?).unwrap_or_default())
}

/// A value that must have its shape unless it is null.
pub(crate) fn null_is_empty<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Text, or a number or truth value as text.
pub(crate) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
