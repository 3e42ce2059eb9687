//! A Storeganise user: as it is read, as it is made, and as it is changed.
//!
//! Blank text stays as it was sent; what a blank means is decided by whoever merges. `Debug` shows ids and
//! times only, because everything else is personal.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use time::{
    OffsetDateTime, UtcOffset, format_description::StaticFormatDescription, macros::format_description,
};

use crate::lenient;

/// A user as Storeganise keeps it.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Its id.
    #[serde(deserialize_with = "lenient::id")]
    pub id: String,
    /// The e-mail address, which is also the login.
    #[serde(default, deserialize_with = "lenient::text_or_none")]
    pub email: Option<String>,
    /// The first name.
    #[serde(default, deserialize_with = "lenient::text_or_none")]
    pub first_name: Option<String>,
    /// The last name.
    #[serde(default, deserialize_with = "lenient::text_or_none")]
    pub last_name: Option<String>,
    /// The phone number, in free text.
    #[serde(default, deserialize_with = "lenient::text_or_none")]
    pub phone: Option<String>,
    /// The company's name.
    #[serde(default, deserialize_with = "lenient::text_or_none")]
    pub company_name: Option<String>,
    /// The address in one line; one that came as an object is joined.
    #[serde(default, deserialize_with = "lenient::address")]
    pub address: Option<String>,
    /// Not empty for the staff of the business.
    #[serde(default, deserialize_with = "lenient::list_or_none")]
    pub roles: Vec<Value>,
    /// Custom fields by code; `None` where the answer did not include them.
    #[serde(default, deserialize_with = "lenient::or_empty")]
    pub custom_fields: Option<Map<String, Value>>,
    /// When the user last changed.
    #[serde(default, deserialize_with = "lenient::optional_time")]
    pub updated: Option<OffsetDateTime>,
    /// Whether the login is disabled, where Storeganise says so.
    #[serde(default, deserialize_with = "lenient::optional_bool")]
    pub disabled: Option<bool>,
}

/// Records of a list, and those among them that are not what we know.
#[derive(Debug, Clone)]
pub struct Records<T> {
    /// The records.
    pub records: Vec<T>,
    /// The others.
    pub unread: Vec<Unread>,
}

/// One record of a list that is not what we know: which one, if that can be read, and where it is odd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Its id.
    pub id: Option<String>,
    /// Where it is not what we know, by key and index; never what stands there.
    pub path: String,
}

/// A user to be made; what is absent is not sent.
#[derive(Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewUser {
    /// The e-mail address, which no other user may have.
    pub email: String,
    /// The first name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// The last name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// The phone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// The company's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company_name: Option<String>,
    /// The address in one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Custom fields by code.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub custom_fields: Map<String, Value>,
}

/// A change to a user; what is absent stays as it is, and custom fields merge by code.
#[derive(Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserPatch {
    /// The e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The first name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// The last name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// The phone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// The company's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company_name: Option<String>,
    /// The address in one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Custom fields by code; `null` clears one.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub custom_fields: Map<String, Value>,
}

impl UserPatch {
    /// Whether there is nothing to change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Which users a page is to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsersQuery {
    /// Only users changed since then; whether exactly then counts is not known, so ask with an overlap.
    pub updated_after: Option<OffsetDateTime>,
    /// How many at most; a shorter page is the last one.
    pub limit: u32,
    /// How many to pass over.
    pub offset: u32,
    /// Whether to include custom fields, which is slow on long pages.
    pub custom_fields: bool,
}

impl UsersQuery {
    pub(crate) fn pairs(&self) -> Vec<(&'static str, String)> {
        const TIME: StaticFormatDescription =
            format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
        let mut pairs = vec![("limit", self.limit.to_string()), ("offset", self.offset.to_string())];
        if let Some(after) = self.updated_after {
            let utc = after.to_offset(UtcOffset::UTC);
            pairs.push(("updatedAfter", utc.format(TIME).expect("a time can be written in this form")));
        }
        if self.custom_fields {
            pairs.push(("include", "customFields".to_owned()));
        }
        pairs
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("id", &self.id).field("updated", &self.updated).finish_non_exhaustive()
    }
}

impl fmt::Debug for NewUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewUser").finish_non_exhaustive()
    }
}

impl fmt::Debug for UserPatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserPatch").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::macros::datetime;

    use super::*;

    fn read(body: &Value) -> User {
        lenient::read(body.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_user_is_read_whole() {
        let user = read(&json!({
            "id": "66ce753e7405aa00158ba546", "email": "jane@example.com", "firstName": "Jane",
            "lastName": "Sample", "phone": "555-0100", "companyName": "Sample Ltd", "address": "1 Example Road",
            "roles": ["admin"], "customFields": { "hubspot_contactId": "123" }, "labels": ["x"],
            "updated": "2024-08-31T17:04:14.754Z", "billing": null,
        }));
        assert_eq!(user.id, "66ce753e7405aa00158ba546");
        assert_eq!(user.email.as_deref(), Some("jane@example.com"));
        assert_eq!(user.first_name.as_deref(), Some("Jane"));
        assert_eq!(user.company_name.as_deref(), Some("Sample Ltd"));
        assert_eq!(user.roles.len(), 1);
        assert_eq!(user.custom_fields.unwrap()["hubspot_contactId"], "123");
        assert_eq!(user.updated, Some(datetime!(2024-08-31 17:04:14.754 UTC)));
    }

    #[test]
    fn odd_values_do_not_lose_the_user() {
        let user = read(&json!({
            "id": 17, "email": null, "firstName": " ", "phone": 5550100, "lastName": null,
            "roles": null, "customFields": "none", "updated": "yesterday",
        }));
        assert_eq!(user.id, "17");
        assert_eq!(user.first_name.as_deref(), Some(" "), "blank text stays as sent");
        assert_eq!(user.phone.as_deref(), Some("5550100"));
        assert_eq!((user.email, user.last_name, user.updated), (None, None, None));
        assert!(user.roles.is_empty() && user.custom_fields.is_none());
    }

    #[test]
    fn what_is_no_text_does_not_pass_for_a_blank_nor_an_odd_role_for_none() {
        for (body, path) in [
            (json!({ "id": "u", "phone": { "jane": 1 } }), "phone"),
            (json!({ "id": "u", "lastName": ["x"] }), "lastName"),
            (json!({ "id": "u", "roles": "admin" }), "roles"),
            (json!({ "id": "u", "address": ["x"] }), "address"),
        ] {
            let list = lenient::List(vec![body, json!({ "id": "v" }), json!({ "email": "x" })]);
            let read: Records<User> = lenient::each(list);
            assert_eq!(read.records.len(), 1);
            let unread = [(Some("u".to_owned()), path), (None, "id")];
            assert_eq!(read.unread, unread.map(|(id, path)| Unread { id, path: path.to_owned() }));
        }
    }

    #[test]
    fn a_user_without_an_id_is_not_understood() {
        for body in [json!({}), json!({ "id": "" }), json!({ "id": null })] {
            assert!(lenient::read::<User>(body.to_string().as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn absent_custom_fields_and_empty_ones_are_told_apart() {
        assert_eq!(read(&json!({ "id": "u" })).custom_fields, None);
        assert_eq!(read(&json!({ "id": "u", "customFields": {} })).custom_fields, Some(Map::new()));
    }

    #[test]
    fn only_what_is_given_is_sent() {
        let new = NewUser {
            email: "jane@example.com".to_owned(),
            last_name: Some("-".to_owned()),
            ..NewUser::default()
        };
        assert_eq!(
            serde_json::to_value(new).unwrap(),
            json!({ "email": "jane@example.com", "lastName": "-" })
        );
        let mut patch = UserPatch::default();
        assert!(patch.is_empty());
        patch.phone = Some(String::new());
        patch.custom_fields.insert("hubspot_contactId".to_owned(), Value::Null);
        assert!(!patch.is_empty());
        assert_eq!(
            serde_json::to_value(patch).unwrap(),
            json!({ "phone": "", "customFields": { "hubspot_contactId": null } })
        );
    }

    #[test]
    fn the_time_of_a_query_is_sent_in_utc_with_milliseconds() {
        let query = UsersQuery {
            updated_after: Some(datetime!(2026-11-23 01:02:03.004_999 +02:00)),
            limit: 50,
            offset: 100,
            custom_fields: true,
        };
        let expected = [
            ("limit", "50"),
            ("offset", "100"),
            ("updatedAfter", "2026-11-22T23:02:03.004Z"),
            ("include", "customFields"),
        ];
        assert_eq!(query.pairs(), expected.map(|(key, value)| (key, value.to_owned())));
    }

    #[test]
    fn nothing_personal_is_printed() {
        let user = read(&json!({ "id": "u1", "email": "jane@example.com", "firstName": "Jane" }));
        let new = NewUser { email: "jane@example.com".to_owned(), ..NewUser::default() };
        let patch = UserPatch { first_name: Some("Jane".to_owned()), ..UserPatch::default() };
        let printed = format!("{user:?} {new:?} {patch:?}");
        assert!(printed.contains("u1"), "{printed}");
        assert!(!printed.to_lowercase().contains("jane"), "{printed}");
    }
}
