//! What a failure means for the work, and when it is tried again: exponential backoff with full jitter,
//! bounded attempts. Pure.

use std::time::Duration;

use hubspot::{error::Class as HubspotClass, oauth::OAuthClass};
use storeganise::error::Class as StoreganiseClass;

use crate::{error::Error, random::Random};

/// What to do about work that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// The provider is down, slow or asks for patience: hold the installation, then try again.
    Retry(Option<Duration>),
    /// These records are refused: put them back with their attempts counted, and park them in the end.
    Reject,
    /// HubSpot must be authorised again: stop, changes keep collecting.
    Reauthorise,
    /// Storeganise no longer answers to our key: the add-on counts as disabled.
    AddonDisabled,
    /// The access token was not taken: forget it and try again at once with a new one.
    RenewToken,
}

impl Disposition {
    /// What an error of the core means for the work that met it.
    #[must_use]
    pub fn of(error: &Error) -> Self {
        match error {
            Error::HubSpot(error) => match error.class() {
                HubspotClass::Transient { retry_after }
                | HubspotClass::RateLimited { retry_after }
                | HubspotClass::Migrating { retry_after } => Self::Retry(retry_after),
                HubspotClass::Unauthorised => Self::RenewToken,
                HubspotClass::MissingScopes => Self::Reauthorise,
                HubspotClass::NotFound | HubspotClass::Conflict | HubspotClass::Rejected => Self::Reject,
            },
            Error::Storeganise(error) => match error.class() {
                StoreganiseClass::Transient { retry_after } => Self::Retry(retry_after),
                StoreganiseClass::AccessDenied => Self::AddonDisabled,
                StoreganiseClass::NotFound | StoreganiseClass::Conflict | StoreganiseClass::Rejected => {
                    Self::Reject
                }
            },
            Error::OAuth(error) => match error.class() {
                OAuthClass::Revoked | OAuthClass::StartAgain => Self::Reauthorise,
                // A wrong secret of ours must never disconnect a tenant: it is held until it is mended.
                OAuthClass::Configuration => Self::Retry(None),
                OAuthClass::Transient { retry_after } => Self::Retry(retry_after),
            },
            Error::NeedsAuthorisation => Self::Reauthorise,
            _ => Self::Retry(None),
        }
    }
}

/// After this many failed attempts a change is parked for a person.
pub const MAX_ATTEMPTS: u32 = 10;
/// The ceiling of the first wait.
pub const FIRST_WAIT: Duration = Duration::from_secs(2);
/// No wait we choose ourselves is longer; a provider may still ask for more.
pub const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

/// How long to wait after the given number of failed attempts (1 for the first), or `None` to park the change.
///
/// A provider's `Retry-After` is a floor: we never come back before it.
#[must_use]
pub fn wait_after(failed_attempts: u32, retry_after: Option<Duration>, random: &Random) -> Option<Duration> {
    if failed_attempts >= MAX_ATTEMPTS {
        return None;
    }
    let doublings = failed_attempts.saturating_sub(1);
    let ceiling = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(doublings)).min(LONGEST_WAIT);
    let ceiling_ms = u64::try_from(ceiling.as_millis()).expect("fifteen minutes in milliseconds fit");
    let jittered = Duration::from_millis(random.below(ceiling_ms + 1));
    Some(jittered.max(retry_after.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_stay_below_a_ceiling_that_doubles_up_to_fifteen_minutes() {
        let random = Random::seeded(1);
        for (attempts, ceiling_s) in [(1, 2), (2, 4), (3, 8), (9, 512)] {
            for _ in 0..200 {
                let wait = wait_after(attempts, None, &random).unwrap();
                assert!(wait <= Duration::from_secs(ceiling_s).min(LONGEST_WAIT), "{attempts}: {wait:?}");
            }
        }
    }

    #[test]
    fn the_provider_is_never_asked_before_its_retry_after() {
        let asked = Duration::from_secs(3_600);
        assert_eq!(wait_after(1, Some(asked), &Random::seeded(1)), Some(asked));
    }

    #[test]
    fn after_the_last_attempt_the_change_is_parked() {
        assert!(wait_after(MAX_ATTEMPTS - 1, None, &Random::seeded(1)).is_some());
        assert_eq!(wait_after(MAX_ATTEMPTS, Some(Duration::from_secs(1)), &Random::seeded(1)), None);
    }
}
