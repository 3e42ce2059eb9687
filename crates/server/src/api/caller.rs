//! Who calls: permission as an argument, so that a handler that changes things cannot forget to ask.

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, header::AUTHORIZATION, request::Parts},
};
use sync_core::access::{Role, api_token::ApiToken, audit::Actor};

use super::problem::Problem;
use crate::app::AppState;

/// Somebody with a token of any role: may look.
pub(crate) struct Caller(ApiToken);

impl Caller {
    /// As whom they stand in the audit log.
    pub(crate) fn actor(&self) -> Actor {
        Actor::api_token(&self.0.name)
    }
}

/// Somebody whose token may change things.
pub(crate) struct StaffCaller(ApiToken);

impl StaffCaller {
    /// As whom they stand in the audit log.
    pub(crate) fn actor(&self) -> Actor {
        Actor::api_token(&self.0.name)
    }
}

impl FromRequestParts<AppState> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let presented = bearer(parts).ok_or_else(|| {
            Problem::new(
                StatusCode::UNAUTHORIZED,
                "Send a token as `Authorization: Bearer …`; `annex token create` makes one.",
            )
        })?;
        let found = state.core.api_token(presented).await?;
        found
            .map(Self)
            .ok_or_else(|| Problem::new(StatusCode::UNAUTHORIZED, "This token is unknown or was revoked."))
    }
}

impl FromRequestParts<AppState> for StaffCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let Caller(token) = Caller::from_request_parts(parts, state).await?;
        if token.role >= Role::Staff {
            return Ok(Self(token));
        }
        let role = token.role.word();
        Err(Problem::new(
            StatusCode::FORBIDDEN,
            format!("This token has the role {role}, which may only look. Use one with the role staff."),
        ))
    }
}

fn bearer(parts: &Parts) -> Option<&str> {
    let (scheme, token) = parts.headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    Some(token.trim()).filter(|token| scheme.eq_ignore_ascii_case("bearer") && !token.is_empty())
}
