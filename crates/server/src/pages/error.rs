//! What a page answers when it cannot do what was asked: a page of its own, with a request id and never with
//! what went wrong inside.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::Request,
    http::{HeaderValue, StatusCode, header::CACHE_CONTROL},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use sync_core::error::Error;
use url::form_urlencoded;

use super::frame::Frame;

use text::{filters, text};

/// Why there is no page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PageError {
    /// Nobody is signed in; afterwards the visit goes on at `next`.
    SignIn {
        /// A path of ours.
        next: String,
    },
    /// Whoever is signed in may look and not change.
    Forbidden,
    /// It is for admins, and whoever is signed in is none.
    ForAdmins,
    /// The tenant's session has ended, or never began.
    NoTenant,
    /// There is no such page, or it belongs to someone else.
    NotFound,
    /// Too much of the same goes on already.
    Busy,
    /// What was asked for makes no sense; the text says what is expected.
    Unusable(String),
    /// Something broke here; the code is for the log.
    Internal(String),
}

#[derive(Template, WebTemplate)]
#[template(path = "pages/error.html")]
struct ErrorPage<'a> {
    frame: Frame,
    title: &'a str,
    text: &'a str,
    request_id: Option<&'a str>,
}

impl PageError {
    /// tower-sessions refuses only where its layer is missing.
    pub(super) fn of_session(_: (StatusCode, &'static str)) -> Self {
        Self::Internal("annex.session".to_owned())
    }

    fn page(&self, request_id: Option<&str>) -> Response {
        let (status, title, text) = match self {
            Self::SignIn { .. } | Self::NotFound => (
                StatusCode::NOT_FOUND,
                text!("error-there-is-nothing-here"),
                text!("error-the-address-is-wrong"),
            ),
            Self::Forbidden => {
                (StatusCode::FORBIDDEN, text!("error-you-may-look-and"), text!("error-your-account-has-the"))
            }
            Self::ForAdmins => (
                StatusCode::FORBIDDEN,
                text!("error-this-is-for-admins"),
                text!("error-accounts-tokens-and-keys"),
            ),
            Self::NoTenant => (
                StatusCode::FORBIDDEN,
                text!("error-your-visit-has-ended"),
                text!("error-open-the-authorisation-link"),
            ),
            Self::Busy => (
                StatusCode::SERVICE_UNAVAILABLE,
                text!("error-too-many-pages-are"),
                text!("error-reload-the-page-to"),
            ),
            Self::Unusable(text) => {
                (StatusCode::BAD_REQUEST, text!("error-this-cannot-be-shown"), text.as_str())
            }
            Self::Internal(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                text!("error-something-broke-on-our"),
                text!("error-nothing-you-typed-was"),
            ),
        };
        (status, ErrorPage { frame: Frame::bare(), title, text, request_id }).into_response()
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        if let Self::SignIn { next } = &self {
            let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
            return Redirect::to(&format!("/sign-in?next={next}")).into_response();
        }
        if let Self::Internal(cause) = &self {
            tracing::error!(cause, "a page could not be made");
        }
        let mut response = self.page(None);
        // `finish` knows the request's id and makes the page once more with it.
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Error> for PageError {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::NotFound,
            Error::Invalid { message, .. } | Error::NotNow(message) => Self::Unusable(message),
            error @ Error::InvalidInputs(_) => Self::Unusable(error.to_string()),
            error => Self::Internal(error.code()),
        }
    }
}

impl From<tower_sessions::session::Error> for PageError {
    fn from(_: tower_sessions::session::Error) -> Self {
        Self::Internal("annex.session".to_owned())
    }
}

/// Answers whatever address no page has.
pub(super) async fn not_found() -> PageError {
    PageError::NotFound
}

/// Gives error pages the request's id, and keeps pages out of every cache.
pub(super) async fn finish(request: Request, next: Next) -> Response {
    let id = request.headers().get("x-request-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    let mut response = next.run(request).await;
    if let Some(error) = response.extensions_mut().remove::<PageError>() {
        response = error.page(id.as_deref());
    }
    response.headers_mut().entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
