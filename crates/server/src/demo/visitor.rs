//! A person's browser, as far as the demo and the tests need one: it keeps cookies, follows redirects, and
//! sends forms with the origin they stand on.

use std::{collections::HashMap, sync::Mutex};

use anyhow::{Context as _, bail};
use reqwest::{
    Client, Method, Response, StatusCode,
    header::{COOKIE, HeaderMap, LOCATION, ORIGIN, SET_COOKIE},
    redirect::Policy,
};
use url::Url;

const REDIRECTS_MAX: usize = 10;

/// One browser.
#[derive(Debug)]
pub struct Visitor {
    http: Client,
    /// Cookies by site, then name. `Secure` ones are kept for this machine, as browsers do.
    cookies: Mutex<HashMap<String, HashMap<String, String>>>,
}

/// A page as it arrived, after redirects.
#[derive(Debug, Clone)]
pub struct Visit {
    /// Its status.
    pub status: StatusCode,
    /// Where it stands in the end.
    pub url: Url,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its text.
    pub body: String,
}

impl Default for Visitor {
    fn default() -> Self {
        Self { http: client(), cookies: Mutex::default() }
    }
}

impl Visitor {
    /// Opens an address.
    ///
    /// # Errors
    /// It cannot be reached, or redirects in a circle.
    pub async fn open(&self, url: &str) -> anyhow::Result<Visit> {
        self.go(Method::GET, url, &[], None).await
    }

    /// Opens an address whose answer comes bit by bit, and reads nothing of it yet.
    ///
    /// # Errors
    /// It cannot be reached.
    pub async fn listen(&self, url: &str) -> anyhow::Result<Response> {
        let url = Url::parse(url).with_context(|| format!("{url} is no address"))?;
        let cookies = self.cookies_for(&url).unwrap_or_default();
        self.http.get(url).header(COOKIE, cookies).send().await.context("the stream did not open")
    }

    /// Sends a form that stands on the page at `from` to `url`, which may be relative to it.
    ///
    /// # Errors
    /// As [`Visitor::open`].
    pub async fn send(&self, from: &str, url: &str, form: &[(&str, &str)]) -> anyhow::Result<Visit> {
        let page = Url::parse(from).context("the page's address")?;
        let target = page.join(url).context("the form's target")?;
        self.go(Method::POST, target.as_str(), form, Some(&page.origin().ascii_serialization())).await
    }

    async fn go(
        &self,
        method: Method,
        url: &str,
        form: &[(&str, &str)],
        origin: Option<&str>,
    ) -> anyhow::Result<Visit> {
        let mut method = method;
        let mut url = Url::parse(url).with_context(|| format!("{url} is no address"))?;
        for _ in 0..REDIRECTS_MAX {
            let mut request = self.http.request(method.clone(), url.clone());
            if let Some(cookies) = self.cookies_for(&url) {
                request = request.header(COOKIE, cookies);
            }
            if method == Method::POST {
                request = request.form(form);
                if let Some(origin) = origin {
                    request = request.header(ORIGIN, origin);
                }
            }
            let response = request.send().await.context("the page did not answer")?;
            self.keep_cookies(&url, response.headers());
            let (status, headers) = (response.status(), response.headers().clone());
            if !status.is_redirection() {
                let body = response.text().await.context("the page broke off")?;
                return Ok(Visit { status, url, headers, body });
            }
            let next = headers.get(LOCATION).and_then(|value| value.to_str().ok());
            url = url.join(next.context("a redirect leads nowhere")?).context("a redirect's address")?;
            method = Method::GET;
        }
        bail!("{url} redirects in a circle")
    }

    fn cookies_for(&self, url: &Url) -> Option<String> {
        let jar = self.cookies.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let cookies = jar.get(&site(url))?;
        let pairs: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    fn keep_cookies(&self, url: &Url, headers: &HeaderMap) {
        let mut jar = self.cookies.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for cookie in headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok()) {
            let pair = cookie.split(';').next().unwrap_or_default();
            let Some((name, value)) = pair.split_once('=') else { continue };
            let cookies = jar.entry(site(url)).or_default();
            if value.is_empty() || cookie.to_ascii_lowercase().contains("max-age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// A client that follows nothing by itself. Also what moves the simulated systems.
#[expect(clippy::disallowed_methods, reason = "the home of the demo's client; it only calls this machine")]
pub(super) fn client() -> Client {
    rustls::crypto::ring::default_provider().install_default().ok();
    Client::builder().redirect(Policy::none()).no_proxy().build().expect("a client without extras is built")
}

fn site(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default())
}
