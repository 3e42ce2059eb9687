//! One's own account: another password, and the end of every visit.

use std::sync::Arc;

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Extension, Form, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use secrecy::SecretString;
use serde::Deserialize;
use sync_core::error::Error;
use text::{filters, text};
use tower_sessions::Session;

use super::{
    error::PageError,
    flash,
    frame::{Frame, Notice},
    throttle::Throttle,
    visit::Visit,
    visitor::CurrentStaff,
};
use crate::{app::AppState, words};

const HERE: &str = "/account";

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route(HERE, get(show))
        .route("/account/password", post(change_password))
        .layer(Extension(Arc::new(Throttle::default())))
        .route("/account/sign-out-everywhere", post(sign_out_everywhere))
}

#[derive(Template, WebTemplate)]
#[template(path = "pages/account.html")]
struct AccountPage {
    frame: Frame,
    login: String,
    role: &'static str,
    /// The field that cannot be taken, and why.
    problem: Option<(&'static str, String)>,
}

impl AccountPage {
    fn of(CurrentStaff(staff): &CurrentStaff, notice: Notice) -> Self {
        Self {
            frame: Frame::of_staff(staff, notice),
            login: staff.login.clone(),
            role: words::role(staff.role),
            problem: None,
        }
    }

    fn problem(&self, field: &str) -> Option<&str> {
        self.problem.as_ref().filter(|(name, _)| *name == field).map(|(_, message)| message.as_str())
    }
}

#[derive(Deserialize)]
struct Passwords {
    #[serde(default)]
    password: SecretString,
    #[serde(default)]
    new_password: SecretString,
}

async fn show(staff: CurrentStaff, notice: Notice) -> AccountPage {
    AccountPage::of(&staff, notice)
}

/// Whoever knows the password ends every other visit by changing it; this one goes on.
async fn change_password(
    State(state): State<AppState>,
    Extension(throttle): Extension<Arc<Throttle>>,
    staff: CurrentStaff,
    session: Session,
    Form(typed): Form<Passwords>,
) -> Result<Response, PageError> {
    let core = &state.core;
    // Whoever sits at a browser that was left signed in may not guess on. From wherever: it is one account.
    let refused = |status: StatusCode, field: &'static str, message: String| {
        let page = AccountPage { problem: Some((field, message)), ..AccountPage::of(&staff, Notice::none()) };
        Ok((status, page).into_response())
    };
    if throttle.admit(&staff.0.login, "", core.clock().now().0).is_err() {
        let problem = text!("sign-in-too-many-attempts-wait").to_owned();
        return refused(StatusCode::TOO_MANY_REQUESTS, "password", problem);
    }
    match core.change_password(staff.0.id, typed.password, &typed.new_password).await {
        Ok(changed) => {
            throttle.forgive(&staff.0.login, "");
            Visit::begin(&session, &changed, core.clock().now().0).await?;
            flash::leave(&session, Ok(text!("account-password-changed").to_owned())).await?;
            Ok(Redirect::to(HERE).into_response())
        }
        Err(Error::Invalid { field, message }) => {
            // Whoever is told that the new one will not do has known the present one.
            if field == "new_password" {
                throttle.forgive(&staff.0.login, "");
            }
            refused(StatusCode::UNPROCESSABLE_ENTITY, field, message)
        }
        Err(error) => Err(error.into()),
    }
}

async fn sign_out_everywhere(
    State(state): State<AppState>,
    CurrentStaff(staff): CurrentStaff,
    session: Session,
) -> Result<Redirect, PageError> {
    state.core.end_visits(staff.id).await?;
    session.flush().await?;
    Ok(Redirect::to("/sign-in"))
}
