//! What a request says, read in a way that refuses in the API's own words.

use std::{collections::HashMap, convert::Infallible, sync::Arc};

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use serde_json::{Map, Value};
use url::form_urlencoded;

use crate::{storeganise::error::ApiError, world::World};

/// The parameters of a request's address; of one that is named twice the last holds.
pub(super) struct Asked(pub HashMap<String, String>);

/// The JSON object in a request's body.
pub(super) struct Body(pub Map<String, Value>);

impl FromRequestParts<Arc<World>> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<World>) -> Result<Self, Infallible> {
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect()))
    }
}

impl FromRequest<Arc<World>> for Body {
    type Rejection = ApiError;

    async fn from_request(request: Request, world: &Arc<World>) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            return Err(ApiError::unsupported_body());
        }
        let bytes = Bytes::from_request(request, world).await.map_err(|refusal| match refusal.status() {
            StatusCode::PAYLOAD_TOO_LARGE => ApiError::too_large(),
            _ => ApiError::invalid("The body could not be read"),
        })?;
        let object = serde_json::from_slice(&bytes);
        object.map(Self).map_err(|_| ApiError::invalid("The body must be a JSON object"))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = value.and_then(|value| value.split(';').next()).unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("application/json")
}
