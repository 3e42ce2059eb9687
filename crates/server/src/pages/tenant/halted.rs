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
                "This link does not work",
                "It was replaced by a newer one, or something is missing of it.",
                "Copy the whole link from your Storeganise Add-ons page, or ask Storeganise for a new one.",
            ),
            Self::NotFresh => (
                StatusCode::FORBIDDEN,
                "This link alone does not let you in any more",
                "It is older than a day, so that it may have come into other hands.",
                "Begin again and renew the authorisation at HubSpot: that shows that the account is yours. Nothing else \
                 changes by it. Or ask Storeganise for a new link.",
            ),
            Self::NotEnabled => (
                StatusCode::CONFLICT,
                "The add-on is not enabled yet",
                "HubSpot cannot be authorised before Storeganise has enabled the add-on for your business.",
                "Ask Storeganise to enable it, then open this link again.",
            ),
            Self::NotUnderWay => (
                StatusCode::BAD_REQUEST,
                "This authorisation was not begun here",
                "It was finished already, took too long, or was begun in another browser. Nothing was connected \
                 by it.",
                "Open your authorisation link again, and finish in the same browser.",
            ),
            Self::LinkReplaced => (
                StatusCode::GONE,
                "Your link was replaced meanwhile",
                "Storeganise has issued a new authorisation link, or removed the add-on. Nothing was connected.",
                "Use the new link on your Storeganise Add-ons page.",
            ),
            Self::Refused => (
                StatusCode::OK,
                "Nothing was connected",
                "HubSpot was not authorised, because that was refused there.",
                "If that was not meant, begin again. The person at HubSpot must be a Super Admin or have App \
                 Marketplace access.",
            ),
            Self::HubspotProblem => (
                StatusCode::BAD_GATEWAY,
                "HubSpot could not finish",
                "HubSpot sent you back without an authorisation. Nothing was connected.",
                "Begin again; if it stays, tell Storeganise.",
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
            ("HubSpot has forgotten this authorisation", words.what, words.todo)
        }
        AuthoriseError::OtherPortal { connected, chosen } => (
            "This is another HubSpot account",
            format!(
                "Your business is connected to the HubSpot account {connected}, and you chose {chosen}. Nothing \
                 was changed."
            ),
            format!(
                "Begin again and choose the account {connected}. If {chosen} is the right one, ask Storeganise \
                 to allow it."
            ),
        ),
        AuthoriseError::MissingScopes(missing) => (
            "HubSpot did not grant everything",
            format!("What is missing: {}. Nothing was connected.", missing_in_words(&missing)),
            "Begin again as a Super Admin of the HubSpot account, or as somebody with App Marketplace access."
                .to_owned(),
        ),
        AuthoriseError::Other(error) => {
            let text = flash::in_words(error)?;
            ("HubSpot could not be connected", text, "Nothing was connected. Begin again.".to_owned())
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
