//! The page of an authorisation that did not become a connection: what happened, what to do, and the way back.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use secrecy::ExposeSecret as _;
use sync_core::{connection::authorise::AuthoriseError, core::Core, installation::Installation};

use crate::{
    pages::{error::PageError, flash, frame::Frame},
    words,
};
use text::{filters, text};

/// Why an authorisation came to nothing.
#[derive(Debug)]
pub(super) enum Halt {
    /// No link has this token.
    UnknownLink,
    /// The link is too old to let anybody in by itself.
    NotFresh,
    /// Staff have not switched the installation on.
    NotEnabled,
    /// Nothing is under way in this session, or something else is.
    NotUnderWay,
    /// The link was issued anew, or the installation removed, meanwhile.
    LinkReplaced,
    /// Somebody said no at HubSpot.
    Refused,
    /// HubSpot sent the person back with a problem of its own.
    HubspotProblem,
    /// The consent could not be made into a connection.
    Failed(AuthoriseError),
}

#[derive(Template, WebTemplate)]
#[template(path = "pages/tenant/halted.html")]
struct HaltedPage {
    frame: Frame,
    title: &'static str,
    what: String,
    todo: String,
    again: Option<String>,
}

impl Halt {
    /// The page, with the link to begin again where it is known whose it is.
    pub(super) async fn page(self, core: &Core, of: Option<&Installation>) -> Result<Response, PageError> {
        let again = match of {
            Some(found) => core.authorisation_link(found).await?,
            None => None,
        };
        let again = again.map(|link| link.expose_secret().to_owned());
        let (status, title, what, todo) = self.told()?;
        Ok((status, HaltedPage { frame: Frame::bare(), title, what, todo, again }).into_response())
    }

    fn told(self) -> Result<(StatusCode, &'static str, String, String), PageError> {
        let (status, title, what, todo) = match self {
            Self::UnknownLink => (
                StatusCode::NOT_FOUND,
                text!("halted-this-link-does-not"),
                text!("halted-it-was-replaced-by"),
                text!("halted-copy-the-whole-link"),
            ),
            Self::NotFresh => (
                StatusCode::FORBIDDEN,
                text!("halted-this-link-alone-does"),
                text!("halted-it-is-older-than"),
                text!("halted-begin-again-and-renew"),
            ),
            Self::NotEnabled => (
                StatusCode::CONFLICT,
                text!("halted-the-add-on-is"),
                text!("halted-hubspot-cannot-be-authorised"),
                text!("halted-ask-storeganise-to-enable"),
            ),
            Self::NotUnderWay => (
                StatusCode::BAD_REQUEST,
                text!("halted-this-authorisation-was-not"),
                text!("halted-it-was-finished-already"),
                text!("halted-open-your-authorisation-link"),
            ),
            Self::LinkReplaced => (
                StatusCode::GONE,
                text!("halted-your-link-was-replaced"),
                text!("halted-storeganise-has-issued-a"),
                text!("halted-use-the-new-link"),
            ),
            Self::Refused => (
                StatusCode::OK,
                text!("halted-nothing-was-connected"),
                text!("halted-hubspot-was-not-authorised"),
                text!("halted-if-that-was-not"),
            ),
            Self::HubspotProblem => (
                StatusCode::BAD_GATEWAY,
                text!("halted-hubspot-could-not-finish"),
                text!("halted-hubspot-sent-you-back"),
                text!("halted-begin-again-if-it"),
            ),
            Self::Failed(error) => return failed(error),
        };
        Ok((status, title, what.to_owned(), todo.to_owned()))
    }
}

fn failed(error: AuthoriseError) -> Result<(StatusCode, &'static str, String, String), PageError> {
    let (title, what, todo) = match error {
        AuthoriseError::StartAgain => {
            let words = words::explain("hubspot.oauth.bad_auth_code");
            (text!("halted-hubspot-has-forgotten-this"), words.what, words.todo)
        }
        AuthoriseError::OtherPortal { connected, chosen } => (
            text!("halted-this-is-another-hubspot"),
            text!("halted-your-business-is-connected", connected, chosen),
            text!("halted-begin-again-and-choose", connected, chosen),
        ),
        AuthoriseError::MissingScopes(missing) => (
            text!("halted-hubspot-did-not-grant"),
            text!("halted-what-is-missing-nothing", missing = missing_in_words(&missing)),
            text!("halted-begin-again-as-a").to_owned(),
        ),
        AuthoriseError::Other(error) => {
            let text = flash::in_words(error)?;
            (
                text!("halted-hubspot-could-not-be"),
                text,
                text!("halted-nothing-was-connected-begin").to_owned(),
            )
        }
    };
    Ok((StatusCode::CONFLICT, title, what, todo))
}

fn missing_in_words(scopes: &str) -> String {
    let words: Vec<String> = scopes
        .split(", ")
        .map(|scope| format!("{} ({scope})", words::scope(scope).0.to_lowercase()))
        .collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_scopes_are_named_by_what_they_allow() {
        assert_eq!(missing_in_words("crm.objects.deals.read"), "read deals (crm.objects.deals.read)");
    }

    #[test]
    fn another_account_is_named_beside_the_one_connected() {
        let (status, _, what, todo) =
            failed(AuthoriseError::OtherPortal { connected: 111, chosen: 222 }).unwrap();
        assert_eq!(status, StatusCode::CONFLICT);
        assert!(what.contains("111") && what.contains("222") && todo.contains("choose the account 111"));
    }
}
