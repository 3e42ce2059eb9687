//! What stands around every page: who is signed in, the sentence after a redirect, style sheet and script.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, request::Parts},
};
use sync_core::access::{Role, staff::Staff};
use tower_sessions::Session;

use super::{assets, error::PageError, flash::Flash, visitor::Visitor};
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
        // A script that looks again is not the page that the sentence is meant for.
        if is_by_script(&parts.headers) {
            return Ok(Self::none());
        }
        let session = Session::from_request_parts(parts, state).await.map_err(PageError::of_session)?;
        Flash::take(&session).await.map(Self)
    }
}

/// What `base.html` needs.
#[derive(Debug)]
pub(super) struct Frame {
    /// The login of the staff member who is signed in; none on pages for others.
    pub login: Option<String>,
    /// The address of the one installation that a tenant admin sees; none for others.
    pub own: Option<String>,
    /// Whether the visitor may change what is the business's own.
    pub may_act: bool,
    /// Whether the visitor may change what is Storeganise's to decide, too.
    pub may_manage: bool,
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
        let (may_act, is_admin) = (staff.role >= Role::Staff, staff.role == Role::Admin);
        Self {
            login: Some(staff.login.clone()),
            may_act,
            may_manage: may_act,
            is_admin,
            ..Self::of_stranger(notice)
        }
    }

    /// The frame of a page that staff and the business's own admin see.
    pub(super) fn of(visitor: &Visitor, notice: Notice) -> Self {
        match visitor {
            Visitor::Staff(staff) => Self::of_staff(staff, notice),
            Visitor::Tenant(id) => {
                Self { own: Some(format!("/installations/{id}")), may_act: true, ..Self::of_stranger(notice) }
            }
        }
    }

    /// The frame of a page for whoever may come.
    pub(super) fn of_stranger(Notice(flash): Notice) -> Self {
        let (style, script) = (assets::style_address(), assets::script_address());
        Self {
            login: None,
            own: None,
            may_act: false,
            may_manage: false,
            is_admin: false,
            flash,
            style,
            script,
        }
    }

    /// A frame without anything around the page.
    pub(super) fn bare() -> Self {
        Self::of_stranger(Notice::none())
    }
}

/// Whether a script of a page asks, rather than somebody who opens one.
pub(super) fn is_by_script(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-dest").is_some_and(|dest| dest == "empty")
}
