//! Who calls the API: the bearer token, the scopes it carries, and the requests that are left (reference 1.7
//! and 6). A handler that takes a [`Caller`] cannot run for a stranger or beyond the limit.

use std::sync::{Arc, OnceLock};

use axum::extract::{FromRequestParts, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, header};

use super::crm::record::Source;
use super::error::ApiError;
use super::wire::Version;
use crate::world::World;

/// An installed app that may make one request.
#[derive(Debug)]
pub(super) struct Caller {
    /// The portal its token is for.
    pub(super) portal: u64,
    /// The app, as history and events name it.
    pub(super) source: Source,
    /// The family of paths it calls on.
    pub(super) version: Version,
    scopes: Vec<String>,
}

/// The same for a search, which has a limit of its own and whose answers tell nothing of any limit.
#[derive(Debug)]
pub(super) struct Searcher(pub(super) Caller);

/// Where the answer finds what was counted when the request came in.
#[derive(Debug, Clone, Default)]
pub(super) struct Counted(Arc<OnceLock<Count>>);

#[derive(Debug)]
struct Count {
    max: usize,
    remaining: usize,
    interval_ms: u64,
}

impl Caller {
    /// Checks that any one of these scopes was granted.
    ///
    /// # Errors
    /// 403 when none was.
    pub(super) fn may(&self, any_of: &[&str]) -> Result<(), ApiError> {
        if any_of.iter().any(|scope| self.scopes.iter().any(|granted| granted == scope)) {
            return Ok(());
        }
        Err(ApiError::missing_scopes(any_of))
    }

    fn of(parts: &Parts, world: &World) -> Result<Self, ApiError> {
        let token = bearer(&parts.headers).ok_or_else(ApiError::unauthenticated)?;
        let state = world.hubspot();
        let (portal, scopes) = state.grants.access(token, world.clock.now_ms())?;
        let source = Source::Integration(world.options.hubspot.app_id);
        // What is not below any family, such as the uninstall, is as the newest one has it.
        let version = parts.extensions.get().copied().unwrap_or(Version::September2026);
        Ok(Self { portal, source, version, scopes: scopes.to_vec() })
    }
}

impl FromRequestParts<Arc<World>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, world: &Arc<World>) -> Result<Self, ApiError> {
        let caller = Self::of(parts, world)?;
        let mut state = world.hubspot();
        let portal = state.portal_mut(caller.portal).ok_or_else(ApiError::unauthenticated)?;
        portal.check_in_place()?;
        let admitted = portal.admit(world.clock.now_ms());
        if let Some(counted) = parts.extensions.get::<Counted>() {
            counted.0.get_or_init(|| Count {
                max: portal.requests.max(),
                remaining: portal.requests.remaining(),
                interval_ms: portal.requests.length_ms(),
            });
        }
        admitted.map(|()| caller)
    }
}

impl FromRequestParts<Arc<World>> for Searcher {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, world: &Arc<World>) -> Result<Self, ApiError> {
        let caller = Caller::of(parts, world)?;
        let mut state = world.hubspot();
        let portal = state.portal_mut(caller.portal).ok_or_else(ApiError::unauthenticated)?;
        portal.check_in_place()?;
        portal.admit_search(world.clock.now_ms())?;
        Ok(Self(caller))
    }
}

/// The longest address that is read, in bytes.
const URI_MAX_BYTES: usize = 16 * 1024;

/// Refuses an address that is too long.
pub(super) async fn refuse_long_uris(request: Request, next: Next) -> Response {
    let uri = request.uri();
    match uri.path().len() + uri.query().map_or(0, str::len) > URI_MAX_BYTES {
        true => ApiError::uri_too_long().into_response(),
        false => next.run(request).await,
    }
}

/// The portal whose token these headers carry, while it works.
pub(crate) fn portal_of(world: &World, headers: &HeaderMap) -> Option<u64> {
    let token = bearer(headers)?;
    world.hubspot().grants.access(token, world.clock.now_ms()).ok().map(|(portal, _)| portal)
}

/// Puts the rate limit headers on every counted answer.
pub(super) async fn tell_limits(mut request: Request, next: Next) -> Response {
    let counted = Counted::default();
    request.extensions_mut().insert(counted.clone());
    let mut response = next.run(request).await;
    if let Some(count) = counted.0.get() {
        let headers = response.headers_mut();
        for (name, value) in [
            ("x-hubspot-ratelimit-max", HeaderValue::from(count.max)),
            ("x-hubspot-ratelimit-remaining", HeaderValue::from(count.remaining)),
            ("x-hubspot-ratelimit-interval-milliseconds", HeaderValue::from(count.interval_ms)),
        ] {
            headers.insert(name, value);
        }
    }
    response
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
