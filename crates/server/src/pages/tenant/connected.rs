//! What a tenant admin sees once HubSpot is authorised: which account, that the token is there, what follows.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use sync_core::{
    access::audit::Actor, connection::ConnectionState, core::Core, error::Error, installation::Installation,
    views::runs::RunKind,
};
use tower_sessions::Session;
use uuid::Uuid;

use super::TenantInstallation;
use crate::{
    app::AppState,
    pages::{
        error::PageError,
        flash,
        frame::{Frame, Notice},
        installation::{addons_page, not_prepared},
        moment::Moment,
        visitor::Visitor,
    },
};
use text::{filters, text};

/// Beside a preview the sweep begins runs of its own.
const RUNS_LOOKED_AT: u64 = 10;

#[derive(Template, WebTemplate)]
#[template(path = "pages/tenant/connected.html")]
struct ConnectedPage {
    frame: Frame,
    business_code: String,
    account: Option<i64>,
    is_active: bool,
    fingerprint: Option<String>,
    last_used: Option<Moment>,
    problem: Option<String>,
    may_work: bool,
    addons_page: String,
    /// The installation's own pages.
    own: String,
    /// The newest preview, if there was one lately.
    preview: Option<Uuid>,
}

pub(super) async fn show(
    State(state): State<AppState>,
    TenantInstallation(found): TenantInstallation,
    notice: Notice,
) -> Result<Response, PageError> {
    let core = &state.core;
    let now = core.clock().now().0;
    let connection = core.connection(found.scope()).await?;
    let active = connection.as_ref().filter(|connection| connection.state == ConnectionState::Active);
    let unprepared = active.and_then(|_| not_prepared(&found)).map(|words| words.text());
    let page = ConnectedPage {
        frame: Frame::of(&Visitor::Tenant(found.id), notice),
        is_active: active.is_some(),
        account: connection.as_ref().map(|connection| connection.portal_id),
        last_used: active.and_then(|found| found.refreshed_at).map(|at| Moment::new(at, now)),
        fingerprint: active.and_then(|found| found.refresh_fingerprint.clone()),
        problem: unprepared,
        preview: preview(core, &found).await?,
        own: format!("/installations/{}", found.id),
        may_work: found.may_work(),
        addons_page: addons_page(&found),
        business_code: found.business_code,
    };
    Ok(page.into_response())
}

async fn preview(core: &Core, found: &Installation) -> Result<Option<Uuid>, Error> {
    let newest = core.runs(found.scope(), None, RUNS_LOOKED_AT).await?.items;
    Ok(newest.into_iter().find(|run| run.kind == RunKind::Preview).map(|run| run.id))
}

pub(super) async fn check(
    State(state): State<AppState>,
    TenantInstallation(found): TenantInstallation,
    session: Session,
) -> Result<Redirect, PageError> {
    let checked = state.core.check_connection(&found, &Actor::tenant_admin()).await;
    let done = checked.map(|()| text!("connected-the-refresh-token-works").to_owned());
    flash::back(&session, "/connected", done).await
}
