//! Logs, and traces for whoever collects them by OpenTelemetry's protocol. Metrics are asked for (`app/watched.rs`).

use std::{
    io::{IsTerminal as _, stderr},
    time::Duration,
};

use async_trait::async_trait;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use reqwest::{Client, redirect};
use tokio::runtime::Handle;
use tracing::{Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    EnvFilter, Layer, filter::Targets, layer::SubscriberExt as _, registry::LookupSpan,
    util::SubscriberInitExt as _,
};
use url::Url;

/// What is logged where `ANNEX_LOG` does not say; the migrator names every look it takes.
const LOG_DEFAULT: &str = "info,sea_orm_migration=warn";
/// Whose spans are sent, whatever is logged: a visitor's request, a worker's turn, and what both asked of the providers.
const TRACED: [&str; 4] = ["server", "sync_core", "hubspot", "storeganise"];
const TRACES_PATH: &str = "v1/traces";
/// A collector that is away must not hold a process that ends.
const COLLECTOR_WAIT: Duration = Duration::from_secs(2);

/// What is sent by the time a process ends, because it waits here.
#[derive(Debug)]
pub struct Telemetry(Option<SdkTracerProvider>);

impl Telemetry {
    /// Begins to log, and to send traces where somebody is named who collects them. It is done once, in a runtime.
    #[must_use]
    pub fn begin(collector: Option<&Url>) -> Self {
        let filter = EnvFilter::try_from_env("ANNEX_LOG").unwrap_or_else(|_| EnvFilter::new(LOG_DEFAULT));
        let provider = collector.map(provider);
        let traces = provider.as_ref().map(traces);
        tracing_subscriber::registry().with(lines().with_filter(filter)).with(traces).init();
        Self(provider)
    }

    /// Sends what is not sent yet. A collector that does not answer is not waited for long.
    pub fn end(self) {
        if let Some(Err(error)) = self.0.map(|provider| provider.shutdown_with_timeout(COLLECTOR_WAIT)) {
            tracing::warn!(error = %error, "the last traces were not taken by their collector");
        }
    }
}

/// JSON on stderr, or short lines where a person reads along; what a command answers goes to stdout.
fn lines<S: Subscriber + for<'a> LookupSpan<'a>>() -> Box<dyn Layer<S> + Send + Sync> {
    let lines = tracing_subscriber::fmt::layer().with_writer(stderr);
    if stderr().is_terminal() { lines.compact().boxed() } else { lines.json().flatten_event(true).boxed() }
}

fn traces<S: Subscriber + for<'a> LookupSpan<'a>>(provider: &SdkTracerProvider) -> impl Layer<S> + use<S> {
    let ours = TRACED.map(|target| (target, LevelFilter::INFO));
    tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("annex"))
        .with_location(false)
        .with_threads(false)
        .with_filter(Targets::new().with_targets(ours))
}

fn provider(collector: &Url) -> SdkTracerProvider {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Sender { http: client(), runtime: Handle::current() })
        .with_protocol(Protocol::HttpJson)
        .with_endpoint(format!("{}/{TRACES_PATH}", collector.as_str().trim_end_matches('/')))
        .with_timeout(COLLECTOR_WAIT)
        .build()
        .expect("an exporter with a client and an address can be built");
    let resource = Resource::builder()
        .with_service_name("annex")
        .with_attribute(opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build()
}

#[expect(clippy::disallowed_methods, reason = "the one client that goes to neither provider")]
fn client() -> Client {
    Client::builder()
        .timeout(COLLECTOR_WAIT)
        .redirect(redirect::Policy::none())
        .build()
        .expect("a client with fixed settings and an installed TLS provider can be built")
}

/// The exporter works in a thread of its own, and the client in our runtime.
#[derive(Debug)]
struct Sender {
    http: Client,
    runtime: Handle,
}

#[async_trait]
impl HttpClient for Sender {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (http, request) = (self.http.clone(), reqwest::Request::try_from(request)?);
        let sent = self.runtime.spawn(async move {
            let answer = http.execute(request).await?;
            let status = answer.status();
            Ok::<_, reqwest::Error>((status, answer.bytes().await?))
        });
        let (status, body) = sent.await??;
        Ok(Response::builder().status(status).body(body)?)
    }
}
