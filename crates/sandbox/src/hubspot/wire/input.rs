//! What calls bring along: query parameters as HubSpot reads them, and JSON bodies.

use axum::body::Bytes;
use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::hubspot::crm::kind::Kind;
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

    /// A parameter that is a whole number.
    ///
    /// # Errors
    /// 400 when it is something else.
    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, ApiError> {
        let read = |text: &str| {
            text.parse()
                .map_err(|_| ApiError::invalid(format!("Invalid {name} {text}: it must be an integer")))
        };
        self.one(name).map(read).transpose()
    }

    /// What is to be shown of records of this kind.
    ///
    /// # Errors
    /// 501 for associations with kinds that are not simulated.
    pub(super) fn view(&self, kind: Kind) -> Result<View, ApiError> {
        let wanted = self.list("associations");
        if let Some(other) = wanted.iter().find(|name| Kind::named(name) != Some(kind.other())) {
            let plural = kind.plural();
            return Err(ApiError::not_simulated(&format!("associations from {plural} to {other}")));
        }
        Ok(View {
            properties: self.list("properties"),
            history: self.list("propertiesWithHistory"),
            associations: !wanted.is_empty(),
        })
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
