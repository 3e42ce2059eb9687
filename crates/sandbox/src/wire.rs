//! What every request on a provider's wire passes through: counting, latency and faults.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
};
use http_body_util::{Full, Limited};
use serde_json::json;

use crate::{
    faults::Fault,
    provider::Provider,
    stats::{Answered, Caller},
    world::World,
};

/// The status under which a cut connection is counted.
const CUT: u16 = 0;

/// Puts the wire of `provider` in front of `routes`; the pages among them stay untouched.
pub(crate) fn observed(
    world: &Arc<World>,
    provider: Provider,
    routes: Router<Arc<World>>,
) -> Router<Arc<World>> {
    routes.layer(middleware::from_fn_with_state((Arc::clone(world), provider), observe))
}

async fn observe(
    State((world, provider)): State<(Arc<World>, Provider)>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path().to_owned();
    let whole_path = request.uri().path_and_query().map_or(path.clone(), ToString::to_string);
    if provider == Provider::Hubspot && is_page(&path) {
        return next.run(request).await;
    }
    let at_ms = world.clock.now_ms();
    let method = request.method().to_string();
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let key = (provider == Provider::Storeganise).then(|| addon_of(request.headers())).flatten();
    let in_flight = world.stats.begin(key.clone());

    world.latency.wait(provider).await;
    let fault = world.faults.on_request(provider, &method, &route, &whole_path);
    let response = answer(provider, fault, request, next).await;

    let caller = response.as_ref().and_then(|r| r.extensions().get::<Caller>()).map(|c| c.0.clone()).or(key);
    let status = response.as_ref().map_or(CUT, |r| r.status().as_u16());
    world.stats.record(&Answered {
        provider,
        method: &method,
        route: &route,
        status,
        caller: caller.as_deref(),
        at_ms,
    });
    drop(in_flight);
    let mut response = response.unwrap_or_else(cut);
    if provider == Provider::Hubspot {
        response.headers_mut().insert("x-hubspot-correlation-id", correlation(at_ms));
    }
    response
}

/// What HubSpot's support would ask for; a whole refusal has one in its body as well.
fn correlation(at_ms: u64) -> header::HeaderValue {
    header::HeaderValue::from_str(&format!("sandbox-{at_ms}"))
        .expect("digits and a dash may stand in a header")
}

/// Answers the request with or without its fault; nothing stands for a cut connection.
async fn answer(provider: Provider, fault: Option<Fault>, request: Request, next: Next) -> Option<Response> {
    match fault {
        None => Some(next.run(request).await),
        Some(Fault::Slow(ms)) => {
            tokio::time::sleep(std::time::Duration::from_millis(ms)).await;
            Some(next.run(request).await)
        }
        Some(Fault::Status(status, retry_after_s)) => Some(refusal(provider, status, retry_after_s)),
        Some(Fault::Nonsense) => Some(nonsense()),
        Some(Fault::Cut) => None,
        Some(Fault::LoseAfter(status)) => {
            drop(next.run(request).await);
            status.map(|status| refusal(provider, status, None))
        }
    }
}

/// An error in the words of `provider`.
fn refusal(provider: Provider, status: u16, retry_after_s: Option<u64>) -> Response {
    let code = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let words = code.canonical_reason().unwrap_or("Error");
    let body = match (provider, status) {
        (Provider::Storeganise, _) => json!({"error": {"message": words, "type": "sandbox_fault"}}),
        (Provider::Hubspot, 429) => json!({
            "status": "error", "message": "You have reached your ten_secondly_rolling limit.",
            "errorType": "RATE_LIMIT", "policyName": "TEN_SECONDLY_ROLLING", "correlationId": "sandbox-fault",
        }),
        (Provider::Hubspot, _) => {
            json!({"status": "error", "message": words, "correlationId": "sandbox-fault"})
        }
    };
    let mut response = (code, axum::Json(body)).into_response();
    if let Some(seconds) = retry_after_s {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

fn nonsense() -> Response {
    ([(header::CONTENT_TYPE, "text/html")], "<html><body>We will be right back.</body></html>")
        .into_response()
}

/// A response whose body fails before its first byte: the server then closes the connection without a word.
fn cut() -> Response {
    Response::new(Body::new(Limited::new(Full::from("cut"), 1)))
}

/// The pages of HubSpot that a browser opens; all else of its routes is API.
fn is_page(path: &str) -> bool {
    ["/hubspot/", "/contacts/"].iter().any(|start| path.starts_with(start))
        || ["/authorize", "/authorize/decide"].iter().any(|end| path.ends_with(end))
}

fn addon_of(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    Some(value.strip_prefix("Addon ")?.split('|').next()?.to_owned())
}
