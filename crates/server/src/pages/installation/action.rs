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
use text::{filters, text};

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
                question: text!("action-accept-question"),
                does: text!("action-accept-does"),
                keeps: text!("action-accept-keeps"),
                drops: "",
                button: text!("action-accept-button"),
            },
            Self::Enable => Said {
                question: text!("action-enable-question"),
                does: text!("action-enable-does"),
                keeps: text!("action-enable-keeps"),
                drops: "",
                button: text!("action-enable-button"),
            },
            Self::Pause => Said {
                question: text!("action-pause-question"),
                does: text!("action-pause-does"),
                keeps: text!("action-pause-keeps"),
                drops: "",
                button: text!("action-pause-button"),
            },
            Self::Disable => Said {
                question: text!("action-disable-question"),
                does: text!("action-disable-does"),
                keeps: text!("action-disable-keeps"),
                drops: text!("action-disable-drops"),
                button: text!("action-disable-button"),
            },
            Self::Disconnect => Said {
                question: text!("action-disconnect-question"),
                does: text!("action-disconnect-does"),
                keeps: text!("action-disconnect-keeps"),
                drops: text!("action-disconnect-drops"),
                button: text!("action-disconnect-button"),
            },
            Self::Remove => Said {
                question: text!("action-remove-question"),
                does: text!("action-remove-does"),
                keeps: text!("action-remove-keeps"),
                drops: text!("action-remove-drops"),
                button: text!("action-remove-button"),
            },
            Self::NewLink => Said {
                question: text!("action-authorisation-link-question"),
                does: text!("action-authorisation-link-does"),
                keeps: text!("action-authorisation-link-keeps"),
                drops: text!("action-authorisation-link-drops"),
                button: text!("action-authorisation-link-button"),
            },
            Self::OtherAccount => Said {
                question: text!("action-other-account-question"),
                does: text!("action-other-account-does"),
                keeps: text!("action-other-account-keeps"),
                drops: "",
                button: text!("action-other-account-button"),
            },
        }
    }

    async fn carry_out(self, core: &Core, found: &Installation, by: &Actor) -> Result<String, Error> {
        let code = &found.business_code;
        match self {
            Self::Accept => {
                core.accept(found.id, by).await?;
                Ok(text!("action-accept-done", code))
            }
            Self::Enable => {
                core.enable(found.id, by).await?;
                Ok(text!("action-enable-done", code))
            }
            Self::Pause => {
                core.pause(found.id, by).await?;
                Ok(text!("action-pause-done", code))
            }
            Self::Disable => {
                core.disable(found.id, by).await?;
                Ok(text!("action-disable-done", code))
            }
            Self::Disconnect => {
                core.disconnect(found.id, by).await?;
                Ok(text!("action-disconnect-done", code))
            }
            Self::Remove => {
                core.remove(found.id, by).await?;
                Ok(text!("action-remove-done", code))
            }
            Self::NewLink => {
                core.new_authorisation_link(found.id, by).await?;
                Ok(text!("action-authorisation-link-done").to_owned())
            }
            Self::OtherAccount => {
                core.allow_other_portal(found.id, by).await?;
                Ok(text!("action-other-account-done").to_owned())
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
