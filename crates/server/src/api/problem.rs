//! How the API says that something went wrong: problem details by RFC 9457.
//!
//! Whatever goes out under `/api` with an error status leaves here, also what axum or a layer refused: `dress`
//! turns it into a problem and adds the request's id. Internals are logged, never sent.

use axum::{
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use sync_core::error::{Error, InvalidInput};
use utoipa::ToSchema;

const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Why a request was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// The kind of problem, for programs; it does not change.
    #[serde(rename = "type")]
    #[schema(example = "urn:annex:problem:not-now")]
    pub kind: &'static str,
    /// The kind of problem in words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What happened here and what to do, in plain words.
    pub detail: String,
    /// The id of this request, as in our logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<Box<str>>,
    /// A cause code, where a provider did not answer as needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Box<str>>,
    /// The inputs that cannot be taken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

/// One input that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FieldError {
    /// The input's name.
    pub field: String,
    /// What is wrong and what is expected.
    pub message: String,
}

impl Problem {
    /// A problem of the kind that belongs to a status.
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let (kind, title) = kind(status);
        Self {
            kind,
            title,
            status: status.as_u16(),
            detail: detail.into(),
            instance: None,
            code: None,
            errors: Vec::new(),
        }
    }

    /// An input that cannot be taken.
    pub(crate) fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        let error = FieldError { field: field.into(), message: message.into() };
        Self {
            errors: vec![error],
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "An input cannot be taken.")
        }
    }

    fn invalid_inputs(inputs: &[InvalidInput]) -> Self {
        let error =
            |input: &InvalidInput| FieldError { field: input.field.clone(), message: input.message.clone() };
        let detail =
            if inputs.len() == 1 { "An input cannot be taken." } else { "Some inputs cannot be taken." };
        Self {
            errors: inputs.iter().map(error).collect(),
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
        }
    }

    fn of_provider(name: &str, error: &Error) -> Self {
        let detail = format!("{name} did not do what was needed: {error}");
        Self { code: Some(error.code().into()), ..Self::new(StatusCode::BAD_GATEWAY, detail) }
    }

    fn http_status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match &error {
            Error::NotFound => Self::new(StatusCode::NOT_FOUND, "There is nothing here by that name."),
            Error::Invalid { field, message } => Self::invalid(*field, message),
            Error::InvalidInputs(inputs) => Self::invalid_inputs(inputs),
            Error::NotNow(message) => Self::new(StatusCode::CONFLICT, message),
            Error::NeedsAuthorisation => Self {
                code: Some(error.code().into()),
                ..Self::new(
                    StatusCode::CONFLICT,
                    "HubSpot must be authorised first: hand the authorisation link to the business's admin.",
                )
            },
            Error::Storeganise(_) => Self::of_provider("Storeganise", &error),
            Error::HubSpot(_) | Error::OAuth(_) | Error::NotRenewed(_) => {
                Self::of_provider("HubSpot", &error)
            }
            Error::Storage(_) | Error::Vault(_) | Error::LeaseLost | Error::Corrupt(_) => {
                tracing::error!(cause = error.code(), error = %error, "an API request failed on our side");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, OUR_FAULT)
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).expect("a problem is plain data");
        let mut response = (self.http_status(), [(header::CONTENT_TYPE, MEDIA_TYPE)], body).into_response();
        if self.status == StatusCode::UNAUTHORIZED.as_u16() {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

const OUR_FAULT: &str = "Something went wrong on our side. Try again; if it stays, tell us the instance.";

/// Turns every answer with an error status into a problem that names the request.
pub(crate) async fn dress(request: Request, next: Next) -> Response {
    let id = request.headers().get("x-request-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    let mut response = next.run(request).await;
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let mut problem =
        response.extensions_mut().remove().unwrap_or_else(|| Problem::new(status, words(status)));
    problem.instance = id.map(|id| format!("urn:annex:request:{id}").into());
    let mut dressed = problem.into_response();
    if let Some(allow) = response.headers().get(header::ALLOW) {
        dressed.headers_mut().insert(header::ALLOW, allow.clone());
    }
    dressed
}

/// What to say of a refusal that came without words of ours.
fn words(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "There is nothing at this address. See /api/v1/openapi.json.",
        StatusCode::METHOD_NOT_ALLOWED => {
            "This address does not take this method; the Allow header has those it takes."
        }
        StatusCode::PAYLOAD_TOO_LARGE => "The body is larger than 64 KiB.",
        StatusCode::SERVICE_UNAVAILABLE => "This took longer than 30 seconds. Try again in a while.",
        _ if status.is_server_error() => OUR_FAULT,
        _ => "The request cannot be understood.",
    }
}

fn kind(status: StatusCode) -> (&'static str, &'static str) {
    match status {
        StatusCode::BAD_REQUEST => ("urn:annex:problem:bad-request", "The request cannot be read"),
        StatusCode::UNAUTHORIZED => ("urn:annex:problem:no-token", "No valid token"),
        StatusCode::FORBIDDEN => ("urn:annex:problem:not-allowed", "The token may not do this"),
        StatusCode::NOT_FOUND => ("urn:annex:problem:not-found", "Not found"),
        StatusCode::METHOD_NOT_ALLOWED => ("urn:annex:problem:method-not-allowed", "Method not allowed"),
        StatusCode::CONFLICT => ("urn:annex:problem:not-now", "The state does not allow this"),
        StatusCode::PAYLOAD_TOO_LARGE => ("urn:annex:problem:too-large", "The body is too large"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            ("urn:annex:problem:not-json", "The body is not announced as JSON")
        }
        StatusCode::UNPROCESSABLE_ENTITY => ("urn:annex:problem:invalid", "An input cannot be taken"),
        StatusCode::BAD_GATEWAY => ("urn:annex:problem:provider", "A provider did not do what was needed"),
        StatusCode::SERVICE_UNAVAILABLE => ("urn:annex:problem:unavailable", "Not available just now"),
        _ if status.is_server_error() => ("urn:annex:problem:internal", "Something went wrong on our side"),
        _ => ("urn:annex:problem:refused", "The request was refused"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_has_the_shape_of_rfc_9457() {
        let problem = Problem::from(Error::Invalid { field: "addon_id", message: "Say more.".to_owned() });
        assert_eq!(
            serde_json::to_value(&problem).unwrap(),
            serde_json::json!({
                "type": "urn:annex:problem:invalid",
                "title": "An input cannot be taken",
                "status": 422,
                "detail": "An input cannot be taken.",
                "errors": [{ "field": "addon_id", "message": "Say more." }],
            })
        );
        let response = problem.into_response();
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
    }

    #[test]
    fn each_error_of_the_core_has_its_status() {
        for (error, status) in [
            (Error::NotFound, 404),
            (Error::NotNow("Later.".to_owned()), 409),
            (Error::NeedsAuthorisation, 409),
            (Error::Corrupt("state"), 500),
            (Error::LeaseLost, 500),
        ] {
            assert_eq!(Problem::from(error).status, status);
        }
    }

    #[test]
    fn internals_are_not_sent() {
        let problem = Problem::from(Error::Corrupt("planted column"));
        assert_eq!(problem.status, 500);
        assert!(!format!("{problem:?}").contains("planted"), "{problem:?}");
    }
}
