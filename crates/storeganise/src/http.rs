//! The one HTTP client of this crate: bounded in time and size, without redirects.
//!
//! It does not know where it is sent; [`crate::api_url::ApiUrl`] has decided that.

use std::time::{Duration, Instant};

use outgoing::{Guard, Guarded};
use reqwest::{Response, header::RETRY_AFTER, redirect};
use tracing::{Instrument as _, field};

use crate::error::Error;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
const BODY_LIMIT_BYTES: usize = 32 * 1024 * 1024;
const USER_AGENT: &str = concat!("annex/", env!("CARGO_PKG_VERSION"));

/// The HTTP client all accounts share; cheap to clone.
#[derive(Debug, Clone)]
pub struct Http(reqwest::Client);

/// What came back, whatever its status.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Vec<u8>,
}

impl Http {
    /// Builds the client.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one home of this crate's HTTP client")]
    pub fn new() -> Self {
        // Refused only where the process already has a provider, which then serves as well.
        rustls::crypto::ring::default_provider().install_default().ok();
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .redirect(redirect::Policy::none())
            .dns_resolver(Guarded(Guard::from_environment()))
            .user_agent(USER_AGENT)
            .build()
            .expect("a client with fixed settings and an installed TLS provider can be built");
        Self(client)
    }

    pub(crate) fn request(&self, method: reqwest::Method, url: url::Url) -> reqwest::RequestBuilder {
        self.0.request(method, url)
    }

    /// Sends a request, in a span of its own under whatever asked for it: a visitor's request or a worker's turn.
    pub(crate) async fn send(&self, request: reqwest::Request) -> Result<Answer, Error> {
        let route = format!("{} {}", request.method(), route(request.url().path()));
        let span = tracing::info_span!(
            "provider",
            otel.kind = "client",
            provider = "storeganise",
            route,
            status = field::Empty
        );
        let began = Instant::now();
        let answer = self.answer(request).instrument(span.clone()).await;
        let status = answer.as_ref().map_or_else(Error::code, |answer| answer.status.to_string());
        span.record("status", &status);
        let duration_ms = began.elapsed().as_millis() as u64;
        span.in_scope(|| tracing::debug!(duration_ms, "a provider was asked"));
        let labels = [("provider", "storeganise".to_owned()), ("route", route), ("status", status)];
        metrics::counter!("annex_provider_requests_total", &labels).increment(1);
        answer
    }

    async fn answer(&self, request: reqwest::Request) -> Result<Answer, Error> {
        let response = self.0.execute(request).await.map_err(|e| Error::of_transport(&e))?;
        let status = response.status().as_u16();
        let retry_after = retry_after(&response);
        Ok(Answer { status, retry_after, body: bounded_body(response).await? })
    }
}

impl Default for Http {
    fn default() -> Self {
        Self::new()
    }
}

/// A path as it is counted, from the API's own part on, which no business's code comes before: whatever is no word of
/// the API's is an id, and may be a person's.
fn route(path: &str) -> String {
    let ours = path.find("/api").map_or(path, |at| &path[at..]);
    let is_word = |part: &str| {
        part.len() <= 24 && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') || part == "v1"
    };
    ours.split('/').map(|part| if is_word(part) { part } else { "{id}" }).collect::<Vec<_>>().join("/")
}

async fn bounded_body(mut response: Response) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| Error::of_transport(&e))? {
        if body.len() + chunk.len() > BODY_LIMIT_BYTES {
            return Err(Error::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Only the form in seconds is read: the one with a date would need a clock.
fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_a_route_that_names_nobody() {
        for (path, counted) in [
            ("/api/v1/admin/users", "/api/v1/admin/users"),
            ("/acme/api/v1/admin/users/66ce753eaa089a5a0f000001", "/api/v1/admin/users/{id}"),
            ("/api/v1/admin/users/ada@example.com", "/api/v1/admin/users/{id}"),
        ] {
            assert_eq!(route(path), counted);
        }
    }
}
