//! What stands around every page: who is signed in, the sentence after a redirect, style sheet and script.

use axum::{extract::FromRequestParts, http::request::Parts};
use sync_core::access::{Role, staff::Staff};
use tower_sessions::Session;

use super::{assets, error::PageError, flash::Flash};
use crate::app::AppState;

/// The sentence of the last redirect, taken out of the session by the page that shows it.
#[derive(Debug)]
pub(super) struct Notice(Option<Flash>);

impl Notice {
    /// Nothing to say.
    pub(super) fn none() -> Self {
        Self(None)
    }
}

impl FromRequestParts<AppState> for Notice {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, PageError> {
        let session = Session::from_request_parts(parts, state).await.map_err(PageError::of_session)?;
        Flash::take(&session).await.map(Self)
    }
}

/// What `base.html` needs.
#[derive(Debug)]
pub(super) struct Frame {
    /// The login of the staff member who is signed in; none on pages for others.
    pub login: Option<String>,
    /// Whether that member may change things.
    pub may_act: bool,
    /// Whether that member may say who else may come in.
    pub is_admin: bool,
    /// The sentence of the last redirect.
    pub flash: Option<Flash>,
    /// The address of the style sheet.
    pub style: String,
    /// The address of the script.
    pub script: String,
}

impl Frame {
    /// The frame of a page for staff.
    pub(super) fn of_staff(staff: &Staff, notice: Notice) -> Self {
        let login = Some(staff.login.clone());
        let (may_act, is_admin) = (staff.role >= Role::Staff, staff.role == Role::Admin);
        Self { login, may_act, is_admin, ..Self::of_stranger(notice) }
    }

    /// The frame of a page for whoever may come.
    pub(super) fn of_stranger(Notice(flash): Notice) -> Self {
        let (style, script) = (assets::style_address(), assets::script_address());
        Self { login: None, may_act: false, is_admin: false, flash, style, script }
    }

    /// A frame without anything around the page.
    pub(super) fn bare() -> Self {
        Self::of_stranger(Notice::none())
    }
}
