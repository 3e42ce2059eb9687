//! Who may come in, for admins: staff accounts, tokens of the JSON API, and what each master key is used for.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use sync_core::{
    access::{Role, api_token::KnownToken, staff::Account},
    error::Error,
    installation::keys::KeyUse,
};
use tower_sessions::Session;
use uuid::Uuid;

use super::{
    error::PageError,
    flash,
    frame::{Frame, Notice},
    moment::Moment,
    visitor::AdminStaff,
};
use crate::{app::AppState, words};
use text::{filters, grouped, text};

const HERE: &str = "/access";
/// How long a token is good for where nobody says.
const DAYS: &str = "365";

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route(HERE, get(show))
        .route("/access/staff", post(create_account))
        .route("/access/staff/{account}/{action}", post(shut_or_open))
        .route("/access/tokens", post(create_token))
        .route("/access/tokens/{token}/revoke", post(revoke))
}

#[derive(Template, WebTemplate)]
#[template(path = "pages/access.html")]
struct AccessPage {
    frame: Frame,
    accounts: Vec<AccountRow>,
    tokens: Vec<TokenRow>,
    keys: Vec<KeyRow>,
    typed: Typed,
    /// The input that was not taken, and why.
    problem: Option<(&'static str, String)>,
    /// A token that was just made: shown once.
    new_token: Option<SecretString>,
}

struct AccountRow {
    id: Uuid,
    login: String,
    role: &'static str,
    made: Moment,
    shut: Option<Moment>,
    is_own: bool,
}

struct TokenRow {
    id: Uuid,
    name: String,
    role: &'static str,
    made: Moment,
    used: Option<Moment>,
    ends: Option<Moment>,
}

struct KeyRow {
    id: String,
    installations: String,
    says: &'static str,
    is_wrong: bool,
}

/// What was typed into either form; a password is not shown again.
#[derive(Default, Deserialize)]
struct Typed {
    #[serde(default)]
    login: String,
    #[serde(default)]
    password: SecretString,
    #[serde(default)]
    name: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    days: String,
}

impl AccessPage {
    fn problem(&self, field: &str) -> Option<&str> {
        self.problem.as_ref().filter(|(name, _)| *name == field).map(|(_, text)| text.as_str())
    }
}

async fn show(
    State(state): State<AppState>,
    admin: AdminStaff,
    notice: Notice,
) -> Result<AccessPage, PageError> {
    page(&state, &admin, notice).await
}

async fn page(state: &AppState, admin: &AdminStaff, notice: Notice) -> Result<AccessPage, PageError> {
    let (core, now) = (&state.core, state.core.clock().now().0);
    let own = admin.0.id;
    Ok(AccessPage {
        frame: Frame::of_staff(&admin.0, notice),
        accounts: core.accounts().await?.into_iter().map(|found| account(found, own, now)).collect(),
        tokens: core.api_tokens().await?.into_iter().map(|found| token(found, now)).collect(),
        keys: core.key_uses().await?.into_iter().map(key).collect(),
        typed: Typed::default(),
        problem: None,
        new_token: None,
    })
}

fn account(found: Account, own: Uuid, now: i64) -> AccountRow {
    AccountRow {
        id: found.staff.id,
        is_own: found.staff.id == own,
        login: found.staff.login,
        role: words::role(found.staff.role),
        made: Moment::new(found.created_at, now),
        shut: found.disabled_at.map(|at| Moment::new(at, now)),
    }
}

fn token(found: KnownToken, now: i64) -> TokenRow {
    TokenRow {
        id: found.token.id,
        name: found.token.name,
        role: words::role(found.token.role),
        made: Moment::new(found.created_at, now),
        used: found.last_used_at.map(|at| Moment::new(at, now)),
        ends: found.expires_at.map(|at| Moment::new(at, now)),
    }
}

fn key(found: KeyUse) -> KeyRow {
    let says = match (found.is_current, found.is_configured, found.installations) {
        (true, ..) => text!("access-the-current-one-new"),
        (false, true, 0) => text!("access-not-used-any-more"),
        (false, true, _) => text!("access-opens-what-it-sealed"),
        (false, false, _) => text!("access-missing-key"),
    };
    KeyRow { is_wrong: !found.is_configured, installations: grouped(found.installations), id: found.id, says }
}

async fn create_account(
    State(state): State<AppState>,
    admin: AdminStaff,
    session: Session,
    notice: Notice,
    Form(typed): Form<Typed>,
) -> Result<Response, PageError> {
    let role = role(&typed)?;
    let made = state.core.create_staff(&typed.login, &typed.password, role, &admin.actor()).await;
    match made {
        Ok(_) => {
            let done = text!("access-login-may-sign-in", login = typed.login.trim());
            Ok(flash::back(&session, HERE, Ok(done)).await?.into_response())
        }
        Err(error) => refused(page(&state, &admin, notice).await?, typed, error),
    }
}

async fn create_token(
    State(state): State<AppState>,
    admin: AdminStaff,
    notice: Notice,
    Form(typed): Form<Typed>,
) -> Result<Response, PageError> {
    let role = role(&typed)?;
    match state.core.create_api_token(&typed.name, role, days(&typed)?, &admin.actor()).await {
        // Not behind a redirect: it would have to be kept until then.
        Ok(token) => {
            let mut page = page(&state, &admin, notice).await?;
            page.new_token = Some(token);
            Ok(page.into_response())
        }
        Err(error) => refused(page(&state, &admin, notice).await?, typed, error),
    }
}

/// For how many days a token is to be good; 0 stands for until it is revoked.
fn days(typed: &Typed) -> Result<Option<u16>, PageError> {
    let text = if typed.days.is_empty() { DAYS } else { typed.days.as_str() };
    let days: u16 = text.parse().map_err(|_| PageError::Unusable(text!("access-choose-days").to_owned()))?;
    Ok((days > 0).then_some(days))
}

fn role(typed: &Typed) -> Result<Role, PageError> {
    Role::from_word(&typed.role)
        .ok_or_else(|| PageError::Unusable(text!("access-choose-a-role-from").to_owned()))
}

fn refused(mut page: AccessPage, typed: Typed, error: Error) -> Result<Response, PageError> {
    let Error::Invalid { field, message } = error else { return Err(error.into()) };
    page.problem = Some((field, message));
    page.typed = typed;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

async fn shut_or_open(
    State(state): State<AppState>,
    admin: AdminStaff,
    session: Session,
    Path((id, action)): Path<(Uuid, String)>,
) -> Result<Redirect, PageError> {
    let (disabled, done) = match action.as_str() {
        "shut" => (true, text!("access-the-account-is-shut")),
        "open" => (false, text!("access-the-account-is-open")),
        _ => return Err(PageError::NotFound),
    };
    let changed = state.core.set_staff_disabled(id, disabled, &admin.actor()).await;
    flash::back(&session, HERE, changed.map(|()| done.to_owned())).await
}

async fn revoke(
    State(state): State<AppState>,
    admin: AdminStaff,
    session: Session,
    Path(id): Path<Uuid>,
) -> Result<Redirect, PageError> {
    let revoked = state.core.revoke_api_token(id, &admin.actor()).await;
    flash::back(&session, HERE, revoked.map(|()| text!("access-the-token-is-good").to_owned())).await
}
