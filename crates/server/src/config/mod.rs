//! How the service is set up: from the environment and nothing else.
//!
//! Every variable may instead be given as a file: `NAME_FILE` names it, and its text, trimmed, is the value; or by a command
//! of the shell, `NAME_COMMAND`, which writes the value, so that any service that keeps secrets can give it.
//! An empty variable counts as not set. Nothing is contacted here; `annex doctor` does that.

use std::{fmt, net::SocketAddr, time::Duration};

use hubspot::budget::REQUESTS_PER_WINDOW;
use secrecy::SecretString;
use storeganise::api_url::{AllowedHosts, ApiUrl};
use url::Url;

mod parse;
mod reader;
#[cfg(test)]
mod tests;

use reader::Reader;
pub use reader::{Seen, Source};

/// All settings of one process.
#[derive(Debug, Clone)]
pub struct Config {
    /// `ANNEX_BASE_URL`, required: where browsers and providers reach us, such as `https://annex.example.com`.
    /// Kept without a trailing slash. Plain http is taken for this machine only.
    pub base_url: String,
    /// `ANNEX_LISTEN`, default `127.0.0.1:8080`: where to listen; TLS ends at the proxy before it.
    pub listen: SocketAddr,
    /// `ANNEX_DATABASE_URL`, default `sqlite://annex.db`: `sqlite://path` or `postgres://…`.
    pub database_url: SecretString,
    /// `ANNEX_DATABASE_CONNECTIONS`, default 10: connections to PostgreSQL that this process holds at most, 2 to 500. A
    /// SQLite file has one to write with and four to read with, whatever this says.
    pub database_connections: u32,
    /// `ANNEX_MASTER_KEYS`, required: `id:key` entries with commas between them, the current one first.
    pub master_keys: SecretString,
    /// `ANNEX_WORKERS`, default 4: installations worked at once by this process, 1 to 64.
    pub workers: usize,
    /// `ANNEX_LEASE_SECONDS`, default 12: how long the work of a process that died waits for another, 1 to 300.
    pub lease: Duration,
    /// `ANNEX_DRAIN_SECONDS`, default 2: how long a service that is told to stop still takes requests, so that whoever
    /// sends them has seen `/readyz` turn, 0 to 5.
    pub drain: Duration,
    /// `ANNEX_METRICS_PER_BUSINESS`, default `false`: whether `/metrics` also counts each installation by itself, by its
    /// id. A fleet of thousands makes as many series.
    pub metrics_per_business: bool,
    /// `ANNEX_OTLP_ENDPOINT`, default nobody: who collects traces by OpenTelemetry's protocol over HTTP, such as
    /// `http://collector:4318`. They name routes and ids, never a person or a token.
    pub collector: Option<Url>,
    /// Our standing with HubSpot.
    pub hubspot: HubspotConfig,
    /// Our standing with Storeganise.
    pub storeganise: StoreganiseConfig,
}

/// The app registered at HubSpot.
#[derive(Debug, Clone)]
pub struct HubspotConfig {
    /// `HUBSPOT_CLIENT_ID`, required: from the app's Auth tab at HubSpot.
    pub client_id: String,
    /// `HUBSPOT_CLIENT_SECRET`, required: from the app's Auth tab. Several with commas between them while it
    /// is being changed: the first one signs in, each one is good for a webhook.
    pub client_secrets: Vec<SecretString>,
    /// `HUBSPOT_APP_ID`, required: the app's number, by which we know the echo of our own writes.
    pub app_id: String,
    /// `ANNEX_HUBSPOT_API_URL`, default `https://api.hubapi.com`.
    pub api_url: Url,
    /// `ANNEX_HUBSPOT_AUTHORIZE_URL`, default `https://app.hubspot.com/oauth/authorize`.
    pub authorize_url: Url,
    /// Requests per ten seconds and portal: what HubSpot allows, and no variable changes it. Benchmarks lift it where
    /// they measure something else.
    pub requests_per_window: usize,
}

/// The add-on registered at Storeganise.
#[derive(Debug, Clone)]
pub struct StoreganiseConfig {
    /// `STOREGANISE_API_KEY`, required: the platform's key of the add-on.
    pub api_key: SecretString,
    /// `STOREGANISE_SIGNATURE_SECRETS`, required: what signs webhooks; several with commas between them while
    /// it is being changed.
    pub signature_secrets: Vec<SecretString>,
    /// `ANNEX_STOREGANISE_HOSTS`, default `storeganise.com`: the hosts an API address may have, each with all
    /// names below it. A port, or this machine, is taken only where it is named, such as `127.0.0.1:9000`.
    pub hosts: AllowedHosts,
    /// `ANNEX_STOREGANISE_API_TEMPLATE`, default `https://{business}.storeganise.com/api`: a business's API
    /// address, with `{business}` for its code.
    pub api_template: String,
    /// `ANNEX_STOREGANISE_REQUESTS_PER_SECOND`, default 2: what a new installation starts with, 0.1 to 200.
    pub requests_per_second: f64,
}

/// Everything that keeps the service from starting, each with how to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The variables that are wrong.
    pub wrong: Vec<Seen>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [seen] = self.wrong.as_slice() {
            return write!(f, "{seen}");
        }
        writeln!(f, "The configuration is not complete:")?;
        for seen in &self.wrong {
            writeln!(f, "  {seen}")?;
        }
        write!(
            f,
            "Each can also be read from a file, which NAME_FILE names, or from what the command in NAME_COMMAND writes. `annex \
             doctor` checks everything."
        )
    }
}

impl std::error::Error for ConfigError {}

/// The address of the database alone, for commands that need nothing else of the configuration.
///
/// # Errors
/// It is wrong.
pub fn database_url(get: &dyn Fn(&str) -> Option<String>) -> Result<SecretString, ConfigError> {
    alone(get, read_database_url)
}

/// Who collects traces, by itself.
///
/// # Errors
/// The address is wrong.
pub fn collector(get: &dyn Fn(&str) -> Option<String>) -> Result<Option<Url>, ConfigError> {
    alone(get, read_collector)
}

/// The address the service listens at, by itself.
///
/// # Errors
/// It is wrong.
pub fn listen(get: &dyn Fn(&str) -> Option<String>) -> Result<SocketAddr, ConfigError> {
    alone(get, read_listen)
}

fn alone<T>(
    get: &dyn Fn(&str) -> Option<String>,
    read: fn(&mut Reader<'_>) -> Option<T>,
) -> Result<T, ConfigError> {
    let mut reader = Reader::new(get);
    let value = read(&mut reader);
    value.ok_or_else(|| ConfigError { wrong: reader.seen() })
}

impl Config {
    /// Reads the configuration through `get`.
    ///
    /// # Errors
    /// Names every variable that is missing or wrong, all at once.
    pub fn from_env(get: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let (config, seen) = Self::examine(get);
        config.ok_or_else(|| ConfigError {
            wrong: seen.into_iter().filter(|seen| seen.problem.is_some()).collect(),
        })
    }

    /// Reads the configuration and tells of every variable, good or not; there is no configuration where one
    /// is wrong.
    #[must_use]
    pub fn examine(get: &dyn Fn(&str) -> Option<String>) -> (Option<Self>, Vec<Seen>) {
        let mut reader = Reader::new(get);
        let config = read(&mut reader);
        let seen = reader.seen();
        let sound = seen.iter().all(|seen| seen.problem.is_none());
        (config.filter(|_| sound), seen)
    }

    /// Where HubSpot sends a person back to; it must be registered at the app exactly like this.
    #[must_use]
    pub fn redirect_url(&self) -> String {
        format!("{}/oauth/hubspot/callback", self.base_url)
    }
}

/// Every section is read before any is missed, so that all problems are found.
fn read(reader: &mut Reader<'_>) -> Option<Config> {
    let base_url = reader.required(
        "ANNEX_BASE_URL",
        "Set it to the address people and providers reach this service at, such as https://annex.example.com.",
        parse::base_url,
    );
    let listen = read_listen(reader);
    let database_url = read_database_url(reader);
    let master_keys = reader.required(
        "ANNEX_MASTER_KEYS",
        "Make a key with `annex keys generate`, keep a copy in a safe place, and set it here.",
        parse::master_keys,
    );
    let workers = reader.or_default("ANNEX_WORKERS", "4", parse::workers);
    let lease = reader.or_default("ANNEX_LEASE_SECONDS", "12", parse::lease);
    let drain = reader.or_default("ANNEX_DRAIN_SECONDS", "2", parse::drain);
    let database_connections = reader.or_default("ANNEX_DATABASE_CONNECTIONS", "10", parse::connections);
    let metrics_per_business = reader.or_default("ANNEX_METRICS_PER_BUSINESS", "false", parse::switch);
    let collector = read_collector(reader);
    let hubspot = read_hubspot(reader);
    let storeganise = read_storeganise(reader);
    Some(Config {
        base_url: base_url?,
        listen: listen?,
        database_url: database_url?,
        database_connections: database_connections?,
        master_keys: master_keys?,
        workers: workers?,
        lease: lease?,
        drain: drain?,
        metrics_per_business: metrics_per_business?,
        collector: collector?,
        hubspot: hubspot?,
        storeganise: storeganise?,
    })
}

fn read_listen(reader: &mut Reader<'_>) -> Option<SocketAddr> {
    reader.or_default("ANNEX_LISTEN", "127.0.0.1:8080", parse::listen)
}

fn read_database_url(reader: &mut Reader<'_>) -> Option<SecretString> {
    reader.or_default("ANNEX_DATABASE_URL", "sqlite://annex.db", parse::database_url)
}

fn read_collector(reader: &mut Reader<'_>) -> Option<Option<Url>> {
    reader.or_default("ANNEX_OTLP_ENDPOINT", "", parse::collector)
}

fn read_hubspot(reader: &mut Reader<'_>) -> Option<HubspotConfig> {
    let client_id = reader.required(
        "HUBSPOT_CLIENT_ID",
        "Copy the client ID from the app's Auth tab in the HubSpot developer account.",
        parse::text,
    );
    let client_secrets = reader.required(
        "HUBSPOT_CLIENT_SECRET",
        "Copy the client secret from the app's Auth tab in the HubSpot developer account.",
        parse::secrets,
    );
    let app_id = reader.required(
        "HUBSPOT_APP_ID",
        "Copy the app's number from its page in the HubSpot developer account.",
        parse::text,
    );
    let api_url = reader.or_default("ANNEX_HUBSPOT_API_URL", "https://api.hubapi.com", parse::provider_url);
    let authorize_url = reader.or_default(
        "ANNEX_HUBSPOT_AUTHORIZE_URL",
        "https://app.hubspot.com/oauth/authorize",
        parse::provider_url,
    );
    Some(HubspotConfig {
        client_id: client_id?,
        client_secrets: client_secrets?,
        app_id: app_id?,
        api_url: api_url?,
        authorize_url: authorize_url?,
        requests_per_window: REQUESTS_PER_WINDOW,
    })
}

fn read_storeganise(reader: &mut Reader<'_>) -> Option<StoreganiseConfig> {
    let api_key = reader.required(
        "STOREGANISE_API_KEY",
        "Ask Storeganise for the platform key of the add-on.",
        parse::secret,
    );
    let signature_secrets = reader.required(
        "STOREGANISE_SIGNATURE_SECRETS",
        "Ask Storeganise for the secret that signs the add-on's webhooks.",
        parse::secrets,
    );
    let hosts = reader.or_default("ANNEX_STOREGANISE_HOSTS", "storeganise.com", parse::hosts);
    let api_template = reader.or_default(
        "ANNEX_STOREGANISE_API_TEMPLATE",
        "https://{business}.storeganise.com/api",
        parse::text,
    );
    if let (Some(hosts), Some(template)) = (&hosts, &api_template) {
        check_template(reader, hosts, template);
    }
    let requests_per_second =
        reader.or_default("ANNEX_STOREGANISE_REQUESTS_PER_SECOND", "2", parse::requests_per_second);
    Some(StoreganiseConfig {
        api_key: api_key?,
        signature_secrets: signature_secrets?,
        hosts: hosts?,
        api_template: api_template?,
        requests_per_second: requests_per_second?,
    })
}

fn check_template(reader: &mut Reader<'_>, hosts: &AllowedHosts, template: &str) {
    let problem = if !template.contains("{business}") {
        Some("must contain {business} where the business's code stands.".to_owned())
    } else {
        let example = template.replace("{business}", "example");
        ApiUrl::parse(&example, hosts).err().map(|error| format!("does not lead to Storeganise: {error}."))
    };
    if let Some(problem) = problem {
        reader.blame("ANNEX_STOREGANISE_API_TEMPLATE", problem);
    }
}
