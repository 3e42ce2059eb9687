//! Whatever changes an installation itself: a page that says what it does, keeps and drops, then the deed.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    response::Redirect,
};
use sync_core::{access::audit::Actor, core::Core, error::Error, installation::Installation};
use tower_sessions::Session;
use uuid::Uuid;

use crate::{
    app::AppState,
    pages::{
        error::PageError,
        flash,
        frame::{Frame, Notice},
        visitor::{Acting, Visitor},
    },
};

/// What can be done with an installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Accept,
    Enable,
    Pause,
    Disable,
    Disconnect,
    Remove,
    NewLink,
    OtherAccount,
}

/// What is said before it is done.
struct Said {
    question: &'static str,
    does: &'static str,
    keeps: &'static str,
    drops: &'static str,
    button: &'static str,
}

#[derive(Template, WebTemplate)]
#[template(path = "pages/installation/action.html")]
pub(super) struct ActionPage {
    frame: Frame,
    here: String,
    business_code: String,
    word: &'static str,
    said: Said,
}

pub(super) async fn ask(
    Acting { by, found }: Acting,
    Path((_, action)): Path<(Uuid, String)>,
    notice: Notice,
) -> Result<ActionPage, PageError> {
    let action = Action::open_to(&by, &action).ok_or(PageError::NotFound)?;
    Ok(ActionPage {
        frame: Frame::of(&by, notice),
        here: format!("/installations/{}", found.id),
        business_code: found.business_code,
        word: action.word(),
        said: action.said(),
    })
}

pub(super) async fn perform(
    State(state): State<AppState>,
    Acting { by, found }: Acting,
    Path((_, action)): Path<(Uuid, String)>,
    session: Session,
) -> Result<Redirect, PageError> {
    let action = Action::open_to(&by, &action).ok_or(PageError::NotFound)?;
    let done = action.carry_out(&state.core, &found, &by.actor()).await;
    let to = match (action, &done) {
        (Action::Remove, Ok(_)) => "/".to_owned(),
        _ => format!("/installations/{}", found.id),
    };
    flash::back(&session, &to, done).await
}

impl Action {
    const ALL: [Self; 8] = [
        Self::Accept,
        Self::Enable,
        Self::Pause,
        Self::Disable,
        Self::Disconnect,
        Self::Remove,
        Self::NewLink,
        Self::OtherAccount,
    ];

    /// The last part of its address.
    fn word(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Enable => "enable",
            Self::Pause => "pause",
            Self::Disable => "disable",
            Self::Disconnect => "disconnect",
            Self::Remove => "remove",
            Self::NewLink => "authorisation-link",
            Self::OtherAccount => "other-account",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.word() == word)
    }

    /// The action of this word, for whom it is there: a business may take its HubSpot account away; everything else is
    /// Storeganise's to decide.
    fn open_to(by: &Visitor, word: &str) -> Option<Self> {
        Self::from_word(word).filter(|action| by.is_staff() || *action == Self::Disconnect)
    }

    fn said(self) -> Said {
        match self {
            Self::Accept => Said {
                question: "Accept this installation?",
                does: "Storeganise is asked whether the add-on is there. You can enable it afterwards.",
                keeps: "Nothing is sent before it is enabled and authorised.",
                drops: "",
                button: "Accept installation",
            },
            Self::Enable => Said {
                question: "Enable this installation?",
                does: "Syncing begins as soon as HubSpot is authorised; the authorisation link is made if there \
                       is none. What changed meanwhile is looked for.",
                keeps: "Settings, connection and links stay as they are.",
                drops: "",
                button: "Enable installation",
            },
            Self::Pause => Said {
                question: "Pause syncing?",
                does: "Nothing is sent to either side until you resume.",
                keeps: "Changes go on collecting, and are done when you resume. The connection, the links and \
                        the settings stay.",
                drops: "",
                button: "Pause syncing",
            },
            Self::Disable => Said {
                question: "Disable this installation?",
                does: "Nothing is sent, and events are no longer noted. Enabling it again looks for what was \
                       missed.",
                keeps: "The connection, the links, the settings and the history stay.",
                drops: "Events that arrive meanwhile are not kept.",
                button: "Disable installation",
            },
            Self::Disconnect => Said {
                question: "Disconnect HubSpot?",
                does: "The app is uninstalled from the HubSpot account, and our tokens are revoked and deleted.",
                keeps: "Contacts and users stay as they are on both sides. Links stay, so that connecting the \
                        same account again resumes where it stopped.",
                drops: "The refresh token. The business has to authorise again before anything is sent.",
                button: "Disconnect HubSpot",
            },
            Self::Remove => Said {
                question: "Remove this installation?",
                does: "The app is uninstalled from the HubSpot account, and everything Annex holds of this \
                       installation is deleted. This cannot be undone.",
                keeps: "Contacts and users stay as they are on both sides, and the audit log keeps that this \
                        installation was here.",
                drops: "The connection, the links, waiting changes, settings and history.",
                button: "Remove installation",
            },
            Self::NewLink => Said {
                question: "Issue a new authorisation link?",
                does: "A new link is made and written to the add-on's page at Storeganise.",
                keeps: "A connection that exists stays as it is.",
                drops: "The old link stops working at once, also for whoever has opened it already.",
                button: "Issue a new link",
            },
            Self::OtherAccount => Said {
                question: "Allow another HubSpot account?",
                does: "For 24 hours, and once, the link may connect another HubSpot account than the present \
                       one. Allow it only if the business has asked for it.",
                keeps: "Until another account is connected, everything goes on with the present one.",
                drops: "",
                button: "Allow another account",
            },
        }
    }

    async fn carry_out(self, core: &Core, found: &Installation, by: &Actor) -> Result<String, Error> {
        let code = &found.business_code;
        match self {
            Self::Accept => {
                core.accept(found.id, by).await?;
                Ok(format!("The installation for {code} is accepted. Enable it next."))
            }
            Self::Enable => {
                core.enable(found.id, by).await?;
                Ok(format!("The installation for {code} is enabled."))
            }
            Self::Pause => {
                core.pause(found.id, by).await?;
                Ok(format!("Syncing for {code} is paused. Changes go on collecting."))
            }
            Self::Disable => {
                core.disable(found.id, by).await?;
                Ok(format!("The installation for {code} is disabled."))
            }
            Self::Disconnect => {
                core.disconnect(found.id, by).await?;
                Ok(format!("{code} is disconnected from HubSpot, and our tokens are deleted."))
            }
            Self::Remove => {
                core.remove(found.id, by).await?;
                Ok(format!(
                    "The installation for {code} is removed. Records on both sides stayed as they are."
                ))
            }
            Self::NewLink => {
                core.new_authorisation_link(found.id, by).await?;
                Ok("A new authorisation link is issued. The old one no longer works.".to_owned())
            }
            Self::OtherAccount => {
                core.allow_other_portal(found.id, by).await?;
                Ok("For 24 hours, and once, the link may connect another HubSpot account.".to_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_reads_back_and_says_what_it_does_before_it_asks() {
        for action in Action::ALL {
            assert_eq!(Action::from_word(action.word()), Some(action));
            let said = action.said();
            assert!(said.question.ends_with('?') && said.does.ends_with('.') && said.keeps.ends_with('.'));
        }
        assert_eq!(Action::from_word("explode"), None);
    }
}
