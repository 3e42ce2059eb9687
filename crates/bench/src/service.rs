//! The service in a process of its own: the code that `annex serve` runs, beside a sandbox of ours.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use server::{
    config::Config,
    demo::stage::{Options, environment},
    run,
};
use sync_core::access::{Role, audit::Actor};
use tokio::net::TcpListener;

use crate::{
    load::{Answer, Connection},
    process::{Beside, until_input_ends},
};

/// Requests to Storeganise in a second: as many as the service lets itself be told.
const STOREGANISE_PER_SECOND: f64 = 200.0;
/// Requests to HubSpot in ten seconds: far more than the 110 of life, which would be all that is measured.
const HUBSPOT_PER_WINDOW: usize = 10_000;

/// The variable that says otherwise, such as what life grants.
pub(crate) const HUBSPOT_PER_WINDOW_VARIABLE: &str = "BENCH_HUBSPOT_PER_WINDOW";
/// The address of a service that nobody stands before: it knows its own once it listens.
const ITSELF: &str = "http://127.0.0.1";

/// A member of staff who may see everything, on a database that is thrown away.
pub(crate) const LOGIN: &str = "benchmark";
pub(crate) const PASSWORD: &str = "measured and thrown away";

/// How a service is started, again and again on the same data.
pub(crate) struct Setting {
    sandbox: SocketAddr,
    options: Options,
    base_url: String,
    more: Vec<(&'static str, String)>,
}

/// A service that runs beside us.
pub(crate) struct ServiceProcess {
    /// Its process.
    pub(crate) process: Beside,
    /// The way to its JSON API.
    pub(crate) api: Api,
}

/// The way to the JSON API of a service.
#[derive(Clone)]
pub(crate) struct Api {
    /// Who answers, as `host:port`.
    pub(crate) authority: String,
    token: String,
}

impl Setting {
    /// A service with its data at `database_url`, beside the sandbox that answers at `sandbox`.
    ///
    /// # Errors
    /// That is no address.
    pub(crate) fn new(database_url: String, sandbox: &str) -> anyhow::Result<Self> {
        let mut options = Options::at(database_url);
        options.requests_per_second = STOREGANISE_PER_SECOND;
        let sandbox = sandbox.parse().context("the sandbox's address")?;
        Ok(Self { sandbox, options, base_url: ITSELF.to_owned(), more: Vec::new() })
    }

    /// The same, for a replica that is known by this address.
    pub(crate) fn behind(mut self, base_url: String) -> Self {
        self.base_url = base_url;
        self
    }

    /// The same with one more variable, a number.
    pub(crate) fn with(mut self, name: &'static str, value: usize) -> Self {
        self.more.push((name, value.to_string()));
        self
    }

    /// Where it has its data.
    pub(crate) fn database_url(&self) -> &str {
        &self.options.database_url
    }

    /// Starts it.
    ///
    /// # Errors
    /// It cannot be started.
    pub(crate) async fn start(&self) -> anyhow::Result<ServiceProcess> {
        let mut environment = environment(&self.options, &self.base_url, self.sandbox);
        environment.extend(self.more.iter().cloned());
        let mut process = Beside::start("serve-annex", &environment)?;
        let authority = process.line().await?;
        let token = format!("Bearer {}", process.line().await?);
        Ok(ServiceProcess { process, api: Api { authority, token } })
    }
}

impl Api {
    /// The same tokens at another address, such as that of a balancer.
    pub(crate) fn at(&self, authority: String) -> Self {
        Self { authority, token: self.token.clone() }
    }

    /// Asks its JSON API.
    ///
    /// # Errors
    /// It refused.
    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let mut connection = Connection::open(&self.authority).await?;
        read(&connection.get(&format!("/api/v1{path}"), Some(&self.token)).await?)
    }

    /// Tells its JSON API to do something.
    ///
    /// # Errors
    /// It refused.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let mut connection = Connection::open(&self.authority).await?;
        read(&connection.post(&format!("/api/v1{path}"), Some(&self.token), body).await?)
    }

    /// Changes something through its JSON API.
    ///
    /// # Errors
    /// It refused.
    pub(crate) async fn put(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let mut connection = Connection::open(&self.authority).await?;
        read(&connection.put(&format!("/api/v1{path}"), Some(&self.token), body).await?)
    }
}

fn read(answer: &Answer) -> anyhow::Result<Value> {
    if answer.body.is_empty() { Ok(json!(null)) } else { Ok(serde_json::from_slice(&answer.body)?) }
}

/// Runs the service of this process's environment on a free port, until standard input ends.
///
/// # Errors
/// It cannot be started.
pub(crate) async fn serve_annex() -> anyhow::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let get = |name: &str| match name {
        // It chooses its own port.
        "ANNEX_BASE_URL" if std::env::var(name).is_ok_and(|url| url == ITSELF) => {
            Some(format!("http://{address}"))
        }
        _ => std::env::var(name).ok(),
    };
    let mut config = Config::from_env(&get)?;
    let per_window = std::env::var(HUBSPOT_PER_WINDOW_VARIABLE).ok().and_then(|text| text.parse().ok());
    config.hubspot.requests_per_window = per_window.unwrap_or(HUBSPOT_PER_WINDOW);
    let running = Box::pin(run::start(config, listener)).await?;
    if !running.core.has_staff().await? {
        let (password, by) = (SecretString::from(PASSWORD), Actor::command_line());
        running.core.create_staff(LOGIN, &password, Role::Admin, &by).await?;
    }
    let token = running.core.create_api_token("benchmark", Role::Staff, None, &Actor::command_line()).await?;
    println!("{address}\n{}", token.expose_secret());
    until_input_ends().await?;
    running.stop().await;
    Ok(())
}
