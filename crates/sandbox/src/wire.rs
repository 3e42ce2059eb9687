//! What every request on a provider's wire passes through: counting, latency and faults. Nothing is locked while it waits.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
};
use http_body_util::{BodyExt as _, Full, Limited};

use crate::{
    asked::Asked,
    faults::{Fault, Fired, Met, Refusal},
    hubspot,
    provider::Provider,
    storeganise,
    world::World,
};

/// The status under which a cut connection is counted.
const CUT: u16 = 0;

/// The wire of one provider.
#[derive(Clone)]
struct Wire {
    world: Arc<World>,
    provider: Provider,
}

/// Puts the wire of `provider` in front of `routes`; the pages among them stay untouched.
pub(crate) fn observed(
    world: &Arc<World>,
    provider: Provider,
    routes: Router<Arc<World>>,
) -> Router<Arc<World>> {
    let wire = Wire { world: Arc::clone(world), provider };
    routes.layer(middleware::from_fn_with_state(wire, observe))
}

async fn observe(State(wire): State<Wire>, request: Request, next: Next) -> Response {
    let Wire { world, provider } = &wire;
    if *provider == Provider::Hubspot && is_page(request.uri().path()) {
        return next.run(request).await;
    }
    let at_ms = world.clock.now_ms();
    let asked = Asked::of(world, *provider, &request);
    let in_flight = world.stats.begin(&asked);
    // All that is drawn is drawn as the request comes in: how long others take then shifts nothing.
    let fired = world.faults.on_request(&Met {
        provider: *provider,
        method: asked.method,
        route: &asked.route,
        path: request.uri().path_and_query().map_or(request.uri().path(), |whole| whole.as_str()),
        party: asked.party.as_ref(),
    });
    let late = world.latency.draw(*provider);
    if !late.is_zero() {
        tokio::time::sleep(late).await;
    }
    let response = wire.answer(fired.map(|fired| fired.fault), request, next).await;

    let status = response.as_ref().map_or(CUT, |response| response.status().as_u16());
    in_flight.answered(status, fired.is_some());
    world.trace.request(asked, status, fired.map(|Fired { place, kind, .. }| (place, kind)));
    let mut response = response.unwrap_or_else(cut);
    if *provider == Provider::Hubspot {
        // What HubSpot's support would ask for; a whole refusal has one in its body as well.
        response.headers_mut().insert("x-hubspot-correlation-id", correlation(at_ms));
    }
    response
}

fn correlation(at_ms: u64) -> header::HeaderValue {
    header::HeaderValue::from_str(&format!("sandbox-{at_ms}"))
        .expect("digits and a dash may stand in a header")
}

impl Wire {
    /// Answers the request with or without its fault; nothing stands for a cut connection.
    async fn answer(&self, fault: Option<Fault>, request: Request, next: Next) -> Option<Response> {
        match fault {
            None => Some(next.run(request).await),
            Some(Fault::Slow(ms)) => {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                Some(next.run(request).await)
            }
            Some(Fault::Status(refusal)) => Some(self.refuse(&refusal)),
            Some(Fault::ExpiredToken) => Some(hubspot::expired_token(&self.world)),
            Some(Fault::Nonsense(status)) => Some(nonsense(status)),
            Some(Fault::Cut) => None,
            Some(Fault::Hold) => {
                let response = next.run(request).await;
                self.world.faults.hold().await;
                Some(response)
            }
            Some(Fault::Partial) => Some(partial(next.run(request).await).await),
            Some(Fault::LoseAfter(refusal)) => {
                drop(next.run(request).await);
                refusal.map(|refusal| self.refuse(&refusal))
            }
        }
    }

    /// An error in the words of the provider.
    fn refuse(&self, refusal: &Refusal) -> Response {
        match self.provider {
            Provider::Hubspot => hubspot::refusal(&self.world, refusal),
            Provider::Storeganise => storeganise::refusal(refusal),
        }
    }
}

fn nonsense(status: u16) -> Response {
    let code = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let page = "<html><body>We will be right back.</body></html>";
    (code, [(header::CONTENT_TYPE, "text/html")], page).into_response()
}

/// A response whose body fails before its first byte: the server then closes the connection without a word.
fn cut() -> Response {
    Response::new(Body::new(Limited::new(Full::from("cut"), 1)))
}

/// The same response with its whole length told and half of its body sent, after which the connection is closed.
async fn partial(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let Ok(whole) = to_bytes(body, usize::MAX).await else { return cut() };
    parts.headers.insert(header::CONTENT_LENGTH, whole.len().into());
    let broken = async {
        // The server writes out what it has while this waits.
        tokio::task::yield_now().await;
        Some(Err(std::io::Error::other("cut in the middle")))
    };
    let half = Full::new(whole.slice(..whole.len() / 2)).map_err(|never: Infallible| match never {});
    // Mapped frames have no length of their own to contradict the header.
    let body = half.with_trailers(broken).map_frame(|frame| frame);
    Response::from_parts(parts, Body::new(body))
}

/// The pages of HubSpot that a browser opens; all else of its routes is API.
fn is_page(path: &str) -> bool {
    ["/hubspot/", "/contacts/"].iter().any(|start| path.starts_with(start))
        || ["/authorize", "/authorize/decide"].iter().any(|end| path.ends_with(end))
}
