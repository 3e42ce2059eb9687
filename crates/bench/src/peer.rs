//! The sandbox in a process of its own, so that what it costs is told apart from the load.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use sandbox::options::Options;
use server::demo::stage::point_webhooks;

use crate::process::{Beside, until_input_ends};

/// The first wait of a webhook that was not taken: what is seconds and minutes in life.
const RETRY_SCALE_MS: u64 = 200;
/// The variable in which a sandbox process is given the service's address.
const WHO_IS_TOLD: &str = "BENCH_WHO_IS_TOLD";

/// A sandbox that runs beside us.
pub(crate) struct SandboxProcess {
    process: Beside,
    /// Where it answers, as `host:port`.
    pub(crate) authority: String,
    /// From starting the process to its first answer.
    pub(crate) ready_after: Duration,
}

impl SandboxProcess {
    /// Starts one that tells nobody of anything.
    ///
    /// # Errors
    /// It cannot be started or does not answer.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        Self::started(&[]).await
    }

    /// Starts one that sends its webhooks to the service at this address.
    ///
    /// # Errors
    /// As [`SandboxProcess::start`].
    pub(crate) async fn telling(base_url: String) -> anyhow::Result<Self> {
        Self::started(&[(WHO_IS_TOLD, base_url)]).await
    }

    async fn started(environment: &[(&str, String)]) -> anyhow::Result<Self> {
        let began = Instant::now();
        let mut process = Beside::start("serve-sandbox", environment)?;
        let authority = process.line().await?.trim_start_matches("http://").to_owned();
        let mut connection = crate::load::Connection::open(&authority).await?;
        connection.get("/_sandbox/quiet", None).await?;
        Ok(Self { process, authority, ready_after: began.elapsed() })
    }

    /// The memory it holds now, in bytes.
    ///
    /// # Errors
    /// This system does not say.
    pub(crate) fn resident_bytes(&self) -> anyhow::Result<u64> {
        self.process.resident_bytes()
    }
}

/// Runs a sandbox without a limit on requests until standard input ends.
///
/// # Errors
/// It cannot listen.
pub(crate) async fn serve_sandbox() -> anyhow::Result<()> {
    let options = Options {
        hubspot_requests_per_window: usize::MAX,
        webhook_retry_scale_ms: RETRY_SCALE_MS,
        ..Options::default()
    };
    let sandbox = sandbox::start(options).await?;
    if let Ok(base_url) = std::env::var(WHO_IS_TOLD) {
        point_webhooks(&sandbox, &base_url);
    }
    println!("{}", sandbox.base_url());
    until_input_ends().await?;
    sandbox.stop().await;
    Ok(())
}

/// An access token of the sandbox's app in one portal: a person's consent, then the exchange.
///
/// # Errors
/// The sandbox does not go along.
pub(crate) async fn authorise(authority: &str, portal: u64) -> anyhow::Result<String> {
    let app = Options::default().hubspot;
    let redirect = "https://bench.example.com/callback";
    let form = |pairs: &[(&str, &str)]| {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    };
    let mut connection = crate::load::Connection::open(authority).await?;
    let consent = form(&[
        ("client_id", &app.client_id),
        ("redirect_uri", redirect),
        ("scope", &app.scopes.join(" ")),
        ("portal", &portal.to_string()),
        ("decision", "connect"),
    ]);
    let answer = connection.post_form("/oauth/authorize/decide", consent).await?;
    let back = answer.location.context("no way back from the consent page")?;
    let back = url::Url::parse(&back)?;
    let code = back.query_pairs().find(|(name, _)| name == "code").context("no code")?.1.into_owned();
    let exchange = form(&[
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", redirect),
        ("client_id", &app.client_id),
        ("client_secret", &app.client_secret),
    ]);
    let answer = connection.post_form("/oauth/2026-09/token", exchange).await?;
    let tokens: serde_json::Value = serde_json::from_slice(&answer.body)?;
    match tokens["access_token"].as_str() {
        Some(token) => Ok(token.to_owned()),
        None => bail!("no token: {tokens}"),
    }
}
