//! Tasks: what an add-on asks a person at the business to look at. A task is a job of the API; there are no others here.

use serde_json::{Map, Value, json};

use super::error::ApiError;
use crate::clock::iso;

/// The states of a job that a request may set.
const STATES: [&str; 3] = ["open", "completed", "cancelled"];

/// What a request asks of a new task.
#[derive(Debug)]
pub(crate) struct Wish {
    /// Who of the staff is to do it.
    pub owner_id: Option<String>,
    /// What kind of record it is about: `user`, `unit` or `addon`.
    pub target: String,
    /// The record's id.
    pub target_id: String,
    data: Map<String, Value>,
}

/// A task.
#[derive(Debug, Clone)]
pub(crate) struct Task {
    /// Its 24 digits.
    pub id: String,
    /// Open, completed or cancelled.
    pub state: &'static str,
    /// When it was filed, in milliseconds.
    pub created_ms: u64,
    /// When it was changed last, in milliseconds.
    pub updated_ms: u64,
    owner_id: Option<String>,
    addon_id: String,
    data: Map<String, Value>,
}

impl Wish {
    /// Reads the body of a request.
    ///
    /// # Errors
    ///
    /// Names what is missing or has the wrong form; jobs that are no tasks are not simulated.
    pub(crate) fn read(body: &Map<String, Value>) -> Result<Self, ApiError> {
        match body.get("type").and_then(Value::as_str) {
            Some("task") => {}
            Some(other) => return Err(ApiError::not_simulated(&format!("jobs of type {other}"))),
            None => return Err(ApiError::invalid("type is required")),
        }
        let data = body.get("data").and_then(Value::as_object);
        let data = data.ok_or_else(|| ApiError::invalid("data is required"))?;
        if data.get("desc").is_some_and(|desc| !desc.is_string() && !desc.is_null()) {
            return Err(ApiError::invalid("data.desc must be a string"));
        }
        let text = |name: &str| {
            let value = data.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
            value.ok_or_else(|| ApiError::invalid(format!("data.{name} is required")))
        };
        text("title")?;
        let target = text("targetType")?;
        if !["user", "unit", "addon"].contains(&target) {
            return Err(ApiError::invalid("data.targetType must be user, unit or addon"));
        }
        Ok(Self {
            owner_id: owner(body)?,
            target: target.to_owned(),
            target_id: text("targetId")?.to_owned(),
            data: data.clone(),
        })
    }
}

impl Task {
    /// A new task that an add-on files.
    pub(crate) fn filed(id: String, wish: Wish, addon_id: &str, now_ms: u64) -> Self {
        Self {
            id,
            state: STATES[0],
            created_ms: now_ms,
            updated_ms: now_ms,
            owner_id: wish.owner_id,
            addon_id: addon_id.to_owned(),
            data: wish.data,
        }
    }

    /// Whether somebody still has to look at it.
    pub(crate) fn is_open(&self) -> bool {
        self.state == STATES[0]
    }

    /// One of the texts of its data; empty where there is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.data.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// Sets the state and the owner that a request names.
    ///
    /// # Errors
    ///
    /// Names what has the wrong form.
    pub(crate) fn change(&mut self, body: &Map<String, Value>, now_ms: u64) -> Result<(), ApiError> {
        let state = match body.get("state") {
            None => self.state,
            Some(named) => STATES
                .into_iter()
                .find(|state| named.as_str() == Some(state))
                .ok_or_else(|| ApiError::invalid(format!("state must be one of {}", STATES.join(", "))))?,
        };
        if body.contains_key("ownerId") {
            self.owner_id = owner(body)?;
        }
        self.state = state;
        self.updated_ms = now_ms;
        Ok(())
    }

    /// The task on the wire.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "id": self.id, "type": "task", "ownerId": self.owner_id, "state": self.state, "step": null,
            "steps": [], "data": self.data, "result": null, "addonId": self.addon_id,
            "created": iso(self.created_ms), "updated": iso(self.updated_ms),
        })
    }
}

fn owner(body: &Map<String, Value>) -> Result<Option<String>, ApiError> {
    match body.get("ownerId") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(id)) => Ok(Some(id.clone())),
        Some(_) => Err(ApiError::invalid("ownerId must be a string")),
    }
}
