//! Why a call to Storeganise failed: a class to branch on, a code to keep, a sentence to show.
//!
//! Nothing of the provider's own text gets in here, because it may quote what a person typed.

use std::time::Duration;

/// A call that did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No connection, or it broke off.
    #[error("Storeganise could not be reached")]
    Unreachable,
    /// The answer took longer than we wait.
    #[error("Storeganise did not answer in time")]
    TimedOut,
    /// The answer is larger than we take.
    #[error("Storeganise sent a larger answer than we take")]
    TooLarge,
    /// The answer is not the JSON we know.
    #[error("Storeganise sent an answer that was not understood at {path}")]
    NotUnderstood {
        /// Where in the answer, by key and index.
        path: String,
    },
    /// The add-on id or the key cannot be sent in a header.
    #[error("the Storeganise key has characters that cannot be sent")]
    UnusableKey,
    /// The id is empty or a path of its own, so that no record can have it.
    #[error("Storeganise can have no record under this id")]
    UnusableId,
    /// Whoever asked may no longer: nothing was sent.
    #[error("nothing was sent to Storeganise, because the right to was lost")]
    Withheld,
    /// An answer other than success.
    #[error("{}", sentence(*status))]
    Refused {
        /// The HTTP status.
        status: u16,
        /// How long Storeganise asks us to wait.
        retry_after: Option<Duration>,
    },
}

/// What a failure means for whoever called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Passing: the same call may succeed later.
    Transient {
        /// How long Storeganise asks us to wait.
        retry_after: Option<Duration>,
    },
    /// The key is wrong, or the add-on is disabled.
    AccessDenied,
    /// There is no such record.
    NotFound,
    /// The record collides with another one.
    Conflict,
    /// The call is wrong and stays wrong.
    Rejected,
}

impl Error {
    /// What the failure means for whoever called.
    #[must_use]
    pub fn class(&self) -> Class {
        match self {
            Self::Unreachable
            | Self::TimedOut
            | Self::TooLarge
            | Self::NotUnderstood { .. }
            | Self::Withheld => Class::Transient { retry_after: None },
            Self::UnusableKey => Class::AccessDenied,
            Self::UnusableId => Class::NotFound,
            Self::Refused { status, retry_after } => match status {
                401 | 403 => Class::AccessDenied,
                404 => Class::NotFound,
                409 => Class::Conflict,
                408 | 425 | 429 => Class::Transient { retry_after: *retry_after },
                400..=499 => Class::Rejected,
                _ => Class::Transient { retry_after: *retry_after },
            },
        }
    }

    /// A short cause without personal data, such as `storeganise.http_503`.
    #[must_use]
    pub fn code(&self) -> String {
        let cause = match self {
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timeout",
            Self::TooLarge => "too_large",
            Self::NotUnderstood { .. } => "not_understood",
            Self::UnusableKey => "unusable_key",
            Self::UnusableId => "unusable_id",
            Self::Withheld => "withheld",
            Self::Refused { status, .. } => match (status, self.class()) {
                (_, Class::AccessDenied) => "access_denied",
                (_, Class::NotFound) => "not_found",
                (_, Class::Conflict) => "conflict",
                (_, Class::Rejected) => return format!("storeganise.rejected_{status}"),
                (429, _) => "rate_limited",
                _ => return format!("storeganise.http_{status}"),
            },
        };
        format!("storeganise.{cause}")
    }

    pub(crate) fn of_transport(error: &reqwest::Error) -> Self {
        if error.is_timeout() { Self::TimedOut } else { Self::Unreachable }
    }
}

fn sentence(status: u16) -> String {
    match status {
        401 | 403 => "Storeganise refused our key, or the add-on is disabled".to_owned(),
        404 => "Storeganise has no such record".to_owned(),
        409 => "Storeganise says that the record collides with another one".to_owned(),
        429 => "Storeganise asks us to slow down".to_owned(),
        400..=499 => format!("Storeganise did not accept the request (status {status})"),
        _ => format!("Storeganise cannot answer at the moment (status {status})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_has_its_class_and_its_code() {
        let wait = Some(Duration::from_secs(7));
        let transient = Class::Transient { retry_after: wait };
        for (status, class, code) in [
            (301, transient, "storeganise.http_301"),
            (400, Class::Rejected, "storeganise.rejected_400"),
            (401, Class::AccessDenied, "storeganise.access_denied"),
            (403, Class::AccessDenied, "storeganise.access_denied"),
            (404, Class::NotFound, "storeganise.not_found"),
            (408, transient, "storeganise.http_408"),
            (409, Class::Conflict, "storeganise.conflict"),
            (422, Class::Rejected, "storeganise.rejected_422"),
            (429, transient, "storeganise.rate_limited"),
            (500, transient, "storeganise.http_500"),
            (503, transient, "storeganise.http_503"),
        ] {
            let error = Error::Refused { status, retry_after: wait };
            assert_eq!((error.class(), error.code().as_str()), (class, code), "{status}");
        }
    }

    #[test]
    fn what_never_got_an_answer_is_passing() {
        for (error, code) in [
            (Error::Unreachable, "storeganise.unreachable"),
            (Error::TimedOut, "storeganise.timeout"),
            (Error::TooLarge, "storeganise.too_large"),
            (Error::NotUnderstood { path: "[3].id".to_owned() }, "storeganise.not_understood"),
            (Error::Withheld, "storeganise.withheld"),
        ] {
            assert_eq!(error.class(), Class::Transient { retry_after: None }, "{code}");
            assert_eq!(error.code(), code);
        }
    }
}
