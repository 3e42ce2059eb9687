//! Refusals on demand in Storeganise's words, for the fault rules of the wire (reference 3.1). Nothing is looked up or
//! done.

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde_json::json;

use crate::faults::Refusal;

/// Refuses with this status as Storeganise would.
pub(crate) fn refusal(refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = match refusal.status {
        400 | 422 => "validation",
        401 => "unauthorized",
        403 => "forbidden",
        404 => "not_found",
        409 => "conflict",
        // Nobody knows the real type of these.
        _ => "sandbox_fault",
    };
    let message = status.canonical_reason().unwrap_or("Error");
    let mut response = (status, Json(json!({"error": {"message": message, "type": kind}}))).into_response();
    if let Some(seconds) = refusal.retry_after_s {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use serde_json::Value;

    use super::*;
    use crate::faults::Policy;

    #[tokio::test]
    async fn each_status_has_an_error_with_message_and_type() {
        for (status, kind) in [
            (401, "unauthorized"),
            (403, "forbidden"),
            (404, "not_found"),
            (409, "conflict"),
            (422, "validation"),
            (429, "sandbox_fault"),
            (500, "sandbox_fault"),
        ] {
            let wish = Refusal { status, retry_after_s: Some(7), policy: Policy::Daily };
            let response = refusal(&wish);
            assert_eq!(response.status(), status);
            assert_eq!(response.headers()[header::RETRY_AFTER], "7");
            let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
            let body: Value = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(body["error"]["type"], kind, "{status}");
            assert!(body["error"]["message"].as_str().is_some_and(|message| !message.is_empty()));
        }
    }
}
