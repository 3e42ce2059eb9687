//! Why HubSpot gave no token, and whom that concerns.
//!
//! The rule is cautious: only what surely speaks of one portal may disconnect it. Whatever is unknown counts
//! as our own configuration, so that a wrong secret can never disconnect every tenant.

use std::time::Duration;

use serde::Deserialize;

use crate::{
    http::{Answer, Broken},
    lenient,
};

/// No token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OAuthError {
    /// No connection, or it broke off.
    #[error("HubSpot could not be reached")]
    Unreachable,
    /// The answer took longer than we wait.
    #[error("HubSpot did not answer in time")]
    TimedOut,
    /// The answer is larger than we take.
    #[error("HubSpot sent a larger answer than we take")]
    TooLarge,
    /// A success that is not the JSON we know.
    #[error("HubSpot sent an answer about tokens that was not understood at {path}")]
    NotUnderstood {
        /// Where in the answer, by key and index.
        path: String,
    },
    /// HubSpot cannot answer at the moment.
    #[error("HubSpot cannot give tokens at the moment (status {status})")]
    Unavailable {
        /// The HTTP status.
        status: u16,
        /// How long HubSpot asks us to wait.
        retry_after: Option<Duration>,
    },
    /// HubSpot refused, and said why.
    #[error("{}", refusal.sentence())]
    Refused {
        /// Why.
        refusal: Refusal,
        /// The HTTP status.
        status: u16,
    },
    /// The token that was asked about is not a live one.
    #[error("HubSpot says that the token is not active")]
    Inactive,
}

/// Why HubSpot refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The refresh token was revoked, or the app was uninstalled.
    BadRefreshToken,
    /// The portal is gone.
    BadHub,
    /// The code of the consent is unknown, used or too old.
    BadAuthCode,
    /// The code of the consent is too old.
    ExpiredAuthCode,
    /// The redirect address is not the one that was registered or used before.
    BadRedirect,
    /// The client id or the client secret is wrong.
    BadClient,
    /// The request itself is wrong.
    BadRequest,
    /// A refusal we do not know.
    Unknown,
}

/// What it means for whoever called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OAuthClass {
    /// The portal's consent is gone: stop, and ask for it again.
    Revoked,
    /// This consent came to nothing: begin it again.
    StartAgain,
    /// The app is not set up as HubSpot has it; no portal's consent is in doubt.
    Configuration,
    /// Passing: the same call may succeed later.
    Transient {
        /// How long HubSpot asks us to wait.
        retry_after: Option<Duration>,
    },
}

/// What was handed to HubSpot, which decides what `invalid_grant` alone means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grant {
    Code,
    RefreshToken,
    /// Nothing that a portal granted: a question about a token.
    None,
}

impl OAuthError {
    /// What it means for whoever called.
    #[must_use]
    pub fn class(&self) -> OAuthClass {
        match self {
            Self::Unreachable | Self::TimedOut | Self::TooLarge | Self::NotUnderstood { .. } => {
                OAuthClass::Transient { retry_after: None }
            }
            Self::Unavailable { retry_after, .. } => OAuthClass::Transient { retry_after: *retry_after },
            Self::Refused { refusal, .. } => refusal.class(),
            Self::Inactive => OAuthClass::StartAgain,
        }
    }

    /// A short cause without personal data, such as `hubspot.oauth.bad_refresh_token`.
    #[must_use]
    pub fn code(&self) -> String {
        let cause = match self {
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timeout",
            Self::TooLarge => "too_large",
            Self::NotUnderstood { .. } => "not_understood",
            Self::Unavailable { status: 429, .. } => "rate_limited",
            Self::Unavailable { status, .. } => return format!("hubspot.oauth.http_{status}"),
            Self::Refused { refusal: Refusal::Unknown, status } => {
                return format!("hubspot.oauth.rejected_{status}");
            }
            Self::Refused { refusal, .. } => refusal.code(),
            Self::Inactive => "inactive_token",
        };
        format!("hubspot.oauth.{cause}")
    }

    /// Reads an answer that is no success.
    pub(crate) fn of_answer(answer: &Answer, grant: Grant) -> Self {
        let status = answer.status;
        let unavailable = Self::Unavailable { status, retry_after: answer.retry_after() };
        if !(400..=499).contains(&status) || matches!(status, 408 | 425 | 429 | 477) {
            return unavailable;
        }
        match serde_json::from_slice::<Body>(&answer.body) {
            Ok(body) => Self::Refused { refusal: body.refusal(grant), status },
            // Something between HubSpot and us answered.
            Err(_) => unavailable,
        }
    }
}

impl From<Broken> for OAuthError {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Unreachable => Self::Unreachable,
            Broken::TimedOut => Self::TimedOut,
            Broken::TooLarge => Self::TooLarge,
        }
    }
}

impl Refusal {
    fn class(self) -> OAuthClass {
        match self {
            Self::BadRefreshToken | Self::BadHub => OAuthClass::Revoked,
            Self::BadAuthCode | Self::ExpiredAuthCode => OAuthClass::StartAgain,
            Self::BadRedirect | Self::BadClient | Self::BadRequest | Self::Unknown => {
                OAuthClass::Configuration
            }
        }
    }

    fn code(self) -> &'static str {
        match self {
            Self::BadRefreshToken => "bad_refresh_token",
            Self::BadHub => "bad_hub",
            Self::BadAuthCode => "bad_auth_code",
            Self::ExpiredAuthCode => "expired_auth_code",
            Self::BadRedirect => "bad_redirect",
            Self::BadClient => "bad_client",
            Self::BadRequest => "bad_request",
            Self::Unknown => "rejected",
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            Self::BadRefreshToken => "the HubSpot account withdrew its authorisation, or uninstalled the app",
            Self::BadHub => "the HubSpot account no longer exists",
            Self::BadAuthCode | Self::ExpiredAuthCode => {
                "HubSpot's authorisation was used before or is too old"
            }
            Self::BadRedirect => "HubSpot does not know our redirect address",
            Self::BadClient => "HubSpot does not know our client id or client secret",
            Self::BadRequest => "HubSpot did not accept how we asked for tokens",
            Self::Unknown => "HubSpot refused to give tokens for a reason we do not know",
        }
    }
}

/// The old and the standard fields of a refusal; HubSpot sends both.
#[derive(Deserialize)]
struct Body {
    #[serde(default, deserialize_with = "lenient::optional_text")]
    error: Option<String>,
    #[serde(default, deserialize_with = "lenient::optional_text")]
    status: Option<String>,
}

impl Body {
    fn refusal(&self, grant: Grant) -> Refusal {
        let (error, status) = (self.error.as_deref(), self.status.as_deref());
        if error == Some("invalid_client") {
            return Refusal::BadClient;
        }
        match status {
            Some("BAD_REFRESH_TOKEN") => Refusal::BadRefreshToken,
            Some("BAD_HUB") => Refusal::BadHub,
            Some("BAD_AUTH_CODE") => Refusal::BadAuthCode,
            Some("EXPIRED_AUTH_CODE") => Refusal::ExpiredAuthCode,
            Some("MISMATCH_REDIRECT_URI_AUTH_CODE" | "BAD_REDIRECT_URI") => Refusal::BadRedirect,
            Some("BAD_CLIENT_ID" | "BAD_CLIENT_SECRET") => Refusal::BadClient,
            Some("BAD_CODE_VERIFIER" | "BAD_SCOPES" | "BAD_GRANT_TYPE") => Refusal::BadRequest,
            // The standard field alone is believed only where it cannot mean our own settings.
            _ => match (error, grant) {
                (Some("invalid_grant"), Grant::RefreshToken) => Refusal::BadRefreshToken,
                (Some("invalid_grant"), Grant::Code) => Refusal::BadAuthCode,
                (Some("invalid_scope" | "unsupported_grant_type" | "invalid_request"), _) => {
                    Refusal::BadRequest
                }
                _ => Refusal::Unknown,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};

    use super::*;

    fn error(status: u16, body: &str, grant: Grant) -> OAuthError {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static("7"))]);
        OAuthError::of_answer(&Answer { status, headers, body: body.into() }, grant)
    }

    #[test]
    fn every_refusal_has_its_class_and_its_code() {
        use OAuthClass::{Configuration, Revoked, StartAgain};
        for (body, class, code) in [
            (
                r#"{"error":"invalid_grant","status":"BAD_REFRESH_TOKEN","message":"x"}"#,
                Revoked,
                "bad_refresh_token",
            ),
            (r#"{"error":"access_denied","status":"BAD_HUB"}"#, Revoked, "bad_hub"),
            (r#"{"error":"invalid_grant","status":"BAD_AUTH_CODE"}"#, StartAgain, "bad_auth_code"),
            (r#"{"status":"EXPIRED_AUTH_CODE"}"#, StartAgain, "expired_auth_code"),
            (
                r#"{"error":"invalid_grant","status":"MISMATCH_REDIRECT_URI_AUTH_CODE"}"#,
                Configuration,
                "bad_redirect",
            ),
            (r#"{"status":"BAD_REDIRECT_URI"}"#, Configuration, "bad_redirect"),
            (r#"{"error":"invalid_client","status":"BAD_CLIENT_SECRET"}"#, Configuration, "bad_client"),
            (r#"{"status":"BAD_CLIENT_ID"}"#, Configuration, "bad_client"),
            (r#"{"error":"invalid_client","status":"BAD_REFRESH_TOKEN"}"#, Configuration, "bad_client"),
            (r#"{"status":"BAD_GRANT_TYPE"}"#, Configuration, "bad_request"),
            (r#"{"error":"invalid_scope"}"#, Configuration, "bad_request"),
            (r#"{"error":"access_denied"}"#, Configuration, "rejected_400"),
            (r#"{"error":"something_new","status":"NEW"}"#, Configuration, "rejected_400"),
            ("{}", Configuration, "rejected_400"),
        ] {
            for grant in [Grant::Code, Grant::RefreshToken, Grant::None] {
                let error = error(400, body, grant);
                assert_eq!((error.class(), error.code()), (class, format!("hubspot.oauth.{code}")), "{body}");
            }
        }
    }

    #[test]
    fn the_standard_field_alone_means_what_was_handed_over() {
        for (grant, class) in [
            (Grant::RefreshToken, OAuthClass::Revoked),
            (Grant::Code, OAuthClass::StartAgain),
            (Grant::None, OAuthClass::Configuration),
        ] {
            assert_eq!(error(400, r#"{"error":"invalid_grant"}"#, grant).class(), class, "{grant:?}");
        }
    }

    #[test]
    fn what_is_passing_is_never_taken_for_a_refusal() {
        let revoked = r#"{"error":"invalid_grant","status":"BAD_REFRESH_TOKEN"}"#;
        let wait = OAuthClass::Transient { retry_after: Some(Duration::from_secs(7)) };
        for (status, body) in
            [(429, revoked), (500, revoked), (503, ""), (302, ""), (403, "<html>"), (400, "")]
        {
            assert_eq!(error(status, body, Grant::RefreshToken).class(), wait, "{status} {body}");
        }
    }
}
