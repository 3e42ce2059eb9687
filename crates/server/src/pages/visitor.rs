//! Who asks, and for which installation: extractors that carry the permission, so that a handler which names
//! one cannot run for anybody else.

use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::{Method, Uri, request::Parts},
};
use sync_core::{
    access::{Role, audit::Actor, staff::Staff},
    installation::Installation,
};
use tower_sessions::Session;
use uuid::Uuid;

use super::{error::PageError, tenant::Pass, visit::Visit};
use crate::app::AppState;

/// A staff member who is signed in.
#[derive(Debug)]
pub(super) struct CurrentStaff(pub Staff);

/// A staff member who may change things.
#[derive(Debug)]
pub(super) struct ActingStaff(pub Staff);

/// A staff member who may say who else may come in.
#[derive(Debug)]
pub(super) struct AdminStaff(pub Staff);

/// The installation named in the path, for a staff member.
#[derive(Debug)]
pub(super) struct CurrentInstallation(pub Installation);

/// Who looks at an installation's pages.
#[derive(Debug)]
pub(super) enum Visitor {
    /// A staff member, who may look at every installation.
    Staff(Staff),
    /// Somebody of the business, who came in by its authorisation link and sees this installation alone.
    Tenant(Uuid),
}

/// Somebody who may look at the installation named in the path.
#[derive(Debug)]
pub(super) struct Looking {
    pub(super) by: Visitor,
    pub(super) found: Installation,
}

/// Somebody who may change what is the business's own about the installation named in the path. Installing, enabling,
/// pausing and whatever else is Storeganise's to decide takes [`ActingStaff`].
#[derive(Debug)]
pub(super) struct Acting {
    pub(super) by: Visitor,
    pub(super) found: Installation,
}

impl Visitor {
    /// Who stands in the audit log.
    pub(super) fn actor(&self) -> Actor {
        match self {
            Self::Staff(staff) => Actor::staff(&staff.login),
            Self::Tenant(_) => Actor::tenant_admin(),
        }
    }

    /// Whether it is staff, whatever their role.
    pub(super) fn is_staff(&self) -> bool {
        matches!(self, Self::Staff(_))
    }
}

impl ActingStaff {
    /// Who stands in the audit log.
    pub(super) fn actor(&self) -> Actor {
        Actor::staff(&self.0.login)
    }
}

impl FromRequestParts<AppState> for CurrentStaff {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, PageError> {
        let session = Session::from_request_parts(parts, state).await.map_err(PageError::of_session)?;
        let found = Visit::of_session(&session, parts, state).await?;
        found.map(Self).ok_or_else(|| PageError::SignIn { next: way_back(&parts.method, &parts.uri) })
    }
}

impl FromRequestParts<AppState> for ActingStaff {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, PageError> {
        let CurrentStaff(staff) = CurrentStaff::from_request_parts(parts, state).await?;
        if staff.role >= Role::Staff { Ok(Self(staff)) } else { Err(PageError::Forbidden) }
    }
}

impl AdminStaff {
    /// Who stands in the audit log.
    pub(super) fn actor(&self) -> Actor {
        Actor::staff(&self.0.login)
    }
}

impl FromRequestParts<AppState> for AdminStaff {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, PageError> {
        let CurrentStaff(staff) = CurrentStaff::from_request_parts(parts, state).await?;
        if staff.role == Role::Admin { Ok(Self(staff)) } else { Err(PageError::ForAdmins) }
    }
}

impl FromRequestParts<AppState> for CurrentInstallation {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, PageError> {
        CurrentStaff::from_request_parts(parts, state).await?;
        let id = id_in_path(parts, state).await?;
        Ok(Self(state.core.installation(id).await?))
    }
}

async fn id_in_path(parts: &mut Parts, state: &AppState) -> Result<Uuid, PageError> {
    let path = RawPathParams::from_request_parts(parts, state).await.map_err(|_| PageError::NotFound)?;
    let id = path.iter().find_map(|(name, value)| (name == "id").then_some(value));
    id.and_then(|id| Uuid::parse_str(id).ok()).ok_or(PageError::NotFound)
}

impl FromRequestParts<AppState> for Looking {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, PageError> {
        let session = Session::from_request_parts(parts, state).await.map_err(PageError::of_session)?;
        let stranger = match CurrentStaff::from_request_parts(parts, state).await {
            Ok(CurrentStaff(staff)) => {
                let found = state.core.installation(id_in_path(parts, state).await?).await?;
                return Ok(Self { by: Visitor::Staff(staff), found });
            }
            Err(error @ PageError::SignIn { .. }) => error,
            Err(error) => return Err(error),
        };
        let Some(found) = Pass::of_session(&session, state).await? else { return Err(stranger) };
        // Whether there is another installation of this id is none of their business.
        if id_in_path(parts, state).await? != found.id {
            return Err(PageError::NotFound);
        }
        Ok(Self { by: Visitor::Tenant(found.id), found })
    }
}

impl FromRequestParts<AppState> for Acting {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, PageError> {
        let Looking { by, found } = Looking::from_request_parts(parts, state).await?;
        match &by {
            Visitor::Staff(staff) if staff.role < Role::Staff => Err(PageError::Forbidden),
            Visitor::Staff(_) | Visitor::Tenant(_) => Ok(Self { by, found }),
        }
    }
}

/// Where a visit goes on after signing in: the page itself, or, for what was sent, the page it was sent from.
fn way_back(method: &Method, uri: &Uri) -> String {
    if matches!(*method, Method::GET | Method::HEAD) {
        return uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    }
    let parts: Vec<&str> = uri.path().split('/').take(3).collect();
    match parts.as_slice() {
        ["", "installations", id] => format!("/installations/{id}"),
        _ => "/".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_signing_in_the_visit_goes_on_at_a_page_that_can_be_opened() {
        let back = |method, uri: &str| way_back(&method, &uri.parse().unwrap());
        assert_eq!(back(Method::GET, "/?search=acme"), "/?search=acme");
        assert_eq!(back(Method::POST, "/installations/1-2/runs"), "/installations/1-2");
        assert_eq!(back(Method::POST, "/installations/new"), "/installations/new");
        assert_eq!(back(Method::POST, "/sign-out"), "/");
    }
}
