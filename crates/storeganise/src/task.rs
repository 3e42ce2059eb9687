//! A task for the people of a business, shown on their own Storeganise pages.

use serde_json::{Value, json};

/// What a task is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskTarget {
    /// The add-on of this id.
    Addon(String),
    /// The user of this id.
    User(String),
}

/// A task to be filed in a business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// What it is about.
    pub target: TaskTarget,
    /// One line.
    pub title: String,
    /// What happened and what to do, in plain text.
    pub description: String,
}

impl Task {
    pub(crate) fn body(&self) -> Value {
        let (kind, id) = match &self.target {
            TaskTarget::Addon(id) => ("addon", id),
            TaskTarget::User(id) => ("user", id),
        };
        json!({
            "type": "task",
            "ownerId": null,
            "data": { "targetType": kind, "targetId": id, "title": self.title, "desc": self.description },
        })
    }
}
