//! The one HTTP client of this crate: bounded in time and size, without redirects.
//!
//! It does not know where it is sent; [`crate::api_url::ApiUrl`] has decided that.

use std::time::Duration;

use reqwest::{Response, header::RETRY_AFTER, redirect};

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
            .user_agent(USER_AGENT)
            .build()
            .expect("a client with fixed settings and an installed TLS provider can be built");
        Self(client)
    }

    pub(crate) fn request(&self, method: reqwest::Method, url: url::Url) -> reqwest::RequestBuilder {
        self.0.request(method, url)
    }

    pub(crate) async fn send(&self, request: reqwest::Request) -> Result<Answer, Error> {
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
