//! The add-on as it is installed in one business: its state, its own custom fields, and what installing it leaves behind.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::error::ApiError;
use crate::{clock::iso, dialect::Undefined};

/// The window in which requests of one key are counted.
const RATE_WINDOW_MS: u64 = 1000;

/// The custom fields of users that the install script makes, by code and title.
pub(crate) const USER_FIELDS: [(&str, &str); 5] = [
    ("hubspot_contactId", "HubSpot contact ID"),
    ("hubspot_dealId", "HubSpot deal ID"),
    ("hubspot_dealName", "HubSpot deal name"),
    ("hubspot_dealAmount", "HubSpot deal amount"),
    ("hubspot_dealCloseDate", "HubSpot deal close date"),
];

/// The add-on's own field that holds the link the business follows to authorise HubSpot.
pub(crate) const AUTHORISATION_LINK: &str = "hubspot_authorisationLink";
/// The add-on's own field that says whether a refresh token is there.
pub(crate) const REFRESH_TOKEN: &str = "hubspot_refreshToken";

/// What an installed add-on may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AddonState {
    /// It may call the API and is sent nothing. This is the state after installing.
    Paused,
    /// It may call the API and is sent events.
    Enabled,
    /// It may do nothing and is sent nothing.
    Disabled,
}

impl AddonState {
    /// The state's name on the wire.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Paused => "paused",
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
        }
    }
}

/// An installed add-on.
#[derive(Debug, Clone)]
pub(crate) struct Addon {
    /// Its 24 digits.
    pub id: String,
    /// What it may do.
    pub state: AddonState,
    /// Its own custom fields by code.
    pub custom_fields: Map<String, Value>,
    /// Where its events go, if not to the platform's address.
    pub webhook_url: Option<String>,
    /// Its own API key, if not the platform's.
    pub api_key: Option<String>,
    /// Its own secret that signs its events, if not the platform's.
    pub signature_secret: Option<String>,
    /// When it was installed, in milliseconds.
    pub created_ms: u64,
    /// When it was changed last, in milliseconds.
    pub updated_ms: u64,
    recent_ms: VecDeque<u64>,
}

impl Addon {
    /// A newly installed add-on.
    pub(crate) fn installed(id: String, now_ms: u64) -> Self {
        Self {
            id,
            state: AddonState::Paused,
            custom_fields: Map::new(),
            webhook_url: None,
            api_key: None,
            signature_secret: None,
            created_ms: now_ms,
            updated_ms: now_ms,
            recent_ms: VecDeque::new(),
        }
    }

    /// One of its own custom fields as text; empty where it is not set.
    pub(crate) fn field(&self, code: &str) -> &str {
        self.custom_fields.get(code).and_then(Value::as_str).unwrap_or_default()
    }

    /// Lets a request through if fewer than `limit` were let through in the last second.
    pub(crate) fn admits(&mut self, limit: usize, now_ms: u64) -> bool {
        while self.recent_ms.front().is_some_and(|earlier| now_ms.saturating_sub(*earlier) >= RATE_WINDOW_MS)
        {
            self.recent_ms.pop_front();
        }
        let has_room = self.recent_ms.len() < limit;
        if has_room {
            self.recent_ms.push_back(now_ms);
        }
        has_room
    }

    /// Merges custom fields by code: null clears; `undefined` says what becomes of codes the add-on does not define.
    ///
    /// # Errors
    ///
    /// Refuses custom fields that are no object, and undefined ones if they are to be refused.
    pub(crate) fn merge(
        &mut self,
        body: &Map<String, Value>,
        undefined: Undefined,
        now_ms: u64,
    ) -> Result<(), ApiError> {
        let fields = match body.get("customFields") {
            None | Some(Value::Null) => return Ok(()),
            Some(Value::Object(fields)) => fields,
            Some(_) => return Err(ApiError::invalid("customFields must be an object")),
        };
        let is_defined = |code: &str| [AUTHORISATION_LINK, REFRESH_TOKEN].contains(&code);
        if let Some(code) = fields.keys().find(|code| undefined == Undefined::Rejected && !is_defined(code)) {
            return Err(ApiError::invalid(format!("customFields.{code} is not defined")));
        }
        for (code, value) in fields.iter().filter(|(c, _)| undefined == Undefined::Stored || is_defined(c)) {
            match value {
                Value::Null => drop(self.custom_fields.remove(code)),
                value => drop(self.custom_fields.insert(code.clone(), value.clone())),
            }
        }
        self.updated_ms = now_ms;
        Ok(())
    }

    /// The add-on on the wire.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "code": "hubspot",
            "title": {"en": "HubSpot"},
            "state": self.state,
            "customFields": self.custom_fields,
            "created": iso(self.created_ms),
            "updated": iso(self.updated_ms),
        })
    }
}
