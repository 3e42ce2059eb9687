//! What all answers have in common: request ids, log lines, a time limit, security headers, sessions.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::MatchedPath,
    http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header},
    middleware::{map_request, map_response},
    response::IntoResponse,
};
use sync_core::core::Core;
use tower_http::{
    catch_panic::CatchPanicLayer,
    request_id::{MakeRequestId, PropagateRequestIdLayer, RequestId, SetRequestIdLayer},
    timeout::TimeoutLayer,
    trace::TraceLayer,
};
use tower_sessions::{Expiry, SessionManagerLayer, cookie::SameSite};
use url::Url;
use uuid::Uuid;

use crate::{app::AppState, config::Config, session_store::CoreSessionStore};

/// A handler that asks a provider may need two of its time-outs; nothing needs longer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
const X_REQUEST_ID: &str = "x-request-id";
const SESSION_HOURS: i64 = 12;
/// A browser takes the `__Host-` prefix only from the host itself, over https or loopback, for all paths.
const SESSION_COOKIE: &str = "__Host-annex";

/// Browser sessions, kept by the core. `Lax`, because the way back from HubSpot begins at another site.
pub(crate) fn sessions(core: &Arc<Core>) -> SessionManagerLayer<CoreSessionStore> {
    SessionManagerLayer::new(CoreSessionStore::new(Arc::clone(core)))
        .with_name(SESSION_COOKIE)
        .with_secure(true)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_expiry(Expiry::OnInactivity(time::Duration::hours(SESSION_HOURS)))
}

/// Bounds a handler in time, and keeps its panic from taking the connection with it.
pub(crate) fn bounded(router: Router<AppState>) -> Router<AppState> {
    router
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, REQUEST_TIMEOUT))
        .layer(CatchPanicLayer::custom(|_| apology()))
}

/// Puts the layers around the whole application; the last one added sees a request first.
pub(crate) fn around(app: Router, state: &AppState) -> Router {
    let headers = security_headers(&state.config);
    app.layer(map_response(move |response| std::future::ready(with_headers(response, &headers))))
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(span)
                .on_request(())
                .on_response(log_response)
                .on_failure(()),
        )
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(SetRequestIdLayer::x_request_id(RequestIds(Arc::clone(&state.core))))
        .layer(map_request(|request| std::future::ready(without_a_strange_id(request))))
}

/// A proxy's id is taken where it is one: what else stands there would go into the log and into answers.
fn without_a_strange_id(mut request: axum::extract::Request) -> axum::extract::Request {
    let given = request.headers().get(X_REQUEST_ID);
    let is_an_id = given.and_then(|id| id.to_str().ok()).is_some_and(|id| Uuid::parse_str(id).is_ok());
    if !is_an_id {
        request.headers_mut().remove(X_REQUEST_ID);
    }
    request
}

/// Names a request for logs and error pages.
#[derive(Clone)]
struct RequestIds(Arc<Core>);

impl MakeRequestId for RequestIds {
    fn make_request_id<B>(&mut self, _: &Request<B>) -> Option<RequestId> {
        let id = self.0.random().uuid(self.0.clock().now());
        HeaderValue::from_str(&id.to_string()).ok().map(RequestId::new)
    }
}

/// The route as it is written here, never the path itself: paths and queries hold tokens.
fn span<B>(request: &Request<B>) -> tracing::Span {
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str);
    let id = request.headers().get(X_REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
    tracing::info_span!("request", http.method = %request.method(), http.route = route, request.id = id)
}

fn log_response<B>(response: &Response<B>, latency: Duration, _: &tracing::Span) {
    let (http_status, duration_ms) = (response.status().as_u16(), latency.as_millis());
    if response.status().is_server_error() {
        tracing::warn!(http.status = http_status, duration_ms, "a request was not answered as it should be");
    } else {
        tracing::debug!(http.status = http_status, duration_ms, "a request was answered");
    }
}

/// A handler that set a header itself knows better.
fn with_headers(mut response: axum::response::Response, headers: &HeaderMap) -> axum::response::Response {
    for (name, value) in headers {
        response.headers_mut().entry(name).or_insert_with(|| value.clone());
    }
    response
}

/// What a person sees where a handler panicked: nothing of ours but the id in the header.
fn apology() -> axum::response::Response {
    let text = "Something went wrong on our side. Try again; if it stays, tell us the x-request-id of this answer.\n";
    (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
}

/// What a browser is told that sends a form another site made.
pub(crate) fn from_elsewhere() -> axum::response::Response {
    let text =
        "This form was sent from another site, so nothing was done. Open the page here and try again.\n";
    (StatusCode::FORBIDDEN, text).into_response()
}

fn security_headers(config: &Config) -> HeaderMap {
    let csp = format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; \
         form-action 'self' {}; base-uri 'none'; frame-ancestors 'none'",
        form_targets(&config.hubspot.authorize_url)
    );
    let mut headers: HeaderMap = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ]
    .into_iter()
    .map(|(name, value)| (name, HeaderValue::from_static(value)))
    .collect();
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_str(&csp).expect("an origin is plain ASCII"),
    );
    if config.base_url.starts_with("https://") {
        let two_years = HeaderValue::from_static("max-age=63072000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, two_years);
    }
    headers
}

/// "Continue to HubSpot" is a form that is answered with a redirect, which browsers hold to `form-action`.
/// HubSpot sends on to the host of the account's region.
fn form_targets(authorize_url: &Url) -> String {
    let origin = authorize_url.origin().ascii_serialization();
    let at_hubspot = authorize_url.host_str().is_some_and(|host| host.ends_with(".hubspot.com"));
    if at_hubspot { format!("{origin} https://*.hubspot.com") } else { origin }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_may_lead_to_hubspot_of_any_region_and_nowhere_else() {
        let targets = |url: &str| form_targets(&Url::parse(url).unwrap());
        assert_eq!(
            targets("https://app.hubspot.com/oauth/authorize"),
            "https://app.hubspot.com https://*.hubspot.com"
        );
        assert_eq!(targets("http://127.0.0.1:9000/oauth/authorize"), "http://127.0.0.1:9000");
        assert_eq!(targets("https://evilhubspot.com/x"), "https://evilhubspot.com");
    }
}
