//! What was done to a user and by whom, as the portal shows it to a person. The API does not.

use std::collections::VecDeque;

/// How many changes of one user are kept; the oldest go first.
const KEPT_MAX: usize = 20;

/// Who changes a user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Author {
    /// Somebody at the portal.
    #[default]
    Person,
    /// The add-on with this id, over the API.
    Addon(String),
}

/// One field that was changed; empty stands for a value that is not set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Changed {
    /// The field, as webhooks name it.
    pub key: String,
    /// What was there before.
    pub from: String,
    /// What is there now.
    pub to: String,
}

/// One change of a user.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    /// When it was made, in milliseconds.
    pub at_ms: u64,
    /// Who made it.
    pub by: Author,
    /// What was done, for a person.
    pub title: &'static str,
    /// The fields it changed.
    pub changed: Vec<Changed>,
}

/// The latest changes of one user, oldest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct History(VecDeque<Change>);

impl Author {
    /// The author, for a person.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Person => "a person at the portal".to_owned(),
            Self::Addon(id) => format!("add-on {id}"),
        }
    }
}

impl History {
    /// Adds a change.
    pub(crate) fn add(&mut self, change: Change) {
        if self.0.len() == KEPT_MAX {
            self.0.pop_front();
        }
        self.0.push_back(change);
    }

    /// The changes, newest first.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &Change> {
        self.0.iter().rev()
    }
}
