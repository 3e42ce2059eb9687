//! Signing in and out, for staff.
//!
//! What was typed never reaches the log: people type passwords into the login field.

use std::{convert::Infallible, net::SocketAddr, sync::Arc};

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Extension, Form, Router,
    extract::{ConnectInfo, FromRequestParts, Query, State},
    http::{HeaderValue, StatusCode, header::RETRY_AFTER, request::Parts},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use secrecy::SecretString;
use serde::Deserialize;
use tower_sessions::Session;

use super::{
    error::PageError,
    frame::{Frame, Notice},
    throttle::Throttle,
    visit::Visit,
    visitor::CurrentStaff,
};
use crate::app::AppState;
use text::{filters, text};

const NEXT_CHARS_MAX: usize = 500;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/sign-in", get(show).post(sign_in))
        .layer(Extension(Arc::new(Throttle::default())))
        .route("/sign-out", post(sign_out))
}

#[derive(Template, WebTemplate)]
#[template(path = "pages/sign_in.html")]
struct SignInPage {
    frame: Frame,
    login: String,
    next: String,
    problem: Option<&'static str>,
    nobody_yet: bool,
}

#[derive(Deserialize)]
struct Wish {
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
struct Typed {
    #[serde(default)]
    login: String,
    #[serde(default)]
    password: SecretString,
    #[serde(default)]
    next: String,
}

/// Who is at the other end of the connection, as far as the server knows.
struct Peer(String);

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let info = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self(info.map(|ConnectInfo(address)| address.ip().to_string()).unwrap_or_default()))
    }
}

async fn show(
    State(state): State<AppState>,
    signed_in: Result<CurrentStaff, PageError>,
    notice: Notice,
    Query(wish): Query<Wish>,
) -> Result<Response, PageError> {
    let next = local(&wish.next);
    if signed_in.is_ok() {
        return Ok(Redirect::to(&next).into_response());
    }
    let nobody_yet = !state.core.has_staff().await?;
    let frame = Frame::of_stranger(notice);
    Ok(SignInPage { frame, login: String::new(), next, problem: None, nobody_yet }.into_response())
}

async fn sign_in(
    State(state): State<AppState>,
    Extension(throttle): Extension<Arc<Throttle>>,
    Peer(peer): Peer,
    session: Session,
    Form(typed): Form<Typed>,
) -> Result<Response, PageError> {
    let next = local(&typed.next);
    if let Err(seconds) = throttle.admit(&typed.login, &peer, state.core.clock().now().0) {
        let problem = text!("sign-in-too-many-attempts-wait");
        let mut page = refused(typed.login, next, problem, StatusCode::TOO_MANY_REQUESTS);
        page.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        return Ok(page);
    }
    let Some(staff) = state.core.sign_in(&typed.login, typed.password).await? else {
        tracing::warn!("a sign-in was refused");
        let problem = text!("sign-in-login-or-password-is");
        return Ok(refused(typed.login, next, problem, StatusCode::UNPROCESSABLE_ENTITY));
    };
    throttle.forgive(&typed.login, &peer);
    Visit::begin(&session, &staff, state.core.clock().now().0).await?;
    Ok(Redirect::to(&next).into_response())
}

async fn sign_out(session: Session) -> Result<Redirect, PageError> {
    session.flush().await?;
    Ok(Redirect::to("/sign-in"))
}

fn refused(login: String, next: String, problem: &'static str, status: StatusCode) -> Response {
    let page = SignInPage { frame: Frame::bare(), login, next, problem: Some(problem), nobody_yet: false };
    (status, page).into_response()
}

/// Only a path of our own: anything a browser could read as another site's address leads to the first page.
fn local(next: &str) -> String {
    let leads_out = next.starts_with("//") || next.contains('\\') || next.chars().any(char::is_control);
    let fits = next.starts_with('/') && !leads_out && next.len() <= NEXT_CHARS_MAX;
    if fits { next.to_owned() } else { "/".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_leads_to_a_path_of_our_own_and_nowhere_else() {
        for (next, expected) in [
            ("/installations/1?a=b", "/installations/1?a=b"),
            ("/", "/"),
            ("", "/"),
            ("installations", "/"),
            ("https://evil.example/", "/"),
            ("//evil.example/", "/"),
            ("/\\evil.example/", "/"),
            ("\\\\evil.example/", "/"),
            ("/\t/evil.example/", "/"),
            ("/a\r\nset-cookie: b", "/"),
            ("javascript:alert(1)", "/"),
        ] {
            assert_eq!(local(next), expected, "{next:?}");
        }
        assert_eq!(local(&format!("/{}", "a".repeat(NEXT_CHARS_MAX))), "/");
    }
}
