//! Who may use the pages and the JSON API, and what they did.

use serde::{Deserialize, Serialize};

pub mod api_token;
pub mod audit;
pub mod session;
pub mod staff;

/// What somebody who signed in may do; each role may do what the ones below it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Look.
    Viewer,
    /// Look, install, enable, pause, replay.
    Staff,
    /// All of it, accounts and tokens too.
    Admin,
}

impl Role {
    /// The word stored and shown.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Staff => "staff",
            Self::Admin => "admin",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Viewer, Self::Staff, Self::Admin].into_iter().find(|role| role.word() == word)
    }
}
