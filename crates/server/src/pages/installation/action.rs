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
                question: text!("action-accept-this-installation"),
                does: text!("action-storeganise-is-asked-whether"),
                keeps: text!("action-nothing-is-sent-before"),
                drops: "",
                button: text!("action-accept-installation"),
            },
            Self::Enable => Said {
                question: text!("action-enable-this-installation"),
                does: text!("action-syncing-begins-as-soon"),
                keeps: text!("action-settings-connection-and-links"),
                drops: "",
                button: text!("action-enable-installation"),
            },
            Self::Pause => Said {
                question: text!("action-pause-syncing"),
                does: text!("action-nothing-is-sent-to"),
                keeps: text!("action-changes-go-on-collecting"),
                drops: "",
                button: text!("action-pause-syncing-2"),
            },
            Self::Disable => Said {
                question: text!("action-disable-this-installation"),
                does: text!("action-nothing-is-sent-and"),
                keeps: text!("action-the-connection-the-links"),
                drops: text!("action-events-that-arrive-meanwhile"),
                button: text!("action-disable-installation"),
            },
            Self::Disconnect => Said {
                question: text!("action-disconnect-hubspot"),
                does: text!("action-the-app-is-uninstalled"),
                keeps: text!("action-contacts-and-users-stay"),
                drops: text!("action-the-refresh-token-the"),
                button: text!("action-disconnect-hubspot-2"),
            },
            Self::Remove => Said {
                question: text!("action-remove-this-installation"),
                does: text!("action-the-app-is-uninstalled-2"),
                keeps: text!("action-contacts-and-users-stay-2"),
                drops: text!("action-the-connection-the-links-2"),
                button: text!("action-remove-installation"),
            },
            Self::NewLink => Said {
                question: text!("action-issue-a-new-authorisation"),
                does: text!("action-a-new-link-is"),
                keeps: text!("action-a-connection-that-exists"),
                drops: text!("action-the-old-link-stops"),
                button: text!("action-issue-a-new-link"),
            },
            Self::OtherAccount => Said {
                question: text!("action-allow-another-hubspot-account"),
                does: text!("action-for-24-hours-and"),
                keeps: text!("action-until-another-account-is"),
                drops: "",
                button: text!("action-allow-another-account"),
            },
        }
    }

    async fn carry_out(self, core: &Core, found: &Installation, by: &Actor) -> Result<String, Error> {
        let code = &found.business_code;
        match self {
            Self::Accept => {
                core.accept(found.id, by).await?;
                Ok(text!("action-the-installation-for-is", code))
            }
            Self::Enable => {
                core.enable(found.id, by).await?;
                Ok(text!("action-the-installation-for-code", code))
            }
            Self::Pause => {
                core.pause(found.id, by).await?;
                Ok(text!("action-syncing-for-is-paused", code))
            }
            Self::Disable => {
                core.disable(found.id, by).await?;
                Ok(text!("action-the-installation-for-code-2", code))
            }
            Self::Disconnect => {
                core.disconnect(found.id, by).await?;
                Ok(text!("action-is-disconnected-from-hubspot", code))
            }
            Self::Remove => {
                core.remove(found.id, by).await?;
                Ok(text!("action-the-installation-for-is-2", code))
            }
            Self::NewLink => {
                core.new_authorisation_link(found.id, by).await?;
                Ok(text!("action-a-new-authorisation-link").to_owned())
            }
            Self::OtherAccount => {
                core.allow_other_portal(found.id, by).await?;
                Ok(text!("action-for-24-hours-and-2").to_owned())
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
