//! What calls bring along: query parameters as HubSpot reads them, and JSON bodies.

use axum::body::Bytes;
use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::hubspot::crm::view::View;
use crate::hubspot::error::ApiError;

/// The query of a call. A list may be repeated (`properties=a&properties=b`) or joined (`properties=a,b`).
#[derive(Debug)]
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    /// One parameter, unless it is empty.
    pub(super) fn one(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// A list parameter.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let given = self.0.iter().filter(|(key, _)| key == name);
        given
            .flat_map(|(_, value)| value.split(','))
            .map(|item| item.trim().to_owned())
            .filter(|item| !item.is_empty())
            .collect()
    }

    /// Whether archived things are asked for.
    pub(super) fn archived(&self) -> bool {
        self.one("archived") == Some("true")
    }

    /// What is to be shown of records.
    pub(super) fn view(&self) -> View {
        View {
            properties: self.list("properties"),
            history: self.list("propertiesWithHistory"),
            associations: !self.list("associations").is_empty(),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Params {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let query = parts.uri.query().unwrap_or_default().as_bytes();
        Ok(Self(url::form_urlencoded::parse(query).into_owned().collect()))
    }
}

/// Reads a JSON body.
///
/// # Errors
/// 400 when it is no JSON or not of this form.
pub(super) fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|error| {
        ApiError::invalid(format!(
            "Invalid input JSON on line {}, column {}: {error}",
            error.line(),
            error.column()
        ))
    })
}
