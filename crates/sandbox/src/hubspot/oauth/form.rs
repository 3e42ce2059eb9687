//! What a client sends to the token endpoints. Only a form counts: JSON, or values in the query, are as good as
//! nothing sent, and the answer then names the field that is missing.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse as _, Response};
use http::header;

/// The form of a token call.
#[derive(Debug)]
pub(super) struct Sent(Vec<(String, String)>);

impl Sent {
    /// A field, unless it is missing or empty.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, value)| key == name && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    }
}

impl<S: Send + Sync> FromRequest<S> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let is_form = content_type.is_some_and(|given| {
            let essence = given.split(';').next().unwrap_or_default().trim();
            essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        });
        if !is_form {
            return Ok(Self(Vec::new()));
        }
        let body = Bytes::from_request(request, state).await.map_err(|error| error.into_response())?;
        Ok(Self(url::form_urlencoded::parse(&body).into_owned().collect()))
    }
}
