//! The one sentence that is shown after a redirect, and then forgotten.

use axum::response::Redirect;
use serde::{Deserialize, Serialize};
use sync_core::error::Error;
use tower_sessions::Session;

use super::error::PageError;
use crate::words;

const KEY: &str = "flash";

/// A sentence about what has just happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Flash {
    /// Whether it did not work.
    pub is_problem: bool,
    /// The sentence.
    pub text: String,
}

impl Flash {
    /// Takes the sentence out of the session, if there is one.
    pub(super) async fn take(session: &Session) -> Result<Option<Self>, PageError> {
        // Looking first: taking out what is not there would make an anonymous visit a stored session.
        if session.get::<Self>(KEY).await?.is_none() {
            return Ok(None);
        }
        Ok(session.remove(KEY).await?)
    }
}

/// Answers a POST: back to a page with a sentence about what was done, or why it could not be.
pub(super) async fn back(
    session: &Session,
    to: &str,
    done: Result<String, Error>,
) -> Result<Redirect, PageError> {
    leave(session, done).await?;
    Ok(Redirect::to(to))
}

/// Leaves the sentence for the next page.
pub(super) async fn leave(session: &Session, done: Result<String, Error>) -> Result<(), PageError> {
    let flash = match done {
        Ok(text) => Flash { is_problem: false, text },
        Err(error) => Flash { is_problem: true, text: in_words(error)? },
    };
    Ok(session.insert(KEY, flash).await?)
}

/// A failure that a person can do something about, in plain words; any other one gets the error page.
pub(super) fn in_words(error: Error) -> Result<String, PageError> {
    match error {
        Error::Invalid { message, .. } | Error::NotNow(message) => Ok(message),
        error @ Error::InvalidInputs(_) => Ok(error.to_string()),
        Error::Storeganise(_)
        | Error::HubSpot(_)
        | Error::OAuth(_)
        | Error::NotRenewed(_)
        | Error::NeedsAuthorisation => Ok(words::explain(&error.code()).text()),
        error => Err(error.into()),
    }
}
