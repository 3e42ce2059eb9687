//! Refusals on demand in HubSpot's words, for the fault rules of the wire (reference 2.3 and 6). Nothing is looked up or
//! done.

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use super::error::{ApiError, correlation_id};
use crate::clock;
use crate::faults::{Policy, Refusal};
use crate::world::World;

/// How long a migration takes unless the rule says otherwise, in seconds.
const MIGRATION_S: u64 = 30;

/// Refuses with this status as HubSpot would.
pub(crate) fn refusal(world: &World, refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match refusal.status {
        401 => ApiError::unauthenticated().into_response(),
        403 => ApiError::missing_scopes(&["crm.objects.contacts.write"]).into_response(),
        404 => ApiError::not_found("resource not found").into_response(),
        429 => limited(world, refusal.policy),
        // These are of the edge in front of HubSpot, which does not speak JSON.
        520..=527 => (status, format!("error code: {}", refusal.status)).into_response(),
        _ => (status, Json(envelope(status))).into_response(),
    };
    let retry_after_s = refusal.retry_after_s.or((refusal.status == 477).then_some(MIGRATION_S));
    if let Some(seconds) = retry_after_s {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

/// Refuses as if the token of the request had expired a second ago.
pub(crate) fn expired_token(world: &World) -> Response {
    ApiError::expired(&clock::iso(world.clock.now_ms().saturating_sub(1_000))).into_response()
}

fn limited(world: &World, policy: Policy) -> Response {
    let (message, name, group) = match policy {
        Policy::TenSecondlyRolling => (
            "You have reached your ten_secondly_rolling limit.",
            "TEN_SECONDLY_ROLLING",
            "publicapi:api:oauth",
        ),
        Policy::Secondly => {
            ("You have reached your secondly limit.", "SECONDLY", "publicapi:crm:search:oauth")
        }
        Policy::Daily => ("You have reached your daily limit.", "DAILY", "publicapi:api:oauth"),
    };
    let mut response = ApiError::limited(message, name, group).into_response();
    if policy == Policy::TenSecondlyRolling {
        for (name, value) in [
            ("x-hubspot-ratelimit-max", HeaderValue::from(world.options.hubspot_requests_per_window)),
            ("x-hubspot-ratelimit-remaining", HeaderValue::from(0)),
            ("x-hubspot-ratelimit-interval-milliseconds", HeaderValue::from(world.options.window_ms)),
        ] {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// The envelope of all other errors; only some have a category.
fn envelope(status: StatusCode) -> serde_json::Value {
    let (message, category) = match status.as_u16() {
        400 => ("Invalid input JSON", Some("VALIDATION_ERROR")),
        409 => ("The request conflicts with another one", Some("CONFLICT")),
        423 => ("The record is locked by another request. Try again in 2 seconds.", None),
        477 => ("This account is being migrated. Try again later.", None),
        500 => ("internal error", None),
        _ => (status.canonical_reason().unwrap_or("Error"), None),
    };
    let mut body = json!({"status": "error", "message": message, "correlationId": correlation_id()});
    if let Some(category) = category {
        body["category"] = category.into();
    }
    body
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use serde_json::{Value, json};

    use super::*;
    use crate::visitor::Visitor;

    async fn refused(status: u16, policy: Policy) -> (Response, Value) {
        let world = Visitor::of_an_empty_world().world;
        let (parts, body) = refusal(&world, &Refusal { status, retry_after_s: None, policy }).into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| json!(String::from_utf8_lossy(&bytes)));
        (Response::from_parts(parts, axum::body::Body::empty()), body)
    }

    #[tokio::test]
    async fn each_status_is_refused_in_its_own_words() {
        for (status, category, words) in [
            (400, json!("VALIDATION_ERROR"), "Invalid input JSON"),
            (401, json!("INVALID_AUTHENTICATION"), "Authentication credentials not found"),
            (403, json!("MISSING_SCOPES"), "hasn't been granted all required scopes"),
            (404, json!("OBJECT_NOT_FOUND"), "resource not found"),
            (409, json!("CONFLICT"), "conflicts"),
            (423, Value::Null, "locked"),
            (477, Value::Null, "migrated"),
            (500, Value::Null, "internal error"),
            (502, Value::Null, "Bad Gateway"),
            (503, Value::Null, "Service Unavailable"),
            (504, Value::Null, "Gateway Timeout"),
        ] {
            let (response, body) = refused(status, Policy::Daily).await;
            assert_eq!(response.status(), status);
            assert_eq!((&body["status"], &body["category"]), (&json!("error"), &category), "{status}");
            assert!(body["message"].as_str().unwrap().contains(words), "{status}: {body}");
            assert!(body["correlationId"].is_string(), "{status}");
            let waits = response.headers().contains_key(header::RETRY_AFTER);
            assert_eq!(waits, status == 477, "{status}");
        }
        for status in [521, 523, 524] {
            assert_eq!(refused(status, Policy::Daily).await.1, json!(format!("error code: {status}")));
        }
    }

    #[tokio::test]
    async fn a_limit_names_its_policy_and_only_the_ten_seconds_have_headers() {
        for (policy, name, words) in [
            (Policy::TenSecondlyRolling, "TEN_SECONDLY_ROLLING", "ten_secondly_rolling limit"),
            (Policy::Secondly, "SECONDLY", "secondly limit"),
            (Policy::Daily, "DAILY", "daily limit"),
        ] {
            let (response, body) = refused(429, policy).await;
            assert_eq!((&body["policyName"], &body["errorType"]), (&json!(name), &json!("RATE_LIMIT")));
            assert!(body["message"].as_str().unwrap().contains(words), "{body}");
            let remaining = response.headers().get("x-hubspot-ratelimit-remaining");
            assert_eq!(remaining.is_some(), policy == Policy::TenSecondlyRolling);
        }
    }

    #[tokio::test]
    async fn an_expired_token_is_told_with_its_time() {
        let world = Visitor::of_an_empty_world().world;
        let response = expired_token(&world);
        assert_eq!(response.status(), 401);
        let body: Value =
            serde_json::from_slice(&to_bytes(response.into_body(), usize::MAX).await.unwrap()).unwrap();
        assert_eq!(body["category"], "EXPIRED_AUTHENTICATION");
        assert_eq!(body["context"]["expire time"][0], "2025-12-31T23:59:59.000Z");
    }
}
