//! The refusals of the token endpoint: RFC 6749's fields beside HubSpot's old ones, always with 400 (reference 1.5).
//! HubSpot prints the words of a dead refresh token and of a lost account; the other texts are ours.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

use crate::hubspot::error::ApiError;

/// Why no token is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenError {
    /// The refresh token was revoked, or the app was uninstalled.
    RefreshToken,
    /// The code is unknown or used.
    Code,
    /// The code is too old.
    ExpiredCode,
    /// The code was made for another redirect address.
    RedirectUrl,
    /// There is no redirect address.
    NoRedirectUrl,
    /// The account was closed.
    Hub,
    /// More is asked for than was granted.
    Scopes,
    /// No such app.
    ClientId,
    /// Not this app's secret.
    ClientSecret,
    /// The verifier does not fit the challenge.
    CodeVerifier,
    /// No such grant.
    GrantType,
    /// A grant that HubSpot has and the sandbox has not.
    NotSimulated,
}

impl TokenError {
    /// `error`, `status` and the text, as HubSpot sends them.
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::RefreshToken => {
                ("invalid_grant", "BAD_REFRESH_TOKEN", "refresh token is invalid, expired or revoked")
            }
            Self::Code => ("invalid_grant", "BAD_AUTH_CODE", "missing or unknown auth code"),
            Self::ExpiredCode => ("invalid_grant", "EXPIRED_AUTH_CODE", "auth code is expired"),
            Self::RedirectUrl => (
                "invalid_request",
                "MISMATCH_REDIRECT_URI_AUTH_CODE",
                "redirect uri does not match the one the auth code was made for",
            ),
            Self::NoRedirectUrl => ("invalid_request", "BAD_REDIRECT_URI", "missing or invalid redirect uri"),
            Self::Hub => ("access_denied", "BAD_HUB", "missing or unknown hub id"),
            Self::Scopes => ("invalid_scope", "BAD_SCOPES", "missing or unknown scopes"),
            Self::ClientId => ("invalid_client", "BAD_CLIENT_ID", "missing or invalid client id"),
            Self::ClientSecret => ("invalid_client", "BAD_CLIENT_SECRET", "missing or invalid client secret"),
            Self::CodeVerifier => {
                ("invalid_request", "BAD_CODE_VERIFIER", "missing or invalid code verifier")
            }
            Self::GrantType | Self::NotSimulated => {
                ("unsupported_grant_type", "BAD_GRANT_TYPE", "missing or unknown grant type")
            }
        }
    }
}

impl IntoResponse for TokenError {
    fn into_response(self) -> Response {
        if self == Self::NotSimulated {
            return ApiError::not_simulated("the grant client_credentials").into_response();
        }
        let (error, status, message) = self.words();
        let body =
            json!({"error": error, "error_description": message, "status": status, "message": message});
        (StatusCode::BAD_REQUEST, Json(body)).into_response()
    }
}
