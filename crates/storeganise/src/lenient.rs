//! Reading answers that are loosely typed, so that one odd value does not lose a whole page of records.
//!
//! It forgives types and wrappers; it does not guess meanings.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    error::Error,
    user::{Records, Unread},
};

/// Reads a whole answer; what is not understood is named by its place, never by its value.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    let mut json = serde_json::Deserializer::from_slice(body);
    serde_path_to_error::deserialize(&mut json)
        .map_err(|error| Error::NotUnderstood { path: error.path().to_string() })
}

/// A list, bare or in one of the wrappers `data`, `items`, `results`, `users`.
#[derive(Debug)]
pub(crate) struct List<T>(pub(crate) Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor(PhantomData))
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = List<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list, bare or wrapped")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::with_capacity(seq.size_hint().unwrap_or(0));
        while let Some(item) = seq.next_element()? {
            list.push(item);
        }
        Ok(List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut list = None;
        while let Some(key) = map.next_key::<String>()? {
            if matches!(key.as_str(), "data" | "items" | "results" | "users") && list.is_none() {
                list = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        list.map(List).ok_or_else(|| A::Error::custom("no list in the answer"))
    }
}

/// Reads each record of a list by itself, so that an odd one does not lose the others.
pub(crate) fn each<T: DeserializeOwned>(List(list): List<Value>) -> Records<T> {
    let (mut records, mut unread) = (Vec::with_capacity(list.len()), Vec::new());
    for value in list {
        match serde_path_to_error::deserialize(&value) {
            Ok(record) => records.push(record),
            Err(error) => {
                let id = value.get("id").and_then(text_of).filter(|id| !id.is_empty());
                let path = if id.is_none() { "id".to_owned() } else { error.path().to_string() };
                unread.push(Unread { id, path });
            }
        }
    }
    Records { records, unread }
}

/// An id: text, or a number taken as text; never empty.
pub(crate) fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    optional_text(deserializer)?
        .filter(|id| !id.is_empty())
        .ok_or_else(|| D::Error::custom("an id is text or a number"))
}

/// Text as it was sent, blanks included; a number or a truth value as text; anything else as absent.
pub(crate) fn optional_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(text_of(&Value::deserialize(deserializer)?))
}

/// Text as it was sent; a number or a truth value as text. What is of another shape must not pass for a blank.
pub(crate) fn text_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Array(_) | Value::Object(_) => Err(D::Error::custom("not a text")),
        value => Ok(text_of(&value)),
    }
}

/// A list, or none where it is null. What is of another shape must not pass for an empty one.
pub(crate) fn list_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Value>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// An address: one line, or an object whose known parts are joined with ", ".
pub(crate) fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    const WHOLE: [&str; 2] = ["formatted", "fullAddress"];
    const PARTS: [&[&str]; 6] = [
        &["line1", "address1", "street"],
        &["line2", "address2"],
        &["city", "town"],
        &["state", "region", "province"],
        &["zip", "postcode", "postalCode"],
        &["country"],
    ];
    let value = Value::deserialize(deserializer)?;
    let object = match &value {
        Value::Object(object) => object,
        Value::Array(_) => return Err(D::Error::custom("an address is a line or an object")),
        line => return Ok(text_of(line)),
    };
    let part = |name: &&str| object.get(*name).and_then(text_of).filter(|text| !text.trim().is_empty());
    if let Some(whole) = WHOLE.iter().find_map(part) {
        return Ok(Some(whole));
    }
    let parts: Vec<String> = PARTS.iter().filter_map(|names| names.iter().find_map(part)).collect();
    Ok((!parts.is_empty()).then(|| parts.join(", ")))
}

/// A time as the provider writes it; what is none reads as absent.
pub(crate) fn optional_time<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<OffsetDateTime>, D::Error> {
    let text = optional_text(deserializer)?;
    Ok(text.and_then(|text| OffsetDateTime::parse(&text, &Rfc3339).ok()))
}

/// A truth value; anything else reads as absent.
pub(crate) fn optional_bool<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Ok(Value::deserialize(deserializer)?.as_bool())
}

/// A value of a known shape, or the shape's empty form where it is null or something else.
pub(crate) fn or_empty<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(deserializer)?).unwrap_or_default())
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Probe {
        #[serde(default, deserialize_with = "address")]
        address: Option<String>,
    }

    #[test]
    fn a_list_is_read_bare_and_from_each_known_wrapper() {
        for body in [
            "[1,2]",
            r#"{"data":[1,2]}"#,
            r#"{"total":9,"items":[1,2],"next":{"data":[3]}}"#,
            r#"{"results":[1,2]}"#,
            r#"{"users":[1,2]}"#,
        ] {
            assert_eq!(read::<List<u8>>(body.as_bytes()).unwrap().0, [1, 2], "{body}");
        }
    }

    #[test]
    fn an_object_without_a_list_is_not_an_empty_list() {
        for body in ["{}", r#"{"error":{"message":"x"}}"#, "null", r#""text""#, "<html>", ""] {
            assert!(read::<List<u8>>(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn what_is_not_understood_is_named_by_its_place_and_not_by_its_value() {
        let error = read::<List<u8>>(br#"{"data":[1,"jane@example.com"]}"#).unwrap_err();
        assert_eq!(error, Error::NotUnderstood { path: "data[1]".to_owned() });
    }

    #[test]
    fn an_address_is_one_line_or_the_known_parts_of_an_object() {
        for (body, expected) in [
            (r#"{"address":"1 Example Road, Sampleton"}"#, Some("1 Example Road, Sampleton")),
            (r#"{"address":" "}"#, Some(" ")),
            (r#"{"address":null}"#, None),
            (r#"{}"#, None),
            (r#"{"address":{"formatted":"1 Example Road","city":"Sampleton"}}"#, Some("1 Example Road")),
            (
                r#"{"address":{"line1":"1 Example Road","line2":" ","city":"Sampleton","postcode":1300,"x":"y"}}"#,
                Some("1 Example Road, Sampleton, 1300"),
            ),
            (r#"{"address":{"x":"y"}}"#, None),
        ] {
            assert_eq!(read::<Probe>(body.as_bytes()).unwrap().address.as_deref(), expected, "{body}");
        }
    }
}
