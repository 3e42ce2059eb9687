//! The two remote systems, and what differs between them in how they deliver.

use std::time::Duration;

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

    /// How long the receiver of a webhook may take to answer.
    #[must_use]
    pub fn patience(self) -> Duration {
        match self {
            Self::Hubspot => Duration::from_secs(5),
            Self::Storeganise => Duration::from_secs(30),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_provider_waits_and_repeats_as_long_as_it_says() {
        let of = |provider: Provider| (provider.patience().as_secs(), provider.webhook_retries());
        assert_eq!(of(Provider::Hubspot), (5, 10));
        assert_eq!(of(Provider::Storeganise), (30, 3));
    }

    #[test]
    fn hubspot_takes_any_2xx_and_storeganise_200_alone() {
        for (status, hubspot, storeganise) in [
            (200, true, true),
            (202, true, false),
            (204, true, false),
            (302, false, false),
            (400, false, false),
        ] {
            assert_eq!(Provider::Hubspot.takes(status), hubspot, "{status}");
            assert_eq!(Provider::Storeganise.takes(status), storeganise, "{status}");
        }
    }
}
