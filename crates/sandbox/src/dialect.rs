//! How Storeganise behaves where nobody outside knows: one switch per open question of reference storeganise 5.
//! The defaults are what the reference takes to be true; every other value is what a client must survive as well.
//! What a switch does stands where it does it; here is only what may be chosen.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The answers to the open questions. On the control plane it is a JSON object with these names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Dialect {
    /// Whether an enabled add-on may use the API; a paused one always may (row 2, default true).
    pub enabled_may_call: bool,
    /// The status for an add-on that is not installed any more, or never was: 401, 403 or 404 (row 21, default 401).
    pub unknown_addon_status: u16,
    /// Whether events have an `id` (row 5, default true).
    pub event_id: bool,
    /// Whether events have `created` and `businessCode` (reference 2.1, default true).
    pub event_details: bool,
    /// What `user.updated` says of the fields (reference 2.4, default `present`).
    pub changed_keys: ChangedKeys,
    /// Whether a disabled user says `"disabled": true` (row 8, default true).
    pub disabled_flag: bool,
    /// What is told when a user is disabled (row 8, default `user_disabled`).
    pub disabled_event: DisabledEvent,
    /// What an address looks like when it is read; it is always written as a text (row 9, default `text`).
    pub address: AddressForm,
    /// Whether fields that are not set are null rather than absent (reference 3.1, default false).
    pub unset_as_null: bool,
    /// What a new user must have; an e-mail it must have in any case (row 10, default e-mail, first and last name).
    pub create_requires: Vec<Required>,
    /// The status of a user that was made: 200 or 201 (row 10, default 201).
    pub create_status: u16,
    /// The status where another user has the e-mail: 400, 409 or 422 (row 10, default 409).
    pub duplicate_status: u16,
    /// Whether two users may have one e-mail (reference 3.2, default false).
    pub shared_emails: bool,
    /// Whether a user made by the API is sent a welcome mail; the control plane shows it (row 10, default false).
    pub welcome_email: bool,
    /// Whether a language must be one of the business's settings (reference 3.2, default false).
    pub language_checked: bool,
    /// Whether a user can be read by e-mail (row 11, default true).
    pub get_by_email: bool,
    /// Whether `customFields` take the place of all there were, rather than being merged (row 12, default false).
    pub custom_fields_replace: bool,
    /// What becomes of a value whose custom field nobody defined (row 13, default `dropped`).
    pub undefined_custom_field: Undefined,
    /// Whether the answer to a write has custom fields (reference 3.2, default `if_included`).
    pub write_answer_custom_fields: Shown,
    /// Whether an add-on may write its own custom fields; else 403 (row 15, default true).
    pub addon_fields_writable: bool,
    /// Whether an add-on may read the settings; else 403 (reference 3.6, default true).
    pub settings_readable: bool,
    /// What stands around a list (row 16, default `none`).
    pub list_wrapper: Wrapper,
    /// How many rows a page has unless the request says otherwise, from 1 (row 16, default 50).
    pub list_limit_default: usize,
    /// The longest page, from 1; a request for more gets this many (row 16, default 1000).
    pub list_limit_max: usize,
    /// How many rows of the page before a page shows again, as drift makes them (reference 3.1, default 0).
    pub list_repeats: usize,
    /// Whether `updatedAfter` finds what was changed at that very time (row 17, default false).
    pub updated_after_inclusive: bool,
    /// How many requests of one key are let through in any second, from 1; null sets no limit (row 18, default null).
    pub rate_limit_per_s: Option<usize>,
    /// Whether a 429 says `Retry-After` (row 18, default true).
    pub retry_after: bool,
    /// Whether `addon.dailyEvent.started` reaches an enabled add-on (row 19, default true).
    pub daily_event: bool,
    /// Whether `addon.installed` reaches the add-on, paused as it then is (row 19, default false).
    pub installed_event: bool,
    /// What a refusal looks like (reference 3.1, default `object`).
    pub error_body: ErrorBody,
}

/// What `user.updated` says of the fields that were changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangedKeys {
    /// `changedKeys` names them.
    Present,
    /// `changedKeys` is a list without names.
    Empty,
    /// There is no `changedKeys`.
    Missing,
}

/// What is told when a user is disabled. That one is enabled again is never told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisabledEvent {
    /// `user.disabled`.
    UserDisabled,
    /// `user.updated`, with `disabled` among the changed keys.
    UserUpdated,
    /// Nothing.
    None,
}

/// What an address looks like when it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressForm {
    /// A text.
    Text,
    /// `{"formatted": "..."}`.
    Formatted,
    /// `{"line1": "...", "line2": "..."}`, divided at the first comma or line end.
    Lines,
}

/// Something a request to make a user can be required to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Required {
    /// `email`.
    Email,
    /// `firstName`.
    FirstName,
    /// `lastName`.
    LastName,
    /// `phone`.
    Phone,
    /// `password`, which is not kept.
    Password,
}

/// What becomes of a value whose custom field nobody defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Undefined {
    /// It is left out without a word.
    Dropped,
    /// The whole request is refused with 400.
    Rejected,
    /// It is kept all the same.
    Stored,
}

/// Whether something is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// If `include` names it.
    IfIncluded,
    /// In any case.
    Always,
    /// In no case.
    Never,
}

/// What stands around a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wrapper {
    /// Nothing: the answer is the list.
    None,
    /// `{"data": []}`.
    Data,
    /// `{"items": []}`.
    Items,
    /// `{"results": []}`.
    Results,
    /// `{"users": []}`; other lists bear their own names.
    Users,
}

/// What the body of a refusal looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorBody {
    /// `{"error": {"message": "...", "type": "..."}}`.
    Object,
    /// `{"error": {"detail": "..."}}`.
    Detail,
    /// `{"error": "..."}`.
    String,
    /// `{"message": "..."}`.
    Message,
    /// The message as plain text.
    Text,
    /// Nothing.
    Empty,
}

impl Default for Dialect {
    fn default() -> Self {
        Self {
            enabled_may_call: true,
            unknown_addon_status: 401,
            event_id: true,
            event_details: true,
            changed_keys: ChangedKeys::Present,
            disabled_flag: true,
            disabled_event: DisabledEvent::UserDisabled,
            address: AddressForm::Text,
            unset_as_null: false,
            create_requires: vec![Required::Email, Required::FirstName, Required::LastName],
            create_status: 201,
            duplicate_status: 409,
            shared_emails: false,
            welcome_email: false,
            language_checked: false,
            get_by_email: true,
            custom_fields_replace: false,
            undefined_custom_field: Undefined::Dropped,
            write_answer_custom_fields: Shown::IfIncluded,
            addon_fields_writable: true,
            settings_readable: true,
            list_wrapper: Wrapper::None,
            list_limit_default: 50,
            list_limit_max: 1000,
            list_repeats: 0,
            updated_after_inclusive: false,
            rate_limit_per_s: None,
            retry_after: true,
            daily_event: true,
            installed_event: false,
            error_body: ErrorBody::Object,
        }
    }
}

impl Dialect {
    /// Changes the switches that `wish` names, all of them or none.
    ///
    /// # Errors
    ///
    /// Names the switch that is unknown or whose value is none it may have.
    pub(crate) fn change(&mut self, wish: &Map<String, Value>) -> Result<(), String> {
        let mut changed = self.clone();
        for (name, value) in wish {
            let mut all = serde_json::to_value(&changed).expect("switches can be written");
            let switch = all.get_mut(name).ok_or_else(|| format!("there is no toggle {name}"))?;
            *switch = value.clone();
            changed = serde_json::from_value(all).map_err(|error| format!("{name}: {error}"))?;
        }
        changed.check()?;
        *self = changed;
        Ok(())
    }

    fn check(&self) -> Result<(), String> {
        for (name, status, allowed) in [
            ("create_status", self.create_status, &[200, 201][..]),
            ("duplicate_status", self.duplicate_status, &[400, 409, 422]),
            ("unknown_addon_status", self.unknown_addon_status, &[401, 403, 404]),
        ] {
            if !allowed.contains(&status) {
                return Err(format!("{name}: must be one of {allowed:?}"));
            }
        }
        for (name, number) in [
            ("list_limit_default", self.list_limit_default),
            ("list_limit_max", self.list_limit_max),
            ("rate_limit_per_s", self.rate_limit_per_s.unwrap_or(1)),
        ] {
            if number == 0 {
                return Err(format!("{name}: must be at least 1"));
            }
        }
        Ok(())
    }
}

impl Required {
    /// The name of the field.
    pub(crate) fn field(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::FirstName => "firstName",
            Self::LastName => "lastName",
            Self::Phone => "phone",
            Self::Password => "password",
        }
    }
}

impl Wrapper {
    /// The list as it is answered; `name` is what its rows are.
    pub(crate) fn around(self, name: &str, rows: Vec<Value>) -> Value {
        let key = match self {
            Self::None => return Value::Array(rows),
            Self::Data => "data",
            Self::Items => "items",
            Self::Results => "results",
            Self::Users => name,
        };
        Value::Object(Map::from_iter([(key.to_owned(), Value::Array(rows))]))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn changed(wish: &Value) -> Result<Dialect, String> {
        let mut dialect = Dialect::default();
        dialect.change(wish.as_object().unwrap()).map(|()| dialect)
    }

    #[test]
    fn a_change_leaves_what_it_does_not_name() {
        let dialect = changed(&json!({"error_body": "text", "list_limit_max": 10})).unwrap();
        let expected = Dialect { error_body: ErrorBody::Text, list_limit_max: 10, ..Dialect::default() };
        assert_eq!(dialect, expected);
    }

    #[test]
    fn a_refusal_names_the_toggle_and_changes_nothing() {
        for (wish, named) in [
            (json!({"sideways": true}), "sideways"),
            (json!({"error_body": "xml"}), "error_body"),
            (json!({"create_status": 204}), "create_status"),
            (json!({"list_limit_default": 0}), "list_limit_default"),
            (json!({"rate_limit_per_s": 0}), "rate_limit_per_s"),
            (json!({"get_by_email": null}), "get_by_email"),
            (json!({"create_requires": ["email", "shoeSize"]}), "create_requires"),
        ] {
            assert!(changed(&wish).unwrap_err().contains(named), "{named}");
        }
        let mut dialect = Dialect::default();
        let wish = json!({"address": "lines", "unheard_of": 1});
        assert!(dialect.change(wish.as_object().unwrap()).is_err());
        assert_eq!(dialect, Dialect::default());
    }
}
