//! What can go wrong in the core, for whoever reports it. What to do about a failed change is `retry`'s matter.

use sea_orm::DbErr;

use crate::{storage::reason::reason, vault::VaultError};

/// Anything that keeps the core from doing what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database refused or cannot be reached.
    #[error("the database did not answer as expected: {}", reason(.0))]
    Storage(#[from] DbErr),
    /// A secret could not be opened.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// Storeganise refused, is down, or answered nonsense.
    #[error(transparent)]
    Storeganise(storeganise::error::Error),
    /// HubSpot refused, is down, or answered nonsense.
    #[error(transparent)]
    HubSpot(hubspot::error::Error),
    /// HubSpot's token endpoint refused, is down, or answered nonsense.
    #[error(transparent)]
    OAuth(#[from] hubspot::oauth::OAuthError),
    /// There is no such record, or it belongs to someone else.
    #[error("there is nothing here by that name")]
    NotFound,
    /// What was typed cannot be taken; the message says what is expected.
    #[error("{message}")]
    Invalid {
        /// The input's name, as in the form and the JSON API.
        field: &'static str,
        /// What is wrong and what is expected, in plain words.
        message: String,
    },
    /// Several inputs cannot be taken, or one of a list; each says what is expected.
    #[error("{}", .0.first().map_or("An input cannot be taken.", |input| input.message.as_str()))]
    InvalidInputs(Vec<InvalidInput>),
    /// The state does not allow it; the message says why and what to do.
    #[error("{0}")]
    NotNow(String),
    /// Another worker has taken the installation over: what was worked here must not be recorded.
    #[error("the lease on this installation was lost to another worker")]
    LeaseLost,
    /// HubSpot must be authorised again before anything can be sent.
    #[error("HubSpot must be authorised again")]
    NeedsAuthorisation,
    /// Somebody else tried to renew HubSpot's token while we waited, and it failed with this cause.
    #[error("HubSpot's token could not be renewed")]
    NotRenewed(String),
    /// A stored value does not read back: the database was changed by other hands or another version.
    #[error("a stored {0} cannot be read")]
    Corrupt(&'static str),
}

/// One input that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidInput {
    /// The input's name or path, as in the JSON API, such as `custom_fields[2].kind`.
    pub field: String,
    /// What is wrong and what is expected, in plain words.
    pub message: String,
}

impl InvalidInput {
    pub(crate) fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

impl From<storeganise::error::Error> for Error {
    fn from(error: storeganise::error::Error) -> Self {
        match error {
            storeganise::error::Error::Withheld => Self::LeaseLost,
            error => Self::Storeganise(error),
        }
    }
}

impl From<hubspot::error::Error> for Error {
    fn from(error: hubspot::error::Error) -> Self {
        match error {
            hubspot::error::Error::Withheld => Self::LeaseLost,
            error => Self::HubSpot(error),
        }
    }
}

impl Error {
    /// A short cause code without personal data, for outcomes, metrics and logs.
    #[must_use]
    pub fn code(&self) -> String {
        match self {
            Self::Storage(_) => "annex.storage".to_owned(),
            Self::Vault(_) => "annex.vault".to_owned(),
            Self::Storeganise(error) => error.code(),
            Self::HubSpot(error) => error.code(),
            Self::OAuth(error) => error.code(),
            Self::NotFound => "annex.not_found".to_owned(),
            Self::Invalid { field, .. } => format!("annex.invalid.{field}"),
            Self::InvalidInputs(_) => "annex.invalid.inputs".to_owned(),
            Self::NotNow(_) => "annex.not_now".to_owned(),
            Self::LeaseLost => "annex.lease_lost".to_owned(),
            Self::NeedsAuthorisation => "hubspot.needs_authorisation".to_owned(),
            Self::NotRenewed(cause) => cause.clone(),
            Self::Corrupt(what) => format!("annex.corrupt.{what}"),
        }
    }

    pub(crate) fn invalid(field: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid { field, message: message.into() }
    }
}
