//! Where the authorisation link leads: which business, which account, what will be read and written, before
//! anything happens; then on to HubSpot.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use hubspot::oauth::SCOPES;
use serde::Deserialize;
use sync_core::{connection::ConnectionState, installation::Installation};
use tower_sessions::Session;

use super::{Pass, UNDER_WAY_KEY, UnderWay, halted::Halt, may_be_authorised};
use crate::{
    app::AppState,
    pages::{
        error::PageError,
        frame::{Frame, Notice},
    },
    words,
};
use text::filters;

/// OAuth's `state`: nobody guesses 256 bits.
const STATE_BYTES: usize = 32;

/// How long a link that was just issued lets its holder in without going to HubSpot.
const FRESH_MICROS: i64 = 24 * 3_600 * 1_000_000;

#[derive(Template, WebTemplate)]
#[template(path = "pages/tenant/connect.html")]
struct ConnectPage {
    frame: Frame,
    business_code: String,
    /// The account that is connected, or was.
    account: Option<i64>,
    is_connected: bool,
    may_choose_another: bool,
    start: String,
    /// Where the business's pages are entered; none where there is nothing to see yet, or the link is too old.
    enter: Option<String>,
    contact_edits: bool,
    create_users: bool,
    scopes: Vec<(&'static str, &'static str, &'static str)>,
}

pub(super) async fn show(
    State(state): State<AppState>,
    Path(token): Path<String>,
    notice: Notice,
) -> Result<Response, PageError> {
    let core = &state.core;
    let Some(found) = core.by_link_token(&token).await? else {
        return Halt::UnknownLink.page(core, None).await;
    };
    if !may_be_authorised(&found) {
        return Halt::NotEnabled.page(core, None).await;
    }
    let connection = core.connection(found.scope()).await?;
    let enter = connection.is_some() && is_fresh(&state, &found);
    let page = ConnectPage {
        frame: Frame::of_stranger(notice),
        account: connection.as_ref().map(|connection| connection.portal_id).or(found.portal_id),
        is_connected: connection.is_some_and(|connection| connection.state == ConnectionState::Active),
        may_choose_another: may_choose_another(&state, &found),
        start: format!("/connect/{token}/start"),
        enter: enter.then(|| format!("/connect/{token}/enter")),
        contact_edits: found.settings.contact_edits,
        create_users: found.settings.create_users,
        business_code: found.business_code,
        scopes: SCOPES
            .map(|scope| {
                let (what, why) = words::scope(scope);
                (what, why, scope)
            })
            .into(),
    };
    Ok(page.into_response())
}

/// What is ticked before going to HubSpot.
#[derive(Deserialize)]
pub(super) struct Wish {
    #[serde(default)]
    preview: String,
}

pub(super) async fn start(
    State(state): State<AppState>,
    Path(token): Path<String>,
    session: Session,
    Form(wish): Form<Wish>,
) -> Result<Response, PageError> {
    let core = &state.core;
    let Some(found) = core.by_link_token(&token).await? else {
        return Halt::UnknownLink.page(core, None).await;
    };
    let pass = Pass::of(&found).filter(|_| may_be_authorised(&found));
    let Some(pass) = pass else { return Halt::NotEnabled.page(core, None).await };
    let known = core.known_portal(&found).await?.filter(|_| !may_choose_another(&state, &found));
    let oauth_state = BASE64_URL_SAFE_NO_PAD.encode(core.random().bytes::<STATE_BYTES>());
    let address = core.hubspot().app.authorize_url(&oauth_state, known);
    // A new id: one that somebody planted before is worth nothing after.
    session.cycle_id().await?;
    session
        .insert(UNDER_WAY_KEY, UnderWay { pass, state: oauth_state, preview: !wish.preview.is_empty() })
        .await?;
    Ok(Redirect::to(address.as_str()).into_response())
}

/// Lets whoever holds a fresh link see the business's pages. An older one may have gone through many hands: it leads
/// there only by way of HubSpot, which lets in who may administer the account.
pub(super) async fn enter(
    State(state): State<AppState>,
    Path(token): Path<String>,
    session: Session,
) -> Result<Response, PageError> {
    let core = &state.core;
    let Some(found) = core.by_link_token(&token).await? else {
        return Halt::UnknownLink.page(core, None).await;
    };
    let is_known = core.connection(found.scope()).await?.is_some();
    let pass = Pass::of(&found).filter(|_| is_known && is_fresh(&state, &found));
    let Some(pass) = pass else { return Halt::NotFresh.page(core, Some(&found)).await };
    core.note_entry(&found).await?;
    pass.let_in(&session).await?;
    Ok(Redirect::to(&format!("/installations/{}", found.id)).into_response())
}

/// Whether the link was issued so lately that holding it is proof enough.
fn is_fresh(state: &AppState, found: &Installation) -> bool {
    let now = state.core.clock().now().0;
    found.link_issued_at.is_some_and(|issued| now - issued <= FRESH_MICROS)
}

fn may_choose_another(state: &AppState, found: &Installation) -> bool {
    found.other_portal_until.is_some_and(|until| until > state.core.clock().now().0)
}
