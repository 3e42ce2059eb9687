//! The two remote systems, and what differs between them in how they deliver.

use serde::{Deserialize, Serialize};

/// One of the two remote systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// The system that holds contacts and deals.
    Hubspot,
    /// The system that holds users.
    Storeganise,
}

impl Provider {
    /// The name in stats and faults.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hubspot => "hubspot",
            Self::Storeganise => "storeganise",
        }
    }

    /// How often a failed webhook is sent again.
    #[must_use]
    pub fn webhook_retries(self) -> u32 {
        match self {
            Self::Hubspot => 10,
            Self::Storeganise => 3,
        }
    }

    /// Whether an answer to a webhook counts as received: Storeganise takes exactly 200.
    #[must_use]
    pub fn takes(self, status: u16) -> bool {
        match self {
            Self::Hubspot => (200..300).contains(&status),
            Self::Storeganise => status == 200,
        }
    }
}
