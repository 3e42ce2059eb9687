//! Why a call to a portal failed: a class to branch on, a code to keep, a sentence to show.

use std::time::Duration;

use crate::{
    http::{Answer, Broken},
    lenient,
    problem::Problem,
};

/// How long a locked record stays locked.
const LOCKED_FOR: Duration = Duration::from_secs(2);

/// A call that did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No connection, or it broke off.
    #[error("HubSpot could not be reached")]
    Unreachable,
    /// The answer took longer than we wait.
    #[error("HubSpot did not answer in time")]
    TimedOut,
    /// The answer is larger than we take.
    #[error("HubSpot sent a larger answer than we take")]
    TooLarge,
    /// The answer is not the JSON we know.
    #[error("HubSpot sent an answer that was not understood at {path}")]
    NotUnderstood {
        /// Where in the answer, by key and index.
        path: String,
    },
    /// The access token cannot be sent in a header.
    #[error("the HubSpot access token has characters that cannot be sent")]
    UnusableToken,
    /// Whoever asked may no longer: nothing was sent.
    #[error("nothing was sent to HubSpot, because the right to was lost")]
    Withheld,
    /// An answer other than success.
    #[error("{}", sentence(problem.status.unwrap_or(0)))]
    Refused {
        /// What HubSpot says is wrong; it has a status.
        problem: Box<Problem>,
        /// How long HubSpot asks us to wait.
        retry_after: Option<Duration>,
    },
}

/// What a failure means for whoever called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Passing: the same call may succeed later.
    Transient {
        /// How long HubSpot asks us to wait.
        retry_after: Option<Duration>,
    },
    /// Too many requests; the budget is closed already.
    RateLimited {
        /// How long HubSpot asks us to wait.
        retry_after: Option<Duration>,
    },
    /// The access token is no longer good.
    Unauthorised,
    /// The portal's consent does not cover this call.
    MissingScopes,
    /// There is no such record, or it was merged.
    NotFound,
    /// The record collides with another one: see [`Problem::existing_id`].
    Conflict,
    /// The call is wrong and stays wrong: see [`Error::problem`].
    Rejected,
    /// HubSpot is moving the portal to another data centre, for up to a day.
    Migrating {
        /// How long HubSpot asks us to wait.
        retry_after: Option<Duration>,
    },
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
            Self::UnusableToken => Class::Unauthorised,
            Self::Refused { problem, retry_after } => class_of(problem.status.unwrap_or(0), *retry_after),
        }
    }

    /// What HubSpot says is wrong, if it answered.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Refused { problem, .. } => Some(problem),
            _ => None,
        }
    }

    /// A short cause without personal data, such as `hubspot.http_503`.
    #[must_use]
    pub fn code(&self) -> String {
        let cause = match self {
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timeout",
            Self::TooLarge => "too_large",
            Self::NotUnderstood { .. } => "not_understood",
            Self::UnusableToken => "unusable_token",
            Self::Withheld => "withheld",
            Self::Refused { problem, .. } => {
                let status = problem.status.unwrap_or(0);
                match self.class() {
                    Class::RateLimited { .. } => "rate_limited",
                    Class::Unauthorised => "unauthorised",
                    Class::MissingScopes => "missing_scopes",
                    Class::NotFound => "not_found",
                    Class::Conflict => "conflict",
                    Class::Migrating { .. } => "migrating",
                    Class::Transient { .. } if status == 423 => "locked",
                    Class::Transient { .. } => return format!("hubspot.http_{status}"),
                    Class::Rejected => return format!("hubspot.rejected_{status}"),
                }
            }
        };
        format!("hubspot.{cause}")
    }

    pub(crate) fn of_answer(answer: &Answer) -> Self {
        let problem = Box::new(Problem::of_answer(answer.status, &answer.body));
        Self::Refused { problem, retry_after: answer.retry_after() }
    }
}

impl From<Broken> for Error {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Unreachable => Self::Unreachable,
            Broken::TimedOut => Self::TimedOut,
            Broken::TooLarge => Self::TooLarge,
        }
    }
}

/// Reads the body of a success.
pub(crate) fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    lenient::read(body).map_err(|path| Error::NotUnderstood { path })
}

fn class_of(status: u16, retry_after: Option<Duration>) -> Class {
    match status {
        401 => Class::Unauthorised,
        403 => Class::MissingScopes,
        404 => Class::NotFound,
        409 => Class::Conflict,
        423 => Class::Transient { retry_after: Some(retry_after.unwrap_or(LOCKED_FOR).max(LOCKED_FOR)) },
        429 => Class::RateLimited { retry_after },
        477 => Class::Migrating { retry_after },
        408 | 425 => Class::Transient { retry_after },
        400..=499 => Class::Rejected,
        _ => Class::Transient { retry_after },
    }
}

fn sentence(status: u16) -> String {
    match status {
        401 => "HubSpot no longer takes our access token".to_owned(),
        403 => "the HubSpot account has not granted what this needs".to_owned(),
        404 => "HubSpot has no such record".to_owned(),
        409 => "HubSpot says that the record collides with another one".to_owned(),
        423 => "the HubSpot record is locked for a moment".to_owned(),
        429 => "HubSpot asks us to slow down".to_owned(),
        477 => "HubSpot is moving this account to another data centre".to_owned(),
        400..=499 => format!("HubSpot did not accept the request (status {status})"),
        _ => format!("HubSpot cannot answer at the moment (status {status})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_has_its_class_and_its_code() {
        let retry_after = Some(Duration::from_secs(7));
        let transient = Class::Transient { retry_after };
        for (status, class, code) in [
            (302, transient, "hubspot.http_302"),
            (400, Class::Rejected, "hubspot.rejected_400"),
            (401, Class::Unauthorised, "hubspot.unauthorised"),
            (403, Class::MissingScopes, "hubspot.missing_scopes"),
            (404, Class::NotFound, "hubspot.not_found"),
            (409, Class::Conflict, "hubspot.conflict"),
            (414, Class::Rejected, "hubspot.rejected_414"),
            (423, transient, "hubspot.locked"),
            (429, Class::RateLimited { retry_after }, "hubspot.rate_limited"),
            (477, Class::Migrating { retry_after }, "hubspot.migrating"),
            (500, transient, "hubspot.http_500"),
            (502, transient, "hubspot.http_502"),
            (524, transient, "hubspot.http_524"),
        ] {
            let error = refused(status, retry_after);
            assert_eq!((error.class(), error.code().as_str()), (class, code), "{status}");
        }
    }

    #[test]
    fn a_locked_record_is_left_alone_for_at_least_two_seconds() {
        for sent in [None, Some(Duration::ZERO), Some(LOCKED_FOR)] {
            let class = refused(423, sent).class();
            assert_eq!(class, Class::Transient { retry_after: Some(LOCKED_FOR) });
        }
    }

    #[test]
    fn what_never_got_an_answer_is_passing_and_has_no_problem() {
        let errors =
            [Error::Unreachable, Error::TimedOut, Error::NotUnderstood { path: "results".to_owned() }];
        for error in errors {
            assert_eq!(error.class(), Class::Transient { retry_after: None }, "{error:?}");
            assert_eq!(error.problem(), None);
        }
    }

    fn refused(status: u16, retry_after: Option<Duration>) -> Error {
        Error::Refused { problem: Box::new(Problem::of_answer(status, b"")), retry_after }
    }
}
