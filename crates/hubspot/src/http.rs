//! The one HTTP client of this crate: bounded in time and size, without redirects, https only.
//!
//! It knows the API's address and nothing of tokens.

use std::time::{Duration, Instant};

use outgoing::{Guard, Guarded};
use reqwest::{
    Method, Response,
    header::{HeaderMap, RETRY_AFTER},
    redirect,
};
use tracing::{Instrument as _, field};
use url::{Host, Url};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
const BODY_LIMIT_BYTES: usize = 32 * 1024 * 1024;
const USER_AGENT: &str = concat!("annex/", env!("CARGO_PKG_VERSION"));

/// The HTTP client all portals share, and the address it calls; cheap to clone.
#[derive(Debug, Clone)]
pub struct Http {
    client: reqwest::Client,
    api_url: Url,
}

/// What came back, whatever its status.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// Why nothing came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    Unreachable,
    TimedOut,
    TooLarge,
}

impl Http {
    /// Builds the client for the API at `api_url`. Plain http works to loopback only; elsewhere every call
    /// fails before anything is sent.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one home of this crate's HTTP client")]
    pub fn new(api_url: Url) -> Self {
        // Refused only where the process already has a provider, which then serves as well.
        rustls::crypto::ring::default_provider().install_default().ok();
        let client = reqwest::Client::builder()
            .https_only(!is_loopback(&api_url))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .redirect(redirect::Policy::none())
            .dns_resolver(Guarded(Guard::from_environment()))
            .user_agent(USER_AGENT)
            .build()
            .expect("a client with fixed settings and an installed TLS provider can be built");
        Self { client, api_url }
    }

    /// A request to an escaped `path` below the API's address.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, self.url(path))
    }

    /// The address of an escaped `path`, which begins with a slash.
    pub(crate) fn url(&self, path: &str) -> Url {
        let mut url = self.api_url.clone();
        url.set_query(None);
        url.set_fragment(None);
        url.set_path(&format!("{}{path}", self.api_url.path().trim_end_matches('/')));
        url
    }

    /// Sends a request, in a span of its own under whatever asked for it: a visitor's request or a worker's turn.
    pub(crate) async fn send(&self, request: reqwest::Request) -> Result<Answer, Broken> {
        let route = format!("{} {}", request.method(), route(request.url().path()));
        let span = tracing::info_span!(
            "provider",
            otel.kind = "client",
            provider = "hubspot",
            route,
            status = field::Empty,
            correlation_id = field::Empty
        );
        let began = Instant::now();
        let answer = self.answer(request).instrument(span.clone()).await;
        let status = answer.as_ref().map_or_else(|broken| broken.word().to_owned(), |a| a.status.to_string());
        span.record("status", &status);
        span.record("correlation_id", answer.as_ref().ok().and_then(Answer::correlation_id));
        let duration_ms = began.elapsed().as_millis() as u64;
        span.in_scope(|| tracing::debug!(duration_ms, "a provider was asked"));
        let labels = [("provider", "hubspot".to_owned()), ("route", route), ("status", status)];
        metrics::counter!("annex_provider_requests_total", &labels).increment(1);
        answer
    }

    async fn answer(&self, request: reqwest::Request) -> Result<Answer, Broken> {
        let response = self.client.execute(request).await.map_err(|e| Broken::of(&e))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Answer { status, headers, body: bounded_body(response).await? })
    }
}

impl Answer {
    /// How long HubSpot asks us to wait, in the form it uses: seconds.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        Some(Duration::from_secs(self.number(RETRY_AFTER.as_str())?.into()))
    }

    /// The name HubSpot's support knows this answer by.
    pub(crate) fn correlation_id(&self) -> Option<&str> {
        let id = self.headers.get("x-hubspot-correlation-id")?.to_str().ok()?;
        (id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')).then_some(id)
    }

    /// A header that is a number.
    pub(crate) fn number(&self, header: &str) -> Option<u32> {
        self.headers.get(header)?.to_str().ok()?.trim().parse().ok()
    }
}

impl Broken {
    pub(crate) fn of(error: &reqwest::Error) -> Self {
        if error.is_timeout() { Self::TimedOut } else { Self::Unreachable }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed_out",
            Self::TooLarge => "too_large",
        }
    }
}

/// A path as it is counted: whatever is no word of the API's own is an id, and may be a person's.
fn route(path: &str) -> String {
    let is_word = |part: &str| {
        part.len() <= 24 && part.bytes().all(|b| b.is_ascii_lowercase() || matches!(b, b'-' | b'_'))
            || ["v1", "v3", "v4"].contains(&part)
            || part.len() == 7 && part.starts_with("20") && part.as_bytes()[4] == b'-'
    };
    path.split('/').map(|part| if is_word(part) { part } else { "{id}" }).collect::<Vec<_>>().join("/")
}

async fn bounded_body(mut response: Response) -> Result<Vec<u8>, Broken> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| Broken::of(&e))? {
        if body.len() + chunk.len() > BODY_LIMIT_BYTES {
            return Err(Broken::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn http(url: &str) -> Http {
        Http::new(Url::parse(url).unwrap())
    }

    #[test]
    fn paths_stand_below_the_address_of_the_api() {
        for (api, expected) in [
            ("https://api.hubapi.com", "https://api.hubapi.com/crm/x%20y"),
            ("https://api.hubapi.com/", "https://api.hubapi.com/crm/x%20y"),
            ("http://127.0.0.1:9000/hubspot/?a=b", "http://127.0.0.1:9000/hubspot/crm/x%20y"),
        ] {
            assert_eq!(http(api).url("/crm/x%20y").as_str(), expected);
        }
    }

    #[test]
    fn requests_are_counted_by_a_route_that_names_nobody() {
        for (path, counted) in [
            ("/crm/objects/2026-09/contacts/batch/upsert", "/crm/objects/2026-09/contacts/batch/upsert"),
            ("/crm/objects/2026-09/contacts/512", "/crm/objects/2026-09/contacts/{id}"),
            ("/crm/v3/objects/contacts/ada%40example.com", "/crm/v3/objects/contacts/{id}"),
            ("/oauth/v1/refresh-tokens/na1-2b4c", "/oauth/v1/refresh-tokens/{id}"),
        ] {
            assert_eq!(route(path), counted);
        }
    }

    #[tokio::test]
    async fn plain_http_beyond_loopback_is_refused_before_anything_is_sent() {
        let http = http("http://api.example.com");
        let request = http.request(Method::GET, "/crm");
        let refused = match request.build() {
            Ok(request) => http.send(request).await.err(),
            Err(_) => Some(Broken::Unreachable),
        };
        assert_eq!(refused, Some(Broken::Unreachable));
    }
}
