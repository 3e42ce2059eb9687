//! How the Storeganise API says no: a status and a body, whose form the dialect chooses where it leaves the handler.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::{control::Refused, dialect::ErrorBody};

/// A refusal of the Storeganise API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    /// The answer's status.
    pub status: StatusCode,
    /// What kind of refusal it is.
    pub kind: &'static str,
    /// What is wrong, for a person.
    pub message: String,
    /// When to come again, in seconds, if it says so.
    pub retry_after_s: Option<u64>,
}

impl ApiError {
    /// The key is missing or unknown.
    pub(crate) fn unauthorised(message: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
    }

    /// The key is known and may not do this.
    pub(crate) fn forbidden(message: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    /// There is no such thing.
    pub(crate) fn missing(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// The request cannot be understood or breaks a rule.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "validation", message)
    }

    /// Another record has it already.
    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", message)
    }

    /// The body is longer than anything that makes sense.
    pub(crate) fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", "The body is too large")
    }

    /// The body is no JSON by its own account.
    pub(crate) fn unsupported_body() -> Self {
        let message = "Content-Type must be application/json";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message)
    }

    /// The key asks too often.
    pub(crate) fn too_many(retry_after_s: Option<u64>) -> Self {
        let refusal = Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limit", "Too many requests");
        Self { retry_after_s, ..refusal }
    }

    /// The real one does something here, the sandbox does not.
    pub(crate) fn not_simulated(what: &str) -> Self {
        let message = format!("The sandbox does not simulate {what}");
        Self::new(StatusCode::NOT_IMPLEMENTED, "sandbox_not_simulated", message)
    }

    /// The same refusal with another status.
    pub(crate) fn with_status(self, status: u16) -> Self {
        Self { status: StatusCode::from_u16(status).unwrap_or(self.status), ..self }
    }

    /// The answer, with a body of this form.
    pub(crate) fn in_form(self, form: ErrorBody) -> Response {
        let (kind, message) = (self.kind, &self.message);
        let mut response = match form {
            ErrorBody::Object => Json(json!({"error": {"message": message, "type": kind}})).into_response(),
            ErrorBody::Detail => Json(json!({"error": {"detail": message}})).into_response(),
            ErrorBody::String => Json(json!({"error": message})).into_response(),
            ErrorBody::Message => Json(json!({"message": message})).into_response(),
            ErrorBody::Text => message.clone().into_response(),
            ErrorBody::Empty => ().into_response(),
        };
        *response.status_mut() = self.status;
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }

    fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, message: message.into(), retry_after_s: None }
    }
}

/// A handler does not know the business's dialect: the wire finds the refusal in the extensions and forms it anew.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.in_form(ErrorBody::Object)
    }
}

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        match error.status {
            StatusCode::NOT_FOUND => Self::Missing(error.message),
            _ => Self::Bad(error.message),
        }
    }
}
