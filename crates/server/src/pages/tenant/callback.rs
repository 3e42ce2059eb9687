//! The way back from HubSpot. The `state` has to be the one this session began with, and is good once.

use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use sync_core::{access::audit::Actor, installation::Installation, views::runs::RunKind};
use tower_sessions::Session;

use super::{UNDER_WAY_KEY, UnderWay, halted::Halt, may_be_authorised};
use crate::{
    app::AppState,
    pages::{error::PageError, flash},
};
use text::text;

/// What HubSpot hands over; its description of an error is never shown.
#[derive(Deserialize)]
pub(super) struct Answer {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
}

pub(super) async fn come_back(
    State(state): State<AppState>,
    session: Session,
    Query(answer): Query<Answer>,
) -> Result<Response, PageError> {
    let core = &state.core;
    let begun = take(&session).await?;
    let Some(begun) = begun.filter(|begun| answer.state.as_deref() == Some(begun.state.as_str())) else {
        let refused = answer.error.is_some();
        let halt = if refused { Halt::Refused } else { Halt::NotUnderWay };
        return halt.page(core, None).await;
    };
    let Some(found) = begun.pass.installation(&state).await? else {
        return Halt::LinkReplaced.page(core, None).await;
    };
    if !may_be_authorised(&found) {
        return Halt::NotEnabled.page(core, None).await;
    }
    let code = match (answer.code, answer.error.as_deref()) {
        (Some(code), None) => code,
        (_, Some("access_denied")) => return Halt::Refused.page(core, Some(&found)).await,
        _ => return Halt::HubspotProblem.page(core, Some(&found)).await,
    };
    finish(&state, &session, &found, &begun, &code).await
}

async fn finish(
    state: &AppState,
    session: &Session,
    found: &Installation,
    begun: &UnderWay,
    code: &str,
) -> Result<Response, PageError> {
    match state.core.finish_authorisation(found, code, &Actor::tenant_admin()).await {
        Ok(_) => {
            begun.pass.let_in(session).await?;
            if begun.preview {
                preview(state, session, found).await?;
            }
            Ok(Redirect::to("/connected").into_response())
        }
        Err(error) => Halt::Failed(error).page(&state.core, Some(found)).await,
    }
}

/// Begins the preview that was asked for; where it cannot be, the connection is there all the same.
async fn preview(state: &AppState, session: &Session, found: &Installation) -> Result<(), PageError> {
    let found = state.core.installation(found.id).await?;
    let begun = state.core.begin_run(&found, RunKind::Preview, &Actor::tenant_admin()).await;
    let said = begun.map(|_| text!("callback-a-preview-is-being").to_owned());
    flash::leave(session, said).await
}

/// Takes what is under way out of the session, and stores that before anything is done with it: a second
/// answer finds nothing, whatever becomes of the first.
async fn take(session: &Session) -> Result<Option<UnderWay>, PageError> {
    if session.get::<UnderWay>(UNDER_WAY_KEY).await?.is_none() {
        return Ok(None);
    }
    let begun = session.remove(UNDER_WAY_KEY).await?;
    session.save().await?;
    Ok(begun)
}
